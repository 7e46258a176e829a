import { escape, escapeId } from "mysql2/promise";
import { rotatorError } from "../errors";
import { grantsToCopy, parseGrants, type Grants } from "./mysql-grants";
import { hostsOf, identify, isMariadb, missingRightCodes, withLock } from "./mysql-statements";
import { textOf, type Alternation, type Connection, type Login } from "./types";

type Session = <T>(login: Login, doing: string, action: (connection: Connection) => Promise<T>) => Promise<T>;

/**
 * MySQL and MariaDB, two users that alternate. Objects belong to a database and not to a user, so equal grants are
 * enough; each rotation makes them equal again, because a grant names one user only.
 */
export async function alternateMysql(request: Alternation, session: Session): Promise<void> {
  const { admin, original, clone, accepted, pending } = request;
  const roles = await session(admin, `prepare user ${pending.username} as ${admin.username}`, (connection) =>
    withLock(connection, `users of ${original}`, () => asAdministrator(connection, request)),
  );
  if (roles === undefined) return;
  // Setting another user's default role requires a right on the system tables; setting one's own requires none.
  const own = [pending, accepted].find(({ username }) => username === clone);
  // Where only the original can log in, the next rotation does it: that one is for the clone.
  if (own === undefined) return;
  await session(own, `set the default role of ${clone}`, async (connection) => {
    const mariadb = await isMariadb(connection);
    await connection.query(`SET DEFAULT ROLE ${roles || "NONE"}${mariadb ? "" : " TO CURRENT_USER()"}`);
  });
}

/** @returns the default roles that the clone must set for itself; undefined when they are right */
async function asAdministrator(connection: Connection, request: Alternation): Promise<string | undefined> {
  const { original, clone, accepted, pending } = request;
  const mariadb = await isMariadb(connection);
  const [me] = await connection.query("SELECT CURRENT_USER() AS me");
  const admin = account(textOf(me, "me"));
  const attempt = <T>(gives: string, action: () => Promise<T>): Promise<T> =>
    orNameTheRight(admin, gives, action);

  const read = `GRANT SELECT ON mysql.* TO ${admin}`;
  const hosts = await attempt(read, () => hostsOf(connection, original));
  const cloneHosts = await attempt(read, () => hostsOf(connection, clone));
  if (hosts.length === 0)
    throw rotatorError(
      "final",
      "user-not-found",
      `the database has no user ${JSON.stringify(original)}, which the secret names; create it or correct the secret`,
    );
  const mayCreate = `GRANT CREATE USER ON *.* TO ${admin}`;
  const own = [pending, accepted].find(({ username }) => username === clone);
  for (const host of hosts)
    if (!cloneHosts.includes(host) && own !== undefined)
      await attempt(mayCreate, () =>
        identify(connection, "CREATE USER IF NOT EXISTS", clone, host, own.password),
      );
  for (const host of hosts) {
    await attempt(mayCreate, () =>
      identify(connection, "ALTER USER", pending.username, host, pending.password),
    );
    await attempt(mayCreate, () => copyLimits(connection, original, clone, host));
    await copyGrants(connection, attempt, request, host);
  }
  const wanted = await attempt(read, () => defaultRoles(connection, mariadb, original, hosts[0]!));
  const found = await attempt(read, () => defaultRoles(connection, mariadb, clone, hosts[0]!));
  return wanted === found ? undefined : wanted;
}

type Attempt = <T>(gives: string, action: () => Promise<T>) => Promise<T>;

async function copyGrants(
  connection: Connection,
  attempt: Attempt,
  { original, clone, pending }: Alternation,
  host: string,
): Promise<void> {
  const quoted = (user: string): string => `${escapeId(user, true)}@${escapeId(host, true)}`;
  const grants = async (user: string): Promise<Grants> => {
    const rows = await attempt("GRANT SELECT ON mysql.* TO the administrator", () =>
      connection.query(`SHOW GRANTS FOR ${quoted(user)}`),
    );
    return parseGrants(rows.map((row) => String(Object.values(row)[0])));
  };
  const [me] = await connection.query("SELECT CURRENT_USER() AS me");
  const admin = account(textOf(me, "me"));
  const statements = grantsToCopy(
    await grants(original),
    await grants(clone),
    quoted(original),
    quoted(clone),
    pending.username !== clone,
  );
  for (const { statement, forAdmin } of statements)
    await attempt(forAdmin(admin), () => connection.query(statement));
}

/** Copies TLS requirements and resource limits, which belong to an account. */
async function copyLimits(
  connection: Connection,
  original: string,
  clone: string,
  host: string,
): Promise<void> {
  const limits = async (user: string): Promise<string> => {
    const [row] = await connection.query(
      `SELECT ssl_type, max_questions, max_updates, max_connections, max_user_connections
         FROM mysql.user WHERE User = ? AND Host = ?`,
      [user, host],
    );
    const required: Readonly<Record<string, string>> = { "": "NONE", ANY: "SSL", X509: "X509" };
    const tls = required[textOf(row, "ssl_type")];
    if (!tls)
      throw rotatorError(
        "final",
        "database-error",
        `the user ${JSON.stringify(user)} requires a certificate of its own (REQUIRE SUBJECT, ISSUER or CIPHER), which ` +
          `two users cannot share; use the strategy single-user`,
      );
    const number = (column: string): number => Number(row?.[column] ?? 0);
    return (
      `REQUIRE ${tls} WITH MAX_QUERIES_PER_HOUR ${number("max_questions")} MAX_UPDATES_PER_HOUR ${number("max_updates")}` +
      ` MAX_CONNECTIONS_PER_HOUR ${number("max_connections")} MAX_USER_CONNECTIONS ${number("max_user_connections")}`
    );
  };
  const wanted = await limits(original);
  if (wanted !== (await limits(clone))) await connection.query(`ALTER USER ?@? ${wanted}`, [clone, host]);
}

/** The user's default roles as a list for `SET DEFAULT ROLE`; empty for none. */
async function defaultRoles(
  connection: Connection,
  mariadb: boolean,
  user: string,
  host: string,
): Promise<string> {
  if (mariadb) {
    const [row] = await connection.query(
      "SELECT default_role AS role FROM mysql.user WHERE User = ? AND Host = ?",
      [user, host],
    );
    const role = textOf(row, "role");
    return role === "" ? "" : escapeId(role, true);
  }
  const tables = await connection.query(
    "SELECT 1 FROM information_schema.tables WHERE table_schema = 'mysql' AND table_name = 'default_roles'",
  );
  if (tables.length === 0) return ""; // MySQL 5.7 has no roles
  const rows = await connection.query(
    `SELECT DEFAULT_ROLE_USER AS role, DEFAULT_ROLE_HOST AS host FROM mysql.default_roles
      WHERE USER = ? AND HOST = ? ORDER BY 1, 2`,
    [user, host],
  );
  return rows
    .map((row) => `${escapeId(textOf(row, "role"), true)}@${escapeId(textOf(row, "host"), true)}`)
    .join(", ");
}

/** Quotes the server's `name@host`. Only the name may contain @. */
function account(text: string): string {
  const at = text.lastIndexOf("@");
  return `${escape(text.slice(0, at))}@${escape(text.slice(at + 1))}`;
}

async function orNameTheRight<T>(admin: string, gives: string, action: () => Promise<T>): Promise<T> {
  try {
    return await action();
  } catch (error) {
    if (!missingRightCodes().has((error as { code?: string }).code ?? "")) throw error;
    const text = error instanceof Error ? error.message : String(error);
    throw rotatorError(
      "final",
      "missing-right",
      `the administrator ${admin} lacks a right (${text}). Run as a user who has it: ${gives};`,
      new Error(text),
    );
  }
}
