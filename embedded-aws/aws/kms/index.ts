import * as sdk from "@aws-sdk/client-kms";
import { statementsOf, type PolicyDocument } from "../../../aws-semantics/iam-policy";
import { between, jsonObject, lengthBetween, matchesPattern, oneOf, page, refused } from "../constraints";
import { notImplemented, ServiceError } from "../errors";
import {
  onAnything,
  operation,
  operationsOn,
  type Authorization,
  type Call,
  type PolicyStatement,
  type Service,
} from "../service";
import type { World } from "../world";

interface Key {
  readonly id: string;
  readonly arn: string;
  readonly created: Date;
  readonly description: string;
  policy: string;
  enabled: boolean;
  deletionDate?: Date;
  /** Days between rotations of the key material; undefined where they are off. */
  rotationDays?: number;
  readonly kind: Pick<sdk.KeyMetadata, "KeyUsage" | "KeySpec" | "Origin">;
  readonly tags: Map<string, string>;
}

const invalid = { code: "ValidationException" } as const;

/**
 * KMS, as far as other services need it: customer managed keys with their key policies, aliases, and whether a
 * caller may use a key. Nothing is really encrypted: a value never leaves the process.
 */
export class Kms implements Service {
  readonly prefix = "kms";
  readonly sdk = sdk;
  readonly #keys = new Map<string, Key>();
  /** Key ids by alias (`alias/name`). */
  readonly #aliases = new Map<string, string>();

  readonly #onKey = operationsOn<{ KeyId?: string }>(({ KeyId }) => this.#on(KeyId));

  readonly #using = operationsOn<{ KeyId?: string; EncryptionContext?: Record<string, string> }>(
    ({ KeyId, EncryptionContext }) => this.#use(KeyId, EncryptionContext),
  );
  readonly operations = {
    CreateKey: onAnything<sdk.CreateKeyRequest, sdk.CreateKeyResponse>("write", (input, call) => ({
      KeyMetadata: this.#metadata(this.#create(input, call)),
    })),
    DescribeKey: this.#onKey<sdk.DescribeKeyRequest, sdk.DescribeKeyResponse>("read", ({ KeyId }) => ({
      KeyMetadata: this.#metadata(this.#find(KeyId!)),
    })),
    ListKeys: onAnything<sdk.ListKeysRequest, sdk.ListKeysResponse>("read", ({ Limit, Marker }) => {
      between(Limit, 1, 1000, "limit", invalid);
      const { items, nextToken } = page([...this.#keys.values()], Marker, Limit ?? 100, 1000, {
        code: "InvalidMarkerException",
      });
      return {
        Keys: items.map(({ id, arn }) => ({ KeyId: id, KeyArn: arn })),
        NextMarker: nextToken,
        Truncated: nextToken !== undefined,
      };
    }),
    GetKeyPolicy: this.#onKey<sdk.GetKeyPolicyRequest, sdk.GetKeyPolicyResponse>("read", ({ KeyId }) => ({
      Policy: this.#find(KeyId!).policy,
      PolicyName: "default",
    })),
    PutKeyPolicy: this.#onKey<sdk.PutKeyPolicyRequest, object>("write", ({ KeyId, Policy }) => {
      const key = this.#find(KeyId!);
      key.policy = checkPolicy(Policy!);
      return {};
    }),
    EnableKeyRotation: this.#onKey<sdk.EnableKeyRotationRequest, object>(
      "write",
      ({ KeyId, RotationPeriodInDays = 365 }) => {
        this.#find(KeyId!).rotationDays = RotationPeriodInDays;
        return {};
      },
    ),
    GetKeyRotationStatus: this.#onKey<sdk.GetKeyRotationStatusRequest, sdk.GetKeyRotationStatusResponse>(
      "read",
      ({ KeyId }) => {
        const { arn, created, rotationDays: days } = this.#find(KeyId!);
        if (days === undefined) return { KeyId: arn, KeyRotationEnabled: false };
        const NextRotationDate = new Date(created.getTime() + days * 86_400_000);
        return { KeyId: arn, KeyRotationEnabled: true, RotationPeriodInDays: days, NextRotationDate };
      },
    ),
    DisableKey: this.#onKey<sdk.DisableKeyRequest, object>("write", ({ KeyId }) => {
      this.#find(KeyId!).enabled = false;
      return {};
    }),
    EnableKey: this.#onKey<sdk.EnableKeyRequest, object>("write", ({ KeyId }) => {
      const key = this.#find(KeyId!);
      if (key.deletionDate) throw invalidState(`${key.arn} is pending deletion.`);
      key.enabled = true;
      return {};
    }),
    ScheduleKeyDeletion: this.#onKey<sdk.ScheduleKeyDeletionRequest, sdk.ScheduleKeyDeletionResponse>(
      "write",
      ({ KeyId, PendingWindowInDays = 30 }, call) => {
        between(PendingWindowInDays, 7, 30, "pendingWindowInDays", invalid);
        const key = this.#find(KeyId!);
        if (key.deletionDate) throw invalidState(`${key.arn} is pending deletion.`);
        key.deletionDate = new Date(call.time + PendingWindowInDays * 86_400_000);
        key.enabled = false;
        return {
          KeyId: key.arn,
          DeletionDate: key.deletionDate,
          KeyState: "PendingDeletion",
          PendingWindowInDays,
        };
      },
    ),
    CreateAlias: operation<sdk.CreateAliasRequest, object>({
      access: "write",
      authorize: ({ AliasName, TargetKeyId }) => [
        { resource: this.world.arn("kms", AliasName!) },
        this.#on(TargetKeyId),
      ],
      handle: ({ AliasName: name = "", TargetKeyId }) => {
        if (!name.startsWith("alias/"))
          throw refused(
            invalid,
            'Alias must start with the prefix "alias/". Please see https://docs.aws.amazon.com/kms/latest/developerguide/kms-alias.html',
          );
        matchesPattern(name, /alias\/[\w/-]+/, "aliasName", { code: "InvalidAliasNameException" });
        const key = this.#find(TargetKeyId!);
        if (this.#aliases.has(name))
          throw new ServiceError("AlreadyExistsException", `An alias with the name ${name} already exists`);
        this.#aliases.set(name, key.id);
        return {};
      },
    }),
    DeleteAlias: operation<sdk.DeleteAliasRequest, object>({
      access: "write",
      authorize: ({ AliasName }) => ({ resource: this.world.arn("kms", AliasName!) }),
      handle: ({ AliasName }) => {
        if (!this.#aliases.delete(AliasName!))
          throw notFound(`Alias ${this.world.arn("kms", AliasName!)} is not found.`);
        return {};
      },
    }),
    ListAliases: onAnything<sdk.ListAliasesRequest, sdk.ListAliasesResponse>(
      "read",
      ({ KeyId, Limit, Marker }) => {
        between(Limit, 1, 100, "limit", invalid);
        const only = KeyId === undefined ? undefined : this.#find(KeyId).id;
        const aliases = [...this.#aliases].filter(([, id]) => only === undefined || id === only);
        const { items, nextToken } = page(aliases, Marker, Limit ?? 50, 100, {
          code: "InvalidMarkerException",
        });
        return {
          Aliases: items.map(([name, id]) => ({
            AliasName: name,
            AliasArn: this.world.arn("kms", name),
            TargetKeyId: id,
          })),
          NextMarker: nextToken,
          Truncated: nextToken !== undefined,
        };
      },
    ),
    ListResourceTags: this.#onKey<sdk.ListResourceTagsRequest, sdk.ListResourceTagsResponse>(
      "read",
      ({ KeyId }) => ({
        Tags: [...this.#find(KeyId!).tags].map(([TagKey, TagValue]) => ({ TagKey, TagValue })),
        Truncated: false,
      }),
    ),
    TagResource: this.#onKey<sdk.TagResourceRequest, object>("write", ({ KeyId, Tags }) => {
      const key = this.#find(KeyId!);
      if (new Set(Tags?.map(({ TagKey }) => TagKey)).size < (Tags?.length ?? 0))
        throw new ServiceError("TagException", "Duplicate tag keys");
      for (const { TagKey, TagValue } of Tags ?? []) {
        lengthBetween(TagKey, 1, 128, "tags.tagKey", { code: "TagException" });
        key.tags.set(TagKey!, TagValue!);
      }
      return {};
    }),
    UntagResource: this.#onKey<sdk.UntagResourceRequest, object>("write", ({ KeyId, TagKeys }) => {
      const key = this.#find(KeyId!);
      for (const tag of TagKeys ?? []) key.tags.delete(tag);
      return {};
    }),
    // The three that other services ask about on behalf of a caller. They hold no text: nothing is encrypted here.
    Decrypt: this.#using<sdk.DecryptRequest, sdk.DecryptResponse>("read", ({ KeyId }) => ({
      KeyId: this.#usable(KeyId ?? "").arn,
    })),
    Encrypt: this.#using<sdk.EncryptRequest, sdk.EncryptResponse>("read", ({ KeyId, Plaintext }) => {
      if (Plaintext!.length > 4096)
        throw refused(
          invalid,
          "1 validation error detected: Value at 'plaintext' failed to satisfy constraint: Member must have length less than or equal to 4096",
        );
      return { KeyId: this.#usable(KeyId!).arn };
    }),
    GenerateDataKey: this.#using<sdk.GenerateDataKeyRequest, sdk.GenerateDataKeyResponse>(
      "read",
      ({ KeyId, KeySpec, NumberOfBytes }) => {
        oneOf(KeySpec, ["AES_256", "AES_128"], "keySpec", invalid);
        between(NumberOfBytes, 1, 1024, "numberOfBytes", invalid);
        return { KeyId: this.#usable(KeyId!).arn };
      },
    ),
  };

  readonly #random;

  constructor(private readonly world: World) {
    this.#random = world.random.fork("kms");
  }

  /** The KMS of a world. */
  static of(world: World): Kms {
    return world.serviceAs("kms", Kms);
  }

  /** The ARN of a key given by id, ARN, alias or alias ARN; undefined when there is none. */
  arnOf(keyId: string): string | undefined {
    return this.#lookUp(keyId)?.arn;
  }

  resourcePolicy(resourceArn: string): readonly PolicyStatement[] | undefined {
    const key = this.#keys.get(resourceArn.slice(resourceArn.lastIndexOf("/") + 1));
    return key && (statementsOf(JSON.parse(key.policy) as PolicyDocument) as readonly PolicyStatement[]);
  }

  #on(keyId: string | undefined): { resource: string } {
    const given = keyId ?? "";
    const arn = this.arnOf(given);
    return { resource: arn ?? (given.startsWith("arn:") ? given : this.world.arn("kms", `key/${given}`)) };
  }

  /** A use of a key, with the condition keys of the encryption context and of the service that asks. */
  #use(keyId: string | undefined, encryptionContext: Readonly<Record<string, string>> = {}): Authorization {
    const service =
      "SecretARN" in encryptionContext ? "secretsmanager" : "PARAMETER_ARN" in encryptionContext ? "ssm" : "";
    const via: Record<string, string> =
      service === "" ? {} : { "kms:ViaService": `${service}.${this.world.region}.amazonaws.com` };
    const pairs = Object.entries(encryptionContext).map(([key, value]) => [
      `kms:EncryptionContext:${key}`,
      value,
    ]);
    return {
      ...this.#on(keyId),
      context: {
        ...via,
        "kms:EncryptionContextKeys": Object.keys(encryptionContext),
        ...(Object.fromEntries(pairs) as Record<string, string>),
      },
    };
  }

  #lookUp(keyId: string): Key | undefined {
    const alias = keyId.startsWith("alias/") ? keyId : /:alias\/.+$/.exec(keyId)?.[0].slice(1);
    const id = alias === undefined ? keyId.slice(keyId.lastIndexOf("/") + 1) : this.#aliases.get(alias);
    return id === undefined ? undefined : this.#keys.get(id);
  }

  #find(keyId: string): Key {
    const key = this.#lookUp(keyId);
    if (!key)
      throw notFound(`Key '${keyId.startsWith("arn:") ? keyId : this.#on(keyId).resource}' does not exist`);
    return key;
  }

  #usable(keyId: string): Key {
    const key = this.#find(keyId);
    if (key.deletionDate) throw invalidState(`${key.arn} is pending deletion.`);
    if (!key.enabled) throw new ServiceError("DisabledException", `${key.arn} is disabled.`);
    return key;
  }

  #create(input: sdk.CreateKeyRequest, call: Call): Key {
    const { Description = "", Policy, Tags, KeySpec = "SYMMETRIC_DEFAULT", Origin = "AWS_KMS" } = input;
    lengthBetween(Description, 0, 8192, "description", invalid);
    oneOf(input.KeyUsage, sdk.KeyUsageType, "keyUsage", invalid);
    oneOf(KeySpec, sdk.KeySpec, "keySpec", invalid);
    if (input.KeyUsage === undefined && KeySpec !== "SYMMETRIC_DEFAULT")
      throw refused(
        invalid,
        "You must specify a KeyUsage value for all KMS keys except for symmetric encryption keys.",
      );
    if (Origin !== "AWS_KMS" && Origin !== "EXTERNAL")
      throw notImplemented(`kms:CreateKey of origin ${Origin}`);
    const KeyUsage = input.KeyUsage ?? "ENCRYPT_DECRYPT";
    const id = this.#random.uuid();
    const key: Key = {
      id,
      arn: this.world.arn("kms", `key/${id}`),
      created: new Date(call.time),
      description: Description,
      policy: checkPolicy(Policy ?? this.#defaultPolicy()),
      enabled: Origin === "AWS_KMS",
      kind: { KeyUsage, KeySpec, Origin },
      tags: new Map((Tags ?? []).map(({ TagKey, TagValue }) => [TagKey!, TagValue!])),
    };
    this.#keys.set(id, key);
    return key;
  }

  /** AWS KMS Developer Guide, "Default key policy": the account's identity policies decide. */
  #defaultPolicy(): string {
    const AWS = `arn:${this.world.partition}:iam::${this.world.account}:root`;
    const Statement = [
      {
        Sid: "Enable IAM User Permissions",
        Effect: "Allow",
        Principal: { AWS },
        Action: "kms:*",
        Resource: "*",
      },
    ];
    return JSON.stringify({ Version: "2012-10-17", Id: "key-default-1", Statement });
  }

  #metadata(key: Key): sdk.KeyMetadata {
    return {
      AWSAccountId: this.world.account,
      KeyId: key.id,
      Arn: key.arn,
      CreationDate: key.created,
      Enabled: key.enabled,
      Description: key.description,
      ...key.kind,
      CustomerMasterKeySpec: key.kind.KeySpec as sdk.CustomerMasterKeySpec,
      KeyState: key.deletionDate
        ? "PendingDeletion"
        : key.enabled
          ? "Enabled"
          : key.kind.Origin === "EXTERNAL"
            ? "PendingImport"
            : "Disabled",
      DeletionDate: key.deletionDate,
      KeyManager: "CUSTOMER",
      ...algorithms(key.kind),
      MultiRegion: false,
    };
  }
}

/** What a key can do, by its kind (AWS KMS Developer Guide, "Key spec reference"). */
function algorithms({ KeyUsage, KeySpec = "SYMMETRIC_DEFAULT" }: Key["kind"]): Partial<sdk.KeyMetadata> {
  if (KeyUsage === "ENCRYPT_DECRYPT")
    return {
      EncryptionAlgorithms: KeySpec.startsWith("RSA")
        ? ["RSAES_OAEP_SHA_1", "RSAES_OAEP_SHA_256"]
        : ["SYMMETRIC_DEFAULT"],
    };
  const curve = /P(384|521)$/.exec(KeySpec)?.[1]?.replace("521", "512") ?? "256";
  return KeySpec.startsWith("ECC")
    ? { SigningAlgorithms: [`ECDSA_SHA_${curve}` as sdk.SigningAlgorithmSpec] }
    : {};
}

function checkPolicy(text: string): string {
  const refusal = { code: "MalformedPolicyDocumentException" };
  const { Statement } = jsonObject(text, "policy", refusal);
  const statements = [Statement].flat();
  if (
    !statements.every(
      (one) =>
        typeof one === "object" &&
        one !== null &&
        "Effect" in one &&
        ("Principal" in one || "NotPrincipal" in one),
    )
  )
    throw new ServiceError(
      refusal.code,
      "The new key policy must have statements with an Effect and a Principal.",
    );
  return text;
}

function notFound(message: string): ServiceError {
  return new ServiceError("NotFoundException", message);
}

function invalidState(message: string): ServiceError {
  return new ServiceError("KMSInvalidStateException", message);
}
