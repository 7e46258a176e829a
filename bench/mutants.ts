/**
 * Mutation tests of the recycler's decisions. StrykerJS's instrumenter makes every mutant of the sources; each is
 * switched on in turn in this process, and one of the unit tests that reach it must fail.
 *
 * npm run mutants [-- --json] [--source FILE ... --spec FILE ...]
 */
import { globSync } from "node:fs";
import { join } from "node:path";
import { parseArgs } from "node:util";
import fc from "fast-check";
import { accepted } from "./mutants/accepted";
import { instrument, switches, type PlacedMutant } from "./mutants/instrument";
import { loadTests, runTest, type LoadedTest } from "./mutants/suite";

const root = join(__dirname, "..");
const sources = ["handler/plan/*.ts", "handler/trigger.ts"];
const specs = ["test/handler/plan/*.spec.ts", "test/handler/trigger.spec.ts", "test/docs/decisions.spec.ts"];
/** The part of the mutants, in percent, that tests must kill. */
const wantedPercent = 95;
/** How many times more often than without mutants a test may reach the active one: more is an endless loop. */
const hitFactor = 100;

type Outcome = "killed" | "survived" | "noCoverage";

async function main(): Promise<void> {
  const { values } = parseArgs({
    options: {
      json: { type: "boolean", default: false },
      source: { type: "string", multiple: true, default: sources },
      spec: { type: "string", multiple: true, default: specs },
    },
  });
  // The same tests in each run of a property, and no search for its smallest counterexample.
  fc.configureGlobal({ seed: 1, endOnFailure: true });
  const { mutants, unload } = await instrument(root, filesOf(values.source));
  const tried = await tryAll(
    mutants,
    filesOf(values.spec).map((spec) => join(root, spec)),
    unload,
  );
  const counts = {
    killed: tried.filter(({ outcome }) => outcome === "killed").length,
    survived: tried.filter(({ outcome }) => outcome === "survived").length,
    noCoverage: tried.filter(({ outcome }) => outcome === "noCoverage").length,
    total: mutants.length,
  };
  console.log(values.json ? JSON.stringify(counts) : report(tried, counts));
  if (counts.killed * 100 < counts.total * wantedPercent) {
    console.error(`mutants: expected ${wantedPercent} % killed, found ${percent(counts)} %`);
    process.exitCode = 1;
  }
}

function filesOf(patterns: readonly string[]): string[] {
  const files = patterns.flatMap((pattern) => globSync(pattern, { cwd: root }));
  if (files.length === 0) throw new Error(`mutants: no file matches ${patterns.join(" ")}`);
  return files.map((file) => file.replaceAll("\\", "/")).sort();
}

interface Tried {
  readonly mutant: PlacedMutant;
  readonly outcome: Outcome;
}

/** Runs the tests without a mutant, then each mutant with the tests that reach it, the fastest first. */
async function tryAll(
  mutants: readonly PlacedMutant[],
  files: readonly string[],
  unload: () => void,
): Promise<Tried[]> {
  const load = (): readonly LoadedTest[] => {
    unload();
    return loadTests(files);
  };
  const tests = load();
  const durations = new Map<string, number>();
  for (const test of tests) {
    switches.currentTestId = test.id;
    const { failure, ms } = await runTest(test);
    if (failure) throw new Error(`mutants: ${test.title}: failed without a mutant`, { cause: failure.error });
    durations.set(test.id, ms);
  }
  switches.currentTestId = undefined;
  // A copy: the sources go on counting.
  const { static: atLoad, perTest } = structuredClone(switches.mutantCoverage ?? { static: {}, perTest: {} });
  const fastest = (some: readonly LoadedTest[]): LoadedTest[] =>
    [...some].sort((a, b) => durations.get(a.id)! - durations.get(b.id)!);
  const tried: Tried[] = [];
  for (const mutant of mutants) {
    const { id } = mutant;
    const isStatic = (atLoad[id] ?? 0) > 0;
    const reaching = tests.filter((test) => (perTest[test.id]?.[id] ?? 0) > 0);
    const hits = (test: LoadedTest): number => perTest[test.id]?.[id] ?? 0;
    let outcome: Outcome = "noCoverage";
    if (isStatic || reaching.length > 0) {
      switches.activeMutant = id;
      outcome = (await isKilled(isStatic ? load : () => reaching, fastest, hits)) ? "killed" : "survived";
      switches.activeMutant = undefined;
    }
    tried.push({ mutant, outcome });
    if (tried.length % 100 === 0) console.error(`${tried.length} of ${mutants.length} mutants tried`);
  }
  return tried;
}

async function isKilled(
  tests: () => readonly LoadedTest[],
  sort: (some: readonly LoadedTest[]) => LoadedTest[],
  hits: (test: LoadedTest) => number,
): Promise<boolean> {
  let loaded: LoadedTest[];
  allow(0);
  try {
    loaded = sort(tests());
  } catch {
    return true;
  }
  for (const test of loaded) {
    allow(hits(test));
    if ((await runTest(test)).failure) return true;
  }
  return false;
}

/** Ends a test that reaches the active mutant much more often than it did without. */
function allow(hits: number): void {
  switches.hitCount = 0;
  switches.hitLimit = Math.max(hits, 100) * hitFactor;
}

type Counts = Readonly<Record<Outcome | "total", number>>;

function percent({ killed, total }: Counts): string {
  return ((100 * killed) / total).toFixed(1);
}

function report(tried: readonly Tried[], counts: Counts): string {
  const alive = tried.filter(({ outcome }) => outcome !== "killed");
  const rows = alive.map(({ mutant, outcome }) => {
    const { file, line, original, replacement } = mutant;
    const known = accepted.find(
      (one) => one.file === file && one.original === original && one.replacement === replacement,
    );
    const reason = outcome === "noCoverage" ? "no test reaches it" : (known?.reason ?? "");
    return `${file}:${line}\n  ${original}\n  -> ${replacement}${reason && `\n  ${reason}`}`;
  });
  return [
    ...rows,
    `${"killed".padStart(10)} ${"survived".padStart(10)} ${"no test".padStart(10)} ${"total".padStart(10)}`,
    [counts.killed, counts.survived, counts.noCoverage, counts.total]
      .map((count) => String(count).padStart(10))
      .join(" "),
    `${percent(counts)} % killed`,
  ].join("\n");
}

void main();
