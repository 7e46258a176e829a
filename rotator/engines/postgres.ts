import { Client } from "pg";
import { databaseEngines } from "../../aws-semantics/database-engines";
import { rotatorError } from "../errors";
import { connectTimeoutMs, databaseFailure, statementTimeoutMs, type Meaning } from "./failures";
import { alternatePostgres } from "./postgres-alternate";
import { setVerifier } from "./postgres-statements";
import { textOf, type Connect, type Connection, type Engine, type Login, type Row } from "./types";

/** SQLSTATEs (PostgreSQL documentation, appendix A). */
const meanings: Readonly<Record<string, Meaning>> = {
  "28P01": ["final", "login-refused"],
  "28000": ["final", "login-refused"],
  "42501": ["final", "missing-right"],
  "22023": ["final", "password-refused"],
  "25006": ["retryable", "read-only"],
  "55P03": ["retryable", "busy"],
  "57014": ["retryable", "busy"],
  "53300": ["retryable", "busy"],
  "57P01": ["retryable", "database-unreachable"],
  "57P03": ["retryable", "database-unreachable"],
};

/** The engine for PostgreSQL 12 and later, Aurora included. */
export function postgresEngine(connect: Connect = connectPostgres): Engine {
  const session = <T>(
    login: Login,
    doing: string,
    action: (connection: Connection) => Promise<T>,
  ): Promise<T> => withSession(connect, login, doing, action);

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
        await setVerifier(connection, textOf(row, "name"), password);
      });
    },

    async setPassword(admin, username, password) {
      await session(admin, `change the password of ${username}`, (connection) =>
        setVerifier(connection, username, password),
      );
    },

    alternate: (request) => alternatePostgres(request, session),

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
  let connection: Connection | undefined;
  try {
    connection = await connect(login);
    return await action(connection);
  } catch (error) {
    throw databaseFailure(error, login, meanings, doing);
  } finally {
    // A failure to close does not hide the result.
    await connection?.end().catch(() => undefined);
  }
}

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
    // Who may create functions and operators, or set a role's or a database's search_path, must not choose what these
    // sessions call (CVE-2018-1058). What is given at the connection's start goes before every other setting.
    options: "-c search_path=pg_catalog,pg_temp -c default_transaction_read_only=off",
  });
  // A connection that breaks between two statements fails at the next one.
  client.on("error", () => undefined);
  try {
    await client.connect();
  } catch (error) {
    await client.end().catch(() => undefined);
    throw error;
  }
  return {
    query: async (text, values) => (await client.query(text, values as unknown[])).rows as Row[],
    end: () => client.end(),
  };
}
