import * as pulumi from "@pulumi/pulumi";
import type { Mocks } from "@pulumi/pulumi/runtime";
import { plain } from "./plain";

/** A program's surroundings, as the engine gives them. */
export interface ProgramOptions {
  readonly project: string;
  readonly stack: string;
  /** By full key (`ecs-secret-recycler:services`), values as a stack's file has them. */
  readonly config: Readonly<Record<string, unknown>>;
  /** Keys of the settings that the stack's file holds encrypted. */
  readonly secretKeys?: readonly string[];
  readonly preview?: boolean;
}

/** What stands in for the engine and the providers. */
export interface Engine extends Mocks {
  /** Told when the runtime is ready and the program has not begun: here its monitor can be replaced. */
  readonly ready?: () => void;
}

/** Pulumi's runtime is one for the process: programs wait for each other. */
let last: Promise<unknown> = Promise.resolve();

/**
 * Runs a Pulumi program without the Pulumi engine, and answers its exports. The one way to do so here: deployments into
 * the embedded AWS, tests of what a program declares and tests of what a policy pack is given differ in the `engine`.
 * @param load loads the program: it answers the exports, or a function that answers them
 */
export function runProgram(
  load: () => unknown,
  options: ProgramOptions,
  engine: Engine,
): Promise<Record<string, unknown>> {
  const run = last.then(
    () => runNow(load, options, engine),
    () => runNow(load, options, engine),
  );
  last = run;
  return run;
}

async function runNow(
  load: () => unknown,
  { project, stack, config, secretKeys = [], preview = false }: ProgramOptions,
  engine: Engine,
): Promise<Record<string, unknown>> {
  // Pulumi's runtime takes a stack trace with every promise and, whatever the limit, with every resource; each is
  // mapped to TypeScript: half of the time.
  const { stackTraceLimit } = Error;
  const prepareStackTrace: unknown = Reflect.get(Error, "prepareStackTrace");
  Error.stackTraceLimit = 0;
  Error.prepareStackTrace = String;
  try {
    await pulumi.runtime.setMocks(engine, project, stack, preview);
    engine.ready?.();
    pulumi.runtime.setAllConfig(
      Object.fromEntries(
        Object.entries(config).map(([key, value]) => [
          key,
          typeof value === "string" ? value : JSON.stringify(value),
        ]),
      ),
      [...secretKeys],
    );
    const exported = await pulumi.runtime.runInPulumiStack(async () => {
      const program = load();
      return typeof program === "function"
        ? await (program as () => Promise<object | undefined>)()
        : { ...(program as object | undefined) };
    });
    return (await plain(pulumi.output<unknown>(exported ?? {}))) as Record<string, unknown>;
  } finally {
    await pulumi.runtime.disconnect();
    Error.stackTraceLimit = stackTraceLimit;
    Reflect.set(Error, "prepareStackTrace", prepareStackTrace);
  }
}
