import assert from "node:assert/strict";
import { globSync, readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { join } from "node:path";

const root = join(__dirname, "..");
const load = createRequire(__filename);
const script = (name: string) => readFileSync(join(root, ".ci", name), "utf8");
const { scripts } = JSON.parse(readFileSync(join(root, "package.json"), "utf8")) as {
  scripts: Record<string, string>;
};

/** Names of the npm scripts that a script of `.ci` runs. */
function npmScriptsOf(text: string): string[] {
  return [...text.matchAll(/\bnpm (?:run (?:--silent )?(\S+)|(test))/g)].map(([, run, test]) => run ?? test!);
}

/** The files that mocha runs with this npm script. */
function specsOf(name: string): string[] {
  const configuration = load.resolve("../.mocharc.cjs");
  const { argv } = process;
  // The configuration reads the suite from the command line.
  process.argv = [...argv.slice(0, 2), ...scripts[name]!.split(" ").slice(1)];
  delete load.cache[configuration];
  try {
    return (load(configuration) as { spec: string[] }).spec;
  } finally {
    process.argv = argv;
    delete load.cache[configuration];
  }
}

describe(".ci/run", () => {
  it("runs every spec of the repository", () => {
    const suites = npmScriptsOf(script("run")).filter((name) => scripts[name]?.startsWith("mocha"));

    const run = new Set(suites.flatMap(specsOf));

    const specs = globSync("**/*.spec.ts", { cwd: root, exclude: ["node_modules/**"] });
    assert.ok(specs.length > 100, `${specs.length} specs`);
    assert.deepEqual(
      specs.filter((file) => !run.has(file)),
      [],
    );
  });

  it("does not take the specs of one suite for those of another", () => {
    assert.ok(specsOf("test:engine").includes("test/engine/installation.spec.ts"));
    assert.ok(!specsOf("test").includes("test/engine/installation.spec.ts"));
  });

  it("checks types, rules and format", () => {
    const run = npmScriptsOf(script("run"));

    for (const name of ["lint", "format:check"]) assert.ok(run.includes(name), name);
  });
});

describe(".ci/figures", () => {
  it("runs npm scripts that exist, and test files that exist", () => {
    const text = script("figures");
    const run = npmScriptsOf(text);
    const files = [...text.matchAll(/npm test -- (\S+)/g)].map(([, file]) => file!);

    assert.ok(run.length > 5 && files.length > 1);
    for (const name of run) assert.ok(name in scripts, name);
    assert.deepEqual(globSync(files, { cwd: root }).sort(), files.sort());
  });
});
