import assert from "node:assert/strict";
import fc from "fast-check";
import { grantsToCopy, parseGrants, rightsBeyond } from "../../../rotator/engines/mysql-grants";

const app = "`app`@`%`";
const clone = "`app_clone`@`%`";

/** What is run to make the clone's grants the original's. */
function statements(original: readonly string[], ofClone: readonly string[], cloneInUse = false): string[] {
  return grantsToCopy(parseGrants(original), parseGrants(ofClone), app, clone, cloneInUse).map(
    ({ statement }) => statement,
  );
}

describe("parseGrants", () => {
  it("reads MariaDB's lines and drops the hash, the limits and the default role beside them", () => {
    const grants = parseGrants([
      "GRANT `reader` TO `app`@`%` WITH ADMIN OPTION",
      "GRANT USAGE ON *.* TO `app`@`%` IDENTIFIED BY PASSWORD '*B69027D44F6E5EDC07F1AEAD1477967B16F28227' WITH MAX_USER_CONNECTIONS 9",
      "GRANT SELECT (`a, b`, `c`), INSERT, UPDATE (`c`) ON `shop`.`t` TO `app`@`%` WITH GRANT OPTION",
      "GRANT EXECUTE ON PROCEDURE `shop`.`pay` TO `app`@`%`",
      "SET DEFAULT ROLE `reader` FOR `app`@`%`",
    ]);

    assert.deepEqual(
      [...grants.roles],
      [["reader", true]].map(([name, admin]) => [`\`${String(name)}\``, admin]),
    );
    assert.deepEqual(
      [...grants.objects].map(([object, privileges]) => [object, [...privileges]]),
      [
        ["`shop`.`t`", ["SELECT (`a, b`)", "SELECT (`c`)", "INSERT", "UPDATE (`c`)", "GRANT OPTION"]],
        ["PROCEDURE `shop`.`pay`", ["EXECUTE"]],
      ],
    );
    assert.ok(!JSON.stringify([...grants.objects]).includes("B69027"));
  });

  it("reads MySQL 8's lines: several roles in one, dynamic privileges, partial revokes", () => {
    const grants = parseGrants([
      "GRANT SELECT, BACKUP_ADMIN ON *.* TO `app`@`%` WITH GRANT OPTION",
      "REVOKE SELECT ON `mysql`.* FROM `app`@`%`",
      "GRANT `a`@`%`,`b, c`@`%` TO `app`@`%`",
    ]);

    assert.deepEqual([...grants.roles.keys()], ["`a`@`%`", "`b, c`@`%`"]);
    assert.deepEqual([...grants.objects.get("*.*")!], ["SELECT", "BACKUP_ADMIN", "GRANT OPTION"]);
    assert.deepEqual([...grants.restrictions.get("`mysql`.*")!], ["SELECT"]);
  });

  it("is not misled by names that look like grants, in any quotes", () => {
    const grants = parseGrants([
      "GRANT SELECT ON `x`` TO ``y ON z`.* TO `a TO b`@`%` WITH GRANT OPTION",
      "GRANT INSERT ON `shop`.* TO 'it\\'s TO'@'% WITH GRANT OPTION'",
    ]);

    assert.deepEqual([...grants.objects.keys()], ["`x`` TO ``y ON z`.*", "`shop`.*"]);
    assert.deepEqual(
      [...grants.objects.values()].map((privileges) => [...privileges]),
      [["SELECT", "GRANT OPTION"], ["INSERT"]],
    );
  });

  it("refuses a line that it does not understand, without its end", () => {
    assert.throws(
      () => parseGrants(["SOMETHING NEW 'secret-hash'"]),
      (error: Error) =>
        /expected lines of GRANT or REVOKE/.test(error.message) && !error.message.includes("secret-hash"),
    );
  });
});

describe("grantsToCopy", () => {
  it("takes nothing from a clone that is in use, and gives it what it lacks", () => {
    const original = ["GRANT SELECT, INSERT ON `shop`.* TO x", "GRANT UPDATE ON `log`.* TO x"];
    const ofClone = [
      "GRANT ALL PRIVILEGES ON `shop`.* TO x",
      "GRANT DELETE ON `log`.* TO x",
      "GRANT `reader` TO x",
    ];

    assert.deepEqual(statements(original, ofClone, true), [
      "GRANT SELECT, INSERT ON `shop`.* TO `app_clone`@`%`",
      "GRANT UPDATE ON `log`.* TO `app_clone`@`%`",
    ]);
  });

  it("gives what is missing and takes what is too much, one column at a time", () => {
    const original = [
      "GRANT SELECT, UPDATE (`a`) ON `shop`.`t` TO `app`@`%`",
      "GRANT INSERT ON `shop`.* TO `app`@`%`",
    ];
    const found = [
      "GRANT DELETE, UPDATE (`a`, `b`) ON `shop`.`t` TO x WITH GRANT OPTION",
      "GRANT DROP ON `old`.* TO x",
    ];

    assert.deepEqual(statements(original, found), [
      `GRANT SELECT ON \`shop\`.\`t\` TO ${clone}`,
      `REVOKE DELETE, UPDATE (\`b\`), GRANT OPTION ON \`shop\`.\`t\` FROM ${clone}`,
      `GRANT INSERT ON \`shop\`.* TO ${clone}`,
      `REVOKE DROP ON \`old\`.* FROM ${clone}`,
    ]);
  });

  it("takes all away and gives the rest back, because all but some has no name; all instead of some needs no revoke", () => {
    const all = ["GRANT ALL PRIVILEGES ON `shop`.* TO x"];
    const some = ["GRANT SELECT ON `shop`.* TO x"];

    assert.deepEqual(statements(some, all), [
      `REVOKE ALL PRIVILEGES ON \`shop\`.* FROM ${clone}`,
      `GRANT SELECT ON \`shop\`.* TO ${clone}`,
    ]);
    assert.deepEqual(statements(all, some), [`GRANT ALL PRIVILEGES ON \`shop\`.* TO ${clone}`]);
  });

  it("shares a routine's grants both ways, and copies roles and partial revokes", () => {
    const original = ["GRANT `new` TO x WITH ADMIN OPTION", "REVOKE SELECT ON `mysql`.* FROM x"];
    const found = ["GRANT EXECUTE, ALTER ROUTINE ON PROCEDURE `shop`.`p` TO x", "GRANT `old` TO x"];

    assert.deepEqual(statements(original, found), [
      `GRANT EXECUTE, ALTER ROUTINE ON PROCEDURE \`shop\`.\`p\` TO ${app}`,
      `GRANT \`new\` TO ${clone} WITH ADMIN OPTION`,
      `REVOKE \`old\` FROM ${clone}`,
      `REVOKE SELECT ON \`mysql\`.* FROM ${clone}`,
    ]);
  });

  it("has nothing to do for equal grants, whatever they are", () => {
    const privilege = fc.constantFrom("SELECT", "INSERT", "UPDATE (`a`, `b`)", "EXECUTE");
    const object = fc.constantFrom("*.*", "`shop`.*", "`x`` TO ``y`.*", "PROCEDURE `shop`.`p`");
    const line = fc
      .tuple(fc.uniqueArray(privilege, { minLength: 1 }), object, fc.boolean())
      .map(
        ([names, on, option]) =>
          `GRANT ${names.join(", ")} ON ${on} TO x${option ? " WITH GRANT OPTION" : ""}`,
      );
    fc.assert(
      fc.property(fc.array(line), (lines) => assert.deepEqual(statements(lines, [...lines].reverse()), [])),
    );
  });

  it("names what the administrator needs to pass a grant on", () => {
    const [grant] = grantsToCopy(
      parseGrants(["GRANT SELECT ON `shop`.* TO x"]),
      parseGrants([]),
      app,
      clone,
      false,
    );

    assert.equal(grant!.forAdmin("`admin`@`%`"), "GRANT SELECT ON `shop`.* TO `admin`@`%` WITH GRANT OPTION");
  });
});

describe("rightsBeyond", () => {
  const beyond = (theirs: readonly string[], ...ours: (readonly string[])[]) =>
    rightsBeyond(parseGrants(theirs), ours.map(parseGrants));

  it("finds none in a user that has nothing, the same or less", () => {
    const all = [
      "GRANT ALL PRIVILEGES ON `shop`.* TO `a`@`%`",
      "GRANT `reader` TO `a`@`%` WITH ADMIN OPTION",
    ];
    assert.deepEqual(beyond(["GRANT USAGE ON *.* TO `b`@`%`"], []), []);
    assert.deepEqual(beyond(all, all), []);
    assert.deepEqual(beyond(["GRANT SELECT ON `shop`.* TO `b`@`%`", "GRANT `reader` TO `b`@`%`"], all), []);
    assert.deepEqual(
      beyond(
        ["GRANT SELECT, INSERT ON `shop`.* TO `b`@`%`"],
        ["GRANT SELECT ON `shop`.* TO `a`@`%`"],
        ["GRANT INSERT ON `shop`.* TO `a`@`10.%`"],
      ),
      [],
    );
  });

  it("finds every right that none of the accounts has", () => {
    const ours = ["GRANT ALL PRIVILEGES ON `shop`.* TO `a`@`%`", "GRANT `reader` TO `a`@`%`"];
    assert.deepEqual(
      beyond(
        [
          "GRANT SELECT, INSERT ON `billing`.* TO `b`@`%`",
          "GRANT SELECT ON `shop`.* TO `b`@`%` WITH GRANT OPTION",
          "GRANT `reader` TO `b`@`%` WITH ADMIN OPTION",
          "GRANT `writer` TO `b`@`%`",
        ],
        ours,
      ),
      [
        { privileges: ["SELECT", "INSERT"], object: "`billing`.*" },
        { privileges: ["GRANT OPTION"], object: "`shop`.*" },
        { privileges: ["`reader`"], passOn: true },
        { privileges: ["`writer`"], passOn: false },
      ],
    );
  });
});
