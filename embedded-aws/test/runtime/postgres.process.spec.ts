import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { readdirSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Client } from "pg";
import { PostgresRuntime } from "../../runtime/postgres";
import type { DatabaseHandle, DatabaseSpec } from "../../aws/runtime";

const spec: DatabaseSpec = {
  identifier: "runtime-spec",
  engine: "postgres",
  databaseName: "sh op",
  masterUsername: 'mas"ter',
  masterPassword: `it's "secret" $1 \\`,
};

function login(database: DatabaseHandle, change: { user?: string; password?: string } = {}): Client {
  return new Client({
    host: database.host,
    port: database.port,
    database: spec.databaseName,
    user: spec.masterUsername,
    password: spec.masterPassword,
    ...change,
  });
}

function foldersOf(identifier: string): string[] {
  return readdirSync(tmpdir()).filter((name) => name.includes(identifier));
}

function alive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch {
    return false;
  }
}

describe("PostgresRuntime", () => {
  let database: DatabaseHandle;
  before(async () => {
    database = await new PostgresRuntime().start(spec);
  });
  after(() => database.stop());

  it("gives the master user, who is no superuser, the database, roles to create and nothing more", async () => {
    const client = login(database);
    await client.connect();

    const { rows } = await client.query(
      `SELECT rolsuper, rolcreaterole, rolcreatedb, pg_has_role('rds_superuser', 'MEMBER') AS member,
              pg_get_userbyid(datdba) AS owner, current_setting('password_encryption') AS encryption
         FROM pg_roles, pg_database WHERE rolname = current_user AND datname = current_database()`,
    );
    await client.end();

    assert.deepEqual(rows, [
      {
        rolsuper: false,
        rolcreaterole: true,
        rolcreatedb: true,
        member: true,
        owner: spec.masterUsername,
        encryption: "scram-sha-256",
      },
    ]);
  });

  it("refuses a wrong password, and the superuser whoever asks", async () => {
    await assert.rejects(login(database, { password: "another" }).connect(), { code: "28P01" });
    await assert.rejects(login(database, { user: "rdsadmin", password: "" }).connect(), /password/);
  });

  it("keeps the server's log, from which the master's password is absent", async () => {
    const client = login(database);
    await client.connect();
    await assert.rejects(client.query("SELECT no_such_column"), { code: "42703" });
    await client.end();

    const log = await database.serverLog();

    assert.match(log, /no_such_column/);
    assert.ok(!log.includes(spec.masterPassword));
  });

  it("names the cause when it cannot start: another engine, a setting that the server refuses", async () => {
    await assert.rejects(
      new PostgresRuntime().start({ ...spec, engine: "mysql" }),
      /engine mysql found, postgres wanted/,
    );
    const runtime = new PostgresRuntime({ parameters: { shared_buffers: "a lot" } });
    await assert.rejects(
      runtime.start({ ...spec, identifier: "refused-spec" }),
      /invalid value.*shared_buffers.*a lot/s,
    );
    assert.deepEqual(foldersOf("refused-spec"), []);
    await assert.rejects(
      new PostgresRuntime({ debianVersion: "1" }).start(spec),
      /no PostgreSQL in \/usr\/lib\/postgresql\/1: apt-get install -y postgresql-1$/,
    );
  });

  it("leaves no process and no folder when it is stopped, nor when its starter is killed", async () => {
    const stopped = await new PostgresRuntime().start({ ...spec, identifier: "stopped-spec" });
    await stopped.stop();
    await stopped.stop();
    assert.deepEqual(foldersOf("stopped-spec"), []);

    const starter = spawn(process.execPath, [
      "--require",
      join(__dirname, "../../../embedded-aws/register.cjs"),
      "--eval",
      `const { startServer, unprivilegedAccount } = require(${JSON.stringify(join(__dirname, "../../runtime/server-process"))});
       startServer("killed-spec", unprivilegedAccount(), () => ({
         steps: [], stopSignal: "SIGTERM", server: { command: process.execPath, args: ["-e", "setInterval(() => {}, 1000)"] },
       })).then((server) => console.log(server.pid));`,
    ]);
    const pid = Number(String((await once(starter.stdout, "data"))[0]));
    assert.ok(alive(pid) && foldersOf("killed-spec").length === 1);
    starter.kill("SIGKILL");
    const deadline = Date.now() + 10_000;
    while (alive(pid) || foldersOf("killed-spec").length > 0) {
      assert.ok(Date.now() < deadline, "process or folder is still there");
      await new Promise((resolve) => setTimeout(resolve, 20));
    }
  });
});
