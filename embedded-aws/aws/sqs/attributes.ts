import { jsonObject } from "../constraints";
import { ServiceError } from "../errors";
import type { PolicyStatement } from "../service";

/** Attributes of a queue, parsed. Times in seconds, sizes in bytes. */
export interface QueueAttributes {
  readonly fifo: boolean;
  contentBasedDeduplication: boolean;
  deduplicationScope: "queue" | "messageGroup";
  fifoThroughputLimit: "perQueue" | "perMessageGroupId";
  delaySeconds: number;
  maximumMessageSize: number;
  messageRetentionSeconds: number;
  receiveMessageWaitTimeSeconds: number;
  visibilityTimeoutSeconds: number;
  policy?: string;
  redrive?: { readonly deadLetterTargetArn: string; readonly maxReceiveCount: number };
  redriveAllowPolicy?: string;
  kmsMasterKeyId?: string;
  kmsDataKeyReusePeriodSeconds: number;
  sqsManagedSse: boolean;
}

/** A new queue's attributes (Amazon SQS API Reference, CreateQueue). */
export function defaultAttributes(fifo: boolean): QueueAttributes {
  return {
    fifo,
    contentBasedDeduplication: false,
    deduplicationScope: "queue",
    fifoThroughputLimit: "perQueue",
    delaySeconds: 0,
    maximumMessageSize: 1_048_576,
    messageRetentionSeconds: 345_600,
    receiveMessageWaitTimeSeconds: 0,
    visibilityTimeoutSeconds: 30,
    kmsDataKeyReusePeriodSeconds: 300,
    sqsManagedSse: true,
  };
}

function invalid(name: string, value: string, reason = "is not valid"): ServiceError {
  return new ServiceError(
    "InvalidAttributeValue",
    `Invalid value for the parameter ${name}: ${value} ${reason}.`,
  );
}

function integer(
  low: number,
  high: number,
  set: (attributes: QueueAttributes, value: number) => void,
): Setter {
  return (attributes, value, name) => {
    if (!/^\d{1,9}$/.test(value) || Number(value) < low || Number(value) > high)
      throw invalid(name, value, `must be an integer from ${low} to ${high}`);
    set(attributes, Number(value));
  };
}

function choice<T extends string>(
  allowed: readonly T[],
  set: (attributes: QueueAttributes, value: T) => void,
): Setter {
  return (attributes, value, name) => {
    const found = allowed.find((a) => a === value || (a === value.toLowerCase() && booleans.includes(a)));
    if (found === undefined) throw invalid(name, value, `must be one of ${allowed.join(", ")}`);
    set(attributes, found);
  };
}

/** Written in small letters or with a capital one. */
const booleans: readonly string[] = ["true", "false"];

type Setter = (attributes: QueueAttributes, value: string, name: string) => void;

/** Attributes that can be set, each with its check. An empty text takes a policy away. */
const setters: Readonly<Record<string, Setter>> = {
  FifoQueue: fifoOnly((_attributes, value, name) => {
    if (value.toLowerCase() !== "true")
      throw new ServiceError(
        "InvalidAttributeValue",
        `Invalid value for the parameter ${name}. Reason: Modifying queue type is not supported.`,
      );
  }),
  ContentBasedDeduplication: fifoOnly(
    choice(["true", "false"], (a, value) => (a.contentBasedDeduplication = value === "true")),
  ),
  DeduplicationScope: fifoOnly(
    choice(["queue", "messageGroup"] as const, (a, value) => (a.deduplicationScope = value)),
  ),
  FifoThroughputLimit: fifoOnly(
    choice(["perQueue", "perMessageGroupId"] as const, (a, value) => (a.fifoThroughputLimit = value)),
  ),
  DelaySeconds: integer(0, 900, (a, value) => (a.delaySeconds = value)),
  MaximumMessageSize: integer(1024, 1_048_576, (a, value) => (a.maximumMessageSize = value)),
  MessageRetentionPeriod: integer(60, 1_209_600, (a, value) => (a.messageRetentionSeconds = value)),
  ReceiveMessageWaitTimeSeconds: integer(0, 20, (a, value) => (a.receiveMessageWaitTimeSeconds = value)),
  VisibilityTimeout: integer(0, 43_200, (a, value) => (a.visibilityTimeoutSeconds = value)),
  KmsDataKeyReusePeriodSeconds: integer(60, 86_400, (a, value) => (a.kmsDataKeyReusePeriodSeconds = value)),
  KmsMasterKeyId: (attributes, value) => {
    attributes.kmsMasterKeyId = value || undefined;
    if (value) attributes.sqsManagedSse = false;
  },
  SqsManagedSseEnabled: choice(["true", "false"], (a, value) => {
    a.sqsManagedSse = value === "true";
    if (a.sqsManagedSse) a.kmsMasterKeyId = undefined;
  }),
  Policy: (attributes, value, name) => {
    if (value) statementsOf(value, name);
    attributes.policy = value || undefined;
  },
  RedriveAllowPolicy: (attributes, value, name) => {
    if (value) jsonObject(value, name, { code: "InvalidAttributeValue" });
    attributes.redriveAllowPolicy = value || undefined;
  },
  RedrivePolicy: (attributes, value, name) => {
    if (!value) {
      attributes.redrive = undefined;
      return;
    }
    const { deadLetterTargetArn, maxReceiveCount } = jsonObject(value, name, {
      code: "InvalidAttributeValue",
    });
    const count = Number(maxReceiveCount);
    if (typeof deadLetterTargetArn !== "string" || !deadLetterTargetArn.startsWith("arn:"))
      throw invalid(name, value, "needs a deadLetterTargetArn");
    if (!Number.isInteger(count) || count < 1 || count > 1000)
      throw invalid(name, value, "needs a maxReceiveCount from 1 to 1000");
    attributes.redrive = { deadLetterTargetArn, maxReceiveCount: count };
  },
};

function fifoOnly(setter: Setter): Setter {
  return (attributes, value, name) => {
    if (!attributes.fifo) throw new ServiceError("InvalidAttributeName", `Unknown Attribute ${name}.`);
    setter(attributes, value, name);
  };
}

/** Sets what the caller gave; refuses names and values that SQS refuses, and then sets nothing. */
export function setAttributes(
  attributes: QueueAttributes,
  given: Readonly<Record<string, string | undefined>> | undefined,
): void {
  const copy = { ...attributes };
  for (const [name, value] of Object.entries(given ?? {})) {
    const setter = Object.hasOwn(setters, name) ? setters[name] : undefined;
    if (!setter) throw new ServiceError("InvalidAttributeName", `Unknown Attribute ${name}.`);
    if (value !== undefined) setter(copy, value, name);
  }
  if (copy.fifoThroughputLimit === "perMessageGroupId" && copy.deduplicationScope !== "messageGroup")
    throw invalid("FifoThroughputLimit", copy.fifoThroughputLimit, "needs DeduplicationScope messageGroup");
  Object.assign(attributes, copy);
}

/** The statements of a queue's policy. Refuses a policy without them. */
export function statementsOf(policy: string, name = "Policy"): PolicyStatement[] {
  const document = jsonObject(policy, name, { code: "InvalidAttributeValue" });
  const statements = Array.isArray(document.Statement) ? document.Statement : [document.Statement];
  for (const statement of statements)
    if (typeof statement !== "object" || statement === null || !("Effect" in statement))
      throw invalid(name, policy, "needs statements with an Effect");
  return statements as PolicyStatement[];
}

/** Attributes as GetQueueAttributes shows them; those that are not set are absent. */
export function shownAttributes(attributes: QueueAttributes): Record<string, string> {
  const shown: Record<string, string | undefined> = {
    DelaySeconds: String(attributes.delaySeconds),
    MaximumMessageSize: String(attributes.maximumMessageSize),
    MessageRetentionPeriod: String(attributes.messageRetentionSeconds),
    ReceiveMessageWaitTimeSeconds: String(attributes.receiveMessageWaitTimeSeconds),
    VisibilityTimeout: String(attributes.visibilityTimeoutSeconds),
    Policy: attributes.policy,
    RedrivePolicy: attributes.redrive && JSON.stringify(attributes.redrive),
    RedriveAllowPolicy: attributes.redriveAllowPolicy,
    KmsMasterKeyId: attributes.kmsMasterKeyId,
    KmsDataKeyReusePeriodSeconds:
      attributes.kmsMasterKeyId === undefined ? undefined : String(attributes.kmsDataKeyReusePeriodSeconds),
    SqsManagedSseEnabled: String(attributes.sqsManagedSse),
    ...(attributes.fifo && {
      FifoQueue: "true",
      ContentBasedDeduplication: String(attributes.contentBasedDeduplication),
      DeduplicationScope: attributes.deduplicationScope,
      FifoThroughputLimit: attributes.fifoThroughputLimit,
    }),
  };
  return Object.fromEntries(
    Object.entries(shown).filter((entry): entry is [string, string] => entry[1] !== undefined),
  );
}
