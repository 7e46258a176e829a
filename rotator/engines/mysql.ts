import { createConnection } from "mysql2/promise";
import { databaseEngines, type EngineName } from "../../aws-semantics/database-engines";
import { rotatorError } from "../errors";
import { connectTimeoutMs, databaseFailure, statementTimeoutMs, type Meaning } from "./failures";
import { alternateMysql } from "./mysql-alternate";
import {
  hashedOrClear,
  hostsOf,
  identify,
  isMariadb,
  missingRightCodes,
  nativeHash,
  withLock,
} from "./mysql-statements";
import { type Connect, type Connection, type Engine, type Login, type Row } from "./types";

/** What a refused login means (MySQL 8.4 Error Message Reference). */
const loginMeanings: Readonly<Record<string, Meaning>> = {
  ER_ACCESS_DENIED_ERROR: ["final", "login-refused"],
  ER_ACCESS_DENIED_NO_PASSWORD_ERROR: ["final", "login-refused"],
  ER_ACCOUNT_HAS_BEEN_LOCKED: ["final", "login-refused"],
  ER_DBACCESS_DENIED_ERROR: ["final", "missing-right"],
  ER_CON_COUNT_ERROR: ["retryable", "busy"],
  ER_TOO_MANY_USER_CONNECTIONS: ["retryable", "busy"],
  ER_BAD_DB_ERROR: ["final", "database-error"],
};

/** What a refused statement means: some codes have another cause than at login. */
const statementMeanings: Readonly<Record<string, Meaning>> = {
  ...Object.fromEntries(
    [...missingRightCodes()].map((code) => [code, ["final", "missing-right"] as Meaning]),
  ),
  ER_NOT_VALID_PASSWORD: ["final", "password-refused"],
  ER_CREDENTIALS_CONTRADICT_TO_HISTORY: ["final", "password-refused"],
  ER_OPTION_PREVENTS_STATEMENT: ["retryable", "read-only"],
  ER_LOCK_WAIT_TIMEOUT: ["retryable", "busy"],
  ER_QUERY_INTERRUPTED: ["retryable", "busy"],
};

/** The engine for MySQL 5.7 and later and MariaDB 10.4 and later, Aurora included. */
export function mysqlEngine(name: Exclude<EngineName, "postgres">, connect: Connect = connectMysql): Engine {
  const session = <T>(
    login: Login,
    doing: string,
    action: (connection: Connection) => Promise<T>,
  ): Promise<T> => withSession(connect, login, doing, action);

  const { defaultPort, longestUserName } = databaseEngines[name];
  return {
    defaultPort,

    checkUserName(user) {
      const characters = [...user].length;
      if (characters > longestUserName)
        throw rotatorError(
          "final",
          "invalid-secret",
          `the user name ${JSON.stringify(user)}: expected at most ${longestUserName} characters, found ${characters}`,
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
        // Only these two forms require no right for one's own password.
        if (await isMariadb(connection))
          await hashedOrClear(
            connection,
            () => connection.query("SET PASSWORD = ?", [nativeHash(password)]),
            () => connection.query("SET PASSWORD = PASSWORD(?)", [password]),
          );
        else await connection.query("ALTER USER USER() IDENTIFIED BY ?", [password]);
      });
    },

    async setPassword(admin, username, password) {
      await session(admin, `change the password of ${username}`, async (connection) => {
        for (const host of await hostsOf(connection, username))
          await identify(connection, "ALTER USER", username, host, password);
      });
    },

    alternate: (request) => alternateMysql(request, session),

    async exclusively(admin, what, action) {
      return session(admin, `hold the lock of ${what}`, (connection) =>
        withLock(connection, `rotation of ${what}`, () =>
          // The server releases the lock with the session, so a session that answers still holds it.
          action(async () => void (await connection.query("SELECT 1"))),
        ),
      );
    },
  };
}

async function withSession<T>(
  connect: Connect,
  login: Login,
  doing: string,
  action: (connection: Connection) => Promise<T>,
): Promise<T> {
  const connection = await connect(login).catch((error: unknown) => {
    throw databaseFailure(error, login, loginMeanings, doing);
  });
  try {
    // Quoting by backslash and backtick requires the default SQL mode.
    await connection.query(`SET SESSION sql_mode = '', lock_wait_timeout = ${statementTimeoutMs / 1000}`);
    return await action(connection);
  } catch (error) {
    throw databaseFailure(error, login, statementMeanings, doing);
  } finally {
    // A failure to close does not hide the result.
    await connection.end().catch(() => undefined);
  }
}

/** Opens a connection with the driver `mysql2`. */
export async function connectMysql(login: Login): Promise<Connection> {
  const connection = await createConnection({
    host: login.host,
    port: login.port,
    user: login.username,
    password: login.password,
    database: login.database,
    ssl:
      login.tls === "disable"
        ? undefined
        : { rejectUnauthorized: login.tls === "verify", verifyIdentity: login.tls === "verify" },
    connectTimeout: connectTimeoutMs,
  });
  // A connection that breaks between two statements fails at the next one.
  connection.on("error", () => undefined);
  return {
    query: async (sql, values) => {
      const [rows] = await connection.query(
        { sql, timeout: statementTimeoutMs + 5_000 },
        values as unknown[],
      );
      return Array.isArray(rows) ? (rows as Row[]) : [];
    },
    end: () => connection.end(),
  };
}
