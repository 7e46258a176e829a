import type { Caller } from "../caller";
import { ServiceError } from "../errors";
import { queueUrlOf } from "../sqs/queue-url";
import type { World } from "../world";
import type { Invocation } from "./containers";

/** Waits before the retries of a failed event (AWS Lambda Developer Guide, "Asynchronous invocation"). */
const RETRY_MS = [60_000, 120_000] as const;
const MAXIMUM_AGE_MS = 21_600_000;
const FIRST_BACKOFF_MS = 1_000;
const LAST_BACKOFF_MS = 300_000;

/** What asynchronous invocation asks of a function. */
export interface AsynchronousTarget {
  readonly functionArn: string;
  caller(): Caller;
  invoke(payload: string, requestId: string): Promise<Invocation>;
  deadLetterTargetArn(): string | undefined;
}

interface Event {
  readonly payload: string;
  readonly requestId: string;
  readonly acceptedMs: number;
  attempts: number;
}

/** Takes an event, answers at once, and invokes the function until it succeeds or its retries are used up. */
export function invokeAsynchronously(
  world: World,
  target: AsynchronousTarget,
  payload: string,
  requestId: string,
): void {
  const event: Event = { payload, requestId, acceptedMs: world.clock.now(), attempts: 0 };
  const again = (delayMs: number, backoffMs: number) =>
    world.clock.schedule(delayMs, `asynchronous invocation of ${target.functionArn}`, () =>
      attempt(backoffMs),
    );

  const attempt = async (backoffMs: number): Promise<void> => {
    if (world.clock.now() - event.acceptedMs > MAXIMUM_AGE_MS)
      return deadLetter(world, target, event, "EventAgeExceeded");
    let invocation: Invocation;
    try {
      invocation = await target.invoke(payload, requestId);
    } catch (error) {
      if (!(error instanceof ServiceError)) throw error;
      if (error.code === "ResourceNotFoundException") return;
      again(backoffMs, Math.min(2 * backoffMs, LAST_BACKOFF_MS));
      return;
    }
    event.attempts++;
    if (invocation.result.kind === "answer") return;
    const delayMs = RETRY_MS[event.attempts - 1];
    if (delayMs === undefined) return deadLetter(world, target, event, "RetriesExhausted");
    again(delayMs, FIRST_BACKOFF_MS);
  };
  again(0, FIRST_BACKOFF_MS);
}

/** Sends an event that is given up to the function's dead-letter target: a queue or a topic. */
async function deadLetter(
  world: World,
  target: AsynchronousTarget,
  event: Event,
  reason: "RetriesExhausted" | "EventAgeExceeded",
): Promise<void> {
  const arn = target.deadLetterTargetArn();
  if (arn === undefined) return;
  const text = (StringValue: string) => ({ DataType: "String", StringValue });
  const MessageAttributes = {
    RequestID: text(event.requestId),
    ErrorCode: text("200"),
    ErrorMessage: text(reason),
  };
  try {
    if (arn.split(":")[2] === "sqs") {
      const message = { QueueUrl: queueUrlOf(arn), MessageBody: event.payload, MessageAttributes };
      await world.call("sqs", "SendMessage", message, target.caller());
    } else {
      const message = { TopicArn: arn, Message: event.payload, MessageAttributes };
      await world.call("sns", "Publish", message, target.caller());
    }
  } catch (error) {
    // The event is lost, as in AWS; the refused call stands in the ledger.
    if (!(error instanceof ServiceError)) throw error;
  }
}
