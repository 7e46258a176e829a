import assert from "node:assert/strict";
import { readdirSync, readFileSync } from "node:fs";
import path from "node:path";
import { parse } from "yaml";
import { page } from "./support/pages";

const root = path.join(__dirname, "..");
const manifest = JSON.parse(readFileSync(path.join(root, "package.json"), "utf8")) as Record<
  "dependencies" | "devDependencies" | "optionalDependencies" | "scripts",
  Record<string, string>
> & { engines: { node: string } };
const lock = JSON.parse(readFileSync(path.join(root, "package-lock.json"), "utf8")) as {
  packages: Record<string, unknown>;
};

/** Packages that this project names, of every kind. */
const named = Object.entries({
  ...manifest.dependencies,
  ...manifest.devDependencies,
  ...manifest.optionalDependencies,
});

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

  it("brings no file of Terraform: nothing that this repository keeps is written in its language", () => {
    const kept = readdirSync(root, { withFileTypes: true }).flatMap((entry) =>
      entry.isDirectory() && ![".git", "node_modules"].includes(entry.name)
        ? readdirSync(path.join(root, entry.name), { recursive: true, encoding: "utf8" })
        : [entry.name],
    );

    assert.ok(kept.includes("package.json"), "the list was read");
    assert.deepEqual(
      kept.filter((file) => /\.(tf|tfvars|hcl)(\.json)?$/i.test(file)),
      [],
    );
  });

  it("leaves the project files without a provider: Pulumi takes them from the packages that are named here", () => {
    const files = ["Pulumi.yaml", "examples/shop/Pulumi.yaml"];

    for (const file of files) {
      const project = parse(readFileSync(path.join(root, file), "utf8")) as object;
      for (const key of ["packages", "plugins"]) assert.ok(!(key in project), `${file}: ${key}`);
    }
  });

  it("names every package that docs/packages.md explains, and no other", () => {
    const text = page("docs/packages.md").lines.join("\n");

    // An item is `- `NAME`, `NAME`: purpose`, and may be broken between two lines.
    const explained = [...text.matchAll(/^- ([^:]+): /gm)].flatMap(([, names = ""]) =>
      [...names.matchAll(/`([^`]+)`/g)].map(([, name]) => name!),
    );

    assert.deepEqual(explained.sort(), named.map(([name]) => name).sort());
  });

  it("leaves ts-node out, which would replace the copy that Pulumi brings", () => {
    assert.ok(!named.some(([name]) => name === "ts-node"));
  });

  it("has no type, so that what TypeScript emits is CommonJS, which Pulumi can serialise", () => {
    assert.ok(!("type" in manifest));
  });
});
