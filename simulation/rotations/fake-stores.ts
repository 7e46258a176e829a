import type { SsmCommands } from "../../rotator/stores/parameter";
import type { SecretsManager } from "../../rotator/stores/secret";

/** A version of a fake secret. RotateSecret makes one without a value. */
interface Version {
  value?: string;
  readonly createdAtMs: number;
  readonly stages: Set<string>;
}

/** A fake secret: what the rotator sees of a real one. */
export interface FakeSecret {
  rotationEnabled: boolean;
  lastRotatedAtMs?: number;
  readonly versions: Map<string, Version>;
}

/** Called around every API call; what it throws, or never resolves, is what the caller gets. */
export type Around = <T>(name: string, call: () => Promise<T>) => Promise<T>;

function awsError(name: string, message: string): Error {
  return Object.assign(new Error(message), { name });
}

/** Secrets Manager as far as a rotation goes, in memory: labels, tokens and errors as its API Reference has them. */
export class FakeSecretsManager {
  readonly secrets = new Map<string, FakeSecret>();
  /** Names of the operations called, in order. */
  readonly calls: string[] = [];
  nowMs = 1_800_000_000_000;
  around: Around = (_name, call) => call();
  #tokens = 0;

  /** A secret with one current version, rotation enabled. */
  create(name: string, value: Readonly<Record<string, unknown>> | string): FakeSecret {
    const text = typeof value === "string" ? value : JSON.stringify(value);
    const version = { value: text, createdAtMs: this.nowMs, stages: new Set(["AWSCURRENT"]) };
    const secret: FakeSecret = { rotationEnabled: true, versions: new Map([["version-0", version]]) };
    this.secrets.set(name, secret);
    return secret;
  }

  /** RotateSecret: the token of a rotation that is not finished, or of a new one with an empty pending version. */
  rotate(name: string): string {
    const secret = this.#secret(name);
    secret.rotationEnabled = true;
    const open = [...secret.versions].find(
      ([, { stages }]) => stages.has("AWSPENDING") && !stages.has("AWSCURRENT"),
    );
    if (open) return open[0];
    const token = `token-${++this.#tokens}`;
    for (const { stages } of secret.versions.values()) stages.delete("AWSPENDING");
    secret.versions.set(token, { createdAtMs: this.nowMs, stages: new Set(["AWSPENDING"]) });
    return token;
  }

  /** PutSecretValue by a person: the new version is current at once. @returns its id */
  put(name: string, value: Readonly<Record<string, unknown>>): string {
    const { versions } = this.#secret(name);
    const id = `by-hand-${++this.#tokens}`;
    for (const { stages } of versions.values()) {
      stages.delete("AWSPREVIOUS");
      if (stages.delete("AWSCURRENT")) stages.add("AWSPREVIOUS");
    }
    versions.set(id, {
      value: JSON.stringify(value),
      createdAtMs: this.nowMs,
      stages: new Set(["AWSCURRENT"]),
    });
    return id;
  }

  /** CancelRotateSecret: the labels stay as they are. */
  cancel(name: string): void {
    this.#secret(name).rotationEnabled = false;
  }

  /** What an operator does after a cancelled rotation: the pending version loses its label. */
  clearPending(name: string): void {
    for (const { stages } of this.#secret(name).versions.values()) stages.delete("AWSPENDING");
  }

  /** The JSON of the version with a label. */
  value(name: string, stage = "AWSCURRENT"): Record<string, string> {
    const version = [...this.#secret(name).versions.values()].find(({ stages }) => stages.has(stage));
    return JSON.parse(version?.value ?? "null") as Record<string, string>;
  }

  /** The id of the version with a label. */
  holder(name: string, stage: string): string {
    return [...this.#secret(name).versions].find(([, { stages }]) => stages.has(stage))![0];
  }

  /** Labels of the versions that have any, sorted. */
  labels(name: string): string[] {
    return [...this.#secret(name).versions.values()]
      .filter(({ stages }) => stages.size > 0)
      .map(({ stages }) => [...stages].sort().join("+"))
      .sort();
  }

  /** A client for the rotator. */
  readonly client = {
    send: (command: { constructor: { name: string }; input: Record<string, unknown> }): Promise<unknown> => {
      const name = command.constructor.name.replace(/Command$/, "");
      this.calls.push(name);
      return this.around(name, async () => this.#answer(name, command.input));
    },
  } as unknown as SecretsManager;

  #answer(name: string, input: Record<string, unknown>): unknown {
    const secret = this.#secret(String(input["SecretId"]));
    switch (name) {
      case "DescribeSecret":
        return {
          ARN: `arn:aws:secretsmanager:eu-central-1:123456789012:secret:${String(input["SecretId"])}-AbCdEf`,
          RotationEnabled: secret.rotationEnabled,
          LastRotatedDate:
            secret.lastRotatedAtMs === undefined ? undefined : new Date(secret.lastRotatedAtMs),
          VersionIdsToStages: Object.fromEntries(
            [...secret.versions]
              .filter(([, { stages }]) => stages.size > 0)
              .map(([id, { stages }]) => [id, [...stages]]),
          ),
        };
      case "GetSecretValue":
        return this.#get(
          secret,
          input["VersionId"] as string | undefined,
          input["VersionStage"] as string | undefined,
        );
      case "PutSecretValue":
        return this.#put(secret, String(input["ClientRequestToken"]), String(input["SecretString"]));
      case "UpdateSecretVersionStage":
        return this.#move(
          secret,
          input as { VersionStage: string; MoveToVersionId?: string; RemoveFromVersionId?: string },
        );
      case "ListSecretVersionIds":
        return {
          Versions: [...secret.versions].map(([VersionId, { stages, createdAtMs }]) => ({
            VersionId,
            VersionStages: [...stages],
            CreatedDate: new Date(createdAtMs),
          })),
        };
      default:
        throw new Error(`the fake Secrets Manager has no ${name}`);
    }
  }

  #get(secret: FakeSecret, id: string | undefined, stage: string | undefined): unknown {
    const wanted = stage ?? (id === undefined ? "AWSCURRENT" : undefined);
    const found = [...secret.versions].find(
      ([versionId, { stages }]) =>
        (id ?? versionId) === versionId && (wanted === undefined || stages.has(wanted)),
    );
    if (found?.[1].value === undefined)
      throw awsError("ResourceNotFoundException", "Secrets Manager can't find the specified secret value");
    const [VersionId, { value, createdAtMs }] = found;
    return { VersionId, SecretString: value, CreatedDate: new Date(createdAtMs) };
  }

  #put(secret: FakeSecret, token: string, value: string): unknown {
    const version = secret.versions.get(token) ?? { createdAtMs: this.nowMs, stages: new Set<string>() };
    if (version.value !== undefined && version.value !== value)
      throw awsError("ResourceExistsException", "a resource with the ID you requested already exists");
    for (const { stages } of secret.versions.values()) stages.delete("AWSPENDING");
    version.stages.add("AWSPENDING");
    version.value = value;
    secret.versions.set(token, version);
    return { VersionId: token };
  }

  #move(
    secret: FakeSecret,
    {
      VersionStage: stage,
      MoveToVersionId: to,
      RemoveFromVersionId: from,
    }: { VersionStage: string; MoveToVersionId?: string; RemoveFromVersionId?: string },
  ): unknown {
    const holder = [...secret.versions].find(([, { stages }]) => stages.has(stage))?.[0];
    if (holder !== from)
      throw awsError("InvalidParameterException", "the staging label is not attached to RemoveFromVersionId");
    secret.versions.get(holder!)!.stages.delete(stage);
    if (to === undefined) return {};
    for (const { stages } of secret.versions.values()) stages.delete("AWSPREVIOUS");
    secret.versions.get(holder!)!.stages.add("AWSPREVIOUS");
    secret.versions.get(to)!.stages.add(stage);
    secret.lastRotatedAtMs = this.nowMs;
    return {};
  }

  #secret(name: string): FakeSecret {
    const secret = this.secrets.get(name);
    if (!secret)
      throw awsError("ResourceNotFoundException", "Secrets Manager can't find the specified secret.");
    return secret;
  }
}

/** A parameter's versions, the newest last. */
export class FakeParameterStore {
  readonly values: string[] = [];
  readonly puts: Record<string, unknown>[] = [];
  type = "SecureString";
  nowMs = 1_800_000_000_000;
  #modifiedAtMs = this.nowMs;
  around: Around = (_name, call) => call();

  constructor(value: Readonly<Record<string, unknown>>) {
    this.values.push(JSON.stringify(value));
  }

  /** The newest value. */
  value(): Record<string, string> {
    return JSON.parse(this.values.at(-1)!) as Record<string, string>;
  }

  /** What `Dependencies.parameterStore` gives. */
  access(): { client: { send: never }; commands: SsmCommands } {
    // eslint-disable-next-line @typescript-eslint/no-require-imports -- as the rotator itself loads it
    const commands = require("@aws-sdk/client-ssm") as SsmCommands;
    const send = (command: {
      constructor: { name: string };
      input: Record<string, unknown>;
    }): Promise<unknown> => {
      const name = command.constructor.name.replace(/Command$/, "");
      return this.around(name, async () => this.#answer(name, command.input));
    };
    return { client: { send: send as never }, commands };
  }

  #answer(name: string, input: Record<string, unknown>): unknown {
    switch (name) {
      case "GetParameter":
        return {
          Parameter: {
            Type: this.type,
            Value: this.values.at(-1),
            Version: this.values.length,
            LastModifiedDate: new Date(this.#modifiedAtMs),
          },
        };
      case "GetParameterHistory": {
        // Pages of one version, so that a caller who reads the first page only is found out.
        const index = Number(input["NextToken"] ?? 0);
        const version = {
          Version: index + 1,
          KeyId: `key-of-version-${index + 1}`,
          Tier: "Advanced",
          DataType: "text",
          Value: input["WithDecryption"] === true ? this.values[index] : "encrypted",
        };
        return {
          Parameters: [version],
          NextToken: index + 1 < this.values.length ? String(index + 1) : undefined,
        };
      }
      case "PutParameter":
        this.values.push(String(input["Value"]));
        this.puts.push(input);
        this.#modifiedAtMs = this.nowMs;
        return { Version: this.values.length };
      default:
        throw new Error(`the fake Parameter Store has no ${name}`);
    }
  }
}
