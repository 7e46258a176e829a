import { engineOf, withLogin, type Credential } from "./credential";
import type { Dependencies } from "./dependencies";
import type { Engine, Login } from "./engines/types";
import { rotatorError } from "./errors";
import { generatePassword } from "./password";
import type { Redactor } from "./redact";
import type { CompleteSettings } from "./settings";
import { SecretStore } from "./stores/secret";
import { alternatingUsers } from "./strategies/alternating-users";
import { singleUser } from "./strategies/single-user";
import type { Strategy } from "./strategies/types";

const loopback = new Set(["localhost", "127.0.0.1", "::1"]);

/** One run of the rotator: what the stores share. */
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
    return this.dependencies.engine(engineOf(credential, this.settings.engine, where));
  }

  /** The credential after `current`: another password, and the strategy's user. */
  next(current: Credential, where: string): Credential {
    const engine = this.engine(current, where);
    const password = generatePassword(this.settings.password, engine.passwordRules, this.dependencies.draw);
    this.redactor.add(password);
    return withLogin(current, this.strategy.nextUser(current, engine), password);
  }

  /** Where a credential logs in. */
  login(credential: Credential, where: string): Login {
    const { host, port, dbname, username, password } = credential;
    if (host === undefined)
      throw rotatorError(
        "final",
        "invalid-secret",
        `${where}: host is missing; wanted the database's host name`,
      );
    const tls = this.settings.tls ?? (loopback.has(host) ? "disable" : "verify-full");
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
        `${where}: the pending version is for ${JSON.stringify(pending.username)}, but after the current version comes ` +
          `${JSON.stringify(expected)}: it is left from an older rotation. Take the label AWSPENDING off it ` +
          `(aws secretsmanager update-secret-version-stage --remove-from-version-id) and rotate again`,
      );
    for (const field of ["host", "port", "dbname"] as const)
      if (pending[field] !== current[field])
        throw rotatorError(
          "final",
          "stale-pending",
          `${where}: ${field} differs between the current and the pending version, so they are of two databases`,
        );
    await this.strategy.apply({
      engine: this.engine(current, where),
      current,
      pending,
      admin: () => this.admin(current, where),
      login: (credential) => this.login(credential, where),
      others,
    });
  }

  /** The administrator of the database that `credential` is for. */
  async admin(credential: Credential, where: string): Promise<Login | undefined> {
    const secretId = this.settings.adminSecret ?? credential.masterarn;
    if (secretId === undefined) return undefined;
    const { credential: found } = await this.secrets.read(secretId, { stage: "AWSCURRENT" });
    // A secret that RDS manages holds user and password only. One that names another host is another database's.
    if (found.host !== undefined && found.host !== credential.host)
      throw rotatorError(
        "final",
        "invalid-secret",
        `the administrator's secret ${secretId} is of the host ${found.host}, ${where} of ${credential.host}`,
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
          `the current one was not touched`,
      );
  }

  log(entry: Readonly<Record<string, unknown>>): void {
    this.dependencies.log(entry);
  }
}
