import { spawn } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { runCommand } from "../demo/command";
import { createWorld } from "../embedded-aws/aws/account";
import { VirtualClock } from "../embedded-aws/aws/clock";
import { Random } from "../embedded-aws/aws/random";
import { coverageOf, coverageText } from "./coverage/report";

const usage = `npm run coverage [-- --json]

Runs the unit tests, in which the program is deployed and the demonstration
runs on virtual time, and prints the operations of the embedded AWS that
nothing called with success. The tests that call every operation with drawn
inputs do not count. About one minute.

  --json   one object on stdout

Exits with 1 when an operation was never called, or when a test failed.
`;

/** Every operation that the embedded AWS has, as `service:Operation`. */
function allOperations(): string[] {
  const nothing = (): never => {
    throw new Error("nothing runs in a world that is only listed");
  };
  const world = createWorld({
    partition: "aws",
    region: "us-east-1",
    account: "123456789012",
    clock: new VirtualClock(0),
    random: new Random("coverage"),
    runtime: { functions: { start: nothing }, tasks: { start: nothing }, databases: { start: nothing } },
  });
  return [...world.services].flatMap(({ prefix, operations }) =>
    Object.keys(operations).map((operation) => `${prefix}:${operation}`),
  );
}

/** Runs the unit tests with the recorder in each process; their output goes to stderr. */
function runTests(file: string): Promise<boolean> {
  // Not `*.spec.ts`: the configuration of mocha takes an option with that ending for a spec to run alone.
  const generated = "embedded-aws/test/aws/**/generated*";
  const before = [require.resolve("../embedded-aws/register.cjs"), join(__dirname, "coverage", "record.ts")];
  const mocha = require.resolve("mocha/bin/mocha.js");
  const required = before.map((module) => `--require=${module}`);
  const options = ["--suite=unit", "--reporter=dot", `--ignore=${generated}`, ...required];
  const child = spawn(process.execPath, [mocha, ...options], {
    cwd: join(__dirname, ".."),
    env: { ...process.env, COVERAGE_FILE: file },
    stdio: ["ignore", process.stderr, process.stderr],
  });
  return new Promise((resolve, reject) => {
    child.once("error", reject);
    child.once("exit", (status) => resolve(status === 0));
  });
}

runCommand({
  usage,
  options: { json: { type: "boolean", default: false } },
  async run({ json }, ends) {
    const folder = mkdtempSync(join(tmpdir(), "ecs-secret-recycler-coverage-"));
    ends(() => Promise.resolve(rmSync(folder, { recursive: true, force: true })));
    const file = join(folder, "operations");
    writeFileSync(file, "");
    const passed = await runTests(file);
    const coverage = coverageOf(allOperations(), readFileSync(file, "utf8").split("\n"));
    console.log(json ? JSON.stringify(coverage) : coverageText(coverage));
    if (!passed) console.error("Tests failed: an operation may have been called only after the failure.");
    return passed && coverage.never.length === 0 ? 0 : 1;
  },
});
