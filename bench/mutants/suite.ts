/** Runs unit tests again and again in this process. */
import { performance } from "node:perf_hooks";
import Mocha from "mocha";

/** A test that was loaded. Its id stays the same when the specs are loaded again. */
export interface LoadedTest {
  readonly id: string;
  readonly title: string;
  run(): unknown;
}

/** Loads specs. Their tests must do without hooks and without mocha's `this`. */
export function loadTests(specs: readonly string[]): readonly LoadedTest[] {
  const mocha = new Mocha({ ui: "bdd" });
  for (const spec of specs) mocha.addFile(spec);
  // Public by its documentation, not by its types.
  (mocha as unknown as { loadFiles(): void }).loadFiles();
  const tests: LoadedTest[] = [];
  visit(mocha.suite);
  return tests;

  function visit(suite: Mocha.Suite): void {
    const hooks = suite as unknown as Record<string, readonly unknown[]>;
    for (const kind of ["_beforeAll", "_beforeEach", "_afterEach", "_afterAll"])
      if (hooks[kind]?.length !== 0) throw new Error(`mutants: ${suite.fullTitle()}: expected no hook`);
    for (const test of suite.tests) {
      const run = test.fn as (() => unknown) | undefined;
      if (run === undefined || run.length > 0)
        throw new Error(`mutants: ${test.fullTitle()}: expected a test without a callback`);
      tests.push({ id: `${tests.length + 1}`, title: test.fullTitle(), run });
    }
    suite.suites.forEach(visit);
  }
}

/** Runs a test. Returns what it threw, and how many milliseconds it took. */
export async function runTest(
  test: LoadedTest,
): Promise<{ readonly failure?: { readonly error: unknown }; readonly ms: number }> {
  const started = performance.now();
  try {
    await test.run();
    return { ms: performance.now() - started };
  } catch (error) {
    return { failure: { error }, ms: performance.now() - started };
  }
}
