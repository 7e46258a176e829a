import { createConnection, format } from "mysql2/promise";
import { Client, escapeIdentifier, escapeLiteral, Pool } from "pg";
import { MariadbRuntime } from "../../embedded-aws/runtime/mariadb";
import { PostgresRuntime, type PostgresOptions } from "../../embedded-aws/runtime/postgres";
import type { DatabaseHandle } from "../../embedded-aws/aws/runtime";
import { connectMysql, mysqlEngine } from "../../rotator/engines/mysql";
import { connectPostgres, postgresEngine } from "../../rotator/engines/postgres";
import {
  textOf,
  type Connect,
  type Engine,
  type Login,
  type Note,
  type Row,
} from "../../rotator/engines/types";
import { scramVerifier } from "../../rotator/scram";
import type { RotatorSettings } from "../../rotator/settings";
import { RotationScenario } from "./scenario";

/** The master's password of every database here: with all that has to be quoted somewhere. */
export const masterPassword = 'master\'s "secret" $1 \\';

/** The database of every server here. */
export const databaseName = "shop";

/** A real server with what the tests of a rotation need from it. */
export interface TestDatabase {
  readonly engine: "postgres" | "mariadb";
  readonly handle: DatabaseHandle;
  readonly master: Login;
  readonly connect: Connect;
  readonly rotatorEngine: (connect: Connect, note: Note) => Engine;
  readonly login: (username: string, password: string) => Login;
  /** Runs a statement as somebody, on a connection of its own. */
  readonly query: (as: Login, text: string) => Promise<Row[]>;
  /** Runs a statement as the master user. */
  readonly asMaster: (text: string) => Promise<Row[]>;
  /** A name, quoted. */
  readonly name: (text: string) => string;
  /** A user as GRANT names it, quoted. */
  readonly account: (username: string) => string;
  readonly createUser: (username: string, password: string) => Promise<void>;
  /** Gives a user who is the clone what AWS's own function gives it. */
  readonly likeAwsFunction: (original: string, clone: string) => Promise<void>;
  /** Begins a transaction with a statement. @returns what commits it and disconnects */
  readonly transaction: (as: Login, text: string) => Promise<() => Promise<void>>;
  /** Names of the users that begin with `prefix`, sorted. */
  readonly users: (prefix: string) => Promise<string[]>;
  readonly stop: () => Promise<void>;
}

/** The servers that rotations are tried on: PostgreSQL 18 (npm), PostgreSQL 15 and MariaDB (Debian). */
export const servers = ["postgres", "postgres-15", "mariadb"] as const;

/** The name of one. */
export type ServerName = (typeof servers)[number];

/** What PostgreSQL is to run as this server. */
export function postgresOptions(server: ServerName): PostgresOptions {
  return server === "postgres-15" ? { debianVersion: "15" } : {};
}

/** Starts one of them. */
export function startServer(
  server: ServerName,
  parameters?: Readonly<Record<string, string>>,
): Promise<TestDatabase> {
  return server === "mariadb" ? startMariadb(parameters) : startPostgres(server, parameters);
}

async function startPostgres(
  server: ServerName,
  parameters: Readonly<Record<string, string>> = {},
): Promise<TestDatabase> {
  const handle = await new PostgresRuntime({ ...postgresOptions(server), parameters }).start({
    identifier: "rotation-spec",
    engine: "postgres",
    databaseName,
    masterUsername: "master",
    masterPassword,
  });
  const login = loginTo(handle);
  const master = login("master", masterPassword);
  const pool = new Pool({ ...master, user: master.username, max: 1 });
  // The server may end a connection that is on its way out.
  pool.on("error", () => undefined);
  const asMaster = async (text: string, values?: unknown[]): Promise<Row[]> =>
    (await pool.query(text, values)).rows as Row[];
  return {
    engine: "postgres",
    handle,
    master,
    connect: connectPostgres,
    rotatorEngine: postgresEngine,
    login,
    async query({ username: user, ...rest }, text) {
      const client = new Client({ ...rest, user });
      client.on("error", () => undefined);
      await client.connect();
      try {
        return (await client.query(text)).rows as Row[];
      } finally {
        await client.end();
      }
    },
    asMaster: (text) => asMaster(text),
    name: escapeIdentifier,
    account: escapeIdentifier,
    async likeAwsFunction(original, clone) {
      await asMaster(`GRANT ${escapeIdentifier(original)} TO ${escapeIdentifier(clone)}`);
    },
    async transaction({ username: user, ...rest }, text) {
      const client = new Client({ ...rest, user });
      await client.connect();
      await client.query("BEGIN");
      await client.query(text);
      return async () => {
        await client.query("COMMIT");
        await client.end();
      };
    },
    async createUser(username, password) {
      const verifier = escapeLiteral(scramVerifier(password));
      await asMaster(`CREATE ROLE ${escapeIdentifier(username)} LOGIN PASSWORD ${verifier}`);
      await asMaster(`GRANT CREATE ON SCHEMA public TO ${escapeIdentifier(username)}`);
    },
    async users(prefix) {
      const rows = await asMaster(
        "SELECT rolname AS name FROM pg_roles WHERE starts_with(rolname, $1) ORDER BY 1",
        [prefix],
      );
      return rows.map((row) => textOf(row, "name"));
    },
    async stop() {
      await pool.end();
      await handle.stop();
    },
  };
}

/** Starts a MariaDB. */
export async function startMariadb(parameters: Readonly<Record<string, string>> = {}): Promise<TestDatabase> {
  const handle = await new MariadbRuntime({ parameters }).start({
    identifier: "rotation-spec",
    engine: "mariadb",
    databaseName,
    masterUsername: "master",
    masterPassword,
  });
  const login = loginTo(handle);
  const master = login("master", masterPassword);
  const asMaster = (text: string): Promise<Row[]> => query(master, text);
  async function query({ username: user, ...rest }: Login, text: string): Promise<Row[]> {
    const { host, port, database, password } = rest;
    const connection = await createConnection({ host, port, database, password, user });
    try {
      const [rows] = await connection.query(text);
      return Array.isArray(rows) ? (rows as Row[]) : [];
    } finally {
      await connection.end();
    }
  }
  return {
    engine: "mariadb",
    handle,
    master,
    connect: connectMysql,
    rotatorEngine: (connect, note) => mysqlEngine("mariadb", connect, note),
    login,
    query,
    asMaster,
    name: (text) => format("??", [text]),
    account: (username) => format("?@'%'", [username]),
    // It copies the grants once, when it makes the clone: createUser has given the same.
    likeAwsFunction: () => Promise.resolve(),
    async transaction({ username: user, host, port, database, password }, text) {
      const connection = await createConnection({ host, port, database, password, user });
      await connection.query("BEGIN");
      await connection.query(text);
      return async () => {
        await connection.query("COMMIT");
        await connection.end();
      };
    },
    async createUser(username, password) {
      await asMaster(format("CREATE USER ?@'%' IDENTIFIED BY ?", [username, password]));
      await asMaster(
        format("GRANT SELECT, INSERT, CREATE, DROP, ALTER ON ??.* TO ?@'%'", [databaseName, username]),
      );
    },
    async users(prefix) {
      const rows = await asMaster(
        format("SELECT User AS name FROM mysql.user WHERE LEFT(User, CHAR_LENGTH(?)) = ? ORDER BY 1", [
          prefix,
          prefix,
        ]),
      );
      return rows.map((row) => textOf(row, "name"));
    },
    stop: () => handle.stop(),
  };
}

function loginTo({ host, port }: DatabaseHandle): (username: string, password: string) => Login {
  return (username, password) => ({ host, port, database: databaseName, username, password, tls: "disable" });
}

let users = 0;

/** A new user, known to nobody else, its secret, and a rotator for both. */
export async function newScenario(
  database: TestDatabase,
  settings: RotatorSettings = {},
  admin = database.master,
): Promise<RotationScenario> {
  // Each a prefix of no other.
  const username = `a"p p'${++users}x`;
  const password = `first '"$ \\ ${users}`;
  await database.createUser(username, password);
  const { host, port } = database.handle;
  const value = {
    engine: database.engine,
    host,
    port,
    username,
    password,
    dbname: databaseName,
    note: "kept",
  };
  const options = { settings, engine: database.rotatorEngine, connect: database.connect };
  return new RotationScenario(`shop/db-${users}`, value, admin, options);
}

/** Whom a secret names in the version with a label. */
export function loginOf(database: TestDatabase, run: RotationScenario, stage = "AWSCURRENT"): Login {
  const { username, password } = run.aws.value(run.secret, stage);
  return database.login(username!, password!);
}
