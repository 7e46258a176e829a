import type { Target } from "@aws-sdk/client-eventbridge";
import { recordMetrics } from "../cloudwatch/record";
import type { Caller } from "../caller";
import { ServiceError } from "../errors";
import { queueUrlOf } from "../sqs/queue-url";
import type { Random } from "../random";
import type { World } from "../world";
import type { DeliveryFaults } from "./faults";
import { targetInput, type BusEvent } from "./input";

/** Retry policy of a target that sets none (Amazon EventBridge API Reference, RetryPolicy). */
const MAXIMUM_ATTEMPTS = 185;
const MAXIMUM_AGE_SECONDS = 86_400;
const FIRST_BACKOFF_MS = 1_000;
const LAST_BACKOFF_MS = 600_000;

/** One event on its way from a rule to a target. */
export interface Delivery {
  readonly event: BusEvent;
  readonly rule: { readonly name: string; readonly arn: string };
  readonly target: Target;
}

/**
 * Hands an event to a target: tries again with growing waits while the failure may pass, and gives up to the
 * target's dead-letter queue (Amazon EventBridge User Guide, "How EventBridge retries delivering events").
 */
export class Deliverer {
  readonly #random: Random;

  constructor(
    private readonly world: World,
    private readonly faults: () => DeliveryFaults,
  ) {
    this.#random = world.random.fork("eventbridge/delivery");
  }

  async deliver(delivery: Delivery, attempts = 0, acceptedMs = this.world.clock.now()): Promise<void> {
    const { rule, target } = delivery;
    const { clock } = this.world;
    let error: ServiceError;
    try {
      if (this.#random.chance(this.faults().targetFailureProbability))
        throw new ServiceError("ServiceUnavailable", "The target is not available.", 503);
      await this.#send(delivery);
      this.#count(rule.name, "Invocations");
      return;
    } catch (caught) {
      if (!(caught instanceof ServiceError)) throw caught;
      error = caught;
    }
    const code = errorCode(error);
    const { MaximumRetryAttempts = MAXIMUM_ATTEMPTS, MaximumEventAgeInSeconds = MAXIMUM_AGE_SECONDS } =
      target.RetryPolicy ?? {};
    const backoffMs = Math.min(FIRST_BACKOFF_MS * 2 ** Math.min(attempts, 16), LAST_BACKOFF_MS);
    const delayMs = Math.round(backoffMs * (0.5 + this.#random.next() / 2));
    const exhausted = !code.mayPass
      ? "None"
      : attempts >= MaximumRetryAttempts
        ? "MaximumRetryAttempts"
        : clock.now() + delayMs - acceptedMs > MaximumEventAgeInSeconds * 1000
          ? "MaximumEventAgeInSeconds"
          : undefined;
    if (exhausted === undefined) {
      clock.schedule(delayMs, `retry of rule ${rule.name}`, () =>
        this.deliver(delivery, attempts + 1, acceptedMs),
      );
      return;
    }
    this.#count(rule.name, "FailedInvocations");
    await this.#giveUp(delivery, {
      RULE_ARN: rule.arn,
      TARGET_ARN: target.Arn ?? "",
      ERROR_CODE: code.name,
      ERROR_MESSAGE: error.message || error.code,
      ...(exhausted !== "None" && { EXHAUSTED_RETRY_CONDITION: exhausted }),
      RETRY_ATTEMPTS: String(attempts),
    });
  }

  #caller({ rule, target }: Delivery): Caller {
    return target.RoleArn === undefined
      ? ruleItself(rule.arn)
      : { kind: "role", roleArn: target.RoleArn, session: rule.name };
  }

  async #send(delivery: Delivery): Promise<void> {
    const { event, rule, target } = delivery;
    const arn = target.Arn ?? "";
    const input = targetInput(target, event, rule);
    const call = (service: string, operation: string, given: object) =>
      this.world.call<object>(service, operation, given, this.#caller(delivery));
    switch (arn.split(":")[2]) {
      case "sqs":
        await call("sqs", "SendMessage", {
          QueueUrl: queueUrlOf(arn),
          MessageBody: input,
          MessageGroupId: target.SqsParameters?.MessageGroupId,
        });
        return;
      case "lambda":
        await call("lambda", "Invoke", {
          FunctionName: arn,
          InvocationType: "Event",
          Payload: Buffer.from(input),
        });
        return;
      case "sns":
        await call("sns", "Publish", { TopicArn: arn, Message: input });
        return;
      default:
        throw new ServiceError("ResourceNotFoundException", `Rules of the embedded AWS do not reach ${arn}`);
    }
  }

  async #giveUp(delivery: Delivery, attributes: Readonly<Record<string, string>>): Promise<void> {
    const arn = delivery.target.DeadLetterConfig?.Arn;
    if (arn === undefined) return;
    try {
      await this.world.call(
        "sqs",
        "SendMessage",
        {
          QueueUrl: queueUrlOf(arn),
          MessageBody: JSON.stringify(delivery.event),
          MessageAttributes: Object.fromEntries(
            Object.entries(attributes).map(([name, StringValue]) => [
              name,
              { DataType: "String", StringValue },
            ]),
          ),
        },
        ruleItself(delivery.rule.arn),
      );
      this.#count(delivery.rule.name, "InvocationsSentToDlq");
    } catch (error) {
      if (!(error instanceof ServiceError)) throw error;
      // The event is dropped, as in AWS: a metric says so, and the ledger has the refused call.
      this.#count(delivery.rule.name, "InvocationsFailedToBeSentToDlq");
    }
  }

  #count(ruleName: string, metric: string): void {
    recordMetrics(this.world, "AWS/Events", { RuleName: ruleName }, { [metric]: 1 });
  }
}

function ruleItself(ruleArn: string): Caller {
  return { kind: "service", principal: "events.amazonaws.com", sourceArn: ruleArn };
}

/** `ERROR_CODE` of a dead letter, and whether another try may help. */
function errorCode(error: ServiceError): { name: string; mayPass: boolean } {
  if (/^(AccessDenied|AuthorizationError|Unauthorized|NotAuthorized|Kms)/i.test(error.code))
    return { name: "NO_PERMISSIONS", mayPass: false };
  if (/NotFound|DoesNotExist|NonExistent/.test(error.code)) return { name: "NO_RESOURCE", mayPass: false };
  if (/Throttl|TooManyRequests|SlowDown|RequestLimit/.test(error.code))
    return { name: "THROTTLING", mayPass: true };
  if (error.status >= 500) return { name: "ERROR_FROM_TARGET", mayPass: true };
  return { name: "SDK_CLIENT_ERROR", mayPass: false };
}
