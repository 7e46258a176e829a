import { spawn, type ChildProcess } from "node:child_process";
import {
  copyFileSync,
  mkdirSync,
  mkdtempSync,
  realpathSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { randomUUID } from "node:crypto";
import { tmpdir } from "node:os";
import { dirname, join, relative, resolve } from "node:path";
import { createInterface } from "node:readline";
import { unzipSync } from "fflate";
import type { FunctionContainer, FunctionRuntime, FunctionSpec, InvocationResult } from "../aws/runtime";

const bootstrap = join(__dirname, "function-bootstrap.cjs");
/** Packages that Lambda's Node.js runtime brings along (AWS Lambda Developer Guide, "Runtime-included SDK versions"). */
const runtimePackages = ["@aws-sdk", "@smithy"] as const;

/**
 * Functions as processes: the archive is unpacked outside the repository, where Node finds no `node_modules` of
 * ours, and runs in a bare process whose environment is made from nothing. Nothing but the SDK can be resolved
 * beside what the archive holds.
 */
export class ProcessFunctionRuntime implements FunctionRuntime {
  #layer: string | undefined;
  readonly #containers = new Set<ProcessContainer>();
  #starting = 0;

  /** Process ids that are alive, to show that nothing is left. */
  get pids(): number[] {
    return [...this.#containers].flatMap((container) => container.pid ?? []);
  }

  async start(spec: FunctionSpec, log: (line: string) => void): Promise<FunctionContainer> {
    this.#starting++;
    this.#layer ??= makeLayer();
    try {
      const container = new ProcessContainer(spec, this.#layer, log, () => {
        this.#containers.delete(container);
        this.#removeLayer();
      });
      this.#containers.add(container);
      try {
        await container.start();
      } catch (error) {
        await container.stop();
        throw error;
      }
      return container;
    } finally {
      this.#starting--;
      this.#removeLayer();
    }
  }

  /** Ends every container and removes every folder. */
  async stop(): Promise<void> {
    await Promise.all([...this.#containers].map((container) => container.stop()));
  }

  #removeLayer(): void {
    if (this.#containers.size > 0 || this.#starting > 0 || this.#layer === undefined) return;
    rmSync(this.#layer, { recursive: true, force: true });
    this.#layer = undefined;
  }
}

/** A folder for NODE_PATH with links to the SDK, as the runtime's own layer would have it. */
function makeLayer(): string {
  const layer = mkdtempSync(join(tmpdir(), "ecs-secret-recycler-layer-"));
  const modules = dirname(dirname(dirname(require.resolve("@aws-sdk/client-ecs/package.json"))));
  for (const name of runtimePackages)
    symlinkSync(realpathSync(join(modules, name)), join(layer, name), "dir");
  copyFileSync(bootstrap, join(layer, "bootstrap.cjs"));
  return layer;
}

/** Node.js 24 of the dependencies; where no package has it for this machine, the Node.js that runs this. */
function nodeBinary(): string {
  const [platform, file] = process.platform === "win32" ? ["win", "node.exe"] : [process.platform, "node"];
  try {
    const manifest = require.resolve(`node-${platform}-${process.arch}/package.json`);
    return join(dirname(manifest), "bin", file);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== "MODULE_NOT_FOUND") throw error;
    return process.execPath;
  }
}

interface Pending {
  readonly id: string;
  resolve(result: InvocationResult): void;
  result?: InvocationResult;
  ends: number;
}

class ProcessContainer implements FunctionContainer {
  readonly #root: string;
  /** A line that only this container writes: the end of an invocation's output. */
  readonly #end = `end of lines ${randomUUID()}`;
  #child: ChildProcess | undefined;
  #pending: Pending | undefined;
  #initError: string | undefined;
  #stopped = false;
  #exited: Promise<void> = Promise.resolve();

  constructor(
    private readonly spec: FunctionSpec,
    private readonly layer: string,
    private readonly log: (line: string) => void,
    private readonly onStop: () => void,
  ) {
    const files = unzipSync(spec.zip);
    for (const name of Object.keys(files))
      if (relative("/root", resolve("/root", name)).startsWith(".."))
        throw new Error(`the archive of ${spec.functionName} has an entry outside of it: ${name}`);
    this.#root = mkdtempSync(join(tmpdir(), "ecs-secret-recycler-function-"));
    unpack(files, this.#root);
  }

  get pid(): number | undefined {
    return this.#child?.exitCode === null && this.#child.signalCode === null ? this.#child.pid : undefined;
  }

  /** Starts the process; resolves when the handler is loaded, or could not be: the next invocation says so. */
  start(): Promise<void> {
    const child = spawn(nodeBinary(), [join(this.layer, "bootstrap.cjs")], {
      cwd: this.#root,
      stdio: ["ignore", "pipe", "pipe", "ipc"],
      env: {
        ...this.spec.environment,
        ...this.spec.runtimeEnvironment,
        NODE_PATH: this.layer,
        LAMBDA_TASK_ROOT: this.#root,
        HOME: this.#root,
        FUNCTION_END_OF_LINES: this.#end,
      },
    });
    this.#child = child;
    this.#initError = undefined;
    for (const stream of [child.stdout, child.stderr])
      if (stream)
        createInterface({ input: stream, crlfDelay: Infinity }).on("line", (line) => this.#line(line));
    return new Promise((started, failed) => {
      this.#exited = new Promise((exited) => {
        child.once("error", (error) => {
          failed(error);
          exited();
        });
        child.once("exit", (code, signal) => {
          if (this.#child === child) this.#child = undefined;
          this.#finish({
            kind: "crash",
            reason: signal ? `signal: ${signal}` : `Runtime exited with error: exit status ${code}`,
          });
          started();
          exited();
        });
      });
      child.on(
        "message",
        (message: { ready?: true; initError?: string; id?: string; payload?: string; error?: string }) => {
          if (message.ready) started();
          else if (message.initError !== undefined) {
            this.#initError = message.initError;
            started();
          } else if (this.#pending?.id === message.id && this.#pending) {
            this.#pending.result =
              message.error === undefined
                ? { kind: "answer", payload: message.payload ?? "null" }
                : { kind: "function-error", error: message.error };
            this.#settle();
          }
        },
      );
    });
  }

  async invoke(
    requestId: string,
    payload: string,
    deadlineMs: number,
    invokedArn: string,
  ): Promise<InvocationResult> {
    if (this.#stopped) return { kind: "crash", reason: "the container was stopped" };
    if (this.#pending)
      throw new Error(`${this.spec.functionName}: a container serves one invocation at a time`);
    // A process that failed at its start, or ended between two invocations, is started anew.
    if (!this.#child && this.#initError === undefined) await this.start();
    if (this.#initError !== undefined) {
      const error = this.#initError;
      await this.#exited;
      this.#initError = undefined;
      return { kind: "function-error", error };
    }
    const child = this.#child;
    if (!child) return { kind: "crash", reason: "Runtime exited without providing a reason" };
    return new Promise((resolve) => {
      this.#pending = { id: requestId, resolve, ends: 0 };
      child.send({ id: requestId, payload, deadlineMs, functionArn: invokedArn }, (error) => {
        if (error) this.#finish({ kind: "crash", reason: error.message });
      });
    });
  }

  async stop(): Promise<void> {
    if (!this.#stopped) {
      this.#stopped = true;
      this.#child?.kill("SIGKILL");
    }
    await this.#exited;
    this.#finish({ kind: "crash", reason: "the container was stopped" });
    rmSync(this.#root, { recursive: true, force: true });
    this.onStop();
  }

  #line(line: string): void {
    const at = line.indexOf(this.#end);
    if (at < 0) {
      this.log(line);
      return;
    }
    if (at > 0) this.log(line.slice(0, at));
    if (this.#pending) this.#pending.ends++;
    this.#settle();
  }

  /** An invocation is over when its answer is here and everything that it wrote, on both streams, too. */
  #settle(): void {
    const { result, ends = 0 } = this.#pending ?? {};
    if (result && ends >= 2) this.#finish(result);
  }

  #finish(result: InvocationResult): void {
    const pending = this.#pending;
    this.#pending = undefined;
    pending?.resolve(result);
  }
}

function unpack(files: Readonly<Record<string, Uint8Array>>, folder: string): void {
  for (const [name, bytes] of Object.entries(files)) {
    const file = join(folder, name);
    mkdirSync(name.endsWith("/") ? file : dirname(file), { recursive: true });
    if (!name.endsWith("/")) writeFileSync(file, bytes);
  }
}
