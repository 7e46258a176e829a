import type { DescribeSecretResponse, SecretListEntry } from "@aws-sdk/client-secrets-manager";
import type { Secret, SecretView } from "./secret";

/** Milliseconds since the epoch as the Date that an answer holds. */
export function dateOf(timeMs: number | undefined): Date | undefined {
  return timeMs === undefined ? undefined : new Date(timeMs);
}

/** Labels by version; versions without a label are not shown. */
export function stagesByVersion(view: SecretView): Record<string, string[]> | undefined {
  const labelled = view.versions.filter(({ stages }) => stages.length > 0);
  if (labelled.length === 0) return undefined;
  return Object.fromEntries(labelled.map(({ id, stages }) => [id, [...stages]]));
}

/** What DescribeSecret and ListSecrets both tell. */
export function describe(
  secret: Secret,
  view: SecretView,
): Omit<SecretListEntry & DescribeSecretResponse, "VersionIdsToStages" | "SecretVersionsToStages"> {
  const { rotation } = secret;
  return {
    ARN: secret.arn,
    Name: secret.name,
    Type: secret.type,
    // A text that is empty is not told.
    Description: view.description || undefined,
    KmsKeyId: secret.kmsKeyId,
    RotationEnabled: rotation?.enabled,
    RotationLambdaARN: rotation?.lambdaArn,
    ...rotation?.external,
    RotationRules: rotation && rotation.enabled ? rotation.rules : undefined,
    LastRotatedDate: dateOf(view.lastRotated),
    LastChangedDate: dateOf(view.lastChanged),
    LastAccessedDate: dateOf(secret.lastAccessed),
    DeletedDate: dateOf(secret.deletedAt),
    NextRotationDate: dateOf(rotation?.nextCloses),
    Tags: view.tags?.map(([Key, Value]) => ({ Key, Value })),
    OwningService: secret.owningService,
    CreatedDate: dateOf(secret.created),
    PrimaryRegion: undefined,
  };
}
