import { engineOf, withLogin, type Credential } from "./credential";
import type { Dependencies } from "./dependencies";
import type { Engine, Login } from "./engines/types";
import { rotatorError } from "./errors";
import { generatePassword } from "./password";
import { fieldsWithCredential, renderedFields } from "./render";
import type { Redactor } from "./redact";
import type { CompleteSettings } from "./settings";
import { SecretStore } from "./stores/secret";
import { alternatingUsers } from "./strategies/alternating-users";
import { singleUser } from "./strategies/single-user";
import type { Strategy } from "./strategies/types";

const loopback = new Set(["localhost", "127.0.0.1", "::1"]);

/** One run of the rotator. */
export class Rotation {
  readonly secrets: SecretStore;
  readonly strategy: Strategy;

  constructor(
    readonly settings: CompleteSettings,
    readonly dependencies: Dependencies,
    readonly redactor: Redactor,
  ) {
    this.secrets = new SecretStore(dependencies.secretsManager, redactor);
    this.strategy = settings.strategy === "single-user" ? singleUser : alternatingUsers;
  }

  engine(credential: Credential, where: string): Engine {
    return this.dependencies.engine(engineOf(credential, this.settings.engine, where), (sentence) =>
      this.log({ note: this.redactor.text(`${where}: ${sentence}`) }),
    );
  }

  /**
   * The credential that follows `current`: a new password, and the strategy's next user.
   * @throws invalid-secret when another field holds the credential and no setting says how to write it
   */
  next(current: Credential, where: string): Credential {
    const engine = this.engine(current, where);
    const password = generatePassword(this.settings.password, this.dependencies.draw);
    this.redactor.add(password);
    const next = withLogin(current, this.strategy.nextUser(current, engine), password);
    const { render = {} } = this.settings;
    const kept = fieldsWithCredential(current).filter((field) => !Object.hasOwn(render, field));
    if (kept.length > 0)
      throw rotatorError(
        "final",
        "invalid-secret",
        `${where}: ${kept.join(", ")}: holds a credential, which would stay the old one. Remove the field, or say in the ` +
          `setting render how to write it`,
      );
    return { ...next, fields: { ...next.fields, ...renderedFields(render, next) } };
  }

  /** How to log in with a credential. */
  login(credential: Credential, where: string): Login {
    const { host, port, dbname, username, password } = credential;
    if (host === undefined)
      throw rotatorError(
        "final",
        "invalid-secret",
        `${where}: host is missing; expected the database's host name`,
      );
    const tls = this.settings.tls ?? (loopback.has(host) ? "disable" : "verify");
    return {
      host,
      port: port ?? this.engine(credential, where).defaultPort,
      database: dbname,
      username,
      password,
      tls,
    };
  }

  /** Makes `pending` valid in the database. */
  async apply(
    current: Credential,
    pending: Credential,
    where: string,
    others: () => AsyncIterable<Credential>,
  ): Promise<void> {
    const expected = this.strategy.nextUser(current, this.engine(current, where));
    if (pending.username !== expected)
      throw rotatorError(
        "final",
        "stale-pending",
        `${where}: the pending version: expected the username ${JSON.stringify(expected)}, found ` +
          `${JSON.stringify(pending.username)}, left by an older rotation. Remove its label AWSPENDING ` +
          `(aws secretsmanager update-secret-version-stage --remove-from-version-id) and rotate again`,
      );
    for (const field of ["host", "port", "dbname"] as const)
      if (pending[field] !== current[field])
        throw rotatorError(
          "final",
          "stale-pending",
          `${where}: ${field} differs between the current and the pending version; expected the same database`,
        );
    await this.strategy.apply({
      engine: this.engine(current, where),
      where,
      current,
      pending,
      admin: () => this.admin(current, where),
      hasAdmin: this.settings.adminSecret !== undefined,
      login: (credential) => this.login(credential, where),
      others,
    });
  }

  /** The administrator of the database that `credential` is for. Only if the settings name one. */
  async admin(credential: Credential, where: string): Promise<Login> {
    const { adminSecret: secretId = "" } = this.settings;
    const { credential: found } = await this.secrets.read(secretId, { stage: "AWSCURRENT" });
    // A secret that RDS manages holds only username and password. The host of a secret that others may write must not
    // decide where the administrator's password is sent.
    const host = found.host ?? this.settings.host;
    if (host === undefined)
      throw rotatorError(
        "final",
        "invalid-secret",
        `the administrator's secret ${secretId}: host is missing; add the database's host to it, or set the rotator's ` +
          `database`,
      );
    if (host !== credential.host)
      throw rotatorError(
        "final",
        "invalid-secret",
        `${where}: expected the host ${host} of ${found.host === undefined ? "the rotator's database" : `the administrator's secret ${secretId}`}, found ${credential.host}`,
      );
    return { ...this.login(credential, where), username: found.username, password: found.password };
  }

  /** Logs in with a credential as an application would. */
  async test(credential: Credential, where: string): Promise<void> {
    const login = this.login(credential, where);
    if (!(await this.engine(credential, where).accepts(login)))
      throw rotatorError(
        "retryable",
        "login-refused",
        `${where}: the database at ${login.host}:${login.port} refuses the new credential of ${login.username}; ` +
          `rotate again`,
      );
  }

  log(entry: Readonly<Record<string, unknown>>): void {
    this.dependencies.log(entry);
  }
}
