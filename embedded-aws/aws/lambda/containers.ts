import { Iam } from "../iam";
import type { FunctionContainer, FunctionSpec, InvocationResult } from "../runtime";
import type { Caller } from "../caller";
import { ServiceError } from "../errors";
import type { Random } from "../random";
import type { World } from "../world";

/** What an invocation gave, with what it logged. */
export interface Invocation {
  readonly requestId: string;
  readonly result: InvocationResult;
  readonly durationMs: number;
  readonly lines: readonly string[];
}

/** What a pool of containers needs to know of its function. */
export interface PoolSettings {
  readonly spec: Omit<FunctionSpec, "runtimeEnvironment">;
  readonly logGroup: string;
  readonly applicationLogLevel: string;
}

interface Container {
  readonly handle: FunctionContainer;
  readonly logStream: string;
  lines: string[];
  streamCreated: boolean;
  uses: number;
}

/** An address on which nothing listens: without an open door a function must never reach the real AWS. */
const NOWHERE = "http://127.0.0.1:9";

/**
 * The containers of one revision of a function. A container serves one invocation at a time and is used again;
 * one whose invocation timed out or crashed is gone, with its memory.
 */
export class Containers {
  readonly #idle: Container[] = [];
  readonly #busy = new Set<Container>();
  #starting = 0;
  #retired = false;
  readonly #random: Random;

  constructor(
    private readonly world: World,
    private readonly settings: PoolSettings,
    revision: string,
  ) {
    this.#random = world.random.fork(`lambda/${settings.spec.functionName}/${revision}`);
  }

  /** Invocations under way. */
  get running(): number {
    return this.#busy.size + this.#starting;
  }

  /** @param invokedArn as the call names the function: with its alias, where it has one */
  async invoke(payload: string, requestId: string, invokedArn: string): Promise<Invocation> {
    const { clock } = this.world;
    const container = this.#idle.pop() ?? (await this.#start());
    this.#busy.add(container);
    container.lines = [];
    const { spec } = this.settings;
    const startedMs = clock.now();
    this.#platform(container, "start", requestId, { version: "$LATEST" });
    let result: InvocationResult;
    try {
      result = await new Promise<InvocationResult>((resolve, reject) => {
        const cancel = clock.schedule(spec.timeoutMs, `timeout of function ${spec.functionName}`, () => {
          resolve({ kind: "timeout" });
          return container.handle.stop();
        });
        container.handle.invoke(requestId, payload, startedMs + spec.timeoutMs, invokedArn).then((answer) => {
          cancel();
          resolve(answer);
        }, reject);
      });
    } finally {
      this.#busy.delete(container);
    }
    container.uses++;
    const durationMs = clock.now() - startedMs;
    this.#platform(container, "report", requestId, { status: status(result), durationMs });
    const { lines } = container;
    const gone = result.kind === "timeout" || result.kind === "crash";
    if (gone || this.#retired) await container.handle.stop();
    else this.#idle.push(container);
    await this.#writeLog(container, lines);
    return { requestId, result, durationMs, lines };
  }

  /** Ends every container; invocations under way end as crashes. */
  async stop(): Promise<void> {
    const all = [...this.#idle.splice(0), ...this.#busy];
    await Promise.all(all.map((container) => container.handle.stop()));
  }

  /** No new invocation comes: idle containers end now, busy ones after their invocation. */
  async retire(): Promise<void> {
    this.#retired = true;
    await Promise.all(this.#idle.splice(0).map((container) => container.handle.stop()));
  }

  async #start(): Promise<Container> {
    this.#starting++;
    try {
      const { clock, runtime } = this.world;
      const date = new Date(clock.now()).toISOString().slice(0, 10).replaceAll("-", "/");
      const logStream = `${date}/[$LATEST]${this.#random.hex(32)}`;
      const lines: string[] = [];
      const container: Omit<Container, "handle"> = { logStream, lines, streamCreated: false, uses: 0 };
      const handle = await runtime.functions.start(
        { ...this.settings.spec, runtimeEnvironment: this.#environment(logStream) },
        (line) => container.lines.push(line),
      );
      return Object.assign(container, { handle });
    } finally {
      this.#starting--;
    }
  }

  /** Environment variables of the runtime (AWS Lambda Developer Guide, "Defined runtime environment variables"). */
  #environment(logStream: string): Record<string, string> {
    const { spec, logGroup, applicationLogLevel } = this.settings;
    const key = Iam.of(this.world).credentials(callerOf(spec));
    return {
      _HANDLER: spec.handler,
      AWS_REGION: this.world.region,
      AWS_DEFAULT_REGION: this.world.region,
      AWS_EXECUTION_ENV: `AWS_Lambda_${spec.runtime}`,
      AWS_LAMBDA_FUNCTION_NAME: spec.functionName,
      AWS_LAMBDA_FUNCTION_MEMORY_SIZE: String(spec.memoryMb),
      AWS_LAMBDA_FUNCTION_VERSION: "$LATEST",
      AWS_LAMBDA_INITIALIZATION_TYPE: "on-demand",
      AWS_LAMBDA_LOG_GROUP_NAME: logGroup,
      AWS_LAMBDA_LOG_STREAM_NAME: logStream,
      AWS_LAMBDA_LOG_FORMAT: spec.logFormat,
      AWS_LAMBDA_LOG_LEVEL: applicationLogLevel,
      AWS_ACCESS_KEY_ID: key.accessKeyId,
      AWS_SECRET_ACCESS_KEY: key.secretAccessKey,
      ...(key.sessionToken !== undefined && { AWS_SESSION_TOKEN: key.sessionToken }),
      AWS_ENDPOINT_URL: this.world.endpoint ?? NOWHERE,
      AWS_EC2_METADATA_DISABLED: "true",
      LANG: "en_US.UTF-8",
      TZ: ":UTC",
    };
  }

  /** Lambda's own lines about an invocation. */
  #platform(
    container: Container,
    kind: "start" | "report",
    requestId: string,
    more: Record<string, unknown>,
  ) {
    const { spec } = this.settings;
    if (spec.logFormat === "JSON") {
      const { durationMs, ...record } = more;
      container.lines.push(
        JSON.stringify({
          time: new Date(this.world.clock.now()).toISOString(),
          type: `platform.${kind}`,
          record: { requestId, ...record, ...(durationMs !== undefined && { metrics: { durationMs } }) },
        }),
      );
    } else if (kind === "start") container.lines.push(`START RequestId: ${requestId} Version: $LATEST`);
    else
      container.lines.push(
        `END RequestId: ${requestId}`,
        `REPORT RequestId: ${requestId}\tDuration: ${String(more.durationMs)} ms\tMemory Size: ${spec.memoryMb} MB` +
          (more.status === "success" ? "" : `\tStatus: ${String(more.status)}`),
      );
  }

  /**
   * Lambda writes to CloudWatch Logs as the function's role. What the role may not write is lost without a word
   * to anybody, as in AWS; the ledger has the refused call.
   */
  async #writeLog(container: Container, lines: readonly string[]): Promise<void> {
    const { world, settings } = this;
    const caller = callerOf(settings.spec);
    const where = { logGroupName: settings.logGroup, logStreamName: container.logStream };
    const call = (operation: string, input: object) => world.call<object>("logs", operation, input, caller);
    try {
      if (!container.streamCreated) {
        try {
          await call("CreateLogStream", where);
        } catch (error) {
          if (!(error instanceof ServiceError) || error.code !== "ResourceNotFoundException") throw error;
          await call("CreateLogGroup", { logGroupName: settings.logGroup });
          await call("CreateLogStream", where);
        }
        container.streamCreated = true;
      }
      const timestamp = world.clock.now();
      await call("PutLogEvents", {
        ...where,
        logEvents: lines.filter((line) => line !== "").map((message) => ({ message, timestamp })),
      });
    } catch (error) {
      if (!(error instanceof ServiceError)) throw error;
    }
  }
}

/** A function calls AWS as its role, in a session named after itself. */
export function callerOf(spec: { roleArn: string; functionName: string }): Caller {
  return { kind: "role", roleArn: spec.roleArn, session: spec.functionName };
}

function status(result: InvocationResult): "success" | "error" | "timeout" {
  if (result.kind === "answer") return "success";
  return result.kind === "timeout" ? "timeout" : "error";
}
