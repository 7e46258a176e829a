import assert from "node:assert/strict";
import type { LoggedDecision } from "../../demo/decisions";
import { decisionIn } from "../../demo/decisions";
import { table } from "../../demo/report";
import { runDemo } from "../../demo/run";
import { recordExample, runVirtual } from "../../simulation/virtual-run";
import { temporaryFolder, type TemporaryFolder } from "../support/folder";
import { blocksOf, page } from "../support/pages";
import { assertShown } from "../support/shown";
import { descendantsOf, isRunning, startProgram } from "../support/program";

/**
 * What was acted on for each change, without what differs between two runs: times, the drawn end of a secret's ARN,
 * and which of the two services, which are recycled side by side, comes first.
 */
function acts(decisions: readonly LoggedDecision[]): string[][] {
  const all = decisions
    .filter(({ decision }) => decision === "recycle")
    .map(({ service, subject }) => `${service} for ${subject?.replace(/-\w{6}$/, "")}`);
  return Array.from({ length: Math.ceil(all.length / 2) }, (_, change) =>
    all.slice(2 * change, 2 * change + 2).sort(),
  );
}

describe("the demonstration on real time, with processes and PostgreSQL", () => {
  const [shown] = blocksOf(page("README.md"), "text");
  let printed: string;
  const screen = { write: (text: string) => Boolean((printed += text)) };
  let temporary: string | undefined;
  let folder: TemporaryFolder;

  beforeEach(() => {
    printed = "";
    folder = temporaryFolder();
    temporary = process.env.TMPDIR;
    process.env.TMPDIR = folder.path;
  });

  afterEach(() => {
    if (temporary === undefined) delete process.env.TMPDIR;
    else process.env.TMPDIR = temporary;
    folder.remove();
  });

  it("loses no query, decides as on virtual time, and leaves neither process nor folder", async () => {
    const before = new Set(descendantsOf(process.pid));

    const real = await runDemo({ withoutRecycler: false, seed: "demo", screen });
    const virtual = await runVirtual(await recordExample(), "demo");

    assert.deepEqual(real.faults, [], real.failures.join("\n"));
    assert.ok(real.report.queries.total > 100);
    assert.deepEqual(acts(real.decisions), acts(virtual.log.flatMap((line) => decisionIn(line) ?? [])));
    assert.ok(real.report.archiveBytes.recycler <= 40 * 1024);
    assert.deepEqual(
      descendantsOf(process.pid).filter((pid) => !before.has(pid)),
      [],
    );
    assert.deepEqual(folder.entries(), []);
    assertShown(shown, `${printed}\n${table(real.report)}`);
  }).timeout(120_000);
});

describe("npm run demo", () => {
  it("ends everything on Ctrl-C, whatever it was doing", async () => {
    const folder = temporaryFolder();
    const program = startProgram("demo/index.ts", [], { TMPDIR: folder.path });
    await program.line(/ moved /);
    const started = descendantsOf(program.pid);
    assert.ok(started.length > 5, "tasks, functions and a database");

    process.kill(program.pid, "SIGINT");
    const { status } = await program.ended;

    assert.equal(status, 130);
    assert.deepEqual(started.filter(isRunning), []);
    assert.deepEqual(folder.entries(), []);
    folder.remove();
  }).timeout(120_000);
});
