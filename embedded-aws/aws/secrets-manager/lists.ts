import type * as sdk from "@aws-sdk/client-secrets-manager";
import { SortByType, SortOrderType } from "@aws-sdk/client-secrets-manager";
import { between, lengthBetween, oneOf, page, refused } from "../constraints";
import { ServiceError } from "../errors";
import { onAnything, operation, type Operation } from "../service";
import { onSecret } from "./authorize";
import { checkFilters, invalid, outOfRange } from "./checks";
import { dateOf, describe, stagesByVersion } from "./describe";
import type { Secret } from "./secret";
import type { SecretStore } from "./store";

const badToken = { code: "InvalidNextTokenException" } as const;

/** Operations that tell about secrets without a value, and the batch read. */
export function listOperations(store: SecretStore): Readonly<Record<string, Operation>> {
  const { world } = store;

  return {
    DescribeSecret: operation<sdk.DescribeSecretRequest, sdk.DescribeSecretResponse>({
      access: "read",
      authorize: ({ SecretId }) => onSecret(store, SecretId),
      handle: ({ SecretId }, call) => {
        lengthBetween(SecretId, 1, 2048, "secretId", outOfRange);
        const secret = store.get(SecretId!);
        const view = store.viewAt(secret, world.readTime(call));
        return {
          ...describe(secret, view),
          VersionIdsToStages: stagesByVersion(view),
          ReplicationStatus: secret.replication.length === 0 ? undefined : secret.replication,
        };
      },
    }),
    ListSecretVersionIds: operation<sdk.ListSecretVersionIdsRequest, sdk.ListSecretVersionIdsResponse>({
      access: "read",
      authorize: ({ SecretId }) => onSecret(store, SecretId),
      handle: ({ SecretId, MaxResults, NextToken, IncludeDeprecated = false }, call) => {
        between(MaxResults, 1, 100, "maxResults", outOfRange);
        const secret = store.get(SecretId!);
        const view = store.viewAt(secret, world.readTime(call));
        const versions = view.versions.filter(({ stages }) => IncludeDeprecated || stages.length > 0);
        const { items, nextToken } = page(versions, NextToken, MaxResults ?? 100, 100, badToken);
        return {
          ARN: secret.arn,
          Name: secret.name,
          NextToken: nextToken,
          Versions: items.map(({ id, created, stages }) => ({
            VersionId: id,
            VersionStages: stages.length === 0 ? undefined : [...stages],
            CreatedDate: new Date(created),
            LastAccessedDate: dateOf(secret.versions.get(id)?.lastAccessed),
            KmsKeyIds: [secret.versions.get(id)?.kmsKeyId ?? "DefaultEncryptionKey"],
          })),
        };
      },
    }),
    ListSecrets: onAnything<sdk.ListSecretsRequest, sdk.ListSecretsResponse>("read", (input, call) => {
      between(input.MaxResults, 1, 100, "maxResults", outOfRange);
      oneOf(input.SortBy, SortByType, "sortBy", outOfRange);
      oneOf(input.SortOrder, SortOrderType, "sortOrder", outOfRange);
      checkFilters(input.Filters);
      const time = world.readTime(call);
      const secrets = store.all
        .filter((secret) => input.IncludePlannedDeletion || secret.deletedAt === undefined)
        .filter((secret) => (input.Filters ?? []).every((filter) => fits(secret, filter, world.region)));
      const sorted = sort(secrets, input.SortBy ?? "created-date", input.SortOrder ?? "desc");
      const { items, nextToken } = page(sorted, input.NextToken, input.MaxResults ?? 100, 100, badToken);
      return {
        SecretList: items.map((secret) => {
          const view = store.viewAt(secret, time);
          return { ...describe(secret, view), SecretVersionsToStages: stagesByVersion(view) };
        }),
        NextToken: nextToken,
      };
    }),
    BatchGetSecretValue: operation<sdk.BatchGetSecretValueRequest, sdk.BatchGetSecretValueResponse>({
      access: "read",
      authorize: ({ Filters }) => [
        { resource: "*" },
        ...(Filters === undefined ? [] : [{ action: "secretsmanager:ListSecrets", resource: "*" }]),
      ],
      handle: async ({ SecretIdList, Filters, MaxResults, NextToken }, call) => {
        if ((SecretIdList === undefined) === (Filters === undefined))
          throw refused(invalid, "You must include Filters or SecretIdList, but not both.");
        if (SecretIdList !== undefined && MaxResults !== undefined)
          throw refused(invalid, "MaxResults goes with Filters only.");
        lengthBetween(SecretIdList, 1, 20, "secretIdList", outOfRange);
        between(MaxResults, 1, 20, "maxResults", outOfRange);
        checkFilters(Filters);
        const ids =
          SecretIdList ??
          store.all
            .filter((secret) => secret.deletedAt === undefined)
            .filter((secret) => Filters!.every((filter) => fits(secret, filter, world.region)))
            .map((secret) => secret.arn);
        const { items, nextToken } = page(ids, NextToken, MaxResults ?? 20, 20, badToken);
        const SecretValues: sdk.SecretValueEntry[] = [];
        const Errors: sdk.APIErrorType[] = [];
        for (const SecretId of items) {
          // Each secret is a read of its own, for IAM and for whoever counts reads.
          try {
            SecretValues.push(
              await world.call<sdk.GetSecretValueResponse>(
                "secretsmanager",
                "GetSecretValue",
                { SecretId },
                call.caller,
              ),
            );
          } catch (error) {
            if (!(error instanceof ServiceError)) throw error;
            Errors.push({ SecretId, ErrorCode: error.code, Message: error.message });
          }
        }
        return { SecretValues, Errors, NextToken: nextToken };
      },
    }),
  };
}

/** A filter's values are alternatives; `!` before a value excludes. */
function fits(secret: Secret, { Key, Values = [] }: sdk.Filter, region: string): boolean {
  const excluded = Values.filter((value) => value.startsWith("!")).map((value) => value.slice(1));
  const wanted = Values.filter((value) => !value.startsWith("!"));
  const texts = textsOf(secret, Key, region);
  const begins = (value: string) => texts.some((text) => matchesText(text, value, Key));
  return !excluded.some(begins) && (wanted.length === 0 || wanted.some(begins));
}

/**
 * Names, tags and Regions are compared from their beginning, case counting; of descriptions and `all` some word must
 * begin with each word of the value.
 */
function matchesText(text: string, value: string, key: sdk.Filter["Key"]): boolean {
  if (key !== "description" && key !== "all") return text.startsWith(value);
  const [words, wanted] = [text, value].map((one) => one.toLowerCase().match(/[a-z0-9]+/g) ?? []);
  return wanted!.every((part) => words!.some((word) => word.startsWith(part)));
}

function textsOf(secret: Secret, key: sdk.Filter["Key"], region: string): string[] {
  switch (key) {
    case "name":
      return [secret.name];
    case "description":
      return [secret.description ?? ""];
    case "tag-key":
      return [...(secret.tags?.keys() ?? [])];
    case "tag-value":
      return [...(secret.tags?.values() ?? [])];
    case "primary-region":
      return [region];
    case "owning-service":
      return secret.owningService === undefined ? [] : [secret.owningService];
    default:
      return [secret.name, secret.description ?? "", ...[...(secret.tags ?? [])].flat()];
  }
}

function sort(secrets: readonly Secret[], by: sdk.SortByType, order: sdk.SortOrderType): Secret[] {
  const value = (secret: Secret): string | number => {
    switch (by) {
      case "name":
        return secret.name;
      case "last-accessed-date":
        return secret.lastAccessed ?? 0;
      case "last-changed-date":
        return secret.lastChanged;
      default:
        return secret.created;
    }
  };
  const direction = order === "asc" ? 1 : -1;
  return [...secrets].sort((a, b) => direction * compare(value(a), value(b)));
}

function compare(a: string | number, b: string | number): number {
  return a < b ? -1 : a > b ? 1 : 0;
}
