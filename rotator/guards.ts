import { rotatorError } from "./errors";
import type { RotationEvent } from "./events";
import type { SecretDescription } from "./stores/secret";

/**
 * What must hold before any step (AWS Secrets Manager User Guide, "Lambda rotation functions").
 * @returns false when the version is current already: a step that comes late, or again, has nothing to do
 */
export function mayProceed(secret: SecretDescription, event: RotationEvent): boolean {
  const { ClientRequestToken: token } = event;
  if (!secret.rotationEnabled)
    throw rotatorError(
      "final",
      "rotation-disabled",
      `rotation of the secret ${secret.arn} is not enabled: it was cancelled, or never set up`,
    );
  const stages = secret.stages[token];
  if (!stages)
    throw rotatorError(
      "final",
      "unknown-version",
      `the secret ${secret.arn} has no version ${token}, which this rotation is about`,
    );
  if (stages.includes("AWSCURRENT")) return false;
  if (!stages.includes("AWSPENDING"))
    throw rotatorError(
      "final",
      "not-pending",
      `version ${token} of the secret ${secret.arn} has the labels ${JSON.stringify(stages)}, wanted AWSPENDING`,
    );
  return true;
}

/** The version that has a label. */
export function versionWith(secret: SecretDescription, label: string): string | undefined {
  return Object.entries(secret.stages).find(([, labels]) => labels.includes(label))?.[0];
}

/**
 * Refuses to start a rotation while the one before may not be rolled out: with alternating users it would end the
 * credential that running tasks hold.
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
    `the current version of ${what} is ${Math.max(0, Math.floor(ageMinutes))} minutes old, and a rotation may start ` +
      `when it is ${minimumIntervalMinutes} (minimumIntervalMinutes): one that starts before every task has the current ` +
      `credential would end the credential that tasks still use. 0 lifts the limit`,
  );
}
