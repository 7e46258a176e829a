import type {
  ReplicationStatusType,
  RotateSecretRequest,
  RotationRulesType,
} from "@aws-sdk/client-secrets-manager";

/** The staging labels that Secrets Manager moves by itself. */
export const current = "AWSCURRENT";
export const previous = "AWSPREVIOUS";
export const pending = "AWSPENDING";

/** One version of a secret. A pending version may be empty until the rotation function fills it. */
export interface SecretVersion {
  readonly id: string;
  created: number;
  /** Never log it. */
  value?: { readonly text?: string; readonly bytes?: Uint8Array };
  readonly stages: Set<string>;
  /** Labels that it has had at some time: whether a label comes back to it. */
  readonly hadStages: Set<string>;
  lastAccessed?: number;
  kmsKeyId?: string;
}

/** How a secret rotates. */
export interface RotationState {
  enabled: boolean;
  lambdaArn?: string;
  /** Of a secret that a partner rotates. */
  external?: Pick<RotateSecretRequest, "ExternalSecretRotationMetadata" | "ExternalSecretRotationRoleArn">;
  rules: RotationRulesType;
  /** When the next rotation begins, in milliseconds since the epoch. */
  nextAt?: number;
  /** When its window closes: what `NextRotationDate` says. */
  nextCloses?: number;
  /** The version that is being made, while a rotation is under way. */
  runningVersion?: string;
}

/** A secret, with everything that Secrets Manager keeps about it. Times in milliseconds since the epoch. */
export interface Secret {
  readonly name: string;
  /** With its six random characters. */
  readonly arn: string;
  readonly created: number;
  /** Modified in any way: a value, a label, the description, a tag. */
  lastChanged: number;
  /** When a rotation finished. */
  lastRotated?: number;
  /** The day on which a value was last read. */
  lastAccessed?: number;
  description?: string;
  type?: string;
  kmsKeyId?: string;
  /** Undefined until the first tag: a secret that lost its tags tells an empty list. */
  tags?: Map<string, string>;
  readonly versions: Map<string, SecretVersion>;
  rotation?: RotationState;
  /** `rds`: the service that made it and rotates it. */
  readonly owningService?: string;
  policy?: string;
  replication: ReplicationStatusType[];
  deletedAt?: number;
  /** When the recovery window ends. */
  purgeAt?: number;
}

/** What a read may still be answered with after a write: the secret without its values, at one moment. */
export interface SecretView {
  readonly lastChanged: number;
  readonly lastRotated?: number;
  readonly description?: string;
  readonly tags?: readonly (readonly [string, string])[];
  readonly versions: readonly {
    readonly id: string;
    readonly created: number;
    readonly stages: readonly string[];
  }[];
}

/** The secret as a reader sees it now. */
export function viewOf(secret: Secret): SecretView {
  return {
    lastChanged: secret.lastChanged,
    lastRotated: secret.lastRotated,
    description: secret.description,
    tags: secret.tags && [...secret.tags],
    versions: [...secret.versions.values()].map(({ id, created, stages }) => ({
      id,
      created,
      stages: [...stages],
    })),
  };
}

/** The version that has a label. */
export function versionWith(secret: Secret, stage: string): SecretVersion | undefined {
  for (const version of secret.versions.values()) if (version.stages.has(stage)) return version;
  return undefined;
}
