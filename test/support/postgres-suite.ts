import assert from "node:assert/strict";
import { Client, escapeIdentifier } from "pg";
import type { Login } from "../../rotator/engines/types";
import type { RotatorSettings } from "../../rotator/settings";
import {
  loginOf,
  newScenario,
  startServer,
  type ServerName,
  type TestDatabase,
} from "../../simulation/rotations/databases";
import type { CutOff } from "../../simulation/rotations/kill-points";
import type { RotationScenario } from "../../simulation/rotations/scenario";
import { behavesAsARotation, survivesCutOffs } from "./rotation-suite";

/** What a secret holds of a login. */
function loginValue({ username, password }: Login): { username: string; password: string } {
  return { username, password };
}

/** All that holds for rotations on PostgreSQL, with an administrator who is no superuser. */
export function rotatesOnPostgres(server: Exclude<ServerName, "mariadb">, cuts: readonly CutOff[]): void {
  let database: TestDatabase;
  let tables = 0;

  before(async () => {
    database = await startServer(server, { log_statement: "all", log_connections: "on" });
  });
  after(() => database.stop());

  const scenario = (settings?: RotatorSettings, admin?: Login): Promise<RotationScenario> =>
    newScenario(database, settings, admin);
  const current = (run: RotationScenario): Login => loginOf(database, run);

  behavesAsARotation(() => database);
  survivesCutOffs(() => database, cuts);

  it("gives the server a verifier", async () => {
    await (await scenario()).rotate();

    assert.match(await database.handle.serverLog(), /ALTER ROLE .* PASSWORD 'SCRAM-SHA-256\$4096:/);
  });

  it("shares what either user makes, and rights given to the original later", async () => {
    const run = await scenario();
    const table = `t${++tables}`;
    await database.query(current(run), `CREATE TABLE ${table}_before (a int)`);
    await run.rotate();
    const clone = current(run);
    await database.query(clone, `CREATE TABLE ${table}_clone (a int)`);
    await database.query(clone, `ALTER TABLE ${table}_before ADD COLUMN b int`);
    await database.asMaster(`CREATE TABLE ${table}_later (a int)`);
    await run.rotate();
    const original = current(run);
    await database.asMaster(`GRANT SELECT ON ${table}_later TO ${escapeIdentifier(original.username)}`);

    await database.query(
      original,
      `ALTER TABLE ${table}_clone ADD b int; INSERT INTO ${table}_clone VALUES (1, 2)`,
    );
    await database.query(clone, `DROP TABLE ${table}_before; SELECT * FROM ${table}_later`);
    const owners = await database.query(
      original,
      `SELECT tableowner FROM pg_tables WHERE tablename = '${table}_clone'`,
    );

    assert.deepEqual(owners, [{ tableowner: original.username }]);
  });

  it("hands over what the clone made without becoming the original (SET ROLE NONE, or DISCARD ALL of a pooler)", async () => {
    const run = await scenario();
    await run.rotate();
    const clone = current(run);
    await database.asMaster(`GRANT CREATE ON SCHEMA public TO ${escapeIdentifier(clone.username)}`);
    const table = `stray${++tables}`;
    const pooled = new Client({ ...clone, user: clone.username });
    await pooled.connect();
    await pooled.query("DISCARD ALL");
    await pooled.query("SET ROLE NONE");
    await pooled.query(`CREATE TABLE ${table} (a int)`);
    await pooled.end();

    await run.rotate();

    const [row] = await database.query(
      current(run),
      `SELECT tableowner FROM pg_tables WHERE tablename = '${table}'`,
    );
    assert.equal(row!["tableowner"], current(run).username);
  });

  it("gives the clone the original's settings and limits, and takes back what the original no longer has", async () => {
    const run = await scenario();
    const role = escapeIdentifier(current(run).username);
    await database.asMaster(`ALTER ROLE ${role} SET search_path TO "$user", "odd, name", public`);
    await database.asMaster(`ALTER ROLE ${role} IN DATABASE shop SET statement_timeout TO '12s'`);
    await database.asMaster(`ALTER ROLE ${role} CONNECTION LIMIT 7 VALID UNTIL '2099-01-01'`);
    await run.rotate();
    const clone = current(run);
    const settings = `SELECT current_setting('search_path') AS path, current_setting('statement_timeout') AS timeout,
                             rolconnlimit, rolvaliduntil FROM pg_roles WHERE rolname = session_user`;

    const [given] = await database.query(clone, settings);
    await database.asMaster(`ALTER ROLE ${role} RESET search_path`);
    await run.rotate();
    const [taken] = await database.query(clone, settings);

    const limits = { timeout: "12s", rolconnlimit: 7, rolvaliduntil: new Date("2099-01-01T00:00:00Z") };
    assert.deepEqual(given, { path: '"$user", "odd, name", public', ...limits });
    assert.deepEqual(taken, { path: '"$user", public', ...limits });
  });

  it("gives the clone an empty search_path, as the server keeps it either way", async () => {
    for (const empty of ["SET search_path TO ''", "SET search_path FROM CURRENT"]) {
      const run = await scenario();
      const role = escapeIdentifier(current(run).username);
      await database.asMaster(`SET search_path = ''`);
      await database.asMaster(`ALTER ROLE ${role} ${empty}`);
      await database.asMaster("RESET search_path");

      await run.rotate();

      const [row] = await database.query(current(run), "SELECT current_setting('search_path') AS path");
      assert.match(String(row!["path"]), /^(?:"")?$/);
    }
  });

  it("names the statement that gives a missing right, and leaves the current credential alone", async () => {
    await database.asMaster("CREATE ROLE weak LOGIN PASSWORD 'of-the-weak'");
    const run = await scenario({}, database.login("weak", "of-the-weak"));
    const { username } = current(run);
    const failure = (): Promise<unknown> => run.rotate().catch((error: unknown) => error);

    // Before version 16 CREATEROLE reaches every role.
    const statements = [
      "ALTER ROLE weak CREATEROLE;",
      ...(server === "postgres-15" ? [] : [`GRANT ${escapeIdentifier(username)} TO weak WITH ADMIN OPTION;`]),
    ];
    for (const gives of statements) {
      const refused = await failure();
      assert.ok(String(refused).includes(gives), String(refused));
      await database.query(current(run), "SELECT 1");
      assert.deepEqual(await database.users(username), [username]);
      await database.asMaster(gives);
    }

    await run.rotate();
    assert.equal(current(run).username, `${username}_clone`);
  });

  it("says which user is missing", async () => {
    const run = await scenario();
    const { username } = current(run);
    await run.rotate();
    await database.asMaster(`ALTER ROLE ${escapeIdentifier(username)} RENAME TO renamed`);

    await assert.rejects(run.rotate(), {
      code: "user-not-found",
      message: /the database has no user "a\\"p p'\d+x", which the secret names/,
    });
  });

  it("changes no user that is not the other one of the pair", async () => {
    const run = await scenario();
    const { username, password } = current(run);
    await database.createUser(`${username}_clone`, "of-another-application");
    const other = database.login(`${username}_clone`, "of-another-application");

    await assert.rejects(run.rotate(), { code: "not-a-pair", message: /is no member of .*run: GRANT/ });
    run.aws.clearPending(run.secret);
    run.aws.put(run.secret, { ...run.aws.value(run.secret), ...loginValue(other) });
    await assert.rejects(run.rotate(), { code: "not-a-pair" });

    await database.query(other, "SELECT 1");
    await database.query(database.login(username, password), "SELECT 1");
  });

  it("calls no function that the application made, whatever search_path the application chose", async () => {
    for (const strategy of ["alternating-users", "single-user"] as const) {
      const run = await scenario({ strategy });
      const user = current(run);
      const schema = `traps_${strategy.slice(0, 1)}`;
      const role = escapeIdentifier(user.username);
      await database.asMaster(`CREATE SCHEMA ${schema}`);
      await database.asMaster(`GRANT ALL ON SCHEMA ${schema} TO ${role} WITH GRANT OPTION`);
      await database.query(user, `CREATE TABLE ${schema}.calls (who text)`);
      await database.query(user, `GRANT INSERT ON ${schema}.calls TO PUBLIC`);
      const trap = (name: string, returns: string): string =>
        `CREATE FUNCTION ${schema}.${name} RETURNS ${returns} LANGUAGE plpgsql AS $$
           BEGIN INSERT INTO ${schema}.calls VALUES (current_user); RETURN NULL; END $$`;
      await database.query(user, trap("hashtextextended(text, integer)", "bigint"));
      await database.query(user, trap("pg_advisory_lock(numeric)", "int"));
      await database.query(user, trap("format(text, text[])", "text"));
      await database.query(user, `GRANT USAGE ON SCHEMA ${schema} TO PUBLIC`);
      await database.asMaster(`ALTER ROLE ${role} SET search_path TO ${schema}, public`);
      await database.asMaster(`ALTER DATABASE shop SET search_path TO ${schema}, public`);
      try {
        await run.rotate();
        await run.rotate();
      } finally {
        await database.asMaster("ALTER DATABASE shop RESET search_path");
      }

      const calls = await database.query(current(run), `SELECT * FROM ${schema}.calls`);
      assert.deepEqual(calls, []);
    }
  });

  /** The state in which AWS's own function leaves a database: the clone is in use and owns what it made. */
  async function cloneOwns(): Promise<{ run: RotationScenario; clone: Login; table: string }> {
    const run = await scenario();
    const original = current(run);
    const clone = database.login(`${original.username}_clone`, "of-the-clone");
    const table = `owned${++tables}`;
    await database.createUser(clone.username, clone.password);
    await database.asMaster(
      `GRANT ${escapeIdentifier(original.username)} TO ${escapeIdentifier(clone.username)}`,
    );
    await database.query(clone, `CREATE TABLE ${table} (a int)`);
    run.aws.put(run.secret, { ...run.aws.value(run.secret), ...loginValue(clone) });
    return { run, clone, table };
  }

  const ownerOf = async (table: string): Promise<unknown> => {
    const [row] = await database.asMaster(`SELECT tableowner FROM pg_tables WHERE tablename = '${table}'`);
    return row!["tableowner"];
  };

  it("leaves the clone in use its tables while a transaction holds one, and gives them to the original later", async () => {
    const { run, clone, table } = await cloneOwns();
    const holder = new Client({ ...clone, user: clone.username });
    await holder.connect();
    await holder.query("BEGIN");
    await holder.query(`INSERT INTO ${table} VALUES (1)`);

    await assert.rejects(run.rotate(), { kind: "retryable", code: "busy" });

    await database.query(clone, `SELECT * FROM ${table}`);
    assert.equal(await ownerOf(table), clone.username);
    await holder.query("COMMIT");
    await holder.end();
    await run.rotate();
    await database.query(current(run), `SELECT * FROM ${table}`);
    await database.query(clone, `SELECT * FROM ${table}`);
    assert.equal(await ownerOf(table), current(run).username);
  });

  it("names the right that is missing to give the clone's objects away, and leaves the clone its objects", async () => {
    const { run, clone, table } = await cloneOwns();
    const user = escapeIdentifier(clone.username);
    const original = escapeIdentifier(clone.username.replace(/_clone$/, ""));
    const schema = `of_clone_${++tables}`;
    await database.asMaster(`GRANT CREATE ON DATABASE shop TO ${user}`);
    await database.query(clone, `CREATE SCHEMA ${schema}`);
    await database.query(clone, `CREATE FUNCTION seven_${tables}() RETURNS int LANGUAGE sql RETURN 7`);
    await database.asMaster(`REVOKE CREATE ON DATABASE shop FROM ${user}`);
    await database.asMaster(`REVOKE CREATE ON SCHEMA public FROM ${original}`);

    const named: string[] = [];
    for (let missing = 0; missing < 2; missing++) {
      const error: unknown = await run.rotate().catch((thrown: unknown) => thrown);
      assert.equal((error as { code?: string }).code, "missing-right", String(error));
      await database.query(clone, `SELECT * FROM ${table}, seven_${tables}()`);
      assert.equal(await ownerOf(table), clone.username);
      const [gives = ""] = /GRANT CREATE .*;/.exec(String(error)) ?? [];
      named.push(gives);
      await database.asMaster(gives);
    }
    // The server gives objects away in an order of its own.
    assert.deepEqual(named.sort(), [
      `GRANT CREATE ON DATABASE shop TO ${user};`,
      `GRANT CREATE ON SCHEMA public TO ${original};`,
    ]);

    await run.rotate();
    assert.equal(await ownerOf(table), current(run).username);
  });

  it("lets the clone in use keep a right that the original lacks, until it is in use no more", async () => {
    const becomes = async (clone: Login): Promise<unknown> => {
      const [row] = await database.query(clone, "SELECT current_user AS role");
      return row!["role"];
    };
    for (const [more, give] of [
      [true, "ALTER ROLE %c CREATEDB"],
      [true, "CREATE ROLE %n; GRANT %n TO %c"],
      [true, "CREATE TABLE %n (a int, b int); GRANT SELECT (b) ON %n TO %c"],
      [true, "CREATE SCHEMA %n; GRANT USAGE ON SCHEMA %n TO %c"],
      [true, "CREATE TABLE %n (a int); CREATE POLICY p ON %n TO %c USING (true)"],
      [
        true,
        "CREATE PROCEDURE %n() LANGUAGE sql AS ''; GRANT EXECUTE ON PROCEDURE %n TO %c; REVOKE EXECUTE ON PROCEDURE %n FROM PUBLIC",
      ],
      [false, "CREATE TABLE %n (a int); GRANT SELECT ON %n TO %c, %o"],
      [false, "CREATE TABLE %n (a int); GRANT SELECT ON %n TO %c, PUBLIC"],
      [false, "CREATE ROLE %n; GRANT %n TO %c, %o"],
    ] as const) {
      const { run, clone } = await cloneOwns();
      const original = clone.username.replace(/_clone$/, "");
      const names = { c: clone.username, o: original, n: `more${++tables}` };
      for (const statement of give.split("; "))
        await database.asMaster(
          statement.replace(/%([con])/g, (_, key: keyof typeof names) => escapeIdentifier(names[key])),
        );

      await run.rotate();
      assert.equal(await becomes(clone), more ? clone.username : original, give);
      await run.rotate();

      assert.equal(await becomes(current(run)), original, give);
    }
  });

  it("lets the clone become at login what the original becomes", async () => {
    const run = await scenario();
    const original = current(run);
    const owner = `owner${++tables}`;
    await database.asMaster(`CREATE ROLE ${owner}`);
    await database.asMaster(`GRANT CREATE ON SCHEMA public TO ${owner}`);
    await database.asMaster(`GRANT ${owner} TO ${escapeIdentifier(original.username)}`);
    await database.asMaster(`ALTER ROLE ${escapeIdentifier(original.username)} SET role TO ${owner}`);
    await database.query(original, `CREATE TABLE ${owner}_first (a int)`);

    await run.rotate();
    const clone = current(run);
    await database.query(clone, `CREATE TABLE ${owner}_second (a int); SELECT * FROM ${owner}_first`);
    await run.rotate();

    await database.query(current(run), `SELECT * FROM ${owner}_first; DROP TABLE ${owner}_second`);
    assert.deepEqual(
      [await ownerOf(`${owner}_first`), clone.username],
      [owner, `${original.username}_clone`],
    );
  });

  it("changes the password of a single user that becomes another role at login", async () => {
    const run = await scenario({ strategy: "single-user", adminSecret: undefined });
    const { username } = current(run);
    const owner = `owner${++tables}`;
    await database.asMaster(`CREATE ROLE ${owner}`);
    await database.asMaster(`GRANT ${owner} TO ${escapeIdentifier(username)}`);
    await database.asMaster(`ALTER ROLE ${escapeIdentifier(username)} SET role TO ${owner}`);

    await run.rotate();

    await database.query(current(run), "SELECT 1");
  });
}
