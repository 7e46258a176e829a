import { spawn, type ChildProcess } from "node:child_process";
import * as path from "node:path";
import * as readline from "node:readline";
import type { Readable } from "node:stream";
import type { Clock } from "../aws/clock";
import type { TaskHandle, TaskRuntime, TaskSpec } from "../aws/runtime";

/**
 * A program that stands for a container image. It is a Node.js program that, once it serves, says so with
 * `process.send?.({ ready: true, port })` (`port` only if it listens). It ends on SIGTERM.
 */
export interface ProcessImage {
  /** Absolute path of the file that is run. */
  readonly file: string;
  /** Arguments; the container's `command` replaces them, as in ECS. */
  readonly args?: readonly string[];
  /** Options of node itself (`--require`, `--import`). */
  readonly execArgv?: readonly string[];
}

/** How containers are run as processes. */
export interface TaskProcessOptions {
  readonly clock: Clock;
  /** Programs by image name, as `containerDefinitions[].image` has it. */
  readonly images: Readonly<Record<string, ProcessImage>>;
  /** Waited before a task's processes are started, as AWS needs its time. Milliseconds; default 0. */
  readonly startDelayMs?: number;
  /** How long a program may take to be ready before the task has failed. Milliseconds; default 30,000. */
  readonly readyWithinMs?: number;
  /** Each line that a container writes on stdout or stderr. Default: dropped. */
  readonly log?: (taskArn: string, container: string, line: string) => void;
}

/** Tasks as child processes, one for each container. */
export interface TaskProcesses extends TaskRuntime {
  /** Process ids of the containers that run now. */
  readonly pids: readonly number[];
}

const guard = path.join(__dirname, "task-guard.cjs");

/** A task runtime of real processes. Each has exactly the environment that ECS would inject, and nothing else. */
export function taskProcesses(options: TaskProcessOptions): TaskProcesses {
  const running = new Set<number>();
  return {
    get pids() {
      return [...running];
    },
    start(spec): TaskHandle {
      return new ProcessTask(spec, options, running);
    },
  };
}

/** One task. All of its containers are essential: the first that ends takes the others with it. */
class ProcessTask implements TaskHandle {
  readonly started: Promise<{ readonly port?: number }>;
  readonly stopped: Promise<{ readonly reason: string; readonly exitCode?: number }>;
  readonly #children = new Map<ChildProcess, Promise<void>>();
  #end!: (outcome: { reason: string; exitCode?: number }) => void;
  #refuse!: (error: Error) => void;
  #ending = false;

  constructor(
    private readonly spec: TaskSpec,
    private readonly options: TaskProcessOptions,
    private readonly running: Set<number>,
  ) {
    this.stopped = new Promise((resolve) => (this.#end = resolve));
    this.started = new Promise((resolve, reject) => {
      this.#refuse = reject;
      void this.#start().then(resolve, (error: Error) => {
        reject(error);
        void this.#finish(error.message, undefined);
      });
    });
    // A task may be stopped before it is up, by somebody who does not wait for `started`.
    this.started.catch(() => undefined);
  }

  async stop(graceMs: number): Promise<void> {
    const children = [...this.#children];
    if (!this.#ending) {
      this.#ending = true;
      this.#refuse(new Error("the task was stopped before it was up"));
      for (const [child] of children) child.kill("SIGTERM");
    }
    const all = Promise.all(children.map(([, exited]) => exited));
    const kill = (): void => {
      for (const [child] of this.#children) child.kill("SIGKILL");
    };
    if (graceMs <= 0) kill();
    const cancel = this.options.clock.schedule(graceMs, `SIGKILL of ${this.spec.taskArn}`, kill);
    await all;
    cancel();
    this.#end({ reason: "", exitCode: 0 });
  }

  async #start(): Promise<{ port?: number }> {
    const { startDelayMs = 0, clock } = this.options;
    if (startDelayMs > 0) await clock.sleep(startDelayMs, `start of ${this.spec.taskArn}`);
    const ports = await Promise.all(this.spec.containers.map((container) => this.#run(container)));
    const port = ports.find((p) => p !== undefined);
    return port === undefined ? {} : { port };
  }

  /** Starts a container; resolves with its port when it is ready. */
  async #run(container: TaskSpec["containers"][number]): Promise<number | undefined> {
    if (this.#ending) return undefined;
    const image = this.options.images[container.image];
    if (!image)
      throw new Error(
        `CannotPullContainerError: image ${container.image} not found; there are ${Object.keys(this.options.images).join(", ") || "none"}`,
      );
    const args = container.command.length > 0 ? container.command : (image.args ?? []);
    const child = spawn(
      process.execPath,
      ["--require", guard, ...(image.execArgv ?? []), image.file, ...args],
      { env: { ...container.environment }, stdio: ["ignore", "pipe", "pipe", "ipc"] },
    );
    if (child.pid !== undefined) this.running.add(child.pid);
    this.#read(child.stdout, container.name);
    this.#read(child.stderr, container.name);
    const exited = new Promise<void>((resolve) => {
      child.once("close", (code, signal) => {
        if (child.pid !== undefined) this.running.delete(child.pid);
        this.#children.delete(child);
        resolve();
        if (!this.#ending)
          void this.#finish(
            `container ${container.name} ended (${signal ?? `exit code ${code}`})`,
            code ?? undefined,
          );
      });
    });
    this.#children.set(child, exited);
    return this.#ready(child, container.name);
  }

  #ready(child: ChildProcess, name: string): Promise<number | undefined> {
    const { clock, readyWithinMs = 30_000 } = this.options;
    return new Promise((resolve, reject) => {
      const cancel = clock.schedule(readyWithinMs, `${name} of ${this.spec.taskArn} is ready`, () =>
        reject(
          new Error(
            `container ${name} was not ready within ${readyWithinMs} ms: it must call process.send({ ready: true })`,
          ),
        ),
      );
      child.once("error", (error) => {
        cancel();
        reject(new Error(`container ${name} could not be started`, { cause: error }));
      });
      child.on("message", (message) => {
        if (!isReady(message)) return;
        cancel();
        resolve(message.port);
      });
      child.once("close", () => {
        cancel();
        reject(new Error(`container ${name} ended before it was ready`));
      });
    });
  }

  /** Ends what is left of the task after one container ended or could not be started. */
  async #finish(reason: string, exitCode: number | undefined): Promise<void> {
    if (this.#ending) return;
    this.#ending = true;
    const left = [...this.#children];
    for (const [child] of left) child.kill("SIGKILL");
    await Promise.all(left.map(([, exited]) => exited));
    this.#end({ reason, ...(exitCode === undefined ? {} : { exitCode }) });
  }

  #read(stream: Readable | null, container: string): void {
    if (!stream) return;
    const { log } = this.options;
    if (!log) {
      stream.resume();
      return;
    }
    readline.createInterface({ input: stream }).on("line", (line) => log(this.spec.taskArn, container, line));
  }
}

function isReady(message: unknown): message is { ready: true; port?: number } {
  return typeof message === "object" && message !== null && (message as { ready?: unknown }).ready === true;
}
