import assert from "node:assert/strict";
import { Client, escapeIdentifier, escapeLiteral, Pool } from "pg";
import { PostgresRuntime } from "../../local/runtime/postgres";
import type { DatabaseHandle } from "../../local/runtime/types";
import { connectPostgres, postgresEngine } from "../../rotator/engines/postgres";
import type { Login } from "../../rotator/engines/types";
import { scramVerifier } from "../../rotator/scram";
import type { RotatorSettings } from "../../rotator/settings";
import { eachOf, Killer, RotationScenario } from "../support/rotation";

const masterPassword = 'master\'s "secret" $1 \\';

describe("the rotator on a real PostgreSQL, with an administrator who is no superuser", () => {
  let database: DatabaseHandle;
  let master: Pool;
  let users = 0;

  before(async () => {
    database = await new PostgresRuntime({
      parameters: { log_statement: "all", log_connections: "all" },
    }).start({
      identifier: "rotator-spec",
      engine: "postgres",
      databaseName: "shop",
      masterUsername: "master",
      masterPassword,
    });
    const { username: user, ...rest } = login("master", masterPassword);
    master = new Pool({ ...rest, user, max: 1 });
  });
  after(async () => {
    await master.end();
    await database.stop();
  });

  function login(username: string, password: string): Login {
    return { host: database.host, port: database.port, database: "shop", username, password, tls: "disable" };
  }

  function client({ username: user, ...rest }: Login): Client {
    return new Client({ ...rest, user });
  }

  async function query(as: Login, text: string, values?: unknown[]): Promise<Record<string, unknown>[]> {
    const connection = client(as);
    await connection.connect();
    try {
      return (await connection.query(text, values)).rows as Record<string, unknown>[];
    } finally {
      await connection.end();
    }
  }

  /** A new user, known to nobody else, and a rotator for it. */
  async function scenario(
    settings: RotatorSettings = {},
    admin = login("master", masterPassword),
  ): Promise<RotationScenario> {
    const username = `a"p p'${++users}`;
    const password = `first '"$ \\ ${users}`;
    const verifier = escapeLiteral(scramVerifier(password));
    await master.query(`CREATE ROLE ${escapeIdentifier(username)} LOGIN PASSWORD ${verifier}`);
    await master.query(`GRANT CREATE ON SCHEMA public TO ${escapeIdentifier(username)}`);
    const value = {
      engine: "postgres",
      host: database.host,
      port: database.port,
      username,
      password,
      dbname: "shop",
      note: "kept",
    };
    return new RotationScenario(`shop/db-${users}`, value, admin, {
      settings,
      engine: postgresEngine,
      connect: connectPostgres,
    });
  }

  function current(run: RotationScenario, stage?: string): Login {
    const { username, password } = run.aws.value(run.secret, stage);
    return login(username!, password!);
  }

  async function usersLike(username: string): Promise<string[]> {
    const { rows } = await master.query<{ name: string }>(
      "SELECT rolname AS name FROM pg_roles WHERE rolname LIKE $1 ORDER BY 1",
      [`${username.replaceAll("\\", "\\\\")}%`],
    );
    return rows.map(({ name }) => name);
  }

  describe("alternating users", () => {
    it("lets user and clone take turns, the one before still valid, and keeps the secret's other fields", async () => {
      const run = await scenario();
      const first = current(run);

      await run.rotate();
      const second = current(run);
      await run.rotate();
      const third = current(run);

      assert.deepEqual([second.username, third.username], [`${first.username}_clone`, first.username]);
      assert.equal(run.aws.value(run.secret)["note"], "kept");
      for (const valid of [second, third]) await query(valid, "SELECT 1");
      await assert.rejects(query(first, "SELECT 1"), { code: "28P01" });
      assert.deepEqual(run.aws.labels(run.secret), ["AWSCURRENT+AWSPENDING", "AWSPREVIOUS"]);
    });

    it("shares what either user makes, and rights given to the original later", async () => {
      const run = await scenario();
      const table = `t${users}`;
      await query(current(run), `CREATE TABLE ${table}_before (a int)`);
      await run.rotate();
      const clone = current(run);
      await query(clone, `CREATE TABLE ${table}_clone (a int)`);
      await query(clone, `ALTER TABLE ${table}_before ADD COLUMN b int`);
      await master.query(`CREATE TABLE ${table}_later (a int)`);
      await run.rotate();
      const original = current(run);
      await master.query(`GRANT SELECT ON ${table}_later TO ${escapeIdentifier(original.username)}`);

      await query(
        original,
        `ALTER TABLE ${table}_clone ADD COLUMN b int; INSERT INTO ${table}_clone VALUES (1, 2)`,
      );
      await query(clone, `DROP TABLE ${table}_before; SELECT * FROM ${table}_later`);
      const owners = await query(original, "SELECT DISTINCT tableowner FROM pg_tables WHERE tablename = $1", [
        `${table}_clone`,
      ]);

      assert.deepEqual(owners, [{ tableowner: original.username }]);
    });

    it("hands over what the clone made without becoming the original (DISCARD ALL of a pooler)", async () => {
      const run = await scenario();
      await run.rotate();
      const clone = current(run);
      const pooled = client(clone);
      await pooled.connect();
      await pooled.query("DISCARD ALL");
      await pooled.query("SET ROLE NONE");
      await master.query(`GRANT CREATE ON SCHEMA public TO ${escapeIdentifier(clone.username)}`);
      await pooled.query(`CREATE TABLE stray${users} (a int)`);
      await pooled.end();

      await run.rotate();

      const [row] = await query(current(run), "SELECT tableowner FROM pg_tables WHERE tablename = $1", [
        `stray${users}`,
      ]);
      assert.equal(row!["tableowner"], current(run).username);
    });

    it("gives the clone the original's settings and limits, and takes back what the original no longer has", async () => {
      const run = await scenario();
      const { username } = current(run);
      const role = escapeIdentifier(username);
      await master.query(`ALTER ROLE ${role} SET search_path TO "$user", "odd, name", public`);
      await master.query(`ALTER ROLE ${role} IN DATABASE shop SET statement_timeout TO '12s'`);
      await master.query(`ALTER ROLE ${role} CONNECTION LIMIT 7 VALID UNTIL '2099-01-01'`);
      await run.rotate();
      const clone = current(run);
      const settings =
        "SELECT current_setting('search_path') AS path, current_setting('statement_timeout') AS timeout";

      const [given] = await query(clone, settings);
      const { rows } = await master.query(
        "SELECT rolconnlimit, rolvaliduntil FROM pg_roles WHERE rolname = $1",
        [clone.username],
      );
      await master.query(`ALTER ROLE ${role} RESET search_path`);
      await run.rotate();
      const [taken] = await query(clone, settings);

      assert.deepEqual(given, { path: '"$user", "odd, name", public', timeout: "12s" });
      assert.deepEqual(rows, [{ rolconnlimit: 7, rolvaliduntil: new Date("2099-01-01T00:00:00Z") }]);
      assert.deepEqual(taken, { path: '"$user", public', timeout: "12s" });
    });

    it("names the statement that gives a missing right, and leaves the current credential alone", async () => {
      await master.query("CREATE ROLE weak LOGIN PASSWORD 'of-the-weak'");
      const run = await scenario({}, login("weak", "of-the-weak"));
      const { username } = current(run);
      const withoutCreateRole = await run.rotate().catch((error: unknown) => error as Error);
      await master.query("ALTER ROLE weak CREATEROLE");
      const withoutAdmin = await run.rotate().catch((error: unknown) => error as Error);

      assert.match(String(withoutCreateRole), /ALTER ROLE weak CREATEROLE;/);
      assert.ok(
        String(withoutAdmin).includes(`GRANT ${escapeIdentifier(username)} TO weak WITH ADMIN OPTION;`),
        String(withoutAdmin),
      );
      await query(current(run), "SELECT 1");
      assert.deepEqual(await usersLike(username), [username]);

      await master.query(`GRANT ${escapeIdentifier(username)} TO weak WITH ADMIN OPTION`);
      await run.rotate();
      assert.equal(current(run).username, `${username}_clone`);
    });
  });

  describe("single user", () => {
    it("changes the user's own password without an administrator", async () => {
      const run = await scenario({ strategy: "single-user" });
      run.aws.secrets.delete("admin");
      const before = current(run);

      await run.rotate();

      assert.equal(current(run).username, before.username);
      await query(current(run), "SELECT 1");
      await assert.rejects(query(before, "SELECT 1"), { code: "28P01" });
    });

    it("finds its way back with the password of a rotation that was called off", async () => {
      const run = await scenario({ strategy: "single-user", adminSecret: undefined });
      const token = run.aws.rotate(run.secret);
      await run.step("createSecret", token);
      await run.step("setSecret", token);
      run.aws.cancel(run.secret);
      run.aws.clearPending(run.secret);
      run.aws.nowMs += 1;

      await run.rotate();

      await query(current(run), "SELECT 1");
    });
  });

  describe("a parameter", () => {
    it("is written last, with its key and tier, after the database took the other user's password", async () => {
      const run = await scenario({ parameter: "/shop/db" });
      const before = run.parameters.value();

      await run.runOnSchedule();
      await run.runOnSchedule();
      const after = run.parameters.value();

      assert.deepEqual(
        run.parameters.values.map((value) => (JSON.parse(value) as { username: string }).username),
        [before["username"], `${before["username"]}_clone`, before["username"]],
      );
      await query(login(after["username"]!, after["password"]!), "SELECT 1");
      assert.deepEqual(
        run.parameters.puts.map(({ KeyId, Tier, Type, Overwrite }) => ({ KeyId, Tier, Type, Overwrite })),
        [1, 2].map((version) => ({
          KeyId: `key-of-version-${version}`,
          Tier: "Advanced",
          Type: "SecureString",
          Overwrite: true,
        })),
      );
    });

    it("holds a credential that works when two runs meet", async () => {
      const run = await scenario({ parameter: "/shop/db" });

      await Promise.all([run.runOnSchedule(), run.runOnSchedule(), run.runOnSchedule()]);

      const { username, password } = run.parameters.value();
      await query(login(username!, password!), "SELECT 1");
      assert.equal(run.parameters.values.length, 2);
    });
  });

  for (const strategy of ["alternating-users", "single-user"] as const)
    describe(`cut off at every point, ${strategy}`, () => {
      // The second rotation is another one with alternating users: back to the original.
      for (const earlier of strategy === "single-user" ? [0] : [0, 1])
        it(`is finished by the next run, after ${earlier} rotations before`, async () => {
          const counted = new Killer();
          const rehearsal = await scenario({ strategy });
          for (let done = 0; done < earlier; done++) await rehearsal.rotate();
          await rehearsal.rotate(counted);
          const points = Array.from({ length: counted.points }, (_, index) => index + 1);

          let survived = 0;
          await eachOf(points, 4, async (point) => {
            const run = await scenario({ strategy });
            const { username } = current(run);
            for (let done = 0; done < earlier; done++) await run.rotate();
            const before = current(run);
            const killer = new Killer(point);
            const end = await Promise.race([run.rotate(killer), killer.killed]);
            const where = `point ${point}, ${killer.names.at(-1)}`;
            assert.equal(end, "killed", where);
            if (strategy === "alternating-users") await query(current(run), "SELECT 1");

            if (current(run).password === before.password) await run.rotate();

            await query(current(run), "SELECT 1");
            assert.notEqual(current(run).password, before.password, where);
            assert.deepEqual(run.aws.labels(run.secret), ["AWSCURRENT+AWSPENDING", "AWSPREVIOUS"], where);
            const both = strategy === "alternating-users" ? [username, `${username}_clone`] : [username];
            assert.deepEqual(await usersLike(username), both, where);
            survived++;
          });

          assert.ok(points.length > 30, `only ${points.length} points`);
          assert.equal(survived, points.length);
        });
    });

  it("does each step twice at once without harm, with either strategy", async () => {
    for (const strategy of ["alternating-users", "single-user"] as const) {
      const run = await scenario({ strategy });
      for (let rotation = 0; rotation < 2; rotation++) {
        const token = run.aws.rotate(run.secret);
        for (const step of ["createSecret", "setSecret", "testSecret", "finishSecret"])
          await Promise.all([run.step(step, token), run.step(step, token)]);
        await query(current(run), "SELECT 1");
      }
    }
  });

  it("goes on after CancelRotateSecret between any two steps, with the old version or a new one", async () => {
    for (const strategy of ["alternating-users", "single-user"] as const)
      for (const clear of [false, true])
        for (const reached of [1, 2, 3]) {
          const run = await scenario({ strategy });
          const names = ["createSecret", "setSecret", "testSecret", "finishSecret"];
          const token = run.aws.rotate(run.secret);
          for (const step of names.slice(0, reached)) await run.step(step, token);
          run.aws.cancel(run.secret);
          await assert.rejects(run.step(names[reached]!, token), { code: "rotation-disabled" });
          if (clear) run.aws.clearPending(run.secret);

          await run.rotate();

          await query(current(run), "SELECT 1");
          assert.deepEqual(run.aws.labels(run.secret), ["AWSCURRENT+AWSPENDING", "AWSPREVIOUS"]);
        }
  });

  it("writes no value: not in its log, not in its errors, not in the database's log with every statement", async () => {
    const run = await scenario();
    const values = new Set([masterPassword]);
    const collect = (): void => {
      for (const stage of ["AWSCURRENT", "AWSPENDING"]) {
        const password = run.aws.value(run.secret, stage)?.["password"];
        if (password !== undefined) values.add(password);
      }
    };
    collect();
    await run.rotate();
    collect();
    // A failing statement is what PostgreSQL logs with default settings.
    await master.query(`REVOKE CONNECT ON DATABASE shop FROM PUBLIC`);
    await assert.rejects(run.rotate());
    collect();
    await master.query(`GRANT CONNECT ON DATABASE shop TO PUBLIC`);
    run.aws.create("admin", { username: "master", password: "wrong-admin-password", host: database.host });
    values.add("wrong-admin-password");
    await assert.rejects(run.rotate(), { code: "login-refused" });

    const log = await database.serverLog();

    assert.match(log, /ALTER ROLE .* PASSWORD 'SCRAM-SHA-256\$4096:/);
    assert.ok(values.size >= 4 && run.written.length > 6);
    for (const value of values)
      for (const form of [value, JSON.stringify(value).slice(1, -1), value.replaceAll("'", "''")]) {
        assert.ok(!log.includes(form), "the database's log holds a value");
        assert.ok(!run.written.join("\n").includes(form), "the rotator wrote a value");
      }
  });
});
