import type { Credential } from "./credential";
import type { RotationEvent, Step } from "./events";
import { mayProceed, refuseWhileYoung, versionWith } from "./guards";
import type { Rotation } from "./rotation";
import { rotatorError } from "./errors";
import type { SecretDescription, SecretVersion } from "./stores/secret";

/** One step of a rotation. `secret` is the description when the step began. */
type StepFunction = (rotation: Rotation, event: RotationEvent, secret: SecretDescription) => Promise<string>;

/** Carries out one step. @returns what was done, for the log */
export async function runStep(rotation: Rotation, event: RotationEvent): Promise<string> {
  const secret = await rotation.secrets.describe(event.SecretId);
  if (!mayProceed(secret, event)) {
    const { Step, SecretId, ClientRequestToken: token } = event;
    // The run that moved AWSCURRENT may have been interrupted before it was done.
    if (Step === "finishSecret" && secret.stages[token]?.includes("AWSPENDING"))
      await rotation.secrets.takePending(SecretId, token);
    return "the version is already AWSCURRENT";
  }
  return stepFunctions[event.Step](rotation, event, secret);
}

/** Writes the pending version once; repeated calls keep it. */
const createSecret: StepFunction = async (rotation, event, secret) => {
  const { SecretId, ClientRequestToken: token } = event;
  const { secrets, settings, dependencies } = rotation;
  const current = await secrets.read(SecretId, { stage: "AWSCURRENT" });
  const pending = await secrets.find(SecretId, { versionId: token, stage: "AWSPENDING" });
  if (pending) {
    await refuseOlder(rotation, SecretId, current, pending);
    return "the pending version already has a value";
  }
  try {
    refuseWhileYoung(
      `the secret ${SecretId}`,
      // A rotation may take long: AWSCURRENT moved at its end. A person's PutSecretValue is no rotation.
      Math.max(current.createdAtMs ?? 0, secret.lastRotatedAtMs ?? 0),
      dependencies.now(),
      settings.minimumIntervalMinutes,
    );
  } catch (error) {
    // The version of this rotation is empty. With its label, RotateSecret would be refused from now on.
    await secrets.takePending(SecretId, token);
    throw error;
  }
  const next = rotation.next(current.credential, `the secret ${SecretId}`);
  return (await secrets.putPending(SecretId, token, next))
    ? `the pending version is for ${next.username}`
    : "another run wrote the pending version";
};

/** Makes the database accept the pending credential. */
const setSecret: StepFunction = async (rotation, event) => {
  const { SecretId, ClientRequestToken: token } = event;
  const current = await rotation.secrets.read(SecretId, { stage: "AWSCURRENT" });
  const pending = await rotation.secrets.read(SecretId, { versionId: token, stage: "AWSPENDING" });
  await refuseOlder(rotation, SecretId, current, pending);
  await rotation.apply(current.credential, pending.credential, `the secret ${SecretId}`, () =>
    earlierCredentials(rotation, SecretId),
  );
  return `the database accepts the pending credential of ${pending.credential.username}`;
};

/** Logs in with the pending credential. Secrets Manager also calls it when rotation is enabled without rotating. */
const testSecret: StepFunction = async (rotation, event) => {
  const { SecretId, ClientRequestToken: token } = event;
  const pending = await rotation.secrets.read(SecretId, { versionId: token, stage: "AWSPENDING" });
  await rotation.test(pending.credential, `the secret ${SecretId}`);
  return `logged in as ${pending.credential.username}`;
};

/** Moves AWSCURRENT to the pending version: from now on, readers get the new credential. */
const finishSecret: StepFunction = async (rotation, event, secret) => {
  const { SecretId, ClientRequestToken: token } = event;
  try {
    await rotation.secrets.moveCurrent(SecretId, versionWith(secret, "AWSCURRENT"), token);
  } catch (error) {
    // Another run may have moved it in the meantime.
    const now = await rotation.secrets.describe(SecretId);
    if (!now.stages[token]?.includes("AWSCURRENT")) throw error;
  }
  // Left on the version, the label would let the next rotation take the version up again after a newer one was put.
  await rotation.secrets.takePending(SecretId, token);
  return "AWSCURRENT moved to the pending version";
};

/**
 * Refuses a pending version that is older than the current one, which a person has put since: its value may be known to
 * others. Without its label, the next rotation makes a version of its own.
 */
async function refuseOlder(
  { secrets }: Rotation,
  secretId: string,
  current: SecretVersion,
  pending: SecretVersion,
): Promise<void> {
  if ((pending.createdAtMs ?? 0) >= (current.createdAtMs ?? 0)) return;
  await secrets.takePending(secretId, pending.versionId);
  throw rotatorError(
    "final",
    "stale-pending",
    `the secret ${secretId}: the pending version ${pending.versionId} was older than the current one, so its label ` +
      `AWSPENDING was removed; rotate again`,
  );
}

const stepFunctions: Readonly<Record<Step, StepFunction>> = {
  createSecret,
  setSecret,
  testSecret,
  finishSecret,
};

/** Credentials that may still be valid: the previous one, and for a single user those of cancelled rotations. */
async function* earlierCredentials(rotation: Rotation, secretId: string): AsyncGenerator<Credential> {
  const previous = await rotation.secrets.find(secretId, { stage: "AWSPREVIOUS" });
  if (previous) yield previous.credential;
  // With alternating users a cancelled rotation leaves the user in use as it was; the role lists no versions then.
  if (rotation.settings.strategy === "alternating-users") return;
  for await (const version of rotation.secrets.deprecated(secretId)) yield version.credential;
}
