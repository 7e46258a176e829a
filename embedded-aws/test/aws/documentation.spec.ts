import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import path from "node:path";
import { limits } from "../../aws/account/throttling";
import { virtualWorld } from "../support/world";

const text = readFileSync(path.join(__dirname, "../../README.md"), "utf8");

/** Operations that the document lists, by service; an entry without a description and a source is an error. */
function documented(): Map<string, string[]> {
  const operations = text.split(/^## /m).find((section) => section.startsWith("Operations"))!;
  return new Map(
    operations
      .split(/^### /m)
      .slice(1)
      .map((section) => {
        const [prefix = "", ...lines] = section.split("\n");
        const entries = lines
          .join(" ")
          .split(/ (?=- \*\*)/)
          .slice(1);
        const names = entries.flatMap((entry) => {
          const [, listed] = /^- \*\*([^*]+)\*\*: \S.*\. Source: \S/.exec(entry.replace(/\s+/g, " ")) ?? [];
          assert.ok(
            listed,
            `an entry of ${prefix} says not what is kept, or not where it was looked up: ${entry}`,
          );
          return listed.split(", ");
        });
        return [prefix.trim(), names];
      }),
  );
}

describe("embedded-aws/README.md", () => {
  const { world } = virtualWorld();
  const rows = documented();

  it("has a section for every service that the embedded AWS has, and for no other", () => {
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
