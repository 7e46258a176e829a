import type { GetParameterHistoryResult, ParameterHistory, SSMClient } from "@aws-sdk/client-ssm";
import { awsFailure } from "../aws";
import { formatCredential, parseCredential, type Credential } from "../credential";
import { rotatorError } from "../errors";
import type { Redactor } from "../redact";

/** The part of the SDK's client that the rotator uses. */
export type ParameterStoreClient = Pick<SSMClient, "send">;

/** The commands of `@aws-sdk/client-ssm`, loaded only by a function that rotates a parameter. */
export type SsmCommands = Pick<
  typeof import("@aws-sdk/client-ssm"),
  "GetParameterCommand" | "GetParameterHistoryCommand" | "PutParameterCommand"
>;

/** A version of a parameter with its value. */
export interface ParameterVersion {
  readonly version: number;
  readonly credential: Credential;
  /** Milliseconds since the epoch. */
  readonly modifiedAtMs?: number;
}

/** One SecureString with the JSON of a database secret. */
export class ParameterStore {
  constructor(
    private readonly client: ParameterStoreClient,
    private readonly commands: SsmCommands,
    private readonly redactor: Redactor,
  ) {}

  async read(name: string): Promise<ParameterVersion> {
    const { Parameter: parameter } = await this.#call(`read the parameter ${name}`, () =>
      this.client.send(new this.commands.GetParameterCommand({ Name: name, WithDecryption: true })),
    );
    if (parameter?.Value !== undefined) this.redactor.add(parameter.Value);
    if (parameter?.Type !== "SecureString")
      throw rotatorError(
        "final",
        "invalid-secret",
        `the parameter ${name}: expected a SecureString, which is encrypted, found a ${parameter?.Type}`,
      );
    const credential = parseCredential(parameter.Value, `the parameter ${name}`);
    this.redactor.add(credential.password);
    return {
      version: parameter.Version ?? 0,
      credential,
      modifiedAtMs: parameter.LastModifiedDate?.getTime(),
    };
  }

  /** Writes the next value with the key and tier of the current one; the account's defaults could differ. */
  async write(name: string, credential: Credential): Promise<void> {
    const { KeyId, Tier, DataType } = await this.#newest(name);
    await this.#call(`write the parameter ${name}`, () =>
      this.client.send(
        new this.commands.PutParameterCommand({
          Name: name,
          Value: formatCredential(credential),
          Type: "SecureString",
          Overwrite: true,
          KeyId,
          Tier,
          DataType,
        }),
      ),
    );
  }

  /** An earlier version; undefined if it no longer exists. */
  async readVersion(name: string, version: number): Promise<ParameterVersion | undefined> {
    const found = (await this.#history(name, true)).find(({ Version }) => Version === version);
    if (found?.Value === undefined) return undefined;
    this.redactor.add(found.Value);
    const credential = parseCredential(found.Value, `the parameter ${name}, version ${version}`);
    this.redactor.add(credential.password);
    return { version, credential, modifiedAtMs: found.LastModifiedDate?.getTime() };
  }

  async #newest(name: string): Promise<ParameterHistory> {
    const versions = await this.#history(name, false);
    return versions.reduce((a, b) => ((b.Version ?? 0) > (a.Version ?? 0) ? b : a), {});
  }

  async #history(name: string, WithDecryption: boolean): Promise<ParameterHistory[]> {
    const versions: ParameterHistory[] = [];
    let NextToken: string | undefined;
    do {
      const page: GetParameterHistoryResult = await this.#call(`read versions of ${name}`, () =>
        this.client.send(
          new this.commands.GetParameterHistoryCommand({ Name: name, WithDecryption, NextToken }),
        ),
      );
      versions.push(...(page.Parameters ?? []));
      NextToken = page.NextToken;
    } while (NextToken);
    return versions;
  }

  async #call<T>(doing: string, call: () => Promise<T>): Promise<T> {
    try {
      return await call();
    } catch (error) {
      throw awsFailure(error, "ssm", doing);
    }
  }
}
