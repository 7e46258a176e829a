/**
 * How the embedded AWS runs what is not its own: functions, tasks and databases. The demo uses processes,
 * simulation plain objects in the same process; the services know only these interfaces.
 */

import type { EngineName } from "../../aws-semantics/database-engines";

/** A function as Lambda has it: code, environment, role. */
export interface FunctionSpec {
  readonly functionArn: string;
  readonly functionName: string;
  /** `index.handler`: file and export. */
  readonly handler: string;
  readonly runtime: string;
  readonly memoryMb: number;
  readonly timeoutMs: number;
  /** The deployment package, a ZIP file. */
  readonly zip: Uint8Array;
  /** Environment set on the function, without what the runtime adds. */
  readonly environment: Readonly<Record<string, string>>;
  /** Environment that the runtime adds: Region, credentials of the role, endpoint of the embedded AWS. */
  readonly runtimeEnvironment: Readonly<Record<string, string>>;
  readonly roleArn: string;
  /** "JSON" wraps `console.log`; "Text" does not. */
  readonly logFormat: "JSON" | "Text";
}

/** The end of an invocation. */
export type InvocationResult =
  | { readonly kind: "answer"; readonly payload: string }
  /** `error` is Lambda's own JSON: errorType, errorMessage, trace. */
  | { readonly kind: "function-error"; readonly error: string }
  | { readonly kind: "timeout" }
  | { readonly kind: "crash"; readonly reason: string };

/** One container of a function: it runs one invocation at a time and keeps its memory between them. */
export interface FunctionContainer {
  invoke(
    requestId: string,
    payload: string,
    deadlineMs: number,
    invokedArn: string,
  ): Promise<InvocationResult>;
  /** Ends it; an invocation under way ends as a crash. */
  stop(): Promise<void>;
}

export interface FunctionRuntime {
  /** @param log receives each line that the function writes, as CloudWatch Logs would get it. */
  start(spec: FunctionSpec, log: (line: string) => void): Promise<FunctionContainer>;
}

/** A task as ECS starts it: everything resolved, secrets injected. */
export interface TaskSpec {
  readonly taskArn: string;
  readonly containers: readonly {
    readonly name: string;
    readonly image: string;
    readonly command: readonly string[];
    /** Plain environment and injected secrets together. Never log it. */
    readonly environment: Readonly<Record<string, string>>;
    /** Options of the log driver, injected secrets included. Never log it. */
    readonly logOptions: Readonly<Record<string, string>>;
  }[];
}

/** A task that runs. */
export interface TaskHandle {
  /** Resolves when every container is up; rejects when one ends before that. `port` is where it listens. */
  readonly started: Promise<{ readonly port?: number }>;
  /** Resolves when the task has ended, by itself or stopped. */
  readonly stopped: Promise<{ readonly reason: string; readonly exitCode?: number }>;
  /** SIGTERM, then SIGKILL after `graceMs`. Resolves when it has ended. */
  stop(graceMs: number): Promise<void>;
}

export interface TaskRuntime {
  start(spec: TaskSpec): TaskHandle;
}

/** A database instance as RDS has it. */
export interface DatabaseSpec {
  readonly identifier: string;
  readonly engine: EngineName;
  readonly databaseName?: string;
  readonly masterUsername: string;
  /** Never log it. */
  readonly masterPassword: string;
}

export interface DatabaseHandle {
  readonly host: string;
  readonly port: number;
  /** Everything that the server has written to its log so far, to search it for values. */
  serverLog(): Promise<string>;
  stop(): Promise<void>;
}

export interface DatabaseRuntime {
  start(spec: DatabaseSpec): Promise<DatabaseHandle>;
}

/** What a world runs things with. */
export interface Runtime {
  readonly functions: FunctionRuntime;
  readonly tasks: TaskRuntime;
  readonly databases: DatabaseRuntime;
}
