import { realDependencies, type Dependencies } from "./dependencies";
import { rotatorError } from "./errors";
import { isScheduledEvent, parseRotationEvent } from "./events";
import { rotateParameter } from "./parameter-run";
import { Redactor } from "./redact";
import { Rotation } from "./rotation";
import { completeSettings, parseSettings, settingsVariable, type RotatorSettings } from "./settings";
import { runStep } from "./steps";

/** Rotates the credential that the event names. Rejects with an error that holds no secret's value. */
export type Rotator = (event: unknown) => Promise<void>;

/**
 * Makes a rotator. It rotates a secret in the steps of Secrets Manager, and a parameter in one run on a schedule.
 * @param dependencies clients, engines and the clock; by default those of Lambda
 */
export function createRotator(
  settings: RotatorSettings,
  dependencies: Dependencies = realDependencies(),
): Rotator {
  const complete = completeSettings(settings);
  return async (event) => {
    const redactor = new Redactor();
    const rotation = new Rotation(complete, dependencies, redactor);
    const about: Record<string, unknown> = {};
    try {
      let result: string;
      if (complete.parameter !== undefined) {
        if (!isScheduledEvent(event))
          throw rotatorError(
            "final",
            "invalid-event",
            `expected a scheduled event of EventBridge: this function rotates the parameter ${complete.parameter}`,
          );
        Object.assign(about, { parameter: complete.parameter });
        result = await rotateParameter(rotation, complete.parameter);
      } else {
        const { Step, SecretId, ClientRequestToken } = parseRotationEvent(event);
        Object.assign(about, { step: Step, secret: SecretId, version: ClientRequestToken });
        result = await runStep(rotation, { Step, SecretId, ClientRequestToken });
      }
      dependencies.log({ ...about, outcome: "done", result: redactor.text(result) });
    } catch (error) {
      const safe = redactor.error(error);
      const { kind, code } = safe as { kind?: string; code?: string };
      dependencies.log({ ...about, outcome: "failed", kind, code, reason: safe.message });
      throw safe;
    }
  };
}

let rotator: Rotator | undefined;

/** The Lambda function's entry point, configured by the environment variable `ROTATOR_SETTINGS`. */
export async function handler(event: unknown, _context: unknown): Promise<void> {
  rotator ??= createRotator(parseSettings(process.env[settingsVariable]));
  await rotator(event);
}
