import type { Place } from "../../aws-semantics/arn";

/** One place in each partition that users have. */
export const places: readonly Place[] = [
  { partition: "aws", region: "us-west-2", account: "123456789012" },
  { partition: "aws-cn", region: "cn-north-1", account: "123456789012" },
  { partition: "aws-us-gov", region: "us-gov-west-1", account: "123456789012" },
];
