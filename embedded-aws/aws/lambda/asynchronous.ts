import type { FunctionEventInvokeConfig } from "@aws-sdk/client-lambda";
import type { Caller } from "../caller";
import { ServiceError } from "../errors";
import type { World } from "../world";
import type { Invocation } from "./containers";

/** Waits before the retries of a failed event (AWS Lambda Developer Guide, "Asynchronous invocation"). */
const RETRY_MS = [60_000, 120_000] as const;
const MAXIMUM_AGE_SECONDS = 21_600;
const FIRST_BACKOFF_MS = 1_000;
const LAST_BACKOFF_MS = 300_000;

/** What asynchronous invocation asks of a function. */
export interface AsynchronousTarget {
  readonly functionArn: string;
  caller(): Caller;
  invoke(payload: string, requestId: string): Promise<Invocation>;
  config(): FunctionEventInvokeConfig | undefined;
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
    const config = target.config();
    const maximumAgeMs = (config?.MaximumEventAgeInSeconds ?? MAXIMUM_AGE_SECONDS) * 1000;
    if (world.clock.now() - event.acceptedMs > maximumAgeMs)
      return finish(world, target, event, "EventAgeExceeded", undefined);
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
    if (invocation.result.kind === "answer") return finish(world, target, event, "Success", invocation);
    const delayMs = RETRY_MS[event.attempts - 1];
    if (delayMs === undefined || event.attempts > (config?.MaximumRetryAttempts ?? RETRY_MS.length))
      return finish(world, target, event, "RetriesExhausted", invocation);
    again(delayMs, FIRST_BACKOFF_MS);
  };
  again(0, FIRST_BACKOFF_MS);
}

/** Sends the record of an event that is done with to the destination and to the dead-letter target. */
async function finish(
  world: World,
  target: AsynchronousTarget,
  event: Event,
  condition: "Success" | "RetriesExhausted" | "EventAgeExceeded",
  invocation: Invocation | undefined,
): Promise<void> {
  const destinations = target.config()?.DestinationConfig;
  const destination = condition === "Success" ? destinations?.OnSuccess : destinations?.OnFailure;
  if (destination?.Destination !== undefined)
    await send(world, target, destination.Destination, {
      version: "1.0",
      timestamp: new Date(world.clock.now()).toISOString(),
      requestContext: {
        requestId: event.requestId,
        functionArn: `${target.functionArn}:$LATEST`,
        condition,
        approximateInvokeCount: event.attempts,
      },
      requestPayload: JSON.parse(event.payload) as unknown,
      responseContext: invocation && {
        statusCode: 200,
        executedVersion: "$LATEST",
        functionError: invocation.result.kind === "answer" ? undefined : "Unhandled",
      },
    });
  const deadLetters = target.deadLetterTargetArn();
  if (condition !== "Success" && deadLetters !== undefined)
    await send(world, target, deadLetters, JSON.parse(event.payload) as unknown, {
      RequestID: event.requestId,
      ErrorCode: "200",
      ErrorMessage: condition,
    });
}

async function send(
  world: World,
  target: AsynchronousTarget,
  arn: string,
  body: unknown,
  attributes: Readonly<Record<string, string>> = {},
): Promise<void> {
  const [, , service, , account, name] = arn.split(":");
  const MessageAttributes = Object.fromEntries(
    Object.entries(attributes).map(([key, StringValue]) => [key, { DataType: "String", StringValue }]),
  );
  try {
    if (service === "sqs")
      await world.call(
        "sqs",
        "SendMessage",
        {
          QueueUrl: `https://sqs.${world.region}.amazonaws.com/${account}/${name}`,
          MessageBody: JSON.stringify(body),
          MessageAttributes,
        },
        target.caller(),
      );
    else if (service === "sns")
      await world.call(
        "sns",
        "Publish",
        { TopicArn: arn, Message: JSON.stringify(body), MessageAttributes },
        target.caller(),
      );
    else if (service === "lambda")
      await world.call(
        "lambda",
        "Invoke",
        { FunctionName: arn, InvocationType: "Event", Payload: Buffer.from(JSON.stringify(body)) },
        target.caller(),
      );
    else
      await world.call(
        "events",
        "PutEvents",
        {
          Entries: [
            {
              Source: "lambda",
              DetailType: "Lambda Function Invocation Result",
              Detail: JSON.stringify(body),
            },
          ],
        },
        target.caller(),
      );
  } catch (error) {
    // The event is lost, as in AWS; the refused call stands in the ledger.
    if (!(error instanceof ServiceError)) throw error;
  }
}
