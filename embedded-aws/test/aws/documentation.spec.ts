import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import path from "node:path";
import { limits } from "../../aws/account/throttling";
import { virtualWorld } from "../support/world";

const text = readFileSync(path.join(__dirname, "../../README.md"), "utf8");

/** Operations that the document has a row for, by service; a row without all four columns is an error. */
function documented(): Map<string, string[]> {
  const services = new Map<string, string[]>();
  const operations = text.split(/^## /m).find((section) => section.startsWith("Operations"))!;
  for (const section of operations.split(/^### /m).slice(1)) {
    const [prefix = "", ...lines] = section.split("\n");
    const rows = lines.filter((line) => line.startsWith("| ") && !/^\| (Operations|-)/.test(line));
    const names = rows.flatMap((row) => {
      const cells = row.slice(1, -1).split("|");
      assert.equal(cells.length, 4, `a row of ${prefix} has ${cells.length} columns: ${row}`);
      assert.notEqual(cells[3]?.trim(), "", `a row of ${prefix} does not say where it was looked up: ${row}`);
      return cells[0]!.split(",").map((name) => name.trim());
    });
    services.set(prefix.trim(), names);
  }
  return services;
}

describe("embedded-aws/README.md", () => {
  const { world } = virtualWorld();
  const rows = documented();

  it("has a table for every service that the embedded AWS has, and for no other", () => {
    const services = [...world.services].map(({ prefix }) => prefix);

    assert.deepEqual([...rows.keys()].sort(), services.sort());
  });

  for (const { prefix, operations } of world.services)
    it(`names every operation of ${prefix} once, and none that is not there`, () => {
      assert.deepEqual((rows.get(prefix) ?? []).sort(), Object.keys(operations).sort());
    });

  it("speaks of limits of operations that the embedded AWS has or AWS has", () => {
    for (const { service } of limits)
      assert.ok(rows.has(service), `${service} is limited and not documented`);
  });
});
