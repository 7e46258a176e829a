import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { readmeSection } from "./support/readme";

const root = join(__dirname, "..");

describe(".github/workflows/preview.yml", () => {
  it("is the workflow that README.md shows", () => {
    const page = readmeSection("In CI");
    const shown = /^```yaml\n([\s\S]*?)^```$/m.exec(page)?.[1];

    const file = readFileSync(join(root, ".github", "workflows", "preview.yml"), "utf8");

    assert.equal(shown, file);
  });
});
