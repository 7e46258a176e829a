import { join } from "node:path";
import { RealClock, type Clock } from "../embedded-aws/aws/clock";
import { MariadbRuntime } from "../embedded-aws/runtime/mariadb";
import { PostgresRuntime, type PostgresOptions } from "../embedded-aws/runtime/postgres";
import { ProcessFunctionRuntime } from "../embedded-aws/runtime/function-process";
import { taskProcesses, type ProcessImage } from "../embedded-aws/runtime/task-process";
import type { DatabaseHandle, FunctionRuntime, Runtime } from "../embedded-aws/aws/runtime";

/** Folder of the example, as this repository has it. */
export const exampleFolder = join(__dirname, "..", "examples", "shop");

/** The example's images and the programs that stand for them; each task listens on a port of its own. */
export const exampleImages: Readonly<Record<string, ProcessImage>> = Object.fromEntries(
  ["web", "worker", "reports"].map((service) => [
    `registry.example.com/shop/${service}:1.4.0`,
    {
      file: join(exampleFolder, "services", `${service}.js`),
      args: ["--host", "127.0.0.1", "--port", "0"],
    },
  ]),
);

/** What the example runs on: a clock, and a runtime for its functions, tasks and databases. */
export interface Platform {
  readonly clock: Clock;
  readonly runtime: Runtime;
  /** Called with every line that a function logs. */
  onFunctionLine: (functionName: string, line: string) => void;
  /** Rejects when a scheduled task of the world fails. Never resolves. */
  readonly failed: Promise<never>;
  /** Ends every process that the world has not ended. */
  close(): Promise<void>;
}

/** What a platform of real processes varies. */
export interface ProcessPlatformOptions {
  /** The programs that stand for images. Default: the example's. */
  readonly images?: Readonly<Record<string, ProcessImage>>;
  /** How long a task waits before its program starts, in milliseconds. Default: 1 second, so that one can watch. */
  readonly taskStartMs?: number;
  /** What differs in a PostgreSQL. */
  readonly postgres?: PostgresOptions;
  /** Lines of the tasks' programs; dropped when absent. */
  readonly taskLine?: (taskArn: string, container: string, line: string) => void;
}

/** Real time and real processes: functions from their archives, tasks, PostgreSQL or MariaDB. */
export function processPlatform(options: ProcessPlatformOptions = {}): Platform {
  let fail: (error: Error) => void = () => undefined;
  const failed = new Promise<never>((_, reject) => (fail = reject));
  // Until somebody awaits `failed`, a rejection must not end the process.
  failed.catch(() => undefined);
  const clock = new RealClock((cause, name) =>
    fail(new Error(`a scheduled task failed: ${name}`, { cause })),
  );
  const functions = new ProcessFunctionRuntime();
  const databases = new Set<Promise<DatabaseHandle>>();
  const servers = { postgres: new PostgresRuntime(options.postgres), mariadb: new MariadbRuntime() };
  const platform: Platform = {
    clock,
    runtime: {
      functions: heard(functions, (name, line) => platform.onFunctionLine(name, line)),
      tasks: taskProcesses({
        clock,
        images: options.images ?? exampleImages,
        startDelayMs: options.taskStartMs ?? 1_000,
        log: options.taskLine,
      }),
      databases: {
        start(spec) {
          const starting = servers[spec.engine === "mariadb" ? "mariadb" : "postgres"].start(spec);
          databases.add(starting);
          return starting;
        },
      },
    },
    onFunctionLine: () => undefined,
    failed,
    async close() {
      await functions.stop();
      // A server that is still starting would be left behind: it is waited for.
      for (const started of await Promise.allSettled(databases))
        if (started.status === "fulfilled") await started.value.stop();
      clock.stop();
    },
  };
  return platform;
}

/** A function runtime that also passes each line of its functions to a listener. */
export function heard(
  runtime: FunctionRuntime,
  listener: (functionName: string, line: string) => void,
): FunctionRuntime {
  return {
    start: (spec, log) =>
      runtime.start(spec, (line) => {
        log(line);
        listener(spec.functionName, line);
      }),
  };
}
