import { createHash } from "node:crypto";
import { createConnection } from "mysql2/promise";
import { databaseEngines, type EngineName } from "../../aws-semantics/database-engines";
import { rotatorError } from "../errors";
import { connectTimeoutMs, databaseFailure, statementTimeoutMs, type Meaning } from "./failures";
import { alternateMysql } from "./mysql-alternate";
import { textOf, type Connect, type Connection, type Engine, type Login, type Row } from "./types";

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
  ER_LOCK_WAIT_TIMEOUT: ["retryable", "busy"],
  ER_QUERY_INTERRUPTED: ["retryable", "busy"],
};

/** Codes of statements that the server refuses because a right is missing. */
export function missingRightCodes(): ReadonlySet<string> {
  return new Set([
    ...["ER_ACCESS_DENIED_ERROR", "ER_DBACCESS_DENIED_ERROR", "ER_TABLEACCESS_DENIED_ERROR"],
    ...["ER_COLUMNACCESS_DENIED_ERROR", "ER_PROCACCESS_DENIED_ERROR", "ER_SPECIFIC_ACCESS_DENIED_ERROR"],
    ...["ER_ACCESS_DENIED_CHANGE_USER_ERROR"],
  ]);
}

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

/** Runs `action` while holding a lock of the server, which the session's end releases. */
export async function withLock<T>(
  connection: Connection,
  name: string,
  action: () => Promise<T>,
): Promise<T> {
  // A lock's name holds 64 characters.
  const lock = createHash("sha256").update(name).digest("hex").slice(0, 40);
  const [row] = await connection.query("SELECT GET_LOCK(?, ?) AS held", [lock, statementTimeoutMs / 1000]);
  if (Number(row?.["held"]) !== 1)
    throw rotatorError("retryable", "busy", `another run holds the lock "${name}"; try again later`);
  const result = await action();
  await connection.query("SELECT RELEASE_LOCK(?)", [lock]);
  return result;
}

/** Whether the server is MariaDB, even if the secret says mysql: the statements differ. */
export async function isMariadb(connection: Connection): Promise<boolean> {
  const [row] = await connection.query("SELECT VERSION() AS version");
  return /mariadb/i.test(textOf(row, "version"));
}

/** The hosts of a user's accounts; an account is a user and a host. */
export async function hostsOf(connection: Connection, user: string): Promise<string[]> {
  const rows = await connection.query(
    "SELECT Host AS host FROM mysql.user WHERE User = ? AND Host <> '' ORDER BY 1",
    [user],
  );
  return rows.map((row) => textOf(row, "host"));
}

/**
 * Creates an account or changes its password. MariaDB gets the hash that it stores (SHA-1 of SHA-1), so no log holds
 * the clear text; MySQL keeps `IDENTIFIED BY` out of its logs itself.
 */
export async function identify(
  connection: Connection,
  verb: "ALTER USER" | "CREATE USER IF NOT EXISTS",
  user: string,
  host: string,
  password: string,
): Promise<void> {
  const clear = () => connection.query(`${verb} ?@? IDENTIFIED BY ?`, [user, host, password]);
  if (!(await isMariadb(connection))) return void (await clear());
  await hashedOrClear(
    connection,
    () =>
      connection.query(`${verb} ?@? IDENTIFIED VIA mysql_native_password USING ?`, [
        user,
        host,
        nativeHash(password),
      ]),
    clear,
  );
}

/** Sends the clear text if MariaDB refuses a hash (strict_password_validation). */
async function hashedOrClear(
  connection: Connection,
  hashed: () => Promise<unknown>,
  clear: () => Promise<unknown>,
): Promise<void> {
  try {
    await hashed();
  } catch (error) {
    if (!(await isAboutThePassword(connection, error))) throw error;
    try {
      await clear();
    } catch (refusal) {
      if (!(await isAboutThePassword(connection, refusal))) throw refusal;
      throw rotatorError(
        "final",
        "password-refused",
        `the server refuses the new password (${(refusal as Error).message}); change the rotator's setting password ` +
          `(length, classes) to match the server's rules`,
      );
    }
  }
}

/** Whether a statement failed because of the password: MariaDB says so only in its warnings. */
async function isAboutThePassword(connection: Connection, error: unknown): Promise<boolean> {
  const { code } = error as { code?: string };
  if (code === "ER_NOT_VALID_PASSWORD" || code === "ER_OPTION_PREVENTS_STATEMENT") return true;
  if (code !== "ER_CANNOT_USER") return false;
  const warnings = await connection.query("SHOW WARNINGS");
  // MariaDB Error Codes: 1819 ER_NOT_VALID_PASSWORD, 1290 ER_OPTION_PREVENTS_STATEMENT.
  return warnings.some((row) => ["1819", "1290"].includes(textOf(row, "Code")));
}

/** What mysql_native_password stores: `*` and SHA-1 of SHA-1 in hexadecimal. */
export function nativeHash(password: string): string {
  const once = createHash("sha1").update(password).digest();
  return `*${createHash("sha1").update(once).digest("hex").toUpperCase()}`;
}

/** Opens a connection with the driver `mysql2`. */
export async function connectMysql(login: Login): Promise<Connection> {
  const connection = await createConnection({
    host: login.host,
    port: login.port,
    user: login.username,
    password: login.password,
    database: login.database,
    ssl: login.tls === "disable" ? undefined : { rejectUnauthorized: true, verifyIdentity: true },
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
