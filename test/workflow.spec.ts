import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { blocksOf, page } from "./support/pages";

const root = join(__dirname, "..");

describe(".github/workflows/preview.yml", () => {
  it("is the workflow that docs/ci.md shows", () => {
    const [shown] = blocksOf(page("docs/ci.md"), "yaml");

    const file = readFileSync(join(root, ".github", "workflows", "preview.yml"), "utf8");

    assert.equal(shown, file);
  });
});
