import assert from "node:assert/strict";
import { globSync } from "node:fs";
import { join, sep } from "node:path";

const root = join(__dirname, "..");
const configuration = join(root, ".mocharc.cjs");

interface Configuration {
  readonly spec?: readonly string[];
}

/** What mocha is told when it is started with these options. */
function configured(...options: string[]): Configuration {
  const { argv } = process;
  process.argv = [...argv.slice(0, 2), ...options];
  delete require.cache[configuration];
  try {
    // eslint-disable-next-line @typescript-eslint/no-require-imports -- mocha loads it in the same way
    return require(configuration) as Configuration;
  } finally {
    process.argv = argv;
    delete require.cache[configuration];
  }
}

function specsOf(suite: string): string[] {
  return [...(configured(`--suite=${suite}`).spec ?? [])].sort();
}

describe("the suites", () => {
  const parts = ["unit", "slow", "engine", "databases", "aws-cli"];

  it("hold every spec, each once and in one of them", () => {
    const all = globSync(["test/**/*.spec.ts", "embedded-aws/test/**/*.spec.ts"], { cwd: root })
      .map((file) => file.split(sep).join("/"))
      .sort();
    const inParts = parts.flatMap(specsOf);

    assert.ok(all.length > 100, "the specs were found");
    assert.deepEqual(inParts.sort(), all);
  });

  it("are unit and slow together when none is named", () => {
    assert.deepEqual(specsOf("all"), [...specsOf("unit"), ...specsOf("slow")].sort());
    assert.deepEqual(configured(), configured("--suite=all"));
  });

  it("are put aside when specs or a folder are named, but not for the path of another option", () => {
    assert.equal(configured("test/suites.spec.ts").spec, undefined);
    assert.equal(configured("--bail", "./test").spec, undefined);
    assert.deepEqual(configured("--reporter", "./.mocharc.cjs"), configured());
  });

  it("are listed when another is asked for", () => {
    assert.throws(() => configured("--suite=quick"), /--suite: found quick, expected all, unit, slow/);
  });
});
