import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { failures, type Failure } from "../../rotator/engines/failure-table";

describe("docs/rotation.md", () => {
  it("has the table of what a database answers, as the rotator has it", () => {
    const page = readFileSync(join(__dirname, "../../docs/rotation.md"), "utf8");
    const shown = page
      .split("\n")
      .filter((line) => /^\| (PostgreSQL|MySQL and MariaDB|all) +\|/.test(line))
      .map((line) => line.split("|").map((cell) => cell.trim()))
      .map(([, engine, codes, cause, remedy, code]) => [engine, codes, cause, remedy, code]);

    const known = Object.values<Failure>(failures).map(({ engine, codes, cause, remedy, code }) => [
      engine,
      codes.map((name) => `\`${name}\``).join(", "),
      cause,
      remedy,
      `\`${code}\``,
    ]);

    assert.deepEqual(shown, known);
  });
});
