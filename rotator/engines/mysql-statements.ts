import { createHash } from "node:crypto";
import { rotatorError } from "../errors";
import { failures } from "./failure-table";
import { statementTimeoutMs } from "./failures";
import { textOf, type Connection, type Note } from "./types";

/** Whether the server refused a statement because a right is missing. */
export function isRightMissing(error: unknown): boolean {
  const codes: readonly string[] = failures.mysqlRight.codes;
  return codes.includes((error as { code?: string }).code ?? "");
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

/** A user's account: one host, or pattern of hosts, that it may log in from. */
export interface Account {
  readonly host: string;
  /** The plugin that checks its password. */
  readonly plugin: string;
}

/** The plugins of MariaDB whose password a rotation can set without changing the plugin. */
const mariadbPlugins: readonly string[] = ["mysql_native_password"];
/** The same of MySQL. */
const mysqlPlugins: readonly string[] = ["mysql_native_password", "sha256_password", "caching_sha2_password"];

/**
 * The accounts of a user.
 * @throws account-unusable if one logs in by a plugin whose password cannot be set: another plugin would lock clients out
 */
export async function accountsOf(connection: Connection, user: string): Promise<Account[]> {
  const mariadb = await isMariadb(connection);
  const rows = await connection.query(
    mariadb
      ? `SELECT Host AS host, JSON_VALUE(Priv, '$.plugin') AS plugin, JSON_EXISTS(Priv, '$.auth_or') AS several
           FROM mysql.global_priv WHERE User = ? AND Host <> '' ORDER BY 1`
      : "SELECT Host AS host, plugin, 0 AS several FROM mysql.user WHERE User = ? ORDER BY 1",
    [user],
  );
  const usable = mariadb ? mariadbPlugins : mysqlPlugins;
  return rows.map((row) => {
    const [host, plugin] = [textOf(row, "host"), textOf(row, "plugin") || usable[0]!];
    if (!usable.includes(plugin) || Number(row["several"]) !== 0)
      throw rotatorError(
        "final",
        "account-unusable",
        `the account ${user}@${host} logs in by ${Number(row["several"]) !== 0 ? `${plugin} or another plugin` : plugin}, ` +
          `and the rotator sets passwords of ${usable.join(", ")} only. Change the plugin (ALTER USER), or rotate this ` +
          `user with a function of your own (kind "function")`,
      );
    return { host, plugin };
  });
}

/**
 * Creates an account or changes its password; its plugin stays. MariaDB gets the hash that it stores (SHA-1 of SHA-1),
 * so no log holds the clear text; MySQL keeps `IDENTIFIED BY` out of its logs itself.
 */
export async function identify(
  connection: Connection,
  verb: "ALTER USER" | "CREATE USER IF NOT EXISTS",
  user: string,
  { host, plugin }: Account,
  password: string,
  note: Note,
): Promise<void> {
  if (!(await isMariadb(connection)))
    return void (await connection.query(`${verb} ?@? IDENTIFIED WITH ${plugin} BY ?`, [
      user,
      host,
      password,
    ]));
  await hashedOrClear(
    connection,
    () =>
      connection.query(`${verb} ?@? IDENTIFIED VIA mysql_native_password USING ?`, [
        user,
        host,
        nativeHash(password),
      ]),
    () => connection.query(`${verb} ?@? IDENTIFIED BY ?`, [user, host, password]),
    note,
  );
}

/** Sends the clear text if MariaDB refuses a hash (strict_password_validation), and says so in the function's log. */
export async function hashedOrClear(
  connection: Connection,
  hashed: () => Promise<unknown>,
  clear: () => Promise<unknown>,
  note: Note,
): Promise<void> {
  try {
    await hashed();
  } catch (error) {
    if (!(await isAboutThePassword(connection, error))) throw error;
    note(
      "the server checks passwords (strict_password_validation) and refused a hash, so it gets the clear text; its " +
        "general log and its slow query log contain it where they are on",
    );
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
  const { code, message } = error as { code?: string; message: string };
  if (code === "ER_NOT_VALID_PASSWORD" || (code === "ER_OPTION_PREVENTS_STATEMENT" && strict.test(message)))
    return true;
  if (code !== "ER_CANNOT_USER") return false;
  const warnings = await connection.query("SHOW WARNINGS");
  // MariaDB Error Codes: 1819 ER_NOT_VALID_PASSWORD, 1290 ER_OPTION_PREVENTS_STATEMENT.
  return warnings.some(
    (row) =>
      textOf(row, "Code") === "1819" ||
      (textOf(row, "Code") === "1290" && strict.test(textOf(row, "Message"))),
  );
}

/** The option of MariaDB that refuses a hash. ER_OPTION_PREVENTS_STATEMENT is also the answer of a read-only server. */
const strict = /strict.password.validation/i;

/** What mysql_native_password stores: `*` and SHA-1 of SHA-1 in hexadecimal. */
export function nativeHash(password: string): string {
  const once = createHash("sha1").update(password).digest();
  return `*${createHash("sha1").update(once).digest("hex").toUpperCase()}`;
}
