import assert from "node:assert/strict";
import childProcess, { execFile, execFileSync, execSync, fork, spawn, spawnSync } from "node:child_process";
import { promisify } from "node:util";
import { refuseChildProcesses, type Refusal } from "./no-child-process";

describe("refuseChildProcesses", () => {
  let refusal: Refusal;

  beforeEach(() => {
    refusal = refuseChildProcesses();
  });
  afterEach(() => refusal.end());

  const ways: Record<string, () => unknown> = {
    spawn: () => spawn("program"),
    execFile: () => promisify(execFile)("program"),
    fork: () => fork("program.js", { execPath: "program" }),
    spawnSync: () => spawnSync("program"),
    execFileSync: () => execFileSync("program"),
    execSync: () => execSync("program"),
  };

  for (const [name, start] of Object.entries(ways))
    it(`refuses and records ${name}`, () => {
      assert.throws(start, /program was to be started as a child process/);

      assert.deepEqual(refusal.take(), ["program"]);
      assert.deepEqual(refusal.take(), []);
    });

  it("leaves everything as it was at its end", () => {
    refusal.end();
    const before = waysOfNode();

    const again = refuseChildProcesses();
    const during = waysOfNode();
    again.end();

    assert.ok(during.every((way, index) => way !== before[index]));
    assert.deepEqual(waysOfNode(), before);
  });
});

function waysOfNode(): unknown[] {
  const { spawn } = childProcess.ChildProcess.prototype as unknown as { spawn: unknown };
  const { spawnSync, execFileSync, execSync } = childProcess;
  return [spawn, spawnSync, execFileSync, execSync];
}
