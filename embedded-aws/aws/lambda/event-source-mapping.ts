import type * as sdk from "@aws-sdk/client-lambda";
import type { Message, ReceiveMessageResult } from "@aws-sdk/client-sqs";
import type { Caller } from "../caller";
import { ServiceError } from "../errors";
import { queueUrlOf } from "../sqs/queue-url";
import type { World } from "../world";
import type { Invocation } from "./containers";

/** How long one receive of the poller waits, in seconds. */
const WAIT_SECONDS = 20;
/** Batches of one standard queue that are handed over at a time, when MaximumConcurrency is not set. */
const CONCURRENCY = 5;
const FIRST_BACKOFF_MS = 1_000;
const LAST_BACKOFF_MS = 60_000;

/** What a poller asks of the function whose mapping it is. */
export interface Target {
  readonly functionArn: string;
  /** The caller that a poller is: the function's role. */
  caller(): Caller;
  /** Throws `ServiceError` when the function is throttled or gone. */
  invoke(payload: string): Promise<Invocation>;
}

/**
 * The event source mapping of an SQS queue. It polls with the function's role, hands over a batch, deletes what
 * the function did not report as failed and leaves the rest to the visibility timeout. That a message group is
 * served one batch at a time is the queue's own doing: a group with a message in flight gives nothing.
 */
export class EventSourceMapping {
  #polling = false;
  #running = 0;
  #resume: (() => void) | undefined;
  #stopped = false;

  constructor(
    private readonly world: World,
    readonly configuration: sdk.EventSourceMappingConfiguration & { UUID: string; EventSourceArn: string },
    readonly tags: Record<string, string>,
    readonly target: Target,
  ) {}

  get enabled(): boolean {
    return this.configuration.State === "Enabled";
  }

  /** Polls from now on. */
  enable(): void {
    this.configuration.State = "Enabled";
    if (this.#polling) return;
    this.#polling = true;
    this.world.clock.schedule(0, `poller of ${this.target.functionArn}`, () => this.#poll());
  }

  /** Stops after the receive that is open; what that brings is still handed over, as AWS does. */
  disable(): void {
    this.configuration.State = this.#polling ? "Disabling" : "Disabled";
  }

  /** Stops for good. */
  stop(): void {
    this.#stopped = true;
    this.configuration.State = "Deleting";
  }

  async #poll(): Promise<void> {
    let backoffMs = FIRST_BACKOFF_MS;
    while (this.enabled && !this.#stopped) {
      try {
        const messages = await this.#receive();
        backoffMs = FIRST_BACKOFF_MS;
        if (messages.length > 0) {
          this.#running++;
          this.world.clock.schedule(0, `a batch for ${this.target.functionArn}`, async () => {
            await this.#handOver(messages);
            this.#running--;
            this.#resume?.();
          });
        }
        if (this.#running >= (this.configuration.ScalingConfig?.MaximumConcurrency ?? CONCURRENCY))
          await new Promise<void>((resolve) => (this.#resume = resolve));
      } catch (error) {
        if (!(error instanceof ServiceError)) throw error;
        this.configuration.LastProcessingResult = `PROBLEM: ${error.code}: ${error.message}`;
        await this.world.clock.sleep(backoffMs, `poller of ${this.target.functionArn} after ${error.code}`);
        backoffMs = Math.min(2 * backoffMs, LAST_BACKOFF_MS);
      }
    }
    this.#polling = false;
    if (this.configuration.State === "Disabling") this.configuration.State = "Disabled";
  }

  async #receive(): Promise<Message[]> {
    const { clock } = this.world;
    const { BatchSize = 10, MaximumBatchingWindowInSeconds = 0 } = this.configuration;
    const messages: Message[] = [];
    let waitSeconds = WAIT_SECONDS;
    let deadlineMs = Infinity;
    do {
      const { Messages = [] } = await this.world.call<ReceiveMessageResult>(
        "sqs",
        "ReceiveMessage",
        {
          QueueUrl: queueUrlOf(this.configuration.EventSourceArn),
          MaxNumberOfMessages: Math.min(10, BatchSize - messages.length),
          WaitTimeSeconds: waitSeconds,
          AttributeNames: ["All"],
          MessageAttributeNames: ["All"],
        },
        this.target.caller(),
      );
      messages.push(...Messages);
      if (messages.length === 0 || MaximumBatchingWindowInSeconds === 0) break;
      deadlineMs = Math.min(deadlineMs, clock.now() + MaximumBatchingWindowInSeconds * 1000);
      waitSeconds = Math.min(WAIT_SECONDS, Math.ceil((deadlineMs - clock.now()) / 1000));
    } while (messages.length < BatchSize && clock.now() < deadlineMs);
    return messages;
  }

  async #handOver(messages: readonly Message[]): Promise<void> {
    try {
      const { result } = await this.target.invoke(
        JSON.stringify({ Records: messages.map((m) => this.#record(m)) }),
      );
      if (result.kind !== "answer") {
        this.configuration.LastProcessingResult = "PROBLEM: Function call failed";
        return;
      }
      const reports = this.configuration.FunctionResponseTypes?.includes("ReportBatchItemFailures") ?? false;
      const failed = reports ? failedItems(result.payload, messages) : new Set<string>();
      this.configuration.LastProcessingResult = failed.size === 0 ? "OK" : "PROBLEM: Batch item failures";
      const done = messages.filter((message) => !failed.has(message.MessageId ?? ""));
      for (let i = 0; i < done.length; i += 10)
        await this.world.call(
          "sqs",
          "DeleteMessageBatch",
          {
            QueueUrl: queueUrlOf(this.configuration.EventSourceArn),
            Entries: done.slice(i, i + 10).map((m, n) => ({ Id: String(n), ReceiptHandle: m.ReceiptHandle })),
          },
          this.target.caller(),
        );
    } catch (error) {
      if (!(error instanceof ServiceError)) throw error;
      this.configuration.LastProcessingResult = `PROBLEM: ${error.code}: ${error.message}`;
    }
  }

  /** A message as Lambda hands it over (AWS Lambda Developer Guide, "Using Lambda with Amazon SQS"). */
  #record(message: Message): object {
    return {
      messageId: message.MessageId,
      receiptHandle: message.ReceiptHandle,
      body: message.Body,
      attributes: message.Attributes ?? {},
      messageAttributes: Object.fromEntries(
        Object.entries(message.MessageAttributes ?? {}).map(([name, value]) => [
          name,
          {
            stringValue: value.StringValue,
            binaryValue: value.BinaryValue && Buffer.from(value.BinaryValue).toString("base64"),
            stringListValues: [],
            binaryListValues: [],
            dataType: value.DataType,
          },
        ]),
      ),
      md5OfBody: message.MD5OfBody,
      md5OfMessageAttributes: message.MD5OfMessageAttributes,
      eventSource: "aws:sqs",
      eventSourceARN: this.configuration.EventSourceArn,
      awsRegion: this.world.region,
    };
  }
}

/**
 * The messages that a function reported as failed (AWS Lambda Developer Guide, "Success and failure conditions"):
 * none for an empty answer; all for an answer that is no JSON, an empty or unknown identifier.
 */
export function failedItems(payload: string, messages: readonly Message[]): Set<string> {
  const ids = new Set(messages.map((message) => message.MessageId ?? ""));
  let answer: unknown;
  try {
    answer = payload === "" ? null : JSON.parse(payload);
  } catch (error) {
    if (!(error instanceof SyntaxError)) throw error;
    return ids;
  }
  if (typeof answer !== "object" || answer === null) return new Set();
  const failures: unknown = (answer as Record<string, unknown>).batchItemFailures;
  if (failures === undefined || failures === null) return new Set();
  if (!Array.isArray(failures)) return ids;
  const failed = new Set<string>();
  for (const failure of failures as unknown[]) {
    const id =
      typeof failure === "object" && failure !== null
        ? (failure as Record<string, unknown>).itemIdentifier
        : undefined;
    if (typeof id !== "string" || !ids.has(id)) return ids;
    failed.add(id);
  }
  return failed;
}
