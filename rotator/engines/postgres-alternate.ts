import { rotatorError } from "../errors";
import { namedFailure, tableLockTimeoutMs } from "./failures";
import { formatted, serverFormatted, setHash, type PasswordKind } from "./postgres-statements";
import { textOf, type Alternation, type Connection, type Login, type Note } from "./types";

type Session = <T>(login: Login, doing: string, action: (connection: Connection) => Promise<T>) => Promise<T>;

/** From here on memberships have options, and CREATEROLE alone no longer reaches other roles. */
const postgres16 = 160_000;

/**
 * PostgreSQL, two users that alternate. The clone is a member of the original and *becomes* it at login
 * (`ALTER ROLE clone SET role`), so the original owns all objects of both, and rights granted later need no copy.
 * With membership alone, the clone would own the objects that it creates.
 */
export async function alternatePostgres(
  request: Alternation,
  kind: PasswordKind,
  session: Session,
  note: Note,
): Promise<void> {
  const { admin, original, clone, accepted, pending } = request;
  await session(admin, `prepare user ${pending.username} as ${admin.username}`, (connection) =>
    asAdministrator(connection, request, (role, password) => setHash(connection, role, password, kind, note)),
  );
  // The clone does the rest itself, which requires no administrator rights in any version.
  const own = [pending, accepted].find(({ username }) => username === clone);
  // Where only the original can log in, the next rotation does it: that one is for the clone.
  if (own === undefined) return;
  await session(own, `share the objects of ${clone} with ${original}`, (connection) =>
    asClone(connection, original, clone, own === accepted),
  );
}

async function asAdministrator(
  connection: Connection,
  request: Alternation,
  setPassword: (role: string, password: string) => Promise<void>,
): Promise<void> {
  const { original, clone, pending } = request;
  // In a transaction, so that an interruption changes nothing.
  await connection.query("BEGIN");
  await connection.query("SELECT pg_advisory_xact_lock(hashtextextended($1, 0))", [`users of ${original}`]);
  const [server] = await connection.query(
    `SELECT current_setting('server_version_num')::int AS version, current_user AS admin,
            EXISTS (SELECT FROM pg_roles WHERE rolname = $1) AS original,
            EXISTS (SELECT FROM pg_roles WHERE rolname = $2) AS clone`,
    [original, clone],
  );
  const version = Number(server!["version"]);
  const adminName = textOf(server, "admin");
  if (!server!["original"])
    throw rotatorError(
      "final",
      "user-not-found",
      `the database has no user ${JSON.stringify(original)}, which the secret names; create it or correct the secret`,
    );
  const attempt = (rights: Rights, action: () => Promise<void>): Promise<void> =>
    orNameTheRight(connection, { version, adminName, ...rights }, action);

  const share = await formatted(
    connection,
    version >= postgres16 ? "GRANT %I TO %I WITH INHERIT TRUE, SET TRUE" : "GRANT %I TO %I",
    [original, clone],
  );
  if (!server!["clone"])
    await attempt({ creates: clone }, () => serverFormatted(connection, "CREATE ROLE %I LOGIN", [clone]));
  else if (!(await isGranted(connection, original, clone)))
    throw rotatorError(
      "final",
      "not-a-pair",
      `${clone} exists and is no member of ${original}, so it may belong to another application. If both are users of ` +
        `this secret, run: ${share}; otherwise rename one of them`,
    );
  if (!(await isMember(connection, version, clone, original)))
    await attempt({ reaches: original }, async () => void (await connection.query(share)));
  await attempt({ reaches: pending.username }, () => setPassword(pending.username, pending.password));
  await copyLimits(connection, attempt, original, clone);
  await refuseUnusable(connection, original, pending.username);
  await copySettings(connection, attempt, original, clone);
  await connection.query("COMMIT");
}

/** Whether the rotator, or AWS's own function, made the clone for the original: it is a direct member. */
async function isGranted(connection: Connection, original: string, clone: string): Promise<boolean> {
  const rows = await connection.query(
    `SELECT FROM pg_auth_members JOIN pg_roles o ON o.oid = roleid JOIN pg_roles c ON c.oid = member
      WHERE o.rolname = $1 AND c.rolname = $2`,
    [original, clone],
  );
  return rows.length > 0;
}

async function isMember(
  connection: Connection,
  version: number,
  clone: string,
  original: string,
): Promise<boolean> {
  // USAGE inherits the rights; MEMBER (before 16) and SET allow SET ROLE.
  const become = version >= postgres16 ? "SET" : "MEMBER";
  const [row] = await connection.query(
    "SELECT pg_has_role($1::name, $2::name, 'USAGE') AND pg_has_role($1::name, $2::name, $3) AS member",
    [clone, original, become],
  );
  return row!["member"] === true;
}

/** Refuses a rotation to a role that cannot log in, or that would take its expiry over to the one in use. */
async function refuseUnusable(connection: Connection, original: string, user: string): Promise<void> {
  const [row] = await connection.query(
    `SELECT bool_or(NOT rolcanlogin AND rolname = $2) AS barred,
            bool_or(rolvaliduntil <= now()) AS expired FROM pg_roles WHERE rolname IN ($1, $2)`,
    [original, user],
  );
  if (row!["barred"]) throw namedFailure("postgresNoLogin", `the user ${user}`);
  if (row!["expired"]) throw namedFailure("postgresExpired", `the user ${user}`);
}

type Attempt = (rights: Rights, action: () => Promise<void>) => Promise<void>;

/** Copies connection limit and expiry, which belong to the role that logs in. */
async function copyLimits(
  connection: Connection,
  attempt: Attempt,
  original: string,
  clone: string,
): Promise<void> {
  const [row] = await connection.query(
    `SELECT o.rolconnlimit::text AS connections, coalesce(o.rolvaliduntil, 'infinity')::text AS until,
            o.rolconnlimit = c.rolconnlimit AND
            coalesce(o.rolvaliduntil, 'infinity') = coalesce(c.rolvaliduntil, 'infinity') AS same
       FROM pg_roles o, pg_roles c WHERE o.rolname = $1 AND c.rolname = $2`,
    [original, clone],
  );
  if (row!["same"]) return;
  const format = `ALTER ROLE %I CONNECTION LIMIT ${Number(row!["connections"])} VALID UNTIL %L`;
  await attempt({ reaches: clone }, () => serverFormatted(connection, format, [clone, textOf(row, "until")]));
}

/** Copies `ALTER ROLE original SET ...` (search_path, timeouts), which applies to the role that logs in. */
async function copySettings(
  connection: Connection,
  attempt: Attempt,
  original: string,
  clone: string,
): Promise<void> {
  const rows = await connection.query(
    `WITH setting AS (
       SELECT r.rolname, coalesce(d.datname, '') AS database, split_part(entry, '=', 1) AS name,
              substr(entry, strpos(entry, '=') + 1) AS value
         FROM pg_db_role_setting s JOIN pg_roles r ON r.oid = s.setrole
         LEFT JOIN pg_database d ON d.oid = s.setdatabase, unnest(s.setconfig) AS entry
        WHERE r.rolname IN ($1, $2))
     SELECT coalesce(o.database, c.database) AS database, coalesce(o.name, c.name) AS name, o.value
       FROM (SELECT * FROM setting WHERE rolname = $1) o
       FULL JOIN (SELECT * FROM setting WHERE rolname = $2) c ON c.database = o.database AND c.name = o.name
      WHERE o.value IS DISTINCT FROM c.value AND lower(coalesce(o.name, c.name)) <> 'role'
      ORDER BY 1, 2`,
    [original, clone],
  );
  for (const row of rows) {
    const [database, name, value] = [textOf(row, "database"), textOf(row, "name"), textOf(row, "value")];
    const target = await formatted(
      connection,
      database === "" ? "ALTER ROLE %I" : "ALTER ROLE %I IN DATABASE %I",
      database === "" ? [clone] : [clone, database],
    );
    const setting = await formatted(connection, "%I", [name]);
    if (row["value"] === null) {
      const reset = `${target} RESET ${setting}`;
      await attempt({ statement: reset }, async () => void (await connection.query(reset)));
      continue;
    }
    const values = listSettings.has(name.toLowerCase()) ? listOf(value) : [value];
    const quoted = await formatted(connection, values.map(() => "%L").join(", "), values);
    const statement = `${target} SET ${setting} TO ${quoted}`;
    await attempt({ statement }, async () => void (await connection.query(statement)));
  }
}

/** Settings whose value is a list of quoted names: written as one text, it would be one name. */
const listSettings: ReadonlySet<string> = new Set([
  ...["search_path", "temp_tablespaces", "local_preload_libraries", "session_preload_libraries"],
]);

/** The names in a list as the server keeps it: `"$user", "odd, name", public`. */
function listOf(value: string): string[] {
  return [...value.matchAll(/"((?:[^"]|"")*)"|([^\s,"]+)/g)].map(
    ([, quoted, plain = ""]) => quoted?.replaceAll('""', '"') ?? plain,
  );
}

/**
 * As the clone: makes it become at login what the original becomes, and gives that role the objects that the clone owns.
 * In one transaction: a login in between would have the objects of neither. A clone in use that has more rights stays what
 * it is until it is the pending user: it would lose them at once.
 */
async function asClone(
  connection: Connection,
  original: string,
  clone: string,
  inUse: boolean,
): Promise<void> {
  await connection.query("SET ROLE NONE");
  const owner = (await roleAtLogin(connection, original)) ?? original;
  const [state] = await connection.query(
    `SELECT count(*)::int AS owned FROM pg_shdepend JOIN pg_database d ON d.oid = dbid
      WHERE refclassid = 'pg_authid'::regclass AND refobjid = (SELECT oid FROM pg_roles WHERE rolname = $1)
        AND deptype = 'o' AND d.datname = current_database()`,
    [clone],
  );
  const found = await roleAtLogin(connection, clone);
  const stays =
    found === owner || (inUse && found === undefined && (await hasMoreRights(connection, clone, owner)));
  if (stays && state!["owned"] === 0) return;
  await connection.query("BEGIN");
  await connection.query(`SET LOCAL lock_timeout = ${tableLockTimeoutMs}`);
  if (state!["owned"] !== 0)
    await orNameTheGrant(connection, clone, owner, () =>
      serverFormatted(connection, "REASSIGN OWNED BY %I TO %I", [clone, owner]),
    );
  if (!stays) await serverFormatted(connection, "ALTER ROLE %I SET role TO %I", [clone, owner]);
  await connection.query("COMMIT");
}

/**
 * Whether a user may do something that another role may not: by an attribute, a membership, a row policy, or a right on
 * an object of this database. Rights of the first that the second has in another way (of a whole table, for its columns)
 * count too.
 */
async function hasMoreRights(connection: Connection, user: string, than: string): Promise<boolean> {
  const [row] = await connection.query(
    `WITH a AS (SELECT * FROM pg_roles WHERE rolname = $1), b AS (SELECT * FROM pg_roles WHERE rolname = $2),
     object AS (
       SELECT relacl AS acl, relowner AS owner FROM pg_class
       UNION ALL SELECT attacl, relowner FROM pg_attribute JOIN pg_class c ON c.oid = attrelid
       UNION ALL SELECT nspacl, nspowner FROM pg_namespace
       UNION ALL SELECT proacl, proowner FROM pg_proc
       UNION ALL SELECT typacl, typowner FROM pg_type
       UNION ALL SELECT lanacl, lanowner FROM pg_language
       UNION ALL SELECT lomacl, lomowner FROM pg_largeobject_metadata
       UNION ALL SELECT fdwacl, fdwowner FROM pg_foreign_data_wrapper
       UNION ALL SELECT srvacl, srvowner FROM pg_foreign_server
       UNION ALL SELECT datacl, datdba FROM pg_database WHERE datname = current_database())
     SELECT EXISTS (
         SELECT FROM a, b WHERE a.rolcreatedb > b.rolcreatedb OR a.rolcreaterole > b.rolcreaterole
             OR a.rolbypassrls > b.rolbypassrls OR a.rolreplication > b.rolreplication)
       OR EXISTS (
         SELECT FROM pg_roles r, a, b WHERE r.oid <> a.oid
            AND pg_has_role(a.oid, r.oid, 'USAGE') AND NOT pg_has_role(b.oid, r.oid, 'USAGE'))
       OR EXISTS (SELECT FROM pg_policy, a WHERE a.oid = ANY (polroles))
       OR EXISTS (
         SELECT FROM a, b, object, aclexplode(acl) given
          WHERE given.grantee = a.oid AND owner <> a.oid AND NOT pg_has_role(b.oid, owner, 'USAGE')
            AND NOT EXISTS (
              SELECT FROM aclexplode(acl) other WHERE other.privilege_type = given.privilege_type
                 AND (other.grantee = 0 OR pg_has_role(b.oid, other.grantee, 'USAGE')))) AS more`,
    [user, than],
  );
  return row!["more"] === true;
}

/** The role that a user becomes when it logs in to this database (`ALTER ROLE ... SET role`); undefined: its own. */
async function roleAtLogin(connection: Connection, user: string): Promise<string | undefined> {
  const [row] = await connection.query(
    `SELECT substr(entry, strpos(entry, '=') + 1) AS role
       FROM pg_db_role_setting s JOIN pg_roles r ON r.oid = s.setrole
       LEFT JOIN pg_database d ON d.oid = s.setdatabase, unnest(s.setconfig) AS entry
      WHERE r.rolname = $1 AND split_part(entry, '=', 1) = 'role' AND coalesce(d.datname = current_database(), true)
      ORDER BY s.setdatabase DESC LIMIT 1`,
    [user],
  );
  const role = textOf(row, "role");
  return role === "" || role === "none" ? undefined : role;
}

/** What a statement of the administrator requires: creating a role, altering one, or more. */
interface Rights {
  readonly creates?: string;
  readonly reaches?: string;
  /** The statement itself, to be run by a user with more rights. */
  readonly statement?: string;
}

/** If a right is missing, names the statement that grants it. */
async function orNameTheRight(
  connection: Connection,
  rights: Rights & { readonly version: number; readonly adminName: string },
  action: () => Promise<void>,
): Promise<void> {
  await connection.query("SAVEPOINT attempt");
  try {
    await action();
    await connection.query("RELEASE SAVEPOINT attempt");
  } catch (error) {
    if ((error as { code?: string }).code !== "42501") throw error;
    await connection.query("ROLLBACK TO SAVEPOINT attempt");
    const { adminName, version, creates, reaches, statement } = rights;
    const role = reaches ?? creates ?? "";
    const [has] = await connection.query(
      `SELECT bool_or(rolcreaterole AND rolname = current_user) AS creates,
              bool_or(rolsuper AND rolname = $1) AS super FROM pg_roles`,
      [role],
    );
    const [format, values] = !has!["creates"]
      ? ["ALTER ROLE %I CREATEROLE", [adminName]]
      : has!["super"]
        ? ["ALTER ROLE %I NOSUPERUSER", [role]]
        : version >= postgres16 && reaches !== undefined
          ? ["GRANT %I TO %I WITH ADMIN OPTION", [reaches, adminName]]
          : ["ALTER ROLE %I NOREPLICATION NOBYPASSRLS", [role]];
    const gives = statement ?? (await formatted(connection, format, values));
    throw missingRight(`the administrator ${adminName}`, gives, error);
  }
}

/**
 * If the clone's objects cannot be given to another role, names the right that is missing: whoever gives a schema away
 * needs CREATE on the database, and the new owner of a function or a type needs it on the schema.
 */
async function orNameTheGrant(
  connection: Connection,
  clone: string,
  owner: string,
  action: () => Promise<void>,
): Promise<void> {
  try {
    await action();
  } catch (error) {
    if ((error as { code?: string }).code !== "42501") throw error;
    await connection.query("ROLLBACK");
    const text = error instanceof Error ? error.message : String(error);
    const [, kind = "", name = ""] = /permission denied for (schema|database) (.*)$/.exec(text) ?? [];
    const lacking = kind === "database" ? clone : owner;
    const statement =
      kind === ""
        ? await formatted(connection, "REASSIGN OWNED BY %I TO %I", [clone, owner])
        : await formatted(connection, `GRANT CREATE ON ${kind.toUpperCase()} %I TO %I`, [name, lacking]);
    throw missingRight(`the user ${lacking}`, statement, error);
  }
}

function missingRight(who: string, statement: string, cause: unknown): Error {
  const text = cause instanceof Error ? cause.message : String(cause);
  return rotatorError(
    "final",
    "missing-right",
    `${who} lacks a right (${text}). Run as a user who has it: ${statement};`,
    new Error(text),
  );
}
