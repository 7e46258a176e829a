import type { ResourceType } from "./resource-type";
import { database } from "./types/database";
import { ec2 } from "./types/ec2";
import { ecs } from "./types/ecs";
import { eventbridge } from "./types/eventbridge";
import { iam } from "./types/iam";
import { kms } from "./types/kms";
import { lambda } from "./types/lambda";
import { observability } from "./types/observability";
import { secrets } from "./types/secrets";
import { sqs } from "./types/sqs";
import { trail } from "./types/trail";

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
      `resource type ${token} is not known to the embedded AWS: wanted one of embedded-aws/pulumi/resource-types.ts; ` +
        "add an entry to the table of its service in embedded-aws/pulumi/types/",
    );
  return found;
}
