import assert from "node:assert/strict";
import { mkdtempSync, chmodSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Client, escapeIdentifier } from "pg";
import type { Login } from "../../rotator/engines/types";
import type { RotatorSettings } from "../../rotator/settings";
import { loginOf, newScenario, startServer, type TestDatabase } from "../../simulation/rotations/databases";
import type { RotationScenario } from "../../simulation/rotations/scenario";

describe("the rotator on a PostgreSQL that refuses it", () => {
  let database: TestDatabase;
  let folder: string;
  let rejected = 0;

  before(async () => {
    folder = mkdtempSync(join(tmpdir(), "hba-"));
    chmodSync(folder, 0o755);
    const file = join(folder, "pg_hba.conf");
    writeFileSync(
      file,
      `host all "barred" all reject
       hostssl all "with_tls" all scram-sha-256
       host all "by_ident" all ident
       host all "with_tls" 10.0.0.0/8 md5
       host all "/^a" all md5
       host all "master" all scram-sha-256\n`,
    );
    database = await startServer("postgres", { hba_file: file, log_statement: "all" });
  });
  after(async () => {
    await database.stop();
    rmSync(folder, { recursive: true });
  });

  const scenario = (settings?: RotatorSettings): Promise<RotationScenario> => newScenario(database, settings);
  const current = (run: RotationScenario): Login => loginOf(database, run);
  const role = (run: RotationScenario): string => escapeIdentifier(current(run).username);

  for (const strategy of ["alternating-users", "single-user"] as const)
    it(`keeps the kind of the password's hash: ${strategy}`, async () => {
      for (const kind of ["md5", "scram"]) {
        const run = await scenario({ strategy });
        const { password } = current(run);
        if (kind === "md5") {
          await database.asMaster("SET password_encryption = 'md5'");
          await database.asMaster(`ALTER ROLE ${role(run)} PASSWORD '${password.replaceAll("'", "''")}'`);
          await database.asMaster("RESET password_encryption");
        }
        for (let rotation = 0; rotation < 2; rotation++) {
          await run.rotate();
          let asked = "scram";
          const client = new Client({ ...current(run), user: current(run).username });
          client.connection.once("authenticationMD5Password", () => (asked = "md5"));
          await client.connect();
          await client.end();
          assert.equal(asked, kind);
        }
        assert.equal(run.written.join("\n").includes("as an MD5 hash, so"), kind === "md5");
        assert.ok(!(await database.handle.serverLog()).includes(current(run).password));
      }
    });

  const refusal = async (run: RotationScenario, code: string, message: RegExp): Promise<void> => {
    await assert.rejects(run.rotate(), { code, message });
  };

  it("says that a role may not log in, the one in use and the next one", async () => {
    const run = await scenario();
    await database.asMaster(`ALTER ROLE ${role(run)} NOLOGIN`);
    await refusal(run, "account-unusable", /NOLOGIN\) \(role .*\)\. Run ALTER ROLE \.\.\. LOGIN/);
    await database.asMaster(`ALTER ROLE ${role(run)} LOGIN`);
    await run.rotate();
    const original = escapeIdentifier(current(run).username.replace(/_clone$/, ""));
    await database.asMaster(`ALTER ROLE ${original} NOLOGIN`);
    await refusal(
      run,
      "account-unusable",
      /the role may not log in \(NOLOGIN\)\. Run ALTER ROLE \.\.\. LOGIN/,
    );
    await database.query(current(run), "SELECT 1");
    const [row] = await database.asMaster(
      `SELECT rolcanlogin FROM pg_roles WHERE rolname = '${current(run)
        .username.replace(/_clone$/, "")
        .replaceAll("'", "''")}'`,
    );
    assert.equal(row!["rolcanlogin"], false);
  });

  it("does not take an expiry over to the user in use, and says it", async () => {
    const run = await scenario();
    await run.rotate();
    const original = escapeIdentifier(current(run).username.replace(/_clone$/, ""));
    await database.asMaster(`ALTER ROLE ${original} VALID UNTIL '2000-01-01'`);

    await refusal(run, "account-unusable", /past its VALID UNTIL.*\. Extend it on the original/);

    await database.query(current(run), "SELECT 1");
  });

  it("says what pg_hba.conf refuses", async () => {
    for (const [name, code, message] of [
      [
        "barred",
        "not-admitted",
        /does not admit this host, user and database \(pg_hba.conf rejects.*\)\. Add/,
      ],
      ["with_tls", "not-admitted", /admits no connection without TLS .*no encryption\)\. Set tls to verify/],
      ["by_ident", "account-unusable", /another method than a password \(.*\)\. Let pg_hba\.conf/],
    ] as const) {
      const run = await scenario();
      await database.asMaster(`ALTER ROLE ${role(run)} RENAME TO ${name}`);
      run.aws.put(run.secret, { ...run.aws.value(run.secret), username: name });
      await refusal(run, code, message);
      rejected++;
    }
    assert.equal(rejected, 3);
  });

  it("says that the database is not there, or not for this user", async () => {
    const run = await scenario();
    run.aws.put(run.secret, { ...run.aws.value(run.secret), dbname: "nowhere" });
    await refusal(run, "database-error", /does not exist \(.*nowhere.*\)\. Correct dbname in the secret/);
    await database.asMaster("CREATE DATABASE nowhere");
    await database.asMaster("REVOKE CONNECT ON DATABASE nowhere FROM PUBLIC");
    await refusal(run, "missing-right", /may not connect to this database \(.*\)\. Run GRANT CONNECT/);
  });

  it("says whose connections are used up", async () => {
    const run = await scenario({ strategy: "single-user" });
    const holder = new Client({ ...current(run), user: current(run).username });
    await holder.connect();
    await database.asMaster(`ALTER ROLE ${role(run)} CONNECTION LIMIT 1`);
    await refusal(
      run,
      "busy",
      /CONNECTION LIMIT allows \(too many connections for role .*\)\. Raise the limit/,
    );
    await holder.end();
  });
});
