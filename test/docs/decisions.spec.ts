import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { decisions, decisionTable } from "../../handler/plan/decisions";

describe("docs/decisions.md", () => {
  const page = readFileSync(join(__dirname, "..", "..", "docs", "decisions.md"), "utf8");
  const rows = [...page.matchAll(/^\| `([a-z-]+)` +\|(.+)\|(.+)\|(.+)\|$/gm)].map(([, ...cells]) =>
    cells.map((cell) => cell.trim()),
  );

  it("says of each decision what the table says, in its order", () => {
    assert.deepEqual(
      rows,
      decisions.map((name) => {
        const { meaning, ends = "the next change", alarm } = decisionTable[name];
        return [name, meaning, ends, alarm ? "yes" : ""];
      }),
    );
  });
});
