import assert from "node:assert/strict";
import { readdirSync } from "node:fs";
import { tmpdir } from "node:os";
import { createConnection, type Connection } from "mysql2/promise";
import { setMasterPassword } from "../../embedded-aws/aws/rds/master-password";
import { MariadbRuntime } from "../../embedded-aws/runtime/mariadb";
import type { DatabaseHandle, DatabaseSpec } from "../../embedded-aws/aws/runtime";

const spec: DatabaseSpec = {
  identifier: "mariadb-runtime-spec",
  engine: "mariadb",
  databaseName: "sh op",
  masterUsername: "mas'ter",
  masterPassword: `it's "secret" $1 \\`,
};

describe("MariadbRuntime", () => {
  let database: DatabaseHandle;
  before(async () => {
    database = await new MariadbRuntime({ parameters: { "general-log": "ON" } }).start(spec);
  });
  after(() => database.stop());

  function connect(user: string, password: string): Promise<Connection> {
    const { host, port } = database;
    return createConnection({ host, port, user, password, database: spec.databaseName });
  }

  it("gives the master user what RDS gives it: accounts to create and no SUPER, and nobody else logs in", async () => {
    const connection = await connect(spec.masterUsername, spec.masterPassword);

    const [rows] = await connection.query("SHOW GRANTS");
    const [users] = await connection.query("SELECT User AS name FROM mysql.user WHERE User <> 'mariadb.sys'");
    await connection.end();

    const grants = JSON.stringify(rows);
    assert.match(grants, /CREATE USER.* ON \*\.\* TO .* WITH GRANT OPTION/);
    assert.doesNotMatch(grants, /SUPER|FILE|ALL PRIVILEGES/);
    assert.deepEqual(users, [{ name: spec.masterUsername }]);
    await assert.rejects(connect("root", ""), { code: "ER_ACCESS_DENIED_ERROR" });
  });

  it("keeps the server's log, that of statements included, from which the master's password is absent", async () => {
    const connection = await connect(spec.masterUsername, spec.masterPassword);
    await connection.query("SELECT 'a statement of the test'");
    await connection.end();

    const log = await database.serverLog();

    assert.match(log, /a statement of the test/);
    assert.ok(!log.includes(spec.masterPassword) && !log.includes("it\\'s"));
  });

  it("gives its master another password, as RDS does, without the server's log having seen it", async () => {
    const password = `an'other "secret" $2 \\`;

    await setMasterPassword(spec, database, password);

    await (await connect(spec.masterUsername, password)).end();
    await assert.rejects(connect(spec.masterUsername, spec.masterPassword), {
      code: "ER_ACCESS_DENIED_ERROR",
    });
    const log = await database.serverLog();
    assert.match(log, /SET PASSWORD/);
    assert.ok(!log.includes(password) && !log.includes("an\\'other"));
    await setMasterPassword({ ...spec, masterPassword: password }, database, spec.masterPassword);
  });

  it("says what installs it when it is not there", async () => {
    const { PATH } = process.env;
    const missing = new MariadbRuntime({ programFolders: ["/nowhere"] });
    process.env["PATH"] = "/nowhere";
    try {
      await assert.rejects(
        missing.start(spec),
        /mariadb-install-db is missing.*apt-get install -y mariadb-server/,
      );
    } finally {
      process.env["PATH"] = PATH;
    }
  });

  it("names the cause when it cannot start, and leaves no folder", async () => {
    const runtime = new MariadbRuntime({ parameters: { "no-such-variable": "1" } });

    await assert.rejects(
      runtime.start({ ...spec, identifier: "refused-spec" }),
      /unknown variable.*no-such-variable/s,
    );
    await assert.rejects(
      new MariadbRuntime().start({ ...spec, engine: "mysql" }),
      /engine mysql found, mariadb wanted/,
    );
    assert.deepEqual(
      readdirSync(tmpdir()).filter((name) => name.includes("refused-spec")),
      [],
    );
  });
});
