import assert from "node:assert/strict";
import { globSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { startProgram } from "../support/program";

const root = join(__dirname, "..", "..");

interface Counts {
  readonly killed: number;
  readonly survived: number;
  readonly noCoverage: number;
  readonly total: number;
}

async function mutants(
  ...options: string[]
): Promise<{ status: number | null; counts: Counts; stderr: string }> {
  const { status, stdout, stderr } = await startProgram("bench/mutants.ts", ["--json", ...options], {}).ended;
  return { status, counts: JSON.parse(stdout) as Counts, stderr };
}

describe("npm run mutants", () => {
  it("finds that tests kill at least 95 % of the mutants of the recycler's decisions", async () => {
    const { status, counts, stderr } = await mutants();
    const files = [...globSync("handler/plan/*.ts", { cwd: root }), "handler/trigger.ts"];
    const lines = files.flatMap((file) => readFileSync(join(root, file), "utf8").trimEnd().split("\n"));

    assert.equal(status, 0, stderr);
    assert.equal(counts.killed + counts.survived + counts.noCoverage, counts.total);
    assert.ok(counts.total >= lines.length / 2, `${counts.total} mutants of ${lines.length} lines`);
    assert.ok(counts.killed >= counts.total * 0.95, JSON.stringify(counts));
  }).timeout(300_000);

  it("fails where tests reach mutants without killing them, and counts those that no test reaches", async () => {
    const source = ["--source", "handler/plan/deployments.ts"];
    const { status, counts, stderr } = await mutants(...source, "--spec", "test/handler/plan/limits.spec.ts");

    assert.equal(status, 1);
    assert.match(stderr, /mutants: expected 95 % killed, found \d+\.\d %/);
    assert.ok(counts.killed > 0 && counts.survived > 0 && counts.noCoverage > 0, JSON.stringify(counts));
    assert.equal(counts.killed + counts.survived + counts.noCoverage, counts.total);
  });
});
