import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import path from "node:path";

const root = path.join(__dirname, "..");
const manifest = JSON.parse(readFileSync(path.join(root, "package.json"), "utf8")) as Record<
  "dependencies" | "devDependencies" | "scripts",
  Record<string, string>
> & { engines: { node: string } };
const lock = JSON.parse(readFileSync(path.join(root, "package-lock.json"), "utf8")) as {
  packages: Record<string, unknown>;
};

/** Packages that this project names, of either kind. */
const named = Object.entries({ ...manifest.dependencies, ...manifest.devDependencies });

describe("package.json", () => {
  it("brings no Terraform: no CLI, no bridge, no provider of a Terraform registry", () => {
    const installed = Object.keys(lock.packages).map((place) => place.replace(/^.*node_modules\//, ""));

    const wrong = [...named.map(([name]) => name), ...installed].filter((name) =>
      /terraform|opentofu|cdktf|hcl|terragrunt/i.test(name),
    );

    assert.ok(installed.length > 100, "the lock file was read");
    assert.deepEqual(wrong, []);
  });

  it("names no command of Terraform in a script", () => {
    for (const [name, script] of Object.entries(manifest.scripts))
      assert.doesNotMatch(script, /terraform|tofu/i, name);
  });

  it("fixes the version of every package", () => {
    for (const [name, version] of named) assert.match(version, /^\d+\.\d+\.\d+(-[\w.]+)?$/, name);
  });

  it("leaves ts-node out, which would replace the copy that Pulumi brings", () => {
    assert.ok(!named.some(([name]) => name === "ts-node"));
  });

  it("has no type, so that what TypeScript emits is CommonJS, which Pulumi can serialise", () => {
    assert.ok(!("type" in manifest));
  });
});
