import type { Call } from "../service";
import { TokenBucket } from "../token-bucket";

/** A limit that several operations of a service share, for the account and Region. */
export interface Limit {
  readonly service: string;
  readonly operations: readonly string[];
  readonly capacity: number;
  readonly perSecond: number;
  /** Where AWS documents it. */
  readonly source: string;
}

const secretsQuotas = "AWS Secrets Manager User Guide, Quotas";
const ecsThrottling = "Amazon ECS API Reference, Request throttling";
const ssmQuotas = "AWS General Reference, AWS Systems Manager endpoints and quotas";

/**
 * The limits that this program can meet (CloudTrail keeps that of LookupEvents itself, always). AWS gives Secrets Manager's as a rate: the bucket holds one second of it.
 * Where the documentation says a range, the lowest is taken.
 */
export const limits: readonly Limit[] = [
  rate("secretsmanager", 50, secretsQuotas, [
    ...["PutSecretValue", "UpdateSecret", "UpdateSecretVersionStage"],
    ...["ReplicateSecretToRegions", "RemoveRegionsFromReplication"],
  ]),
  rate("secretsmanager", 40_000, secretsQuotas, ["DescribeSecret"]),
  rate("secretsmanager", 50, secretsQuotas, ["ListSecretVersionIds"]),
  rate("secretsmanager", 100, secretsQuotas, ["ListSecrets"]),
  rate("secretsmanager", 50, secretsQuotas, ["CreateSecret"]),
  rate("secretsmanager", 50, secretsQuotas, ["DeleteSecret", "RestoreSecret"]),
  rate("secretsmanager", 50, secretsQuotas, ["RotateSecret", "CancelRotateSecret"]),
  rate("secretsmanager", 50, secretsQuotas, ["TagResource", "UntagResource"]),
  bucket("ecs", 50, 5, ecsThrottling, [
    "CreateService",
    "DeleteService",
    "UpdateService",
    "UpdateServicePrimaryTaskSet",
  ]),
  bucket("ecs", 100, 20, ecsThrottling, [
    ...["DescribeServices", "ListServices", "ListServicesByNamespace"],
    ...["DescribeServiceDeployments", "ListServiceDeployments", "DescribeServiceRevisions"],
  ]),
  bucket("ecs", 50, 20, ecsThrottling, ["DescribeClusters", "ListClusters"]),
  bucket("ecs", 100, 20, ecsThrottling, [
    "DescribeTasks",
    "ListTasks",
    "DescribeContainerInstances",
    "ListContainerInstances",
  ]),
  bucket("ecs", 100, 40, ecsThrottling, ["RunTask", "StopTask", "StartTask"]),
  bucket("ecs", 20, 1, ecsThrottling, [
    "RegisterTaskDefinition",
    "DeregisterTaskDefinition",
    "DeleteTaskDefinitions",
  ]),
  bucket("ecs", 50, 20, ecsThrottling, [
    "DescribeTaskDefinition",
    "ListTaskDefinitions",
    "ListTaskDefinitionFamilies",
  ]),
  rate("ssm", 3, ssmQuotas, ["PutParameter"]),
  rate("ssm", 40, ssmQuotas, ["GetParameter", "GetParameters", "GetParametersByPath"]),
  rate("ssm", 5, ssmQuotas, ["DescribeParameters"]),
];

function bucket(
  service: string,
  capacity: number,
  perSecond: number,
  source: string,
  operations: readonly string[],
): Limit {
  return { service, operations, capacity, perSecond, source };
}

function rate(service: string, perSecond: number, source: string, operations: readonly string[]): Limit {
  return bucket(service, perSecond, perSecond, source, operations);
}

/** The buckets of one account in one Region. */
export class Throttling {
  readonly #byOperation = new Map<string, Limit>();
  readonly #buckets = new Map<Limit, TokenBucket>();

  constructor() {
    for (const limit of limits)
      for (const operation of limit.operations) this.#byOperation.set(`${limit.service}:${operation}`, limit);
  }

  /** True when the call is one too many. Operations without a documented limit never are. */
  isOneTooMany({ service, operation, time }: Call): boolean {
    const limit = this.#byOperation.get(`${service}:${operation}`);
    if (!limit) return false;
    let bucket = this.#buckets.get(limit);
    if (!bucket) this.#buckets.set(limit, (bucket = new TokenBucket(limit.capacity, limit.perSecond, time)));
    return !bucket.take(time);
  }
}
