import { inspect, parseArgs, type ParseArgsOptionsConfig } from "node:util";

/** A mistake on the command line, in one sentence. */
export class UsageError extends Error {}

/** The values of the options, as node:util reads them. */
export type Values<Options extends ParseArgsOptionsConfig> = ReturnType<
  typeof parseArgs<{ options: Options; strict: true }>
>["values"];

/** A command of package.json. */
export interface Command<Options extends ParseArgsOptionsConfig> {
  /** What `--help` prints. */
  readonly usage: string;
  readonly options: Options;
  /**
   * Does the work and resolves with the exit status. `ends` takes what ends all that was started: it is called once,
   * after the work or an interruption, and awaited before the process exits.
   */
  run(values: Values<Options>, ends: (end: () => Promise<void>) => void): Promise<number>;
  /** True where an interruption is the normal end, with status 0. */
  readonly untilInterrupted?: boolean;
}

const signals = { SIGHUP: 129, SIGINT: 130, SIGTERM: 143 } as const;

/**
 * Runs a command and ends the process: 0 or 1 as the command says, 1 after an error, 2 after a mistake on the
 * command line. A signal, and a reader of the output that goes away, end the command first: it leaves nothing
 * behind.
 */
export function runCommand<Options extends ParseArgsOptionsConfig>(command: Command<Options>): void {
  dropRedirections(process.env);
  let end = (): Promise<void> => Promise.resolve();
  let stopping = false;
  let done = false;
  const stop = (status: number): void => {
    if (stopping) return;
    stopping = true;
    // At the exit Pulumi would report each resource of a deployment that was interrupted.
    if (!done) process.removeAllListeners("exit");
    end().then(
      () => process.exit(status),
      (error: unknown) => {
        process.stderr.write(`${inspect(error)}\n`);
        process.exit(1);
      },
    );
  };
  for (const [signal, status] of Object.entries(signals))
    process.on(signal, () => stop(command.untilInterrupted === true ? 0 : status));
  for (const stream of [process.stdout, process.stderr])
    stream.on("error", (error: NodeJS.ErrnoException) => {
      // The reader is gone (`| head`), or the terminal is closed: nobody is left to be told.
      if (error.code === "EPIPE" || error.code === "EIO") stop(0);
      else throw error;
    });
  runWith(command, process.argv.slice(2), (all) => (end = all)).then(
    (status) => {
      done = true;
      stop(status);
    },
    (error: unknown) => {
      done = true;
      if (stopping) return;
      const isMistake = error instanceof UsageError;
      process.stderr.write(`${isMistake ? error.message : inspect(error)}\n`);
      stop(isMistake ? 2 : 1);
    },
  );
}

async function runWith<Options extends ParseArgsOptionsConfig>(
  command: Command<Options>,
  args: readonly string[],
  ends: (end: () => Promise<void>) => void,
): Promise<number> {
  const values = readOptions(command.options, args);
  if (values) return command.run(values, ends);
  process.stdout.write(command.usage);
  return 0;
}

/**
 * Removes the variables that redirect connections: proxies, and the defaults of PostgreSQL's clients. A command
 * talks to its own servers on 127.0.0.1 only.
 */
export function dropRedirections(environment: NodeJS.ProcessEnv): void {
  for (const name of Object.keys(environment)) if (/^PG[A-Z]+$|_proxy$/i.test(name)) delete environment[name];
}

/** The options of a command line; undefined where it asks for help. Throws a UsageError. */
export function readOptions<Options extends ParseArgsOptionsConfig>(
  options: Options,
  args: readonly string[],
): Values<Options> | undefined {
  if (args.includes("--help")) return undefined;
  try {
    return parseArgs({ args: [...args], options, strict: true }).values;
  } catch (cause) {
    // Node.js adds sentences that are of no use here: how a positional argument could begin with a dash.
    const [sentence] = (cause as Error).message.split(/\.?\s*\n|\.\s/);
    throw new UsageError(`${sentence!.replace(/\.$/, "")}; --help lists the options.`, { cause });
  }
}

/** The value of an option that takes one of a few words. Throws a UsageError with what was found and expected. */
export function oneOf<Word extends string>(
  option: string,
  found: string,
  words: readonly Word[],
  hints: Readonly<Record<string, string>> = {},
): Word {
  const word = words.find((known) => known === found);
  if (word !== undefined) return word;
  const hint = hints[found];
  throw new UsageError(
    `${option}: found ${found}, expected ${words.join(" or ")}${hint === undefined ? "" : ` (${hint})`}.`,
  );
}

/** The value of an option that takes a count. Throws a UsageError with what was found and expected. */
export function countFrom1(option: string, found: string): number {
  const count = Number(found);
  if (Number.isInteger(count) && count >= 1) return count;
  throw new UsageError(`${option}: found ${found}, expected a whole number from 1.`);
}
