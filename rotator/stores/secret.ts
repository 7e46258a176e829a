import {
  DescribeSecretCommand,
  GetSecretValueCommand,
  ListSecretVersionIdsCommand,
  PutSecretValueCommand,
  UpdateSecretVersionStageCommand,
  type SecretsManagerClient,
} from "@aws-sdk/client-secrets-manager";
import { awsFailure } from "../aws";
import { formatCredential, parseCredential, type Credential } from "../credential";
import type { Redactor } from "../redact";

/** The part of the SDK's client that the rotator uses. */
export type SecretsManager = Pick<SecretsManagerClient, "send">;

/** A version of a secret with its value. */
export interface SecretVersion {
  readonly versionId: string;
  readonly credential: Credential;
  /** Milliseconds since the epoch. */
  readonly createdAtMs?: number;
}

/** The part of DescribeSecret's answer that `mayProceed` checks. */
export interface SecretDescription {
  readonly arn: string;
  readonly rotationEnabled: boolean;
  /** When the last rotation ended, in milliseconds since the epoch; absent before the first one. */
  readonly lastRotatedAtMs?: number;
  /** Staging labels by version. */
  readonly stages: Readonly<Record<string, readonly string[]>>;
}

/** How many versions without a label are tried to find a single user's valid password. */
const maxDeprecatedVersions = 5;

/** Reads and writes secrets. The redactor learns every value that is read. */
export class SecretStore {
  constructor(
    private readonly client: SecretsManager,
    private readonly redactor: Redactor,
  ) {}

  async describe(secretId: string): Promise<SecretDescription> {
    const answer = await this.#call(`describe the secret ${secretId}`, () =>
      this.client.send(new DescribeSecretCommand({ SecretId: secretId })),
    );
    return {
      arn: answer.ARN ?? secretId,
      rotationEnabled: answer.RotationEnabled === true,
      lastRotatedAtMs: answer.LastRotatedDate?.getTime(),
      stages: answer.VersionIdsToStages ?? {},
    };
  }

  /** A version by label or id; undefined if it does not exist or has no value. */
  async find(
    secretId: string,
    which: { stage?: string; versionId?: string },
  ): Promise<SecretVersion | undefined> {
    const what = `${secretId}, version ${which.versionId ?? which.stage}`;
    try {
      const answer = await this.client.send(
        new GetSecretValueCommand({
          SecretId: secretId,
          VersionStage: which.stage,
          VersionId: which.versionId,
        }),
      );
      if (answer.SecretString !== undefined) this.redactor.add(answer.SecretString);
      const credential = parseCredential(answer.SecretString, `the secret ${what}`);
      this.redactor.add(credential.password);
      return {
        versionId: answer.VersionId ?? which.versionId ?? "",
        credential,
        createdAtMs: answer.CreatedDate?.getTime(),
      };
    } catch (error) {
      if ((error as Error).name === "ResourceNotFoundException") return undefined;
      throw awsFailure(error, "secretsmanager", `read the secret ${what}`);
    }
  }

  /** As `find`, for a version that must exist. */
  async read(secretId: string, which: { stage?: string; versionId?: string }): Promise<SecretVersion> {
    const found = await this.find(secretId, which);
    if (found) return found;
    const missing = Object.assign(
      new Error(`the secret ${secretId} has no value in version ${which.versionId ?? which.stage}`),
      { name: "ResourceNotFoundException" },
    );
    throw awsFailure(missing, "secretsmanager", "read the secret");
  }

  /** Writes the pending version. False if another run has already written it. */
  async putPending(secretId: string, token: string, credential: Credential): Promise<boolean> {
    try {
      await this.client.send(
        new PutSecretValueCommand({
          SecretId: secretId,
          ClientRequestToken: token,
          SecretString: formatCredential(credential),
          VersionStages: ["AWSPENDING"],
        }),
      );
      return true;
    } catch (error) {
      if ((error as Error).name === "ResourceExistsException") return false;
      throw awsFailure(error, "secretsmanager", `write a version of the secret ${secretId}`);
    }
  }

  async moveCurrent(secretId: string, from: string | undefined, to: string): Promise<void> {
    await this.#call(`move AWSCURRENT of the secret ${secretId}`, () =>
      this.client.send(
        new UpdateSecretVersionStageCommand({
          SecretId: secretId,
          VersionStage: "AWSCURRENT",
          MoveToVersionId: to,
          RemoveFromVersionId: from,
        }),
      ),
    );
  }

  /** Takes the label AWSPENDING off a version. */
  async takePending(secretId: string, token: string): Promise<void> {
    try {
      await this.#call(`take AWSPENDING off a version of the secret ${secretId}`, () =>
        this.client.send(
          new UpdateSecretVersionStageCommand({
            SecretId: secretId,
            VersionStage: "AWSPENDING",
            RemoveFromVersionId: token,
          }),
        ),
      );
    } catch (error) {
      // Another run may have taken it in the meantime.
      const { stages } = await this.describe(secretId);
      if (stages[token]?.includes("AWSPENDING")) throw error;
    }
  }

  /** Versions without a label, newest first: a cancelled rotation may have left them. */
  async *deprecated(secretId: string): AsyncGenerator<SecretVersion> {
    const answer = await this.#call(`list the versions of the secret ${secretId}`, () =>
      this.client.send(
        new ListSecretVersionIdsCommand({ SecretId: secretId, IncludeDeprecated: true, MaxResults: 100 }),
      ),
    );
    const unlabelled = (answer.Versions ?? [])
      .filter(({ VersionStages = [] }) => VersionStages.length === 0)
      .sort((a, b) => (b.CreatedDate?.getTime() ?? 0) - (a.CreatedDate?.getTime() ?? 0));
    for (const { VersionId } of unlabelled.slice(0, maxDeprecatedVersions)) {
      const version = await this.find(secretId, { versionId: VersionId });
      if (version) yield version;
    }
  }

  async #call<T>(doing: string, call: () => Promise<T>): Promise<T> {
    try {
      return await call();
    } catch (error) {
      throw awsFailure(error, "secretsmanager", doing);
    }
  }
}
