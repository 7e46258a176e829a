import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { databaseEngines, engineCalled, engineNames } from "../../aws-semantics/database-engines";
import { isIn, sourcesBelow } from "../support/imports";

const root = join(__dirname, "..", "..");
const table = "aws-semantics/database-engines.ts";

/** The folders of the program. */
const program = ["aws-semantics", "events", "handler", "rotator", "stack", "policy-pack"];

describe("engineCalled", () => {
  for (const [name, engine] of [
    ["postgres", "postgres"],
    ["PostgreSQL", "postgres"],
    ["aurora-postgresql", "postgres"],
    ["aurora-mysql", "mysql"],
    ["aurora", "mysql"],
    ["mariadb", "mariadb"],
    ["oracle-ee", undefined],
    ["", undefined],
  ] as const)
    it(`takes "${name}" for ${engine ?? "no engine that can be rotated"}`, () => {
      assert.equal(engineCalled(name), engine);
    });

  it("gives each name to one engine", () => {
    const names = engineNames.flatMap((engine) => databaseEngines[engine].calledBy);

    assert.equal(new Set(names).size, names.length);
  });
});

describe("the table of engines", () => {
  it("is the one list of engines in the program", () => {
    const names = engineNames.flatMap((engine) => databaseEngines[engine].calledBy);
    const listed = sourcesBelow(root).filter((file) => {
      const text = readFileSync(join(root, file), "utf8");
      return (
        program.some((folder) => isIn(file, folder)) &&
        names.filter((name) => text.includes(`"${name}"`)).length > 1
      );
    });

    assert.deepEqual(listed, [table]);
  });
});
