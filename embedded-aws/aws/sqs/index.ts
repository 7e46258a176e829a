import * as sdk from "@aws-sdk/client-sqs";
import { dnsSuffix } from "../../../aws-semantics/arn";
import { between, lengthBetween, matchesPattern, oneOf, page, refused } from "../constraints";
import { ServiceError } from "../errors";
import { Iam } from "../iam";
import { useKey } from "../kms/key-use";
import {
  onAnything,
  operation,
  operationsOn,
  type Authorization,
  type Call,
  type PolicyStatement,
  type Service,
} from "../service";
import type { World } from "../world";
import { defaultAttributes, setAttributes, shownAttributes, statementsOf } from "./attributes";
import { batch } from "./batch";
import { md5OfAttributes, md5OfBody } from "./digest";
import { MoveTasks } from "./move-tasks";
import { throttled } from "../wire/refusals";
import { Queue, invalid, invalidValue, missing, sequenceNumber, type StoredMessage } from "./queue";

/** Amazon SQS: standard and FIFO queues, dead-letter queues and message move tasks. */
export class Sqs implements Service {
  readonly prefix = "sqs";
  readonly sdk = sdk;
  readonly #queues = new Map<string, Queue & { createdMs: number; modifiedMs: number }>();
  readonly #moves: MoveTasks;

  constructor(private readonly world: World) {
    this.#moves = new MoveTasks(world, (arn) => this.queueByArn(arn));
  }

  /** The queues of a world. */
  static of(world: World): Sqs {
    return world.serviceAs("sqs", Sqs);
  }

  resourcePolicy(resourceArn: string): readonly PolicyStatement[] | undefined {
    const policy = this.queueByArn(resourceArn)?.attributes.policy;
    return policy === undefined ? undefined : statementsOf(policy);
  }

  /** A queue by its ARN, for judging a run: its messages and counts. */
  queueByArn(arn: string): Queue | undefined {
    const queue = this.#queues.get(arn.slice(arn.lastIndexOf(":") + 1));
    return queue?.arn === arn ? queue : undefined;
  }

  /** Every queue, for metrics and for judging a run. */
  queues(): IterableIterator<Queue> {
    return this.#queues.values();
  }

  /** The URL of a queue: at the HTTP door when it is open (SDK clients call it), else as in AWS. */
  urlOf(name: string): string {
    const { endpoint, region, account, partition } = this.world;
    return `${endpoint ?? `https://sqs.${region}.${dnsSuffix(partition)}`}/${account}/${name}`;
  }

  #arnOf(url: string): string {
    return this.world.arn("sqs", url.slice(url.lastIndexOf("/") + 1));
  }

  #on(url: string, action?: string): Authorization {
    return { resource: this.#arnOf(url), action };
  }

  #queue(url: string) {
    const [account, name] = url.split("/").slice(-2);
    const queue = name === undefined ? undefined : this.#queues.get(name);
    if (!queue || (account !== this.world.account && url !== name)) throw doesNotExist();
    return queue;
  }

  #moveToDeadLetters(from: Queue, message: StoredMessage): boolean {
    const target = from.attributes.redrive && this.queueByArn(from.attributes.redrive.deadLetterTargetArn);
    target?.accept(message, from.arn);
    return target !== undefined;
  }

  #checkRedrive(queue: { fifo: boolean; redrive?: { deadLetterTargetArn: string } }): void {
    if (!queue.redrive) return;
    const value = JSON.stringify(queue.redrive);
    const refuse = (reason: string) => invalidValue(value, "RedrivePolicy", reason);
    const target = this.queueByArn(queue.redrive.deadLetterTargetArn);
    if (!target) throw refuse("Dead letter target does not exist.");
    if (target.fifo !== queue.fifo) throw refuse("Dead-letter queue must be of the same type as the source.");
  }

  /** A FIFO queue takes so many sends a second, batches counted once (Amazon SQS Developer Guide, FIFO queue quotas). */
  #checkRate({ fifo, sends }: Queue): void {
    if (fifo && this.world.conduct.throttling && !sends.take(this.world.clock.now()))
      throw throttled("sqs", "json-1.0");
  }

  #send(entry: sdk.SendMessageRequest | sdk.SendMessageBatchRequestEntry, queue: Queue, call: Call) {
    inRange(entry.DelaySeconds, 0, 900, "DelaySeconds");
    for (const member of ["MessageGroupId", "MessageDeduplicationId"] as const)
      if (!/^[\x21-\x7e]{1,128}$/.test(entry[member] ?? "absent"))
        throw invalidValue(
          entry[member],
          member,
          `${member} can only include alphanumeric and punctuation characters. 1 to 128 in length.`,
        );
    const body = entry.MessageBody ?? "";
    if (body === "") throw missing("MessageBody");
    // Amazon SQS API Reference, SendMessage: the characters of XML 1.0.
    if (/[^\t\n\r\u0020-\ud7ff\ue000-\ufffd\u{10000}-\u{10ffff}]/u.test(body))
      throw new ServiceError("InvalidMessageContents", "Invalid characters found in the message.");
    checkAttributes(entry.MessageAttributes);
    useKey(this.world, call, queue.attributes.kmsMasterKeyId, "KmsAccessDenied");
    if (bytesOf(body, entry.MessageAttributes) > queue.attributes.maximumMessageSize)
      throw refused(
        invalid,
        `One or more parameters are invalid. Reason: Message must be shorter than ${queue.attributes.maximumMessageSize} bytes.`,
      );
    const message = queue.send({
      body,
      attributes: entry.MessageAttributes,
      delaySeconds: entry.DelaySeconds,
      groupId: entry.MessageGroupId,
      deduplicationId: entry.MessageDeduplicationId,
      senderId: Iam.of(this.world).userId(call.caller),
    });
    return {
      MessageId: message.id,
      MD5OfMessageBody: md5OfBody(body),
      MD5OfMessageAttributes: md5OfAttributes(entry.MessageAttributes),
      SequenceNumber: queue.fifo ? sequenceNumber(message) : undefined,
    };
  }

  readonly #onQueue = operationsOn<{ QueueUrl?: string }>((input) => this.#on(input.QueueUrl ?? ""));

  readonly operations = {
    CreateQueue: operation<sdk.CreateQueueRequest, sdk.CreateQueueResult>({
      access: "write",
      authorize: (input) => ({ resource: this.world.arn("sqs", input.QueueName ?? "") }),
      handle: (input) => {
        const name = input.QueueName ?? "";
        const fifo = name.endsWith(".fifo");
        matchesPattern(name, /[A-Za-z0-9_-]{1,80}|(?=.{6,80}$)[A-Za-z0-9_-]+\.fifo/, "QueueName", invalid);
        const asked = input.Attributes?.FifoQueue?.toLowerCase() === "true";
        if (!fifo && asked)
          throw refused(
            invalid,
            "The name of a FIFO queue can only include alphanumeric characters, hyphens, or underscores, must end with .fifo suffix.",
          );
        if (fifo && !asked)
          throw refused(
            invalid,
            "Can only include alphanumeric characters, hyphens, or underscores. 1 to 80 in length",
          );
        const attributes = defaultAttributes(fifo);
        setAttributes(attributes, input.Attributes);
        this.#checkRedrive(attributes);
        const existing = this.#queues.get(name);
        if (existing) {
          const has = shownAttributes(existing.attributes);
          const wanted = shownAttributes(attributes);
          for (const key of Object.keys(input.Attributes ?? {}))
            if (has[key] !== wanted[key])
              throw new ServiceError(
                "QueueNameExists",
                `A queue already exists with the same name and a different value for attribute ${key}`,
              );
          return { QueueUrl: this.urlOf(name) };
        }
        const { clock, random } = this.world;
        const queue = new Queue(
          name,
          this.world.arn("sqs", name),
          attributes,
          clock,
          random.fork(`sqs/${name}/${clock.now()}`),
          (from, message) => this.#moveToDeadLetters(from, message),
        );
        Object.assign(queue.tags, input.tags);
        this.#queues.set(name, Object.assign(queue, { createdMs: clock.now(), modifiedMs: clock.now() }));
        return { QueueUrl: this.urlOf(name) };
      },
    }),

    DeleteQueue: this.#onQueue<sdk.DeleteQueueRequest, object>("write", (input) => {
      const queue = this.#queue(input.QueueUrl ?? "");
      queue.purge();
      this.#queues.delete(queue.name);
      return {};
    }),

    GetQueueUrl: operation<sdk.GetQueueUrlRequest, sdk.GetQueueUrlResult>({
      access: "read",
      authorize: (input) => ({ resource: this.world.arn("sqs", input.QueueName ?? "") }),
      handle: (input) => {
        const owner = input.QueueOwnerAWSAccountId ?? this.world.account;
        const name = input.QueueName ?? "";
        if (owner !== this.world.account || !this.#queues.has(name)) throw doesNotExist();
        return { QueueUrl: this.urlOf(name) };
      },
    }),

    ListQueues: onAnything<sdk.ListQueuesRequest, sdk.ListQueuesResult>("read", (input) => {
      between(input.MaxResults, 1, 1000, "MaxResults", invalid);
      const names = [...this.#queues.keys()].filter((n) => n.startsWith(input.QueueNamePrefix ?? "")).sort();
      const { items, nextToken } = page(names, input.NextToken, input.MaxResults, 1000, invalid);
      return {
        QueueUrls: items.map((name) => this.urlOf(name)),
        NextToken: input.MaxResults === undefined ? undefined : nextToken,
      };
    }),

    GetQueueAttributes: this.#onQueue<sdk.GetQueueAttributesRequest, sdk.GetQueueAttributesResult>(
      "read",
      (input) => {
        const queue = this.#queue(input.QueueUrl ?? "");
        for (const name of input.AttributeNames ?? [])
          oneOf(name, sdk.QueueAttributeName, "AttributeNames", { code: "InvalidAttributeName" });
        const counts = queue.counts();
        const all: Record<string, string> = {
          QueueArn: queue.arn,
          CreatedTimestamp: String(Math.floor(queue.createdMs / 1000)),
          LastModifiedTimestamp: String(Math.floor(queue.modifiedMs / 1000)),
          ApproximateNumberOfMessages: String(counts.visible),
          ApproximateNumberOfMessagesDelayed: String(counts.delayed),
          ApproximateNumberOfMessagesNotVisible: String(counts.inFlight),
          ...shownAttributes(queue.attributes),
        };
        const names = input.AttributeNames ?? [];
        const wanted = names.includes("All")
          ? all
          : Object.fromEntries(
              Object.entries(all).filter(([name]) => names.includes(name as sdk.QueueAttributeName)),
            );
        return Object.keys(wanted).length === 0 ? {} : { Attributes: wanted };
      },
    ),

    SetQueueAttributes: this.#onQueue<sdk.SetQueueAttributesRequest, object>("write", (input) => {
      const queue = this.#queue(input.QueueUrl ?? "");
      const attributes = { ...queue.attributes };
      setAttributes(attributes, input.Attributes);
      this.#checkRedrive(attributes);
      Object.assign(queue.attributes, attributes);
      queue.modifiedMs = this.world.clock.now();
      return {};
    }),

    SendMessage: this.#onQueue<sdk.SendMessageRequest, sdk.SendMessageResult>("data", (input, call) => {
      const queue = this.#queue(input.QueueUrl ?? "");
      this.#checkRate(queue);
      return this.#send(input, queue, call);
    }),

    SendMessageBatch: operation<sdk.SendMessageBatchRequest, sdk.SendMessageBatchResult>({
      access: "data",
      authorize: (input) => this.#on(input.QueueUrl ?? "", "sqs:SendMessage"),
      handle: (input, call) => {
        const queue = this.#queue(input.QueueUrl ?? "");
        this.#checkRate(queue);
        const entries = input.Entries ?? [];
        const bytes = entries.reduce((sum, e) => sum + bytesOf(e.MessageBody ?? "", e.MessageAttributes), 0);
        if (bytes > 1_048_576)
          throw new ServiceError(
            "BatchRequestTooLong",
            `Batch requests cannot be longer than 1048576 bytes. You have sent ${bytes} bytes.`,
          );
        queue.checkBatch(
          entries.map((entry) => ({
            groupId: entry.MessageGroupId,
            deduplicationId: entry.MessageDeduplicationId,
            body: entry.MessageBody ?? "",
          })),
        );
        return batch(entries, (entry) => this.#send(entry, queue, call));
      },
    }),

    ReceiveMessage: this.#onQueue<sdk.ReceiveMessageRequest, sdk.ReceiveMessageResult>(
      "data",
      async (input) => {
        const queue = this.#queue(input.QueueUrl ?? "");
        inRange(input.MaxNumberOfMessages, 1, 10, "MaxNumberOfMessages", "between 1 and 10");
        inRange(input.WaitTimeSeconds, 0, 20, "WaitTimeSeconds");
        inRange(input.VisibilityTimeout, 0, 43_200, "VisibilityTimeout");
        const names: string[] = [
          ...(input.AttributeNames ?? []),
          ...(input.MessageSystemAttributeNames ?? []),
        ];
        for (const name of names)
          oneOf(name, sdk.MessageSystemAttributeName, "AttributeNames", { code: "InvalidAttributeName" });
        const messages = await queue.receiveWaiting(
          input.MaxNumberOfMessages ?? 1,
          input.VisibilityTimeout ?? queue.attributes.visibilityTimeoutSeconds,
          input.WaitTimeSeconds ?? queue.attributes.receiveMessageWaitTimeSeconds,
        );
        return messages.length === 0
          ? {}
          : { Messages: messages.map((m) => shown(m, queue.fifo, names, input.MessageAttributeNames ?? [])) };
      },
    ),

    DeleteMessage: this.#onQueue<sdk.DeleteMessageRequest, object>("data", (input) => {
      this.#queue(input.QueueUrl ?? "").delete(input.ReceiptHandle ?? "");
      return {};
    }),

    DeleteMessageBatch: operation<sdk.DeleteMessageBatchRequest, sdk.DeleteMessageBatchResult>({
      access: "data",
      authorize: (input) => this.#on(input.QueueUrl ?? "", "sqs:DeleteMessage"),
      handle: (input) => {
        const queue = this.#queue(input.QueueUrl ?? "");
        return batch(input.Entries ?? [], (entry) => {
          queue.delete(entry.ReceiptHandle ?? "");
          return {};
        });
      },
    }),

    ChangeMessageVisibility: this.#onQueue<sdk.ChangeMessageVisibilityRequest, object>("data", (input) => {
      inRange(input.VisibilityTimeout, 0, 43_200, "VisibilityTimeout");
      this.#queue(input.QueueUrl ?? "").changeVisibility(
        input.ReceiptHandle ?? "",
        input.VisibilityTimeout ?? 0,
      );
      return {};
    }),

    PurgeQueue: this.#onQueue<sdk.PurgeQueueRequest, object>("write", (input) => {
      const queue = this.#queue(input.QueueUrl ?? "");
      const now = this.world.clock.now();
      if (now - queue.lastPurgeMs < 60_000)
        throw new ServiceError(
          "PurgeQueueInProgress",
          `Only one PurgeQueue operation on ${queue.name} is allowed every 60 seconds.`,
        );
      queue.lastPurgeMs = now;
      queue.purge();
      return {};
    }),

    StartMessageMoveTask: operation<sdk.StartMessageMoveTaskRequest, sdk.StartMessageMoveTaskResult>({
      access: "write",
      authorize: (input) => ({ resource: input.SourceArn ?? "" }),
      handle: (input) => this.#moves.start(input, [...this.#queues.values()]),
    }),

    ListMessageMoveTasks: operation<sdk.ListMessageMoveTasksRequest, sdk.ListMessageMoveTasksResult>({
      access: "read",
      authorize: (input) => ({ resource: input.SourceArn ?? "" }),
      handle: (input) => this.#moves.list(input),
    }),

    TagQueue: this.#onQueue<sdk.TagQueueRequest, object>("write", (input) => {
      const { tags } = this.#queue(input.QueueUrl ?? "");
      lengthBetween(Object.keys({ ...tags, ...input.Tags }), 0, 50, "Tags", invalid);
      Object.assign(tags, input.Tags);
      return {};
    }),

    UntagQueue: this.#onQueue<sdk.UntagQueueRequest, object>("write", (input) => {
      const { tags } = this.#queue(input.QueueUrl ?? "");
      for (const key of input.TagKeys ?? []) delete tags[key];
      return {};
    }),

    ListQueueTags: this.#onQueue<sdk.ListQueueTagsRequest, sdk.ListQueueTagsResult>("read", (input) => {
      const { tags } = this.#queue(input.QueueUrl ?? "");
      return Object.keys(tags).length === 0 ? {} : { Tags: { ...tags } };
    }),
  };
}

function inRange(
  value: number | undefined,
  low: number,
  high: number,
  parameter: string,
  range = `>= ${low} and <= ${high}`,
): void {
  if (value !== undefined && !(Number.isInteger(value) && value >= low && value <= high))
    throw invalidValue(value, parameter, `Must be ${range}, if provided.`);
}

function doesNotExist(): ServiceError {
  return new ServiceError("QueueDoesNotExist", "The specified queue does not exist.");
}

function bytesOf(body: string, attributes: Readonly<Record<string, sdk.MessageAttributeValue>> = {}): number {
  let bytes = Buffer.byteLength(body);
  for (const [name, value] of Object.entries(attributes))
    bytes +=
      Buffer.byteLength(name) +
      Buffer.byteLength(value.DataType ?? "") +
      Buffer.byteLength(value.StringValue ?? "") +
      (value.BinaryValue?.length ?? 0);
  return bytes;
}

function checkAttributes(attributes: Readonly<Record<string, sdk.MessageAttributeValue>> = {}): void {
  lengthBetween(Object.keys(attributes), 0, 10, "MessageAttributes", invalid);
  for (const [name, value] of Object.entries(attributes)) {
    matchesPattern(name, /[A-Za-z0-9_.-]{1,256}/, "MessageAttributes name", invalid);
    matchesPattern(value.DataType, /(?:String|Number|Binary)(?:\..{1,256})?/, `${name}.DataType`, invalid);
    const given = value.DataType?.startsWith("Binary") ? value.BinaryValue : value.StringValue;
    if (given === undefined || given.length === 0)
      throw refused(
        invalid,
        `The message attribute '${name}' must contain non-empty message attribute value for message attribute type '${value.DataType}'.`,
      );
  }
}

/** A message as ReceiveMessage shows it, with the attributes that were asked for. */
function shown(
  message: StoredMessage,
  fifo: boolean,
  names: string[],
  attributeNames: string[],
): sdk.Message {
  const system: Record<string, string | undefined> = {
    SenderId: message.senderId,
    SentTimestamp: String(message.sentMs),
    ApproximateReceiveCount: String(message.receiveCount),
    ApproximateFirstReceiveTimestamp: String(message.firstReceivedMs),
    DeadLetterQueueSourceArn: message.sourceArn,
    MessageGroupId: message.groupId,
    ...(fifo && {
      SequenceNumber: sequenceNumber(message),
      MessageDeduplicationId: message.deduplicationId,
    }),
  };
  const attributes = Object.entries(system).filter(
    ([name, value]) => value !== undefined && (names.includes("All") || names.includes(name)),
  );
  const wanted = Object.entries(message.attributes).filter(([name]) =>
    attributeNames.some(
      (asked) =>
        ["All", "*", name].includes(asked) || (asked.endsWith(".*") && name.startsWith(asked.slice(0, -2))),
    ),
  );
  return {
    MessageId: message.id,
    ReceiptHandle: message.receiptHandle,
    Body: message.body,
    MD5OfBody: md5OfBody(message.body),
    ...(attributes.length > 0 && { Attributes: Object.fromEntries(attributes) }),
    ...(wanted.length > 0 && {
      MessageAttributes: Object.fromEntries(wanted),
      MD5OfMessageAttributes: md5OfAttributes(Object.fromEntries(wanted)),
    }),
  };
}
