import type * as sdk from "@aws-sdk/client-secrets-manager";
import { between, lengthBetween, matchesPattern, refused } from "../constraints";
import { ServiceError } from "../errors";
import { operation, operationsOn, type Operation } from "../service";
import { onSecret } from "./authorize";
import {
  checkName,
  checkTags,
  checkToken,
  invalid,
  outOfRange,
  sameValue,
  valueOf,
  invalidRequest,
} from "./checks";
import { current } from "./secret";
import type { SecretStore } from "./store";
import { writeValue } from "./values";

const dayMs = 86_400_000;

/** Operations that make, change, delete and restore secrets. */
export function lifecycleOperations(store: SecretStore): Readonly<Record<string, Operation>> {
  const { world } = store;
  const replicas = (given: readonly sdk.ReplicaRegionType[] | undefined) =>
    (given ?? []).map(({ Region, KmsKeyId }): sdk.ReplicationStatusType => {
      matchesPattern(Region, /[a-z]+-([a-z]+-)+\d+/, "addReplicaRegions.region", outOfRange);
      if (Region === undefined || Region === world.region)
        throw refused(invalid, "Invalid replica region: it must be another Region than the secret's own.");
      return { Region, KmsKeyId: KmsKeyId ?? "alias/aws/secretsmanager", Status: "InSync" };
    });

  const ofSecret = operationsOn<{ SecretId?: string }>(({ SecretId }) => onSecret(store, SecretId));

  return {
    CreateSecret: operation<sdk.CreateSecretRequest, sdk.CreateSecretResponse>({
      access: "write",
      authorize: ({ Name, Description, KmsKeyId, Tags }) => ({
        resource: world.arn("secretsmanager", `secret:${Name ?? ""}`),
        context: {
          "secretsmanager:Name": Name ?? "",
          ...(Description === undefined ? {} : { "secretsmanager:Description": Description }),
          ...(KmsKeyId === undefined ? {} : { "secretsmanager:KmsKeyId": KmsKeyId }),
          ...Object.fromEntries((Tags ?? []).map(({ Key, Value }) => [`aws:RequestTag/${Key}`, Value ?? ""])),
        },
      }),
      handle: async (input, call) => {
        const { Name: name = "", ClientRequestToken } = input;
        checkName(name);
        checkToken(ClientRequestToken);
        lengthBetween(input.Description, 0, 2048, "description", outOfRange);
        lengthBetween(input.KmsKeyId, 0, 2048, "kmsKeyId", outOfRange);
        const tags = checkTags(input.Tags);
        const value = valueOf(input);
        const replication = replicas(input.AddReplicaRegions);
        const existing = store.find(name);
        if (existing) {
          if (existing.deletedAt !== undefined)
            throw refused(
              invalidRequest,
              "You can't create this secret because a secret with this name is already scheduled for deletion.",
            );
          const version = existing.versions.get(ClientRequestToken ?? "");
          if (version?.value && value && sameValue(version.value, value))
            return { ARN: existing.arn, Name: name, VersionId: version.id };
          throw new ServiceError(
            "ResourceExistsException",
            `The operation failed because the secret ${name} already exists.`,
          );
        }
        const secret = store.create(name, call.time, {
          description: input.Description,
          type: input.Type,
          kmsKeyId: input.KmsKeyId,
          tags: tags.length === 0 ? undefined : new Map(tags),
          replication,
        });
        store.touch(secret, call.time);
        if (!value) return { ARN: secret.arn, Name: name };
        const id = ClientRequestToken ?? world.random.uuid();
        try {
          await writeValue(store, secret, id, value, [current], call);
        } catch (error) {
          store.purge(secret);
          throw error;
        }
        return {
          ARN: secret.arn,
          Name: name,
          VersionId: id,
          ReplicationStatus: replication.length === 0 ? undefined : replication,
        };
      },
    }),
    UpdateSecret: ofSecret<sdk.UpdateSecretRequest, sdk.UpdateSecretResponse>(
      "write",
      async (input, call) => {
        checkToken(input.ClientRequestToken);
        lengthBetween(input.Description, 0, 2048, "description", outOfRange);
        lengthBetween(input.KmsKeyId, 0, 2048, "kmsKeyId", outOfRange);
        const value = valueOf(input);
        const secret = store.active(input.SecretId!);
        const token = input.ClientRequestToken;
        if (token !== undefined && value && secret.versions.get(token)?.value)
          throw new ServiceError(
            "ResourceExistsException",
            `You can't use ClientRequestToken ${token} because that value is already in use for a version of secret ${secret.arn}.`,
          );
        if (input.Description !== undefined) secret.description = input.Description;
        if (input.KmsKeyId !== undefined) secret.kmsKeyId = input.KmsKeyId;
        if (input.Type !== undefined) secret.type = input.Type;
        store.touch(secret, call.time);
        if (!value) return { ARN: secret.arn, Name: secret.name };
        const id = token ?? world.random.uuid();
        await writeValue(store, secret, id, value, [current], call);
        return { ARN: secret.arn, Name: secret.name, VersionId: id };
      },
    ),
    DeleteSecret: operation<sdk.DeleteSecretRequest, sdk.DeleteSecretResponse>({
      access: "write",
      authorize: ({ SecretId, RecoveryWindowInDays, ForceDeleteWithoutRecovery }) =>
        onSecret(store, SecretId, {
          "secretsmanager:ForceDeleteWithoutRecovery": String(ForceDeleteWithoutRecovery ?? false),
          ...(RecoveryWindowInDays === undefined
            ? {}
            : { "secretsmanager:RecoveryWindowInDays": String(RecoveryWindowInDays) }),
        }),
      handle: ({ SecretId, RecoveryWindowInDays, ForceDeleteWithoutRecovery = false }, call) => {
        if (RecoveryWindowInDays !== undefined && ForceDeleteWithoutRecovery)
          throw refused(
            invalid,
            "You can't use ForceDeleteWithoutRecovery in conjunction with RecoveryWindowInDays.",
          );
        between(RecoveryWindowInDays, 7, 30, "recoveryWindowInDays", invalid);
        // Deleting by force what is not there is no error.
        if (ForceDeleteWithoutRecovery && !store.find(SecretId!))
          return { ARN: store.arnFor(SecretId!), Name: SecretId, DeletionDate: new Date(call.time) };
        const secret = ForceDeleteWithoutRecovery ? store.get(SecretId!) : store.active(SecretId!);
        if (secret.owningService !== undefined)
          throw refused(
            invalidRequest,
            `You can't delete a secret that is managed by another service: ${secret.owningService} owns it.`,
          );
        if (secret.replication.length > 0)
          throw refused(
            invalidRequest,
            "You can't delete secret that still has replica regions: remove them from replication first.",
          );
        const windowMs = ForceDeleteWithoutRecovery ? 0 : (RecoveryWindowInDays ?? 30) * dayMs;
        secret.deletedAt ??= call.time;
        secret.purgeAt = call.time + windowMs;
        if (ForceDeleteWithoutRecovery) store.purge(secret);
        store.touch(secret, call.time);
        return { ARN: secret.arn, Name: secret.name, DeletionDate: new Date(secret.purgeAt) };
      },
    }),
    RestoreSecret: ofSecret<sdk.RestoreSecretRequest, sdk.RestoreSecretResponse>(
      "write",
      ({ SecretId }, call) => {
        const secret = store.get(SecretId!);
        secret.deletedAt = secret.purgeAt = undefined;
        store.touch(secret, call.time);
        return { ARN: secret.arn, Name: secret.name };
      },
    ),
    TagResource: operation<sdk.TagResourceRequest, object>({
      access: "write",
      authorize: ({ SecretId, Tags }) =>
        onSecret(
          store,
          SecretId,
          Object.fromEntries((Tags ?? []).map(({ Key, Value }) => [`aws:RequestTag/${Key}`, Value ?? ""])),
        ),
      handle: ({ SecretId, Tags }, call) => {
        const secret = store.active(SecretId!);
        const given = checkTags([
          ...[...(secret.tags ?? [])].map(([Key, Value]) => ({ Key, Value })),
          ...(Tags ?? []),
        ]);
        secret.tags = new Map(given);
        store.touch(secret, call.time);
        return {};
      },
    }),
    UntagResource: ofSecret<sdk.UntagResourceRequest, object>("write", ({ SecretId, TagKeys }, call) => {
      const secret = store.active(SecretId!);
      for (const key of TagKeys ?? []) secret.tags?.delete(key);
      store.touch(secret, call.time);
      return {};
    }),
    ReplicateSecretToRegions: ofSecret<
      sdk.ReplicateSecretToRegionsRequest,
      sdk.ReplicateSecretToRegionsResponse
    >("write", ({ SecretId, AddReplicaRegions }, call) => {
      const added = replicas(AddReplicaRegions);
      lengthBetween(added, 1, 100, "addReplicaRegions", outOfRange);
      const secret = store.active(SecretId!);
      const isNew = (one: sdk.ReplicationStatusType) => !added.some((other) => other.Region === one.Region);
      secret.replication = [...secret.replication.filter(isNew), ...added];
      store.touch(secret, call.time);
      return { ARN: secret.arn, ReplicationStatus: secret.replication };
    }),
    RemoveRegionsFromReplication: ofSecret<
      sdk.RemoveRegionsFromReplicationRequest,
      sdk.RemoveRegionsFromReplicationResponse
    >("write", ({ SecretId, RemoveReplicaRegions = [] }, call) => {
      lengthBetween(RemoveReplicaRegions, 1, 100, "removeReplicaRegions", outOfRange);
      const secret = store.active(SecretId!);
      secret.replication = secret.replication.filter(({ Region }) => !RemoveReplicaRegions.includes(Region!));
      store.touch(secret, call.time);
      return { ARN: secret.arn, ReplicationStatus: secret.replication };
    }),
  };
}
