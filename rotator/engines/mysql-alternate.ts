import { escape, escapeId } from "mysql2/promise";
import { rotatorError } from "../errors";
import { grantsToCopy, parseGrants, rightsBeyond, type Grants } from "./mysql-grants";
import { accountsOf, identify, isMariadb, isRightMissing, withLock } from "./mysql-statements";
import { textOf, type Alternation, type Connection, type Login, type Note } from "./types";

type Session = <T>(login: Login, doing: string, action: (connection: Connection) => Promise<T>) => Promise<T>;

/**
 * MySQL and MariaDB, two users that alternate. Objects belong to a database and not to a user, so equal grants are
 * enough; each rotation makes them equal again, because a grant names one user only.
 */
export async function alternateMysql(request: Alternation, session: Session, note: Note): Promise<void> {
  const { admin, original, clone, accepted, pending } = request;
  const roles = await session(admin, `prepare user ${pending.username} as ${admin.username}`, (connection) =>
    withLock(connection, `users of ${original}`, () => asAdministrator(connection, request, note)),
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
async function asAdministrator(
  connection: Connection,
  request: Alternation,
  note: Note,
): Promise<string | undefined> {
  const { original, clone, accepted, pending } = request;
  const mariadb = await isMariadb(connection);
  const [me] = await connection.query("SELECT CURRENT_USER() AS me");
  const admin = account(textOf(me, "me"));
  const attempt = <T>(gives: string, action: () => Promise<T>): Promise<T> =>
    orNameTheRight(admin, gives, action);

  const read = `GRANT SELECT ON mysql.* TO ${admin}`;
  const mayCreate = `GRANT CREATE USER ON *.* TO ${admin}`;
  const accounts = await attempt(read, () => accountsOf(connection, original));
  const cloneAccounts = await attempt(read, () => accountsOf(connection, clone));
  const change: Preparation = {
    ...{ connection, attempt, request, admin, mariadb, read },
    hosts: accounts.map(({ host }) => host),
    cloneHosts: cloneAccounts.map(({ host }) => host),
  };
  if (accounts.length === 0)
    throw rotatorError(
      "final",
      "user-not-found",
      `the database has no user ${JSON.stringify(original)}, which the secret names; create it or correct the secret`,
    );
  await refuseStranger(change);
  const own = [pending, accepted].find(({ username }) => username === clone);
  for (const missing of accounts)
    if (!change.cloneHosts.includes(missing.host) && own !== undefined) {
      await attempt(mayCreate, () =>
        identify(connection, "CREATE USER IF NOT EXISTS", clone, missing, own.password, note),
      );
      cloneAccounts.push(missing);
    }
  // The grants go first: a run that is cut off before it writes the password leaves equal users, whom the next one knows.
  for (const { host } of cloneAccounts) await copyGrants(change, host);
  for (const changed of pending.username === clone ? cloneAccounts : accounts)
    await attempt(mayCreate, () =>
      identify(connection, "ALTER USER", pending.username, changed, pending.password, note),
    );
  // The limits of a clone in use wait: its password may be older than an expiry that the original has now.
  if (pending.username === clone)
    for (const { host } of cloneAccounts) await attempt(mayCreate, () => copyLimits(change, host));
  const [host] = change.hosts;
  const wanted = await attempt(read, () => defaultRoles(connection, mariadb, original, host!));
  const found = await attempt(read, () => defaultRoles(connection, mariadb, clone, host!));
  return wanted === found ? undefined : wanted;
}

type Attempt = <T>(gives: string, action: () => Promise<T>) => Promise<T>;

/** What the administrator's session works with. */
interface Preparation {
  readonly connection: Connection;
  readonly attempt: Attempt;
  readonly request: Alternation;
  /** The administrator's account, quoted. */
  readonly admin: string;
  readonly mariadb: boolean;
  /** The statement that lets the administrator read accounts. */
  readonly read: string;
  /** Hosts of the original's accounts. */
  readonly hosts: readonly string[];
  /** Hosts of the clone's accounts when the session began. */
  readonly cloneHosts: readonly string[];
}

/**
 * Refuses to change a user that only happens to have the other name of the pair. Both belong to the credential if a
 * version of it logs in as the pending user, or if that user has no right that the accepted one lacks: so it is when the
 * rotator or AWS's own function made it, and then its password gives nothing that the credential does not give already.
 */
async function refuseStranger(change: Preparation): Promise<void> {
  const { request, hosts, cloneHosts } = change;
  const { original, clone, pending } = request;
  const isClone = pending.username === clone;
  const accepted = isClone ? original : clone;
  const ours = await Promise.all(
    (isClone ? hosts : cloneHosts).map((host) => grantsOf(change, accepted, host)),
  );
  const statements: string[] = [];
  for (const host of isClone ? cloneHosts : hosts) {
    const beyond = rightsBeyond(await grantsOf(change, pending.username, host), ours);
    for (const { privileges, object, passOn } of beyond) {
      const right = privileges.join(", ") + (object === undefined ? "" : ` ON ${object}`);
      statements.push(
        isClone
          ? `REVOKE ${right} FROM ${quoted(clone, host)}`
          : `GRANT ${right} TO ${quoted(clone, cloneHosts[0] ?? host)}${passOn ? " WITH ADMIN OPTION" : ""}`,
      );
    }
  }
  if (statements.length === 0 || (await request.pendingUserLogsIn())) return;
  throw rotatorError(
    "final",
    "not-a-pair",
    `${pending.username} exists with rights that ${accepted} lacks, and no version of the secret logs in as it, so it ` +
      `may belong to another application. If both are users of this secret, run: ${statements.join("; ")}; otherwise ` +
      `rename one of them`,
  );
}

function quoted(user: string, host: string): string {
  return `${escapeId(user, true)}@${escapeId(host, true)}`;
}

async function grantsOf(
  { connection, attempt, read }: Preparation,
  user: string,
  host: string,
): Promise<Grants> {
  const rows = await attempt(read, () => connection.query(`SHOW GRANTS FOR ${quoted(user, host)}`));
  return parseGrants(rows.map((row) => String(Object.values(row)[0])));
}

/**
 * The original's account for a clone's account: the one of the same host, or else the narrowest pattern that covers it.
 * Without one the original cannot log in from there.
 */
function hostBehind(cloneHost: string, hosts: readonly string[]): string | undefined {
  if (hosts.includes(cloneHost)) return cloneHost;
  const [narrowest] = hosts
    .filter((host) => host.endsWith("%") && cloneHost.startsWith(host.slice(0, -1)))
    .sort((a, b) => b.length - a.length);
  return narrowest;
}

async function copyGrants(change: Preparation, host: string): Promise<void> {
  const { connection, attempt, request, admin, hosts } = change;
  const { original, clone, pending } = request;
  const from = hostBehind(host, hosts);
  if (from === undefined) return;
  const statements = grantsToCopy(
    await grantsOf(change, original, from),
    await grantsOf(change, clone, host),
    quoted(original, from),
    quoted(clone, host),
    pending.username !== clone,
  );
  for (const { statement, forAdmin } of statements)
    await attempt(forAdmin(admin), () => connection.query(statement));
}

/** Copies TLS requirements, resource limits and password expiry, which belong to an account. */
async function copyLimits(change: Preparation, host: string): Promise<void> {
  const { connection, request, mariadb, hosts } = change;
  const from = hostBehind(host, hosts);
  if (from === undefined) return;
  const { original, clone } = request;
  const limits = async (user: string, at: string): Promise<string> => {
    const [row] = await connection.query(
      `SELECT ssl_type, max_questions, max_updates, max_connections, max_user_connections, ${
        mariadb
          ? `max_statement_time, (SELECT JSON_VALUE(Priv, '$.password_lifetime') FROM mysql.global_priv g
                                   WHERE g.User = u.User AND g.Host = u.Host) AS lifetime`
          : "password_lifetime AS lifetime"
      }
         FROM mysql.user u WHERE User = ? AND Host = ?`,
      [user, at],
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
    const days = Number(row?.["lifetime"] ?? -1);
    return (
      `REQUIRE ${tls} WITH MAX_QUERIES_PER_HOUR ${number("max_questions")} MAX_UPDATES_PER_HOUR ${number("max_updates")}` +
      ` MAX_CONNECTIONS_PER_HOUR ${number("max_connections")} MAX_USER_CONNECTIONS ${number("max_user_connections")}` +
      (mariadb ? ` MAX_STATEMENT_TIME ${number("max_statement_time")}` : "") +
      ` PASSWORD EXPIRE ${days < 0 ? "DEFAULT" : days === 0 ? "NEVER" : `INTERVAL ${days} DAY`}`
    );
  };
  const wanted = await limits(original, from);
  if (wanted !== (await limits(clone, host)))
    await connection.query(`ALTER USER ?@? ${wanted}`, [clone, host]);
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
    if (!isRightMissing(error)) throw error;
    const text = error instanceof Error ? error.message : String(error);
    throw rotatorError(
      "final",
      "missing-right",
      `the administrator ${admin} lacks a right (${text}). Run as a user who has it: ${gives};`,
      new Error(text),
    );
  }
}
