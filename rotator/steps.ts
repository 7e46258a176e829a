import type { Credential } from "./credential";
import type { RotationEvent, Step } from "./events";
import { mayProceed, refuseWhileYoung, versionWith } from "./guards";
import type { Rotation } from "./rotation";
import type { SecretDescription } from "./stores/secret";

/** One step of a rotation. `secret` is the description when the step began. */
type StepFunction = (rotation: Rotation, event: RotationEvent, secret: SecretDescription) => Promise<string>;

/** Carries out one step. @returns what was done, for the log */
export async function runStep(rotation: Rotation, event: RotationEvent): Promise<string> {
  const secret = await rotation.secrets.describe(event.SecretId);
  if (!mayProceed(secret, event)) return "the version is already AWSCURRENT";
  return stepFunctions[event.Step](rotation, event, secret);
}

/** Writes the pending version once; repeated calls keep it. */
const createSecret: StepFunction = async (rotation, event) => {
  const { SecretId, ClientRequestToken: token } = event;
  const { secrets, settings, dependencies } = rotation;
  const current = await secrets.read(SecretId, { stage: "AWSCURRENT" });
  if (await secrets.find(SecretId, { versionId: token, stage: "AWSPENDING" }))
    return "the pending version already has a value";
  refuseWhileYoung(
    `the secret ${SecretId}`,
    current.createdAtMs,
    dependencies.now(),
    settings.minimumIntervalMinutes,
  );
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
  return "AWSCURRENT moved to the pending version";
};

const stepFunctions: Readonly<Record<Step, StepFunction>> = {
  createSecret,
  setSecret,
  testSecret,
  finishSecret,
};

/** Credentials that may still be valid: the previous one, and those of cancelled rotations. */
async function* earlierCredentials(rotation: Rotation, secretId: string): AsyncGenerator<Credential> {
  const previous = await rotation.secrets.find(secretId, { stage: "AWSPREVIOUS" });
  if (previous) yield previous.credential;
  for await (const version of rotation.secrets.deprecated(secretId)) yield version.credential;
}
