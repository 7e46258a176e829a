/**
 * Amazon Resource Names and the partitions they live in. Plain functions on plain data: this file is captured by
 * the deployed callback.
 */

/** The six fields of an ARN (AWS General Reference, "Amazon Resource Names"). */
export interface Arn {
  /** `aws`, `aws-cn`, `aws-us-gov`, ... */
  readonly partition: string;
  /** The service's namespace: `ecs`, `secretsmanager`, ... */
  readonly service: string;
  /** Empty for global services (IAM) and for S3 buckets. */
  readonly region: string;
  /** Twelve digits; empty for S3 buckets; `aws` for resources that AWS owns. */
  readonly account: string;
  /** All that follows the fifth colon, colons and slashes included. */
  readonly resource: string;
}

/** A partition, Region and account, as plain values: policies and patterns made from them are known in a preview. */
export interface Place {
  /** `aws`, `aws-cn`, `aws-us-gov`, ... */
  readonly partition: string;
  readonly region: string;
  /** Twelve digits. */
  readonly account: string;
}

/** A partition, and the prefix of its Regions' names. */
interface Partition {
  readonly regionPrefix: string;
  readonly partition: string;
  readonly dnsSuffix: string;
}

/**
 * All partitions except `aws`, as in the endpoint rules of the AWS SDKs.
 */
const partitions: readonly Partition[] = [
  { regionPrefix: "cn-", partition: "aws-cn", dnsSuffix: "amazonaws.com.cn" },
  { regionPrefix: "us-gov-", partition: "aws-us-gov", dnsSuffix: "amazonaws.com" },
  { regionPrefix: "us-isob-", partition: "aws-iso-b", dnsSuffix: "sc2s.sgov.gov" },
  { regionPrefix: "us-isof-", partition: "aws-iso-f", dnsSuffix: "csp.hci.ic.gov" },
  { regionPrefix: "eu-isoe-", partition: "aws-iso-e", dnsSuffix: "cloud.adc-e.uk" },
  { regionPrefix: "us-iso-", partition: "aws-iso", dnsSuffix: "c2s.ic.gov" },
  { regionPrefix: "eusc-", partition: "aws-eusc", dnsSuffix: "amazonaws.eu" },
];

const arnPattern = /^arn:(aws(?:-[a-z]+)*):([a-z0-9-]+):([a-z0-9-]*):([0-9]{12}|aws|):(.+)$/s;

/** The fields of an ARN; undefined for any other text, for instance a name. */
export function parseArn(text: string): Arn | undefined {
  const match = arnPattern.exec(text);
  if (!match) {
    return undefined;
  }
  const [, partition = "", service = "", region = "", account = "", resource = ""] = match;
  return { partition, service, region, account, resource };
}

/** The text of an ARN; the inverse of `parseArn`. */
export function formatArn(arn: Arn): string {
  return `arn:${arn.partition}:${arn.service}:${arn.region}:${arn.account}:${arn.resource}`;
}

/** `arn:PARTITION:service:REGION:ACCOUNT:resource` of a resource in an account and Region. */
export function localArn(place: Place, service: string, resource: string): string {
  return `arn:${place.partition}:${service}:${place.region}:${place.account}:${resource}`;
}

/** The partition of a Region, by the prefix of its name; `aws` for an unknown prefix. */
export function partitionOf(region: string): string {
  return partitions.find((row) => region.startsWith(row.regionPrefix))?.partition ?? "aws";
}

/**
 * The suffix of a partition's host names: `amazonaws.com`, `amazonaws.com.cn`, ... Service principals end in
 * `amazonaws.com` in every partition (IAM User Guide, "AWS service principals").
 */
export function dnsSuffix(partition: string): string {
  return partitions.find((row) => row.partition === partition)?.dnsSuffix ?? "amazonaws.com";
}
