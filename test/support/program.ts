import { spawn } from "node:child_process";
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { createInterface } from "node:readline";

const repository = join(__dirname, "..", "..");

/** A program of this repository, running as its own process. */
export interface Program {
  readonly pid: number;
  /** Resolves with the first line of standard output that matches; rejects when the program ends before. */
  line(pattern: RegExp): Promise<string>;
  /** Stops reading standard output, as `head` does when it has its lines. */
  closeOutput(): void;
  /** Resolves when it has ended. */
  readonly ended: Promise<{ status: number | null; stdout: string; stderr: string }>;
}

/** Starts a TypeScript file of the repository as an npm script would. */
export function startProgram(file: string, args: readonly string[], environment: NodeJS.ProcessEnv): Program {
  const child = spawn(process.execPath, ["--require", "./embedded-aws/register.cjs", file, ...args], {
    cwd: repository,
    env: { ...process.env, ...environment },
    stdio: ["ignore", "pipe", "pipe"],
  });
  const lines: string[] = [];
  const waiting = new Set<{
    pattern: RegExp;
    resolve: (line: string) => void;
    reject: (error: Error) => void;
  }>();
  createInterface({ input: child.stdout }).on("line", (line) => {
    lines.push(line);
    for (const waiter of waiting)
      if (waiter.pattern.test(line)) {
        waiting.delete(waiter);
        waiter.resolve(line);
      }
  });
  let stderr = "";
  child.stderr.setEncoding("utf8").on("data", (text: string) => (stderr += text));
  const ended = new Promise<{ status: number | null; stdout: string; stderr: string }>((resolve, reject) => {
    child.once("error", reject);
    child.once("close", (status) => {
      const stdout = lines.join("\n");
      for (const { pattern, reject: refuse } of waiting)
        refuse(new Error(`${file} ended (${status}) without a line ${pattern}:\n${stdout}\n${stderr}`));
      resolve({ status, stdout, stderr });
    });
  });
  return {
    pid: child.pid!,
    ended,
    closeOutput: () => child.stdout.destroy(),
    line: (pattern) =>
      new Promise((resolve, reject) => {
        const found = lines.find((line) => pattern.test(line));
        if (found !== undefined) resolve(found);
        else waiting.add({ pattern, resolve, reject });
      }),
  };
}

/** Process ids of everything that a process started, and what that started. Reads /proc: Linux only. */
export function descendantsOf(pid: number): number[] {
  const children = readdirSync("/proc")
    .filter((name) => /^\d+$/.test(name))
    .map(Number)
    .filter((candidate) => parentOf(candidate) === pid);
  return children.flatMap((child) => [child, ...descendantsOf(child)]);
}

function parentOf(pid: number): number | undefined {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, "utf8");
    // The name stands in parentheses and may hold anything; the state and the parent follow it.
    return Number(stat.slice(stat.lastIndexOf(")") + 2).split(" ")[1]);
  } catch {
    // It ended while the list was read.
    return undefined;
  }
}

/** True while a process of this id runs. */
export function isRunning(pid: number): boolean {
  return parentOf(pid) !== undefined;
}
