import type { Target } from "@aws-sdk/client-eventbridge";
import { between, lengthBetween, matchesPattern, refused } from "../constraints";
import { notImplemented } from "../errors";

const invalid = { code: "ValidationException" } as const;
const reached = ["sqs", "lambda", "sns"];

/** Refuses a target that EventBridge refuses, and one that the embedded AWS cannot reach. */
export function checkTarget(target: Target): void {
  matchesPattern(target.Id, /[.\-_A-Za-z0-9]{1,64}/, "targets.id", invalid);
  lengthBetween(target.Arn, 1, 1600, "targets.arn", invalid);
  const [scheme, , service, , , name] = (target.Arn ?? "").split(":");
  if (scheme !== "arn" || service === undefined || name === undefined)
    throw refused(
      invalid,
      `Parameter ${target.Arn} is not valid. Reason: Provided Arn is not in correct format.`,
    );
  if (!reached.includes(service)) throw notImplemented(`a rule's target of service ${service}`);
  const { MaximumRetryAttempts, MaximumEventAgeInSeconds } = target.RetryPolicy ?? {};
  between(MaximumRetryAttempts, 0, 185, "targets.retryPolicy.maximumRetryAttempts", invalid);
  between(MaximumEventAgeInSeconds, 60, 86_400, "targets.retryPolicy.maximumEventAgeInSeconds", invalid);
  lengthBetween(target.Input, 0, 8192, "targets.input", invalid);
  const fifo = service === "sqs" && name.endsWith(".fifo");
  if (fifo && !target.SqsParameters?.MessageGroupId)
    throw refused(invalid, `Parameter(s) MessageGroupId must be specified for target: ${target.Id}.`);
  if (target.DeadLetterConfig?.Arn?.endsWith(".fifo"))
    throw refused(
      invalid,
      `Parameter DeadLetterConfig is not valid. Reason: a FIFO queue cannot be a dead-letter queue of a rule: ${target.DeadLetterConfig.Arn}.`,
    );
  const inputs = [target.Input, target.InputPath, target.InputTransformer].filter((i) => i !== undefined);
  if (inputs.length > 1)
    throw refused(
      invalid,
      `Only one of Input, InputPath, or InputTransformer must be provided for target ${target.Id}.`,
    );
  const paths = Object.keys(target.InputTransformer?.InputPathsMap ?? {});
  for (const [, name = ""] of target.InputTransformer?.InputTemplate?.matchAll(/<([\w.-]+)>/g) ?? [])
    if (!paths.includes(name) && !name.startsWith("aws.events."))
      throw refused(invalid, `InputTemplate for target ${target.Id} contains invalid placeholder ${name}.`);
  lengthBetween(paths, 0, 100, "targets.inputTransformer", invalid);
}
