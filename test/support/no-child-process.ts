import childProcess, { ChildProcess } from "node:child_process";
import { syncBuiltinESMExports } from "node:module";

/** Child processes that were refused, and how to allow them again. */
export interface Refusal {
  /** What was to be started since the last call, in order. */
  take(): string[];
  /** Lets child processes start again. */
  end(): void;
}

/** Makes every way to start a child process throw, and records the attempt: the code under test may swallow the error. */
export function refuseChildProcesses(): Refusal {
  let refused: string[] = [];
  const refuse = (file: string): never => {
    refused.push(file);
    throw new Error(
      `${file} was to be started as a child process: found in a unit test, expected in a *.process.spec.ts`,
    );
  };
  // spawn, exec, execFile and fork all end in this method, which Node's types leave out.
  const prototype = ChildProcess.prototype as unknown as { spawn: (options: { file: string }) => unknown };
  const { spawn } = prototype;
  const { spawnSync, execFileSync, execSync } = childProcess;
  prototype.spawn = ({ file }) => refuse(file);
  Object.assign(childProcess, { spawnSync: refuse, execFileSync: refuse, execSync: refuse });
  syncBuiltinESMExports();
  return {
    take: () => {
      const taken = refused;
      refused = [];
      return taken;
    },
    end: () => {
      prototype.spawn = spawn;
      Object.assign(childProcess, { spawnSync, execFileSync, execSync });
      syncBuiltinESMExports();
    },
  };
}
