import assert from "node:assert/strict";
import { Client, escapeIdentifier } from "pg";
import type { Login } from "../../rotator/engines/types";
import type { RotatorSettings } from "../../rotator/settings";
import { loginOf, newScenario, startPostgres, type TestDatabase } from "../../simulation/rotations/databases";
import { cutOffs } from "../../simulation/rotations/kill-points";
import type { RotationScenario } from "../../simulation/rotations/scenario";
import { behavesAsARotation, survivesCutOffs } from "../support/rotation-suite";

describe("the rotator on a real PostgreSQL, with an administrator who is no superuser", () => {
  let database: TestDatabase;
  let tables = 0;

  before(async () => {
    database = await startPostgres({ log_statement: "all", log_connections: "all" });
  });
  after(() => database.stop());

  const scenario = (settings?: RotatorSettings, admin?: Login): Promise<RotationScenario> =>
    newScenario(database, settings, admin);
  const current = (run: RotationScenario): Login => loginOf(database, run);

  behavesAsARotation(() => database);
  // The rest of them, and MariaDB's: npm run test:databases.
  survivesCutOffs(
    () => database,
    [...cutOffs("alternating-users"), ...cutOffs("single-user")].filter(({ store }) => store === "secret"),
  );

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

  it("names the statement that gives a missing right, and leaves the current credential alone", async () => {
    await database.asMaster("CREATE ROLE weak LOGIN PASSWORD 'of-the-weak'");
    const run = await scenario({}, database.login("weak", "of-the-weak"));
    const { username } = current(run);
    const failure = (): Promise<unknown> => run.rotate().catch((error: unknown) => error);

    const withoutCreateRole = await failure();
    await database.asMaster("ALTER ROLE weak CREATEROLE");
    const withoutAdminOption = await failure();

    assert.match(String(withoutCreateRole), /ALTER ROLE weak CREATEROLE;/);
    const gives = `GRANT ${escapeIdentifier(username)} TO weak WITH ADMIN OPTION;`;
    assert.ok(String(withoutAdminOption).includes(gives), String(withoutAdminOption));
    await database.query(current(run), "SELECT 1");
    assert.deepEqual(await database.users(username), [username]);

    await database.asMaster(gives);
    await run.rotate();
    assert.equal(current(run).username, `${username}_clone`);
  });

  it("says which user is missing", async () => {
    const run = await scenario();
    const version = run.aws.secrets.get(run.secret)!.versions.get("version-0")!;
    version.value = JSON.stringify({ ...run.aws.value(run.secret), username: "nobody here" });

    await assert.rejects(run.rotate(), { code: "user-not-found", message: /no user "nobody here"/ });
    assert.deepEqual(await database.users("nobody here"), []);
  });
});
