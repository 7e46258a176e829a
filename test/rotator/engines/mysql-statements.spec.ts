import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import {
  accountsOf,
  hashedOrClear,
  identify,
  isMariadb,
  isRightMissing,
  nativeHash,
  withLock,
} from "../../../rotator/engines/mysql-statements";
import { driverError, scriptedConnection, type Answer } from "../../support/scripted-connection";

const mysql: Answer = [{ version: "8.4.2" }];
const mariadb: Answer = [{ version: "10.11.6-MariaDB-0+deb12u1" }];
const native = { host: "%", plugin: "mysql_native_password" };
const silent = (): void => undefined;
const tooWeak: Answer = [{ Level: "Error", Code: 1819, Message: "Your password does not satisfy" }];

describe("isMariadb", () => {
  it("goes by the server's version, not by what a secret says", async () => {
    assert.equal(await isMariadb(scriptedConnection({ "SELECT VERSION()": mariadb })), true);
    assert.equal(await isMariadb(scriptedConnection({ "SELECT VERSION()": mysql })), false);
  });
});

describe("nativeHash", () => {
  it("is what PASSWORD() of MariaDB answers", () => {
    // MariaDB documentation, "PASSWORD".
    assert.equal(nativeHash("notagoodpwd"), "*3A70EE9FC6594F88CE9E959CD51C5A1C002DC937");
  });
});

describe("withLock", () => {
  const held = { "SELECT GET_LOCK": [{ held: 1 }] };

  it("runs the action between taking the lock and giving it back", async () => {
    const connection = scriptedConnection(held);

    const result = await withLock(connection, "users of app", async () => {
      await connection.query("the action");
      return "done";
    });

    const name = createHash("sha256").update("users of app").digest("hex").slice(0, 40);
    assert.equal(result, "done");
    assert.deepEqual(connection.asked, [
      ["SELECT GET_LOCK(?, ?) AS held", name, 15],
      ["the action"],
      ["SELECT RELEASE_LOCK(?)", name],
    ]);
  });

  it("takes a name of at most 64 characters, whatever is locked, and another for another", async () => {
    const [one, two] = [scriptedConnection(held), scriptedConnection(held)];

    await withLock(one, "a".repeat(500), async () => undefined);
    await withLock(two, "a".repeat(501), async () => undefined);

    const names = [one, two].map(({ asked }) => String(asked[0]![1]));
    assert.ok(names.every((name) => name.length <= 64));
    assert.notEqual(names[0], names[1]);
  });

  it("fails as busy, without the action, when another run holds the lock", async () => {
    const connection = scriptedConnection({ "SELECT GET_LOCK": [{ held: 0 }] });

    await assert.rejects(
      withLock(connection, "users of app", () => connection.query("the action")),
      { code: "busy", kind: "retryable", message: /another run holds the lock "users of app"/ },
    );
    assert.equal(connection.asked.length, 1);
  });
});

describe("accountsOf", () => {
  it("names the host and the plugin of each of the user's accounts", async () => {
    const script = {
      "SELECT Host": [
        { host: "%", plugin: "mysql_native_password", several: 0 },
        { host: "10.0.%", plugin: "", several: 0 },
      ],
    };
    const [older, newer] = [
      scriptedConnection({ ...script, "SELECT VERSION()": mariadb }),
      scriptedConnection({
        "SELECT VERSION()": mysql,
        "SELECT Host": [{ host: "%", plugin: "caching_sha2_password", several: 0 }],
      }),
    ];

    assert.deepEqual(await accountsOf(older, "app"), [
      { host: "%", plugin: "mysql_native_password" },
      { host: "10.0.%", plugin: "mysql_native_password" },
    ]);
    assert.deepEqual(await accountsOf(newer, "app"), [{ host: "%", plugin: "caching_sha2_password" }]);
    assert.deepEqual(older.asked.at(-1)!.slice(1), ["app"]);
  });

  it("refuses an account whose plugin would have to change", async () => {
    for (const [version, plugin, several] of [
      [mariadb, "ed25519", 0],
      [mariadb, "unix_socket", 0],
      [mariadb, "mysql_native_password", 1],
      [mysql, "authentication_ldap_simple", 0],
    ] as const) {
      const connection = scriptedConnection({
        "SELECT VERSION()": version,
        "SELECT Host": [{ host: "%", plugin, several }],
      });

      await assert.rejects(accountsOf(connection, "app"), {
        code: "account-unusable",
        kind: "final",
        message: new RegExp(`account app@% logs in by ${plugin}.*Change the plugin`),
      });
    }
  });
});

describe("identify", () => {
  it("sends MySQL the password, which it keeps out of its logs", async () => {
    const connection = scriptedConnection({ "SELECT VERSION()": mysql });

    await identify(
      connection,
      "ALTER USER",
      "app",
      { host: "%", plugin: "sha256_password" },
      "new password",
      silent,
    );

    assert.deepEqual(connection.asked.at(-1), [
      "ALTER USER ?@? IDENTIFIED WITH sha256_password BY ?",
      "app",
      "%",
      "new password",
    ]);
  });

  it("sends MariaDB the hash and never the password", async () => {
    const connection = scriptedConnection({ "SELECT VERSION()": mariadb });

    await identify(connection, "CREATE USER IF NOT EXISTS", "app_clone", native, "new password", silent);

    assert.deepEqual(connection.asked.at(-1), [
      "CREATE USER IF NOT EXISTS ?@? IDENTIFIED VIA mysql_native_password USING ?",
      "app_clone",
      "%",
      nativeHash("new password"),
    ]);
    assert.doesNotMatch(JSON.stringify(connection.asked), /new password/);
  });

  it("sends a read-only MariaDB nothing more: its answer has the same code as a refused hash", async () => {
    const readOnly = driverError(
      "ER_OPTION_PREVENTS_STATEMENT",
      "The MariaDB server is running with the --read-only option so it cannot execute this statement",
    );
    const connection = scriptedConnection({
      "SELECT VERSION()": mariadb,
      "ALTER USER ?@? IDENTIFIED VIA": readOnly,
    });

    await assert.rejects(identify(connection, "ALTER USER", "app", native, "new password", silent), readOnly);

    assert.doesNotMatch(JSON.stringify(connection.asked), /new password/);
  });

  it("sends MariaDB the password when it refuses every hash", async () => {
    const refused = driverError(
      "ER_OPTION_PREVENTS_STATEMENT",
      "The MariaDB server is running with the --strict-password-validation option so it cannot execute this statement",
    );
    const connection = scriptedConnection({
      "SELECT VERSION()": mariadb,
      "ALTER USER ?@? IDENTIFIED VIA": refused,
    });

    const notes: string[] = [];
    await identify(connection, "ALTER USER", "app", native, "new password", (note) => notes.push(note));

    assert.deepEqual(connection.asked.at(-1), ["ALTER USER ?@? IDENTIFIED BY ?", "app", "%", "new password"]);
    assert.match(notes.join(), /^the server checks passwords .* gets the clear text/);
    assert.doesNotMatch(notes.join(), /new password/);
  });
});

describe("hashedOrClear", () => {
  const fails = (error: Error) => () => Promise.reject(error);

  it("says what to change when the server refuses the password itself", async () => {
    const refused = driverError("ER_NOT_VALID_PASSWORD", "not satisfied");

    await assert.rejects(hashedOrClear(scriptedConnection({}), fails(refused), fails(refused), silent), {
      code: "password-refused",
      kind: "final",
      message: /refuses the new password \(not satisfied\); change the rotator's setting password/,
    });
  });

  it("asks MariaDB's warnings whether the password is the reason", async () => {
    const refused = driverError("ER_CANNOT_USER", "Operation ALTER USER failed");
    const about = scriptedConnection({ "SHOW WARNINGS": tooWeak });
    const other = scriptedConnection({ "SHOW WARNINGS": [{ Level: "Error", Code: 1396 }] });
    let cleared = 0;
    const clear = (): Promise<unknown> => Promise.resolve(cleared++);

    await hashedOrClear(about, fails(refused), clear, silent);
    await assert.rejects(hashedOrClear(other, fails(refused), clear, silent), refused);

    assert.equal(cleared, 1);
  });

  it("passes every other failure on, of the hash and of the password", async () => {
    const gone = driverError("ECONNRESET");
    const weak = driverError("ER_NOT_VALID_PASSWORD");
    const connection = scriptedConnection({});

    await assert.rejects(hashedOrClear(connection, fails(gone), fails(weak), silent), gone);
    await assert.rejects(hashedOrClear(connection, fails(weak), fails(gone), silent), gone);
  });
});

describe("isRightMissing", () => {
  it("knows refusals of a right, and none of a password or a lock", () => {
    assert.ok(isRightMissing({ code: "ER_TABLEACCESS_DENIED_ERROR" }));
    for (const code of ["ER_NOT_VALID_PASSWORD", "ER_LOCK_WAIT_TIMEOUT", "ER_CANNOT_USER"])
      assert.ok(!isRightMissing({ code }), code);
  });
});
