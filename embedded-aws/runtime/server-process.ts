import { spawn, type ChildProcess } from "node:child_process";
import { chownSync, existsSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { RealClock } from "../aws/clock";

/** A program and what it is started with. */
export interface Command {
  readonly command: string;
  readonly args: readonly string[];
  /** Written to its stdin, which is then closed. */
  readonly input?: string;
}

/** A server and what prepares it. */
export interface ServerPlan {
  /** Commands that must succeed, one after the other, before the server starts. */
  readonly steps: readonly Command[];
  readonly server: Command;
  /** What ends the server without waiting for its clients. */
  readonly stopSignal: "SIGINT" | "SIGTERM";
  /** Files that the server writes beside its output: part of its log. */
  readonly logFiles?: readonly string[];
}

/** Somebody without rights, as whom servers run that refuse to be root. */
export interface Account {
  readonly uid: number;
  readonly gid: number;
}

/** A server that runs in a folder of its own. */
export interface ServerProcess {
  readonly name: string;
  readonly pid: number;
  /** Everything that the server has written so far; kept when it has been stopped. */
  log(): string;
  /** Why it ended without being asked to; undefined while it runs. */
  ended(): string | undefined;
  /** Ends the server and removes its folder. Safe to call again. */
  stop(): Promise<void>;
}

/** Milliseconds that a server gets to end by itself. */
const graceMs = 5_000;

/**
 * Starts a server in a new folder below the system's temporary one, under a guardian: a process that ends the
 * server and removes the folder when this process is gone, however it went.
 */
export async function startServer(
  name: string,
  account: Account | undefined,
  planOf: (folder: string) => ServerPlan,
): Promise<ServerProcess> {
  const folder = mkdtempSync(join(tmpdir(), `ecs-secret-recycler-${name}-`));
  const logFile = join(folder, "server.log");
  const logFiles = [logFile];
  let guardian: ChildProcess;
  try {
    if (account) chownSync(folder, account.uid, account.gid);
    const plan = planOf(folder);
    logFiles.push(...(plan.logFiles ?? []));
    guardian = spawn(process.execPath, [join(__dirname, "guardian.cjs")], {
      stdio: ["pipe", "pipe", "inherit"],
      detached: true,
    });
    guardian.stdin!.on("error", () => undefined);
    guardian.stdin!.write(`${JSON.stringify({ folder, logFile, ...account, graceMs, ...plan })}\n`);
  } catch (error) {
    rmSync(folder, { recursive: true, force: true });
    throw error;
  }
  const gone = new Promise<void>((resolve) => guardian.once("close", () => resolve()));

  let lastLog: string | undefined;
  const log = (): string =>
    lastLog ?? logFiles.map((file) => (existsSync(file) ? readFileSync(file, "utf8") : "")).join("");
  const stop = async (): Promise<void> => {
    lastLog = log();
    guardian.stdin!.end();
    await gone;
  };

  let ended: string | undefined;
  const started = new Promise<number>((resolve, reject) => {
    createInterface({ input: guardian.stdout! }).on("line", (line) => {
      const message = JSON.parse(line) as { event: string; pid?: number; step?: string; reason?: string };
      if (message.event === "started") resolve(message.pid!);
      else if (message.event === "exited") ended = message.reason;
      else reject(new Error(`${name} did not start: ${message.step} ${message.reason}${tail(log())}`));
    });
    void gone.then(() => reject(new Error(`${name} did not start: its guardian ended${tail(log())}`)));
  });
  try {
    const pid = await started;
    return { name, pid, log, ended: () => ended && `${name} ${ended}${tail(log())}`, stop };
  } catch (error) {
    await stop();
    throw error;
  }
}

/** How often another port is tried when another process took the one that the kernel chose. */
const portAttempts = 5;

/** Starts something on a port that the kernel chooses; on another one when `taken` matches the error. */
export async function onFreePort<Started>(
  taken: RegExp,
  start: (port: number) => Promise<Started>,
): Promise<Started> {
  for (let attempt = 1; ; attempt++) {
    try {
      return await start(await freePort());
    } catch (error) {
      if (!taken.test(String(error)) || attempt === portAttempts) throw error;
    }
  }
}

/**
 * Waits until a new server lets its master user log in, and stops it when it does not.
 * @param connect logs in once and disconnects
 * @param startingCodes codes of the errors of a server that is still starting; any other error is final
 */
export async function takesConnections(
  server: ServerProcess,
  { deadlineMs, startingCodes }: { deadlineMs: number; startingCodes: readonly string[] },
  connect: () => Promise<void>,
): Promise<void> {
  // Not the world's: a server that is still starting when the world stops must come up to be ended.
  const clock = new RealClock();
  const deadline = clock.now() + deadlineMs;
  for (;;) {
    const ended = server.ended();
    if (ended) {
      await server.stop();
      throw new Error(ended);
    }
    const cause = await connect().then(
      () => undefined,
      (error: Error & { code?: string }) => error,
    );
    if (cause === undefined) return;
    const starting = startingCodes.includes(cause.code ?? "");
    if (starting && clock.now() <= deadline) {
      await clock.sleep(10, `${server.name} takes connections`);
      continue;
    }
    const log = server.log();
    await server.stop();
    throw starting
      ? new Error(`${server.name} took no connection in ${deadlineMs} ms\n${log}`, { cause })
      : new Error(`${server.name} started, but its master user cannot log in`, { cause });
  }
}

/** A port of 127.0.0.1 that nobody listens on: the kernel chose it a moment ago, somebody else may be faster. */
function freePort(): Promise<number> {
  return new Promise((resolve, reject) => {
    const server = createServer();
    server.once("error", reject);
    server.listen(0, "127.0.0.1", () => {
      const address = server.address();
      server.close(() =>
        address !== null && typeof address === "object"
          ? resolve(address.port)
          : reject(new Error("no free port")),
      );
    });
  });
}

/**
 * As whom a database server runs: PostgreSQL and MariaDB refuse to be root. `nobody` exists wherever a
 * C library looks users up, which both servers need. Undefined when this process is not root.
 */
export function unprivilegedAccount(): Account | undefined {
  if (process.getuid?.() !== 0) return undefined;
  const line = /^nobody:[^:]*:(\d+):(\d+):/m.exec(readFileSync("/etc/passwd", "utf8"));
  if (!line)
    throw new Error(
      "a database server does not run as root, and /etc/passwd has no user nobody: run as another user",
    );
  return { uid: Number(line[1]), gid: Number(line[2]) };
}

function tail(log: string): string {
  const lines = log.trimEnd().split("\n").slice(-8).join("\n");
  return lines === "" ? "" : `\nits log ends with:\n${lines}`;
}
