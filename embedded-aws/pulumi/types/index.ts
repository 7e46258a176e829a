import type { ResourceType } from "./resource-type";
import { database } from "./database";
import { ec2 } from "./ec2";
import { ecs } from "./ecs";
import { eventbridge } from "./eventbridge";
import { iam } from "./iam";
import { kms } from "./kms";
import { lambda } from "./lambda";
import { observability } from "./observability";
import { secrets } from "./secrets";
import { sqs } from "./sqs";
import { trail } from "./trail";

/** Every resource type of `@pulumi/aws` that the embedded AWS can carry out: one table for mocks and engine. */
export const resourceTypes: Readonly<Record<string, ResourceType>> = {
  ...database,
  ...ec2,
  ...ecs,
  ...eventbridge,
  ...iam,
  ...kms,
  ...lambda,
  ...observability,
  ...secrets,
  ...sqs,
  ...trail,
};

/** The entry of a type; throws for one that is not in the table, naming it. */
export function resourceTypeOf(token: string): ResourceType {
  const found = Object.hasOwn(resourceTypes, token) ? resourceTypes[token] : undefined;
  if (!found)
    throw new Error(
      `resource type ${token} is not known to the embedded AWS: wanted one of embedded-aws/pulumi/types/index.ts; ` +
        "add an entry to the table of its service in embedded-aws/pulumi/types/",
    );
  return found;
}
