import { format } from "node:util";
import type { Clock } from "../aws/clock";
import type { FunctionContainer, FunctionRuntime, FunctionSpec, InvocationResult } from "../aws/runtime";

/** The context of an invocation, as far as a handler uses it. */
export interface InProcessContext {
  readonly awsRequestId: string;
  readonly functionName: string;
  readonly functionVersion: string;
  readonly invokedFunctionArn: string;
  readonly memoryLimitInMB: string;
  readonly logGroupName: string;
  readonly logStreamName: string;
  getRemainingTimeInMillis(): number;
}

/** What a factory may use beside the function's own description. */
export interface InProcessTools {
  readonly spec: FunctionSpec;
  readonly clock: Clock;
  /** A line as `process.stdout.write` would give it. */
  readonly write: (line: string) => void;
  /** Text as `console.log` would give it: wrapped under the JSON log format. */
  readonly log: (...values: unknown[]) => void;
}

/** Makes a function's handler, as loading its module does: once for each container, so its memory is the container's. */
export type InProcessFactory = (
  tools: InProcessTools,
) => (event: unknown, context: InProcessContext) => Promise<unknown>;

/**
 * Functions as their source in this process, for virtual time. A container that is stopped in the middle of an
 * invocation ends it as a crash and never looks at it again: whatever the handler awaited never goes on, as far
 * as the caller can see, when the call that it awaited never settles.
 */
export class InProcessFunctionRuntime implements FunctionRuntime {
  readonly #factories: ReadonlyMap<string, InProcessFactory>;

  /** @param factories by name of the function, or a prefix of it that ends with `*` */
  constructor(
    private readonly clock: Clock,
    factories: Readonly<Record<string, InProcessFactory>>,
  ) {
    this.#factories = new Map(Object.entries(factories));
  }

  async start(spec: FunctionSpec, log: (line: string) => void): Promise<FunctionContainer> {
    const factory = this.#factoryOf(spec.functionName);
    const { clock } = this;
    let requestId = "";
    const tools: InProcessTools = {
      spec,
      clock,
      write: (text) => text.split("\n").filter(Boolean).forEach(log),
      log: (...values) => {
        const timestamp = new Date(clock.now()).toISOString();
        const message = values.length === 1 && typeof values[0] === "object" ? values[0] : format(...values);
        if (spec.logFormat === "JSON") log(JSON.stringify({ timestamp, level: "INFO", requestId, message }));
        else log(`${timestamp}\t${requestId}\tINFO\t${format(...values)}`);
      },
    };
    let handler: ReturnType<InProcessFactory> | undefined;
    let initError: unknown;
    try {
      handler = factory(tools);
    } catch (error) {
      initError = error;
    }
    let crash: ((result: InvocationResult) => void) | undefined;
    let stopped = false;
    return {
      invoke: (id, payload, deadlineMs, invokedArn) =>
        new Promise((resolve) => {
          if (stopped) return resolve({ kind: "crash", reason: "the container was stopped" });
          if (!handler) return resolve(functionError(initError));
          requestId = id;
          crash = resolve;
          const context: InProcessContext = {
            awsRequestId: id,
            functionName: spec.functionName,
            functionVersion: "$LATEST",
            invokedFunctionArn: invokedArn,
            memoryLimitInMB: String(spec.memoryMb),
            logGroupName: spec.runtimeEnvironment.AWS_LAMBDA_LOG_GROUP_NAME ?? "",
            logStreamName: spec.runtimeEnvironment.AWS_LAMBDA_LOG_STREAM_NAME ?? "",
            getRemainingTimeInMillis: () => Math.max(0, deadlineMs - clock.now()),
          };
          const run = handler;
          void (async () => run(JSON.parse(payload), context))().then(
            // What was stopped has answered already; resolving again does nothing.
            (answer) => resolve({ kind: "answer", payload: JSON.stringify(answer ?? null) }),
            (error: unknown) => {
              if (!stopped) tools.log(error);
              resolve(functionError(error));
            },
          );
        }),
      stop: () => {
        stopped = true;
        crash?.({ kind: "crash", reason: "the container was stopped" });
        return Promise.resolve();
      },
    };
  }

  #factoryOf(name: string): InProcessFactory {
    const found =
      this.#factories.get(name) ??
      [...this.#factories].find(([key]) => key.endsWith("*") && name.startsWith(key.slice(0, -1)))?.[1];
    if (!found)
      throw new Error(
        `no source for function ${name}: there is one for ${[...this.#factories.keys()].join(", ") || "none"}`,
      );
    return found;
  }
}

function functionError(error: unknown): InvocationResult {
  const { name, message } = error instanceof Error ? error : { name: typeof error, message: String(error) };
  const trace = error instanceof Error ? (error.stack ?? "").split("\n") : [];
  return { kind: "function-error", error: JSON.stringify({ errorType: name, errorMessage: message, trace }) };
}
