import { Client } from "pg";
import { databaseEngines } from "../../aws-semantics/database-engines";
import { rotatorError } from "../errors";
import { failures } from "./failure-table";
import { connectTimeoutMs, databaseFailure, statementTimeoutMs } from "./failures";
import { alternatePostgres } from "./postgres-alternate";
import { passwordKind, setHash, type PasswordKind } from "./postgres-statements";
import { textOf, type Connect, type Connection, type Engine, type Login, type Note, type Row } from "./types";

/** The engine for PostgreSQL 12 and later, Aurora included. */
export function postgresEngine(connect: Connect = connectPostgres, note: Note = () => undefined): Engine {
  const session = <T>(
    login: Login,
    doing: string,
    action: (connection: Connection) => Promise<T>,
  ): Promise<T> => withSession(connect, login, doing, action);

  /** How the server keeps the password by which a login succeeds. */
  const kindOf = (login: Login): Promise<PasswordKind> =>
    session(login, `log in as ${login.username}`, (connection) => Promise.resolve(passwordKind(connection)));

  const { defaultPort, longestUserName } = databaseEngines.postgres;
  return {
    defaultPort,

    checkUserName(name) {
      const bytes = Buffer.byteLength(name);
      // PostgreSQL silently truncates longer ones.
      if (bytes > longestUserName)
        throw rotatorError(
          "final",
          "invalid-secret",
          `the user name ${JSON.stringify(name)}: expected at most ${longestUserName} bytes, found ${bytes}`,
        );
    },

    async accepts(login) {
      try {
        await session(login, `log in as ${login.username}`, (connection) => connection.query("SELECT 1"));
        return true;
      } catch (error) {
        if ((error as { code?: string }).code === "login-refused") return false;
        throw error;
      }
    },

    async changeOwnPassword(login, password) {
      await session(login, `change the password of ${login.username}`, async (connection) => {
        // The role may become another one at login (ALTER ROLE ... SET role), which may not change its password.
        await connection.query("SET ROLE NONE");
        const [row] = await connection.query("SELECT session_user AS name");
        await setHash(connection, textOf(row, "name"), password, passwordKind(connection), note);
      });
    },

    async setPassword(admin, accepted, password) {
      const kind = await kindOf(accepted);
      await session(admin, `change the password of ${accepted.username}`, (connection) =>
        setHash(connection, accepted.username, password, kind, note),
      );
    },

    async alternate(request) {
      await alternatePostgres(request, await kindOf(request.accepted), session, note);
    },

    async exclusively(admin, name, action) {
      return session(admin, `hold the lock of ${name}`, async (connection) => {
        await connection.query("SELECT pg_advisory_lock(hashtextextended($1, 0))", [`rotation of ${name}`]);
        // The server releases the lock with the session, so a session that answers still holds it.
        return action(async () => void (await connection.query("SELECT 1")));
      });
    },
  };
}

/** Runs `action` on a connection of its own; throws a `RotatorError`. */
async function withSession<T>(
  connect: Connect,
  login: Login,
  doing: string,
  action: (connection: Connection) => Promise<T>,
): Promise<T> {
  const engine = "PostgreSQL";
  const connection = await connect(login).catch((error: unknown) => {
    throw databaseFailure(error, login, { engine, when: "login", doing });
  });
  try {
    return await action(connection);
  } catch (error) {
    throw databaseFailure(error, login, { engine, when: "statement", doing });
  } finally {
    // A failure to close does not hide the result.
    await connection.end().catch(() => undefined);
  }
}

/**
 * Who may create functions and operators, or set a role's or a database's search_path, must not choose what these
 * sessions call (CVE-2018-1058). What is given at the connection's start goes before every other setting.
 */
const searchPath = "pg_catalog,pg_temp";

/** Opens a connection with the driver `pg`. */
export async function connectPostgres(login: Login): Promise<Connection> {
  const client = new Client({
    host: login.host,
    port: login.port,
    user: login.username,
    password: login.password,
    database: login.database ?? "postgres",
    ssl: login.tls === "disable" ? false : { rejectUnauthorized: login.tls === "verify" },
    connectionTimeoutMillis: connectTimeoutMs,
    // The server gives up on a lock, the client on a server that does not answer.
    query_timeout: statementTimeoutMs + 5_000,
    statement_timeout: statementTimeoutMs,
    lock_timeout: statementTimeoutMs,
    idle_in_transaction_session_timeout: 30_000,
    application_name: "ecs-secret-recycler rotator",
    options: `-c search_path=${searchPath} -c default_transaction_read_only=off`,
  });
  // A connection that breaks between two statements fails at the next one.
  client.on("error", () => undefined);
  let md5 = false;
  client.connection.once("authenticationMD5Password", () => (md5 = true));
  try {
    await client.connect();
    await refuseIgnored(client);
  } catch (error) {
    await client.end().catch(() => undefined);
    throw error;
  }
  return {
    md5,
    query: async (text, values) => (await client.query(text, values as unknown[])).rows as Row[],
    end: () => client.end(),
  };
}

/** A pooler may be told to ignore what is given at the connection's start, and lends a session for a transaction only. */
async function refuseIgnored(client: Client): Promise<void> {
  const { rows } = await client.query<Row>("SELECT pg_catalog.current_setting('search_path') AS path");
  if (textOf(rows[0], "path") !== searchPath)
    throw Object.assign(new Error("it ignores startup parameters"), { code: failures.pooler.codes[0] });
}
