import assert from "node:assert/strict";
import { format } from "mysql2/promise";
import type { Login } from "../../rotator/engines/types";
import type { RotatorSettings } from "../../rotator/settings";
import { loginOf, newScenario, startMariadb, type TestDatabase } from "../../simulation/rotations/databases";
import { cutOffs } from "../../simulation/rotations/kill-points";
import type { RotationScenario } from "../../simulation/rotations/scenario";
import { behavesAsARotation, survivesCutOffs } from "../support/rotation-suite";

describe("the rotator on a real MariaDB, with an administrator who has neither SUPER nor FILE", () => {
  let database: TestDatabase;
  let tables = 0;

  before(async () => {
    database = await startMariadb({ "general-log": "ON" });
  });
  after(() => database.stop());

  const scenario = (settings?: RotatorSettings, admin?: Login): Promise<RotationScenario> =>
    newScenario(database, settings, admin);
  const current = (run: RotationScenario): Login => loginOf(database, run);
  const account = (login: Login, host = "%"): string => format("?@?", [login.username, host]);
  const grantsOf = async (login: Login): Promise<string[]> =>
    (await database.asMaster(`SHOW GRANTS FOR ${account(login)}`))
      .map((row) => String(Object.values(row)[0]).replace(/ (TO|FOR) .*?( WITH .*)?$/, "$2"))
      .sort();

  behavesAsARotation(() => database);
  survivesCutOffs(() => database, cutOffs());

  it("gives the server a hash", async () => {
    await (await scenario()).rotate();

    assert.match(
      await database.handle.serverLog(),
      /IDENTIFIED VIA mysql_native_password USING '\*[0-9A-F]{40}'/,
    );
  });

  it("brings the clone's grants up to date at each rotation: given later, taken away, of columns, roles and limits", async () => {
    const run = await scenario();
    const original = current(run);
    const table = `grants${++tables}`;
    await database.asMaster(`CREATE TABLE ${table} (a int, b int, c int)`);
    await database.asMaster(`CREATE ROLE role_${table}`);
    await run.rotate();
    const clone = current(run);
    assert.deepEqual(await grantsOf(clone), await grantsOf(original));

    await database.asMaster(
      `GRANT SELECT (a), UPDATE (a, b) ON ${table} TO ${account(original)} WITH GRANT OPTION`,
    );
    await database.asMaster(`GRANT role_${table} TO ${account(original)}`);
    await database.asMaster(`REVOKE DROP, ALTER ON shop.* FROM ${account(original)}`);
    await database.asMaster(`ALTER USER ${account(original)} WITH MAX_USER_CONNECTIONS 9`);
    await database.asMaster(`SET DEFAULT ROLE role_${table} FOR ${account(original)}`);
    await run.rotate();
    // The clone was in use until now: it got what it lacked, and nothing was taken from it.
    assert.ok((await grantsOf(clone)).includes("GRANT SELECT, INSERT, CREATE, DROP, ALTER ON `shop`.*"));
    await run.rotate();
    const [limits] = await database.asMaster(
      format("SELECT max_user_connections AS n FROM mysql.user WHERE User = ?", [clone.username]),
    );
    const [role] = await database.query(current(run), "SELECT CURRENT_ROLE() AS role");
    const given = await grantsOf(clone);

    assert.deepEqual(given, await grantsOf(original));
    assert.ok(
      given.some((line) => line.includes("UPDATE (`a`, `b`)")) &&
        !given.some((line) => line.includes("ALTER")),
    );
    assert.deepEqual([limits!["n"], role!["role"]], [9, `role_${table}`]);

    await database.asMaster(`REVOKE UPDATE (b), GRANT OPTION ON ${table} FROM ${account(original)}`);
    await database.asMaster(`REVOKE role_${table} FROM ${account(original)}`);
    await database.asMaster(`SET DEFAULT ROLE NONE FOR ${account(original)}`);
    await run.rotate();
    await run.rotate();
    assert.deepEqual(await grantsOf(clone), await grantsOf(original));
  });

  it("shares routines that either user makes, though the server gives them to their maker", async () => {
    const run = await scenario();
    await database.asMaster(`GRANT CREATE ROUTINE ON shop.* TO ${account(current(run))}`);
    const original = current(run);
    await run.rotate();
    const clone = current(run);
    await database.query(clone, `CREATE PROCEDURE by_clone${++tables}() SELECT 1`);
    await database.query(original, `CREATE PROCEDURE by_original${tables}() SELECT 1`);

    await run.rotate();

    await database.query(current(run), `CALL by_clone${tables}()`);
    await database.query(clone, `CALL by_original${tables}()`);
  });

  it("rotates every account of a user that is known from several hosts", async () => {
    const run = await scenario();
    const original = current(run);
    await database.asMaster(
      format("CREATE USER ?@'127.0.0.%' IDENTIFIED BY ?", [original.username, original.password]),
    );
    await database.asMaster(`GRANT SELECT ON shop.* TO ${account(original, "127.0.0.%")}`);

    await run.rotate();
    const [seenAs] = await database.query(current(run), "SELECT CURRENT_USER() AS me");
    await run.rotate();

    assert.equal(seenAs!["me"], `${original.username}_clone@127.0.0.%`);
    await database.query(current(run), "SELECT 1");
    await assert.rejects(database.query(original, "SELECT 1"), { code: "ER_ACCESS_DENIED_ERROR" });
  });

  it("names the statement that gives a missing right, and leaves the current credential alone", async () => {
    await database.asMaster("CREATE USER weak@'%' IDENTIFIED BY 'of-the-weak'");
    const run = await scenario({}, database.login("weak", "of-the-weak"));
    await database.asMaster("GRANT SELECT ON shop.* TO weak@'%'");
    const statements: string[] = [];

    for (let turn = 0; turn < 6; turn++) {
      const error: unknown = await run.rotate().catch((thrown: unknown) => thrown);
      await database.query(current(run), "SELECT 1");
      const statement = /Run as a user who has it: (.*);/.exec(String(error))?.[1];
      if (statement === undefined) {
        assert.equal(error, run.aws.rotate(run.secret) && error);
        break;
      }
      statements.push(statement);
      // Nobody on RDS has more than the master, who has all of this with GRANT OPTION.
      await database.asMaster(statement);
    }

    assert.deepEqual(
      statements.map((statement) => statement.replaceAll("`", "")),
      [
        "GRANT SELECT ON mysql.* TO 'weak'@'%'",
        "GRANT CREATE USER ON *.* TO 'weak'@'%'",
        "GRANT SELECT, INSERT, CREATE, DROP, ALTER ON shop.* TO 'weak'@'%' WITH GRANT OPTION",
      ],
    );
    assert.match(current(run).username, /_clone$/);
  });

  it("sends the clear text, over the connection only, to a server that must see passwords to judge them", async () => {
    for (const [minimalLength, accepts] of [
      ["32", true],
      ["33", false],
    ] as const) {
      const strict = await startMariadb({
        "general-log": "ON",
        "loose-simple-password-check-minimal-length": minimalLength,
      });
      try {
        const run = await newScenario(strict);
        await strict.asMaster("INSTALL SONAME 'simple_password_check'");

        if (accepts) await run.rotate();
        else await assert.rejects(run.rotate(), { code: "password-refused" });
        await strict.query(loginOf(strict, run), "SELECT 1");
        const { password } = run.aws.value(run.secret, accepts ? "AWSCURRENT" : "AWSPENDING");
        assert.ok((await strict.handle.serverLog()).includes(password!), "the general log has no clear text");
        const written = run.written.join("\n");
        assert.match(
          written,
          /"note":"the secret [^"]*: the server checks passwords [^"]* gets the clear text/,
        );
        assert.ok(!written.includes(password!), "the rotator wrote a value");
      } finally {
        await strict.stop();
      }
    }
  });

  it("refuses a name that leaves no room for the clone's", async () => {
    const run = await scenario();
    const version = run.aws.secrets.get(run.secret)!.versions.get("version-0")!;
    version.value = JSON.stringify({ ...run.aws.value(run.secret), username: "u".repeat(75) });

    await assert.rejects(run.rotate(), {
      code: "invalid-secret",
      message: /expected at most 80 characters, found 81/,
    });
  });
});
