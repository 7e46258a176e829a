import { spawn, spawnSync } from "node:child_process";
import { once } from "node:events";
import { join } from "node:path";

const repository = join(__dirname, "..", "..", "..");

/** `npm run local`, as a person in another terminal meets it. */
export interface Local {
  /** What it printed until it was ready. */
  readonly printed: string;
  /** The variables that it prints, and of this process only what programs need to start. */
  readonly environment: NodeJS.ProcessEnv;
  /** Interrupts it as Ctrl-C does; resolves with its exit status. */
  interrupt(): Promise<number | null>;
}

/** Starts `npm run local`; resolves when it has deployed the example and the recycler. */
export async function startLocal(): Promise<Local> {
  const child = spawn(process.execPath, ["--require", "./embedded-aws/register.cjs", "demo/serve.ts"], {
    cwd: repository,
    stdio: ["ignore", "pipe", "inherit"],
  });
  let printed = "";
  await new Promise<void>((resolve, reject) => {
    child.stdout.on("data", (chunk: Buffer) => {
      printed += chunk.toString();
      if (printed.includes("Ctrl-C ends it")) resolve();
    });
    child.once("exit", (code) => reject(new Error(`npm run local ended with ${code}: ${printed}`)));
  });
  const variables = [...printed.matchAll(/^export ([A-Z_]+)=(.*)$/gm)].map(([, name, value]) => [
    name,
    value,
  ]);
  return {
    printed,
    environment: {
      PATH: process.env.PATH,
      HOME: process.env.HOME,
      ...(Object.fromEntries(variables) as object),
    },
    async interrupt() {
      if (child.exitCode === null) {
        child.kill("SIGINT");
        await once(child, "exit");
      }
      return child.exitCode;
    },
  };
}

/** Throws, with what to install, when a program does not run. */
export function mustRun(command: string, args: readonly string[], remedy: string): void {
  if (spawnSync(command, args).status !== 0) throw new Error(`${command} ${args.join(" ")} fails: ${remedy}`);
}
