import { rotatorError } from "./errors";
import type { RotationEvent } from "./events";
import type { SecretDescription } from "./stores/secret";

/**
 * Checks what every step requires (AWS Secrets Manager User Guide, "Lambda rotation functions").
 * @returns false if the version is already AWSCURRENT: a repeated or late step has nothing to do
 */
export function mayProceed(secret: SecretDescription, event: RotationEvent): boolean {
  const { ClientRequestToken: token } = event;
  if (!secret.rotationEnabled)
    throw rotatorError(
      "final",
      "rotation-disabled",
      `rotation of the secret ${secret.arn} is not enabled; call RotateSecret with a rotation function to enable it`,
    );
  const stages = secret.stages[token];
  if (!stages)
    throw rotatorError(
      "final",
      "unknown-version",
      `the secret ${secret.arn} has no version ${token}, the ClientRequestToken of this rotation`,
    );
  if (stages.includes("AWSCURRENT")) return false;
  if (!stages.includes("AWSPENDING"))
    throw rotatorError(
      "final",
      "not-pending",
      `version ${token} of the secret ${secret.arn}: expected the label AWSPENDING, found ${JSON.stringify(stages)}`,
    );
  return true;
}

/** The version that has a label. */
export function versionWith(secret: SecretDescription, label: string): string | undefined {
  return Object.entries(secret.stages).find(([, labels]) => labels.includes(label))?.[0];
}

/**
 * Refuses to start a rotation while running tasks may still use the previous credential: with alternating users it
 * would become invalid.
 */
export function refuseWhileYoung(
  what: string,
  createdAtMs: number | undefined,
  nowMs: number,
  minimumIntervalMinutes: number,
): void {
  if (minimumIntervalMinutes === 0 || createdAtMs === undefined) return;
  const ageMinutes = (nowMs - createdAtMs) / 60_000;
  if (ageMinutes >= minimumIntervalMinutes) return;
  throw rotatorError(
    "final",
    "too-young",
    `the current version of ${what} is ${Math.max(0, Math.floor(ageMinutes))} minutes old; a rotation requires ` +
      `${minimumIntervalMinutes} (minimumIntervalMinutes), so that no task still uses the credential that it changes. ` +
      `Rotate later, or set 0 for no limit`,
  );
}
