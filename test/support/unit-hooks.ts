import assert from "node:assert/strict";
import { refuseChildProcesses, type Refusal } from "./no-child-process";

let refusal: Refusal | undefined;

function noneStarted(): void {
  assert.deepEqual(
    refusal?.take(),
    [],
    "a unit test starts no child process: name its file *.process.spec.ts",
  );
}

/** Hooks of the unit suite: a test, or a hook of its file, that starts a child process fails. */
export const mochaHooks = {
  // Not when this file is loaded: mocha's own process loads it too, and starts the workers.
  beforeAll: () => {
    refusal ??= refuseChildProcesses();
  },
  afterEach: noneStarted,
  afterAll: noneStarted,
};
