import { createConnection } from "mysql2/promise";
import { databaseEngines, type EngineName } from "../../aws-semantics/database-engines";
import { rotatorError } from "../errors";
import { connectTimeoutMs, databaseFailure, statementTimeoutMs, type Meaning } from "./failures";
import { alternateMysql } from "./mysql-alternate";
import {
  accountsOf,
  hashedOrClear,
  identify,
  isMariadb,
  missingRightCodes,
  nativeHash,
  withLock,
} from "./mysql-statements";
import { type Connect, type Connection, type Engine, type Login, type Note, type Row } from "./types";

const locked: Meaning = [
  "final",
  "account-unusable",
  "Unlock it (ALTER USER ... ACCOUNT UNLOCK) if it was not locked on purpose, and rotate again",
];
const expired: Meaning = [
  "final",
  "account-unusable",
  "Set the same password again (ALTER USER ... IDENTIFIED BY), and let it expire later than the next rotation",
  "the password is right, but has expired",
];
const limited: Meaning = [
  "retryable",
  "busy",
  "Raise the account's limit (ALTER USER ... WITH MAX_USER_CONNECTIONS, or its limit per hour), or rotate later: the " +
    "rotator needs one connection for itself",
];

/** What a refused login means (MySQL 8.4 Error Message Reference, MariaDB Error Codes). */
const loginMeanings: Readonly<Record<string, Meaning>> = {
  ER_ACCESS_DENIED_ERROR: [
    "final",
    "login-refused",
    "Correct the password in the secret, or in the database",
  ],
  ER_ACCESS_DENIED_NO_PASSWORD_ERROR: [
    "final",
    "login-refused",
    "Give the account a password: it logs in without one, through the server's socket only",
  ],
  ER_ACCOUNT_HAS_BEEN_LOCKED: locked,
  // MariaDB's 4151, ER_ACCOUNT_HAS_BEEN_LOCKED there: the driver knows the names of MySQL's codes only.
  ER_BULK_PARSER_INCOMPLETE_ESCAPE_SEQUENCE: locked,
  ER_MUST_CHANGE_PASSWORD_LOGIN: expired,
  AUTH_SWITCH_PLUGIN_ERROR: [
    "final",
    "account-unusable",
    `Change the account's plugin to mysql_native_password, or rotate it with a function of your own (kind "function")`,
    "the account logs in by a plugin that the rotator does not have",
  ],
  ER_DBACCESS_DENIED_ERROR: [
    "final",
    "missing-right",
    "Grant the user a right on this database, or correct dbname in the secret",
  ],
  ER_CON_COUNT_ERROR: ["retryable", "busy", "Close connections or raise max_connections, or rotate later"],
  ER_TOO_MANY_USER_CONNECTIONS: limited,
  ER_USER_LIMIT_REACHED: limited,
  ER_BAD_DB_ERROR: ["final", "database-error", "Correct dbname in the secret, or create the database"],
};

/** What a refused statement means: some codes have another cause than at login. */
const statementMeanings: Readonly<Record<string, Meaning>> = {
  ...Object.fromEntries(
    [...missingRightCodes()].map((code) => [code, ["final", "missing-right"] as Meaning]),
  ),
  ER_NOT_VALID_PASSWORD: ["final", "password-refused"],
  ER_CREDENTIALS_CONTRADICT_TO_HISTORY: ["final", "password-refused"],
  ER_OPTION_PREVENTS_STATEMENT: ["retryable", "read-only"],
  ER_MUST_CHANGE_PASSWORD: expired,
  ER_USER_LIMIT_REACHED: limited,
  ER_LOCK_WAIT_TIMEOUT: ["retryable", "busy", "Another session holds a lock; rotate later"],
  ER_QUERY_INTERRUPTED: ["retryable", "busy"],
  // MariaDB's ER_STATEMENT_TIMEOUT, a code that MySQL does not have.
  "1969": [
    "retryable",
    "busy",
    "Raise max_statement_time of the server, or MAX_STATEMENT_TIME of this user, or rotate later",
  ],
};

/** The engine for MySQL 5.7 and later and MariaDB 10.4 and later, Aurora included. */
export function mysqlEngine(
  name: Exclude<EngineName, "postgres">,
  connect: Connect = connectMysql,
  note: Note = () => undefined,
): Engine {
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
            note,
          );
        else await connection.query("ALTER USER USER() IDENTIFIED BY ?", [password]);
      });
    },

    async setPassword(admin, username, password) {
      await session(admin, `change the password of ${username}`, async (connection) => {
        for (const account of await accountsOf(connection, username))
          await identify(connection, "ALTER USER", username, account, password, note);
      });
    },

    alternate: (request) => alternateMysql(request, session, note),

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
