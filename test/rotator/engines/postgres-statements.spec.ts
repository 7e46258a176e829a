import assert from "node:assert/strict";
import { formatted, serverFormatted, setHash } from "../../../rotator/engines/postgres-statements";
import { driverError, scriptedConnection } from "../../support/scripted-connection";

const formats = "SELECT format(";

describe("formatted", () => {
  it("lets the server quote names and values, and sends them apart from the statement", async () => {
    const connection = scriptedConnection({ [formats]: [{ statement: `ALTER ROLE "a""b"` }] });

    const statement = await formatted(connection, "ALTER ROLE %I", ['a"b']);

    assert.equal(statement, `ALTER ROLE "a""b"`);
    assert.deepEqual(connection.asked, [
      ["SELECT format($1, VARIADIC $2::text[]) AS statement", "ALTER ROLE %I", ['a"b']],
    ]);
  });
});

describe("serverFormatted", () => {
  it("runs the statement that the server made", async () => {
    const connection = scriptedConnection({ [formats]: [{ statement: "CREATE ROLE app LOGIN" }] });

    await serverFormatted(connection, "CREATE ROLE %I LOGIN", ["app"]);

    assert.deepEqual(connection.asked.at(-1), ["CREATE ROLE app LOGIN"]);
  });

  it("passes a refusal on", async () => {
    const refused = driverError("42501", "permission denied to create role");
    const connection = scriptedConnection({
      [formats]: [{ statement: "CREATE ROLE app LOGIN" }],
      "CREATE ROLE": refused,
    });

    await assert.rejects(serverFormatted(connection, "CREATE ROLE %I LOGIN", ["app"]), refused);
  });
});

describe("setHash", () => {
  it("sends a SCRAM verifier, another one each time, and never the password", async () => {
    const connection = scriptedConnection({ [formats]: [{ statement: "ALTER ROLE app PASSWORD ''" }] });

    await setHash(connection, "app", "new password", "scram", assert.fail);
    await setHash(connection, "app", "new password", "scram", assert.fail);

    const sent = connection.asked.filter(([text]) => text.startsWith(formats));
    const verifiers = sent.map(([, format, values]) => {
      assert.equal(format, "ALTER ROLE %I PASSWORD %L");
      const [role, verifier] = values as [string, string];
      assert.equal(role, "app");
      return verifier;
    });
    for (const verifier of verifiers)
      assert.match(verifier, /^SCRAM-SHA-256\$4096:[\w+/]+=*\$[\w+/]+=*:[\w+/]+=*$/);
    assert.equal(new Set(verifiers).size, 2);
    assert.doesNotMatch(JSON.stringify(connection.asked), /new password/);
  });
});
