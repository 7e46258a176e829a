import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { decisions } from "../../handler/plan/decisions";

describe("docs/decisions.md", () => {
  it("lists the closed list of decisions, in its order", () => {
    const page = readFileSync(join(__dirname, "..", "..", "docs", "decisions.md"), "utf8");

    const listed = [...page.matchAll(/^\| `([a-z-]+)` +\|/gm)].map((match) => match[1]);

    assert.deepEqual(listed, [...decisions]);
  });
});
