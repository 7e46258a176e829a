import type * as sdk from "@aws-sdk/client-secrets-manager";
import { lengthBetween, refused } from "../constraints";
import { ServiceError } from "../errors";
import { operation, type Call, type Operation } from "../service";
import { onSecret } from "./authorize";
import { checkStages, checkToken, invalid, outOfRange, sameValue, valueOf, invalidRequest } from "./checks";
import { decrypt, encrypt } from "./keys";
import { current, pending, versionWith, type Secret, type SecretVersion } from "./secret";
import type { SecretStore } from "./store";

const dayMs = 86_400_000;

/** Operations that write and read values and move labels. */
export function valueOperations(store: SecretStore): Readonly<Record<string, Operation>> {
  const { world } = store;

  return {
    PutSecretValue: operation<sdk.PutSecretValueRequest, sdk.PutSecretValueResponse>({
      access: "write",
      authorize: ({ SecretId }) => onSecret(store, SecretId),
      handle: async (input, call) => {
        checkToken(input.ClientRequestToken);
        checkStages(input.VersionStages);
        const value = valueOf(input);
        if (!value) throw refused(invalidRequest, "You must provide either SecretString or SecretBinary.");
        const secret = store.active(input.SecretId!);
        const stages = input.VersionStages ?? [current];
        const id = input.ClientRequestToken ?? world.random.uuid();
        const version = await writeValue(store, secret, id, value, stages, call);
        return { ARN: secret.arn, Name: secret.name, VersionId: id, VersionStages: [...version.stages] };
      },
    }),
    GetSecretValue: operation<sdk.GetSecretValueRequest, sdk.GetSecretValueResponse>({
      access: "read",
      authorize: ({ SecretId, VersionId, VersionStage }) =>
        onSecret(store, SecretId, {
          ...(VersionId === undefined ? {} : { "secretsmanager:VersionId": VersionId }),
          ...(VersionId !== undefined && VersionStage === undefined
            ? {}
            : { "secretsmanager:VersionStage": VersionStage ?? current }),
        }),
      handle: async ({ SecretId, VersionId, VersionStage }, call) => {
        lengthBetween(SecretId, 1, 2048, "secretId", outOfRange);
        lengthBetween(VersionId, 32, 64, "versionId", outOfRange);
        lengthBetween(VersionStage, 1, 256, "versionStage", outOfRange);
        const secret = store.active(SecretId!);
        const version = readable(secret, VersionId, VersionStage);
        await decrypt(world, call, secret, version.kmsKeyId, version.id);
        // AWS tells the day of the last read, not the time.
        version.lastAccessed = secret.lastAccessed = Math.floor(call.time / dayMs) * dayMs;
        return {
          ARN: secret.arn,
          Name: secret.name,
          VersionId: version.id,
          SecretString: version.value.text,
          SecretBinary: version.value.bytes,
          VersionStages: [...version.stages],
          CreatedDate: new Date(version.created),
        };
      },
    }),
    UpdateSecretVersionStage: operation<
      sdk.UpdateSecretVersionStageRequest,
      sdk.UpdateSecretVersionStageResponse
    >({
      access: "write",
      authorize: ({ SecretId, VersionStage }) =>
        onSecret(store, SecretId, { "secretsmanager:VersionStage": VersionStage ?? "" }),
      handle: (input, call) => {
        const { VersionStage: stage = "", RemoveFromVersionId: from, MoveToVersionId: to } = input;
        lengthBetween(stage, 1, 256, "versionStage", outOfRange);
        lengthBetween(from, 32, 64, "removeFromVersionId", outOfRange);
        lengthBetween(to, 32, 64, "moveToVersionId", outOfRange);
        const secret = store.active(input.SecretId!);
        moveLabel(store, secret, stage, from, to, call.time);
        return { ARN: secret.arn, Name: secret.name };
      },
    }),
  };
}

/**
 * Writes a value as a new version, or into an empty one that a rotation made. The same token with the same value
 * does nothing; with another value it is refused.
 */
export async function writeValue(
  store: SecretStore,
  secret: Secret,
  id: string,
  value: NonNullable<SecretVersion["value"]>,
  stages: readonly string[],
  call: Call,
): Promise<SecretVersion> {
  const existing = secret.versions.get(id);
  if (existing?.value) {
    if (sameValue(existing.value, value)) return existing;
    throw new ServiceError(
      "ResourceExistsException",
      `You can't use ClientRequestToken ${id} because that value is already in use for a version of secret ${secret.arn}.`,
    );
  }
  await encrypt(store.world, call, secret, id);
  const isFirst = ![...secret.versions.values()].some((version) => version.value);
  const version = existing ?? store.addVersion(secret, id, call.time);
  // A pending version that was made current and is now replaced is pending no more.
  if (stages.includes(current)) versionWith(secret, current)?.stages.delete(pending);
  store.fill(secret, version, value, call.time);
  for (const stage of stages) store.moveStage(secret, stage, version, call.time);
  if (isFirst && !versionWith(secret, current)) store.moveStage(secret, current, version, call.time);
  store.touch(secret, call.time);
  return version;
}

type FilledVersion = SecretVersion & { readonly value: NonNullable<SecretVersion["value"]> };

function readable(secret: Secret, id: string | undefined, stage: string | undefined): FilledVersion {
  const missing = (what: string) =>
    new ServiceError(
      "ResourceNotFoundException",
      `Secrets Manager can't find the specified secret value for ${what}`,
    );
  if (id === undefined) {
    const version = versionWith(secret, stage ?? current);
    if (!version?.value) throw missing(`staging label: ${stage ?? current}`);
    return version as FilledVersion;
  }
  const version = secret.versions.get(id);
  if (!version?.value) throw missing(`VersionId: ${id}`);
  if (stage !== undefined && !version.stages.has(stage))
    throw refused(
      invalidRequest,
      "You provided a VersionStage that is not associated to the provided VersionId.",
    );
  return version as FilledVersion;
}

function moveLabel(
  store: SecretStore,
  secret: Secret,
  stage: string,
  from: string | undefined,
  to: string | undefined,
  timeMs: number,
): void {
  const refuse = (message: string) => refused(invalid, message);
  if (from === undefined && to === undefined)
    throw refuse("You must specify RemoveFromVersionId or MoveToVersionId.");
  for (const id of [from, to])
    if (id !== undefined && !secret.versions.has(id))
      throw new ServiceError(
        "ResourceNotFoundException",
        `Secrets Manager can't find the specified secret value for VersionId: ${id}`,
      );
  const holder = versionWith(secret, stage);
  const target = to === undefined ? undefined : secret.versions.get(to);
  if (holder && holder !== target && holder.id !== from)
    throw refuse(
      from === undefined
        ? `The parameter RemoveFromVersionId can't be empty. Staging label ${stage} is currently attached to version ${holder.id}, so you must explicitly reference that version in RemoveFromVersionId.`
        : `The staging label ${stage} isn't attached to version ${from}: it is attached to version ${holder.id}.`,
    );
  if (!holder && from !== undefined && to === undefined)
    throw refuse(`The staging label ${stage} isn't attached to version ${from}.`);
  if (target) {
    store.moveStage(secret, stage, target, timeMs);
  } else {
    if (stage === current)
      throw refuse("You can't remove the staging label AWSCURRENT without moving it to another version.");
    holder?.stages.delete(stage);
  }
  store.touch(secret, timeMs);
}
