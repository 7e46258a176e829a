import { refused } from "../constraints";
import type { MessageAttributeValue } from "@aws-sdk/client-sqs";
import type { Clock } from "../clock";
import { ServiceError } from "../errors";
import type { Random } from "../random";
import { TokenBucket } from "../token-bucket";
import { contentId } from "./digest";
import type { QueueAttributes } from "./attributes";

/** SQS's code for a value that it does not take. */
export const invalid = { code: "InvalidParameterValueException" } as const;

/** A value that SQS does not take, in its words. */
export function invalidValue(value: unknown, parameter: string, reason: string): ServiceError {
  return refused(invalid, `Value ${String(value)} for parameter ${parameter} is invalid. Reason: ${reason}`);
}

/** A parameter that is not there. */
export function missing(parameter: string): ServiceError {
  return new ServiceError(
    "MissingRequiredParameterException",
    `The request must contain the parameter ${parameter}.`,
  );
}
/** Deduplication interval of a FIFO queue (Amazon SQS Developer Guide, "Exactly-once processing"). */
const DEDUPLICATION_MS = 5 * 60_000;

/** A message as a sender gives it. */
export interface Outgoing {
  readonly body: string;
  readonly attributes?: Readonly<Record<string, MessageAttributeValue>>;
  readonly delaySeconds?: number;
  readonly groupId?: string;
  readonly deduplicationId?: string;
  readonly senderId: string;
}

/** A message as the queue holds it. */
export interface StoredMessage {
  readonly id: string;
  readonly body: string;
  readonly attributes: Readonly<Record<string, MessageAttributeValue>>;
  readonly groupId?: string;
  readonly deduplicationId?: string;
  readonly senderId: string;
  /** Position in the queue; what `SequenceNumber` shows for a FIFO queue. */
  readonly sequence: number;
  /** When it was sent, in milliseconds since the epoch; retention counts from here. */
  readonly sentMs: number;
  /** ARN of the queue that it came from, when it was moved to a dead-letter queue. */
  readonly sourceArn?: string;
  /** Not to be received before this: delay, or visibility timeout of a receive. */
  visibleMs: number;
  receiveCount: number;
  firstReceivedMs?: number;
  /** Of the latest receive. */
  receiptHandle?: string;
}

/** `SequenceNumber` of a FIFO message: 20 digits. */
export function sequenceNumber(message: { readonly sequence: number }): string {
  return `1${String(message.sequence).padStart(19, "0")}`;
}

/** One queue: its messages, their visibility, groups and deduplication. It knows nothing of the API. */
export class Queue {
  /** In the order of `sequence`. */
  readonly #messages: StoredMessage[] = [];
  readonly #byHandle = new Map<string, StoredMessage>();
  readonly #sent = new Map<string, { readonly message: StoredMessage; readonly sentMs: number }>();
  readonly #waiters = new Set<() => void>();
  #sequence = 0;
  /** As the queue was created: a later change of the attribute does not change what is a duplicate. */
  readonly #deduplicationScope: QueueAttributes["deduplicationScope"];
  readonly tags: Record<string, string> = {};
  lastPurgeMs = -Infinity;
  /** 300 sends a second. */
  readonly sends = new TokenBucket(300, 300, 0);

  /** @param moveToDeadLetters takes a message that was received too often; false when there is no such queue. */
  constructor(
    readonly name: string,
    readonly arn: string,
    readonly attributes: QueueAttributes,
    private readonly clock: Clock,
    private readonly random: Random,
    private readonly moveToDeadLetters: (from: Queue, message: StoredMessage) => boolean,
  ) {
    this.#deduplicationScope = attributes.deduplicationScope;
  }

  get fifo(): boolean {
    return this.attributes.fifo;
  }

  /** Adds a message. For one that a FIFO queue has had in the last five minutes: the first one again. */
  send(outgoing: Outgoing): StoredMessage {
    const now = this.clock.now();
    let deduplicationId: string | undefined;
    if (this.fifo) {
      if (outgoing.groupId === undefined) throw missing("MessageGroupId");
      deduplicationId = this.#deduplicationId(outgoing);
      if (outgoing.delaySeconds !== undefined && outgoing.delaySeconds !== 0)
        throw invalidValue(
          outgoing.delaySeconds,
          "DelaySeconds",
          "The request include parameter that is not valid for this queue type.",
        );
      for (const [key, sent] of this.#sent)
        if (sent.sentMs + DEDUPLICATION_MS <= now) this.#sent.delete(key);
        else break;
      const key = this.#deduplicationKey(outgoing.groupId, deduplicationId);
      const earlier = this.#sent.get(key);
      if (earlier) return earlier.message;
    }
    const delaySeconds = this.fifo
      ? this.attributes.delaySeconds
      : (outgoing.delaySeconds ?? this.attributes.delaySeconds);
    const message: StoredMessage = {
      id: this.random.uuid(),
      body: outgoing.body,
      attributes: outgoing.attributes ?? {},
      groupId: outgoing.groupId,
      deduplicationId,
      senderId: outgoing.senderId,
      sequence: ++this.#sequence,
      sentMs: now,
      visibleMs: now + delaySeconds * 1000,
      receiveCount: 0,
    };
    this.#messages.push(message);
    if (deduplicationId !== undefined)
      this.#sent.set(this.#deduplicationKey(outgoing.groupId, deduplicationId), { message, sentMs: now });
    this.#wake();
    return message;
  }

  /** Takes a message over from a queue whose dead-letter queue this is (or back from there). */
  accept(message: StoredMessage, sourceArn: string | undefined): void {
    this.#messages.push({
      ...message,
      sequence: ++this.#sequence,
      sourceArn,
      // A FIFO dead-letter queue starts the retention anew, a standard one does not.
      sentMs: this.fifo ? this.clock.now() : message.sentMs,
      visibleMs: this.clock.now(),
      receiptHandle: undefined,
      receiveCount: 0,
      firstReceivedMs: undefined,
    });
    this.#wake();
  }

  /** Up to `maximum` messages that can be received now; they are hidden for `visibilitySeconds`. */
  receive(maximum: number, visibilitySeconds: number): StoredMessage[] {
    this.#expire();
    const now = this.clock.now();
    const blocked = new Set<string>();
    const taken: StoredMessage[] = [];
    const limit = this.attributes.redrive?.maxReceiveCount;
    for (const message of [...this.#messages]) {
      if (taken.length === maximum) break;
      const group = this.fifo ? message.groupId : undefined;
      if (group !== undefined && blocked.has(group)) continue;
      if (message.visibleMs > now) {
        // A group is served in order: whatever comes behind a hidden message waits for it.
        if (group !== undefined) blocked.add(group);
        continue;
      }
      if (limit !== undefined && message.receiveCount >= limit && this.moveToDeadLetters(this, message)) {
        this.#remove(message);
        continue;
      }
      this.#forget(message);
      message.receiveCount++;
      message.firstReceivedMs ??= now;
      message.visibleMs = now + visibilitySeconds * 1000;
      message.receiptHandle = this.random.text(64);
      this.#byHandle.set(message.receiptHandle, message);
      taken.push(message);
    }
    return taken;
  }

  /** As `receive`, waiting up to `waitSeconds` for the first message. */
  async receiveWaiting(
    maximum: number,
    visibilitySeconds: number,
    waitSeconds: number,
  ): Promise<StoredMessage[]> {
    const deadline = this.clock.now() + waitSeconds * 1000;
    for (;;) {
      const taken = this.receive(maximum, visibilitySeconds);
      const now = this.clock.now();
      if (taken.length > 0 || now >= deadline) return taken;
      await this.#change(Math.min(deadline, this.#nextVisibleMs(now)) - now);
    }
  }

  /**
   * Deletes by receipt handle. A handle of an earlier receive deletes nothing in a FIFO queue and is refused
   * once its visibility timeout has passed; a standard queue takes both without a word.
   */
  delete(receiptHandle: string): void {
    const message = this.#byHandle.get(receiptHandle);
    if (!message) {
      if (!/^[A-Za-z0-9+/=_-]{20,}$/.test(receiptHandle)) throw invalidHandle(receiptHandle);
      return;
    }
    if (this.fifo && message.visibleMs <= this.clock.now())
      throw invalidValue(receiptHandle, "ReceiptHandle", "The receipt handle has expired.");
    this.#remove(message);
    this.#wake();
  }

  /**
   * Hides a message for `visibilitySeconds` from now; 0 shows it at once. In a FIFO queue it must be in flight.
   */
  changeVisibility(receiptHandle: string, visibilitySeconds: number): void {
    const message = this.#byHandle.get(receiptHandle);
    if (!message) throw invalidHandle(receiptHandle);
    if (this.fifo && message.visibleMs <= this.clock.now())
      throw new ServiceError("MessageNotInflight", "The message referred to isn't in flight.");
    message.visibleMs = this.clock.now() + visibilitySeconds * 1000;
    this.#wake();
  }

  /** Takes the oldest message out, for a message move task. */
  shift(): StoredMessage | undefined {
    this.#expire();
    const first = this.#messages.find((message) => message.visibleMs <= this.clock.now());
    if (first) this.#remove(first);
    return first;
  }

  purge(): void {
    this.#messages.length = 0;
    this.#byHandle.clear();
  }

  /** What `ApproximateNumberOfMessages...` say, and the age of the oldest message in seconds. */
  counts(): { visible: number; delayed: number; inFlight: number; oldestSeconds: number } {
    this.#expire();
    const now = this.clock.now();
    const hidden = this.#messages.filter((message) => message.visibleMs > now);
    const delayed = hidden.filter((message) => message.receiptHandle === undefined).length;
    const oldest = this.#messages[0];
    return {
      visible: this.#messages.length - hidden.length,
      delayed,
      inFlight: hidden.length - delayed,
      oldestSeconds: oldest ? Math.floor((now - oldest.sentMs) / 1000) : 0,
    };
  }

  /** Every message, in order: for judging a run, not for the API. */
  messages(): readonly Readonly<StoredMessage>[] {
    return this.#messages;
  }

  /** Refuses a batch as a whole that holds an entry which this FIFO queue cannot order. */
  checkBatch(entries: readonly Pick<Outgoing, "groupId" | "deduplicationId" | "body">[]): void {
    for (const entry of this.fifo ? entries : []) {
      if (entry.groupId === undefined) throw refused(invalid, missing("MessageGroupId").message);
      this.#deduplicationId(entry);
    }
  }

  #deduplicationId({ deduplicationId, body }: Pick<Outgoing, "deduplicationId" | "body">): string {
    const { contentBasedDeduplication } = this.attributes;
    if (deduplicationId === undefined && !contentBasedDeduplication)
      throw refused(
        invalid,
        "The queue should either have ContentBasedDeduplication enabled or MessageDeduplicationId provided explicitly",
      );
    return deduplicationId ?? contentId(body);
  }

  #deduplicationKey(groupId: string | undefined, deduplicationId: string): string {
    return this.#deduplicationScope === "messageGroup" ? `${groupId} ${deduplicationId}` : deduplicationId;
  }

  #nextVisibleMs(now: number): number {
    let next = Infinity;
    for (const message of this.#messages)
      if (message.visibleMs > now && message.visibleMs < next) next = message.visibleMs;
    return next;
  }

  /** Resolves after `delayMs`, or earlier when the queue changes. */
  #change(delayMs: number): Promise<void> {
    return new Promise((resolve) => {
      const done = () => {
        cancel();
        this.#waiters.delete(done);
        resolve();
      };
      const cancel = this.clock.schedule(delayMs, `long poll of ${this.name}`, done);
      this.#waiters.add(done);
    });
  }

  #wake(): void {
    for (const wake of [...this.#waiters]) wake();
  }

  #expire(): void {
    const oldest = this.clock.now() - this.attributes.messageRetentionSeconds * 1000;
    for (let first = this.#messages[0]; first && first.sentMs <= oldest; first = this.#messages[0])
      this.#remove(first);
  }

  #forget(message: StoredMessage): void {
    // A standard queue honours the handles of earlier receives; a FIFO queue only the latest one.
    if (this.fifo && message.receiptHandle !== undefined) this.#byHandle.delete(message.receiptHandle);
  }

  #remove(message: StoredMessage): void {
    const index = this.#messages.indexOf(message);
    if (index >= 0) this.#messages.splice(index, 1);
    for (const [handle, held] of this.#byHandle) if (held === message) this.#byHandle.delete(handle);
  }
}

function invalidHandle(receiptHandle: string): ServiceError {
  return new ServiceError(
    "ReceiptHandleIsInvalid",
    `The input receipt handle "${receiptHandle}" is not a valid receipt handle.`,
  );
}
