import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { join } from "node:path";

const root = join(__dirname, "..");

describe(".github/workflows/preview.yml", () => {
  it("is the workflow that docs/in-ci.md shows", () => {
    const page = readFileSync(join(root, "docs", "in-ci.md"), "utf8");
    const shown = /^```yaml\n([\s\S]*?)^```$/m.exec(page)?.[1];

    const file = readFileSync(join(root, ".github", "workflows", "preview.yml"), "utf8");

    assert.equal(shown, file);
  });
});
