import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { join } from "node:path";
import { blocksOf, page } from "../support/pages";

const root = join(__dirname, "..", "..");

describe("docs/deployer.md", () => {
  const [lines = ""] = blocksOf(page("docs/deployer.md"), "sh");
  for (const line of lines.trim().split("\n"))
    it(`makes the reader's own ${line.replace(/^.* > /, "")} with the line that it shows`, () => {
      const toOutput = line.replace(/ > \S+$/, "");
      const mine = toOutput.replace("YOUR_ACCOUNT", "210987654321").replace("YOUR_REGION", "eu-west-1");

      const made = execFileSync("sh", ["-c", mine.replace("YOUR_SECRETS", "shop")], {
        cwd: root,
        encoding: "utf8",
      });

      assert.ok(Array.isArray((JSON.parse(made) as { Statement: unknown }).Statement));
      assert.doesNotMatch(made, /123456789012|us-west-2|production/);
      assert.match(made, /:eu-west-1:210987654321:secret:shop\/\*/);
    });
});
