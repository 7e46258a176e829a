import { createConnection } from "mysql2/promise";
import { databaseEngines, type EngineName } from "../../aws-semantics/database-engines";
import { rotatorError } from "../errors";
import { connectTimeoutMs, databaseFailure, statementTimeoutMs } from "./failures";
import { alternateMysql } from "./mysql-alternate";
import { accountsOf, hashedOrClear, identify, isMariadb, nativeHash, withLock } from "./mysql-statements";
import { type Connect, type Connection, type Engine, type Login, type Note, type Row } from "./types";

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

    async setPassword(admin, { username }, password) {
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
  const engine = "MySQL and MariaDB";
  const connection = await connect(login).catch((error: unknown) => {
    throw databaseFailure(error, login, { engine, when: "login", doing });
  });
  try {
    // Quoting by backslash and backtick requires the default SQL mode.
    await connection.query(`SET SESSION sql_mode = '', lock_wait_timeout = ${statementTimeoutMs / 1000}`);
    return await action(connection);
  } catch (error) {
    throw databaseFailure(error, login, { engine, when: "statement", doing });
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
