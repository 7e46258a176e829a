import { rotatorError } from "../errors";

/** A privilege in the pseudo list of an object: what `WITH GRANT OPTION` gives. */
const grantOption = "GRANT OPTION";

/** A user's grants, as the server writes and quotes them. */
export interface Grants {
  /** By object (`` `shop`.* ``, `` PROCEDURE `shop`.`pay` ``): privileges, one column each. */
  readonly objects: ReadonlyMap<string, ReadonlySet<string>>;
  /** MySQL's partial revokes, by object. */
  readonly restrictions: ReadonlyMap<string, ReadonlySet<string>>;
  /** Roles, and whether the user may grant them. */
  readonly roles: ReadonlyMap<string, boolean>;
}

/**
 * Reads the answer of `SHOW GRANTS FOR user`. Drops the grantee's part of a line, where MariaDB
 * shows the hash of the password.
 */
export function parseGrants(lines: readonly string[]): Grants {
  const objects = new Map<string, Set<string>>();
  const restrictions = new Map<string, Set<string>>();
  const roles = new Map<string, boolean>();
  for (const line of lines) {
    const verb = /^(GRANT|REVOKE|SET DEFAULT ROLE) /.exec(line)?.[1];
    if (verb === "SET DEFAULT ROLE") continue; // read from mysql.user, where it is not mixed with names
    const grantee = find(line, verb === "REVOKE" ? " FROM " : " TO ");
    if (!verb || grantee < 0)
      throw rotatorError(
        "final",
        "database-error",
        `SHOW GRANTS: expected lines of GRANT or REVOKE, found one that begins with ${JSON.stringify(line.slice(0, 12))}`,
      );
    const head = line.slice(verb.length + 1, grantee);
    const options = line.slice(grantee);
    const on = find(head, " ON ");
    if (on < 0) {
      for (const role of split(head)) roles.set(role, / WITH ADMIN OPTION$/.test(options));
      continue;
    }
    const object = head.slice(on + " ON ".length);
    const target = verb === "REVOKE" ? restrictions : objects;
    const privileges = target.get(object) ?? new Set<string>();
    for (const privilege of split(head.slice(0, on)).flatMap(perColumn))
      if (privilege !== "USAGE") privileges.add(privilege);
    if (/ WITH (.* )?GRANT OPTION( |$)/.test(withoutQuotes(options))) privileges.add(grantOption);
    if (privileges.size > 0) target.set(object, privileges);
  }
  return { objects, restrictions, roles };
}

/** A statement, and the one to run if the administrator lacks the right for it. */
export interface GrantStatement {
  readonly statement: string;
  /** Grants the administrator the right that it must grant. */
  readonly forAdmin: (admin: string) => string;
}

/**
 * The statements that give `clone` the grants of `original`. Grants on a routine are copied both ways, because the
 * server grants them to the user who creates the routine.
 * @param original,clone quoted account names
 * @param cloneInUse true while AWSCURRENT names the clone: then nothing is taken from it. The next rotation does it,
 * when the clone is the pending user
 */
export function grantsToCopy(
  originalGrants: Grants,
  cloneGrants: Grants,
  original: string,
  clone: string,
  cloneInUse: boolean,
): GrantStatement[] {
  const statements: GrantStatement[] = [];
  const objects = new Set([...originalGrants.objects.keys(), ...cloneGrants.objects.keys()]);
  for (const object of objects) {
    const wanted = originalGrants.objects.get(object) ?? new Set<string>();
    const found = cloneGrants.objects.get(object) ?? new Set<string>();
    const missing = without(wanted, found);
    const extra = without(found, wanted);
    const routine = /^(PROCEDURE|FUNCTION|PACKAGE) /.test(object);
    if (!routine && !cloneInUse && extra.includes("ALL PRIVILEGES")) {
      // ALL PRIVILEGES cannot be reduced by name: revokes everything and grants the rest again.
      statements.push(revoke(["ALL PRIVILEGES"], object, clone), grant([...wanted], object, clone));
      continue;
    }
    if (missing.length > 0) statements.push(grant(missing, object, clone));
    if (extra.length === 0 || missing.includes("ALL PRIVILEGES")) continue;
    if (routine) statements.push(grant(extra, object, original));
    else if (!cloneInUse) statements.push(revoke(extra, object, clone));
  }
  for (const [role, admin] of originalGrants.roles)
    if (cloneGrants.roles.get(role) !== admin) statements.push(grantRole(role, admin, clone));
  for (const role of cloneGrants.roles.keys())
    if (!cloneInUse && !originalGrants.roles.has(role))
      statements.push(plain(`REVOKE ${role} FROM ${clone}`));
  for (const [object, privileges] of originalGrants.restrictions) {
    const missing = without(privileges, cloneGrants.restrictions.get(object) ?? new Set());
    if (missing.length > 0 && !cloneInUse) statements.push(revoke(missing, object, clone));
  }
  return statements.filter(({ statement }) => statement !== "");
}

/** Rights on an object, or a role (without an object). */
export interface Right {
  readonly privileges: readonly string[];
  readonly object?: string;
  /** Whether a role may be granted to others. */
  readonly passOn?: boolean;
}

/** The rights in `theirs` that none of `ours` includes. */
export function rightsBeyond(theirs: Grants, ours: readonly Grants[]): Right[] {
  const beyond: Right[] = [];
  for (const [object, privileges] of theirs.objects) {
    const known = new Set(ours.flatMap((grants) => [...(grants.objects.get(object) ?? [])]));
    const all = known.has("ALL PRIVILEGES");
    const more = without(privileges, known).filter((privilege) => !all || privilege === grantOption);
    if (more.length > 0) beyond.push({ privileges: more, object });
  }
  for (const [role, passOn] of theirs.roles)
    if (!ours.some((grants) => grants.roles.has(role) && (!passOn || grants.roles.get(role))))
      beyond.push({ privileges: [role], passOn });
  return beyond;
}

function grant(privileges: readonly string[], object: string, account: string): GrantStatement {
  const named = privileges.filter((privilege) => privilege !== grantOption);
  const passOn = privileges.includes(grantOption);
  const head = `GRANT ${named.join(", ") || "USAGE"} ON ${object} TO `;
  if (privileges.length === 0) return plain("");
  return {
    statement: head + account + (passOn ? " WITH GRANT OPTION" : ""),
    forAdmin: (admin) => `${head}${admin} WITH GRANT OPTION`,
  };
}

function revoke(privileges: readonly string[], object: string, account: string): GrantStatement {
  return {
    statement: `REVOKE ${privileges.join(", ")} ON ${object} FROM ${account}`,
    forAdmin: (admin) =>
      `GRANT ${privileges.filter((privilege) => privilege !== grantOption).join(", ") || "USAGE"} ON ${object} TO ${admin} WITH GRANT OPTION`,
  };
}

function grantRole(role: string, passOn: boolean, account: string): GrantStatement {
  return {
    statement: `GRANT ${role} TO ${account}${passOn ? " WITH ADMIN OPTION" : ""}`,
    forAdmin: (admin) => `GRANT ${role} TO ${admin} WITH ADMIN OPTION`,
  };
}

function plain(statement: string): GrantStatement {
  return { statement, forAdmin: () => statement };
}

function without(all: ReadonlySet<string>, some: ReadonlySet<string>): string[] {
  return [...all].filter((item) => !some.has(item));
}

/** `UPDATE (a, b)` as `UPDATE (a)` and `UPDATE (b)`, so that columns can be compared one by one. */
function perColumn(privilege: string): string[] {
  const open = privilege.indexOf("(");
  if (open < 0) return [privilege.trim()];
  const name = privilege.slice(0, open).trim();
  return split(privilege.slice(open + 1, privilege.lastIndexOf(")"))).map((column) => `${name} (${column})`);
}

/** Splits at commas outside of quotes and parentheses. */
function split(list: string): string[] {
  const parts: string[] = [];
  let start = 0;
  for (const { index, depth, quoted } of scan(list))
    if (!quoted && depth === 0 && list[index] === ",") {
      parts.push(list.slice(start, index));
      start = index + 1;
    }
  return [...parts, list.slice(start)].map((part) => part.trim());
}

/** Where `text` first stands outside of quotes and parentheses; -1 when nowhere. */
function find(line: string, text: string): number {
  for (const { index, depth, quoted } of scan(line))
    if (!quoted && depth === 0 && line.startsWith(text, index)) return index;
  return -1;
}

function withoutQuotes(line: string): string {
  let result = "";
  for (const { index, quoted } of scan(line)) if (!quoted) result += line[index];
  return result;
}

/** Each character with its context. A doubled quote closes and opens again, which has the same result. */
function* scan(line: string): Generator<{ index: number; depth: number; quoted: boolean }> {
  let quote: string | undefined;
  let depth = 0;
  for (let index = 0; index < line.length; index++) {
    const character = line[index]!;
    if (quote !== undefined) {
      yield { index, depth, quoted: true };
      if (character === "\\" && quote !== "`") yield { index: ++index, depth, quoted: true };
      else if (character === quote) quote = undefined;
    } else {
      yield { index, depth, quoted: "`'\"".includes(character) };
      if ("`'\"".includes(character)) quote = character;
      else if (character === "(") depth++;
      else if (character === ")") depth--;
    }
  }
}
