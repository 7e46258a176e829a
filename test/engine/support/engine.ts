import { spawn } from "node:child_process";
import {
  copyFileSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { delimiter, dirname, join } from "node:path";
import { parse, stringify } from "yaml";
import type { Caller } from "../../../embedded-aws/aws/caller";
import type { World } from "../../../embedded-aws/aws/world";
import { serveAwsProvider } from "../../../embedded-aws/pulumi/providers/aws";

const repository = join(__dirname, "..", "..", "..");
const providers = join(repository, "embedded-aws", "pulumi", "providers", "bin");

/** One line of the engine's event log. */
export interface EngineEvent {
  readonly policyEvent?: {
    readonly policyName: string;
    readonly enforcementLevel: "advisory" | "mandatory";
    readonly resourceUrn?: string;
    readonly message: string;
  };
  readonly resourcePreEvent?: { readonly metadata: StepMetadata };
  readonly resOutputsEvent?: { readonly metadata: StepMetadata };
  readonly diagnosticEvent?: { readonly severity: string; readonly message: string };
}

/** What the engine did, or would do, with one resource. */
export interface StepMetadata {
  readonly op: string;
  readonly urn: string;
  readonly type: string;
  readonly diffs?: readonly string[];
}

/** The end of one command of the CLI. */
export interface Run {
  readonly status: number;
  readonly output: string;
  readonly events: readonly EngineEvent[];
  /** Operations other than `same`, as `create aws:sqs/queue:Queue`. */
  readonly changes: readonly string[];
  /** Violations, as `mandatory POLICY: MESSAGE`. */
  readonly violations: readonly { level: string; policy: string; message: string; urn?: string }[];
}

/**
 * The real Pulumi CLI on the embedded AWS: a file backend and a home of its own in a temporary folder, providers
 * served by this process. Fails, naming the line that installs it, where the CLI is not on PATH.
 */
export class Engine {
  readonly folder = mkdtempSync(join(tmpdir(), "ecs-secret-recycler-engine-"));

  private constructor(
    private readonly port: number,
    private readonly closeProvider: () => Promise<void>,
  ) {
    mkdirSync(join(this.folder, "state"));
  }

  static async start(world: World, options: { caller?: Caller } = {}): Promise<Engine> {
    for (const tool of ["pulumi", "pulumi-language-nodejs"])
      if (!(process.env.PATH ?? "").split(delimiter).some((folder) => existsSync(join(folder, tool))))
        throw new Error(
          `${tool} is not on PATH. Install it with: export PATH="$(.ci/pulumi-cli/install):$PATH"`,
        );
    const provider = await serveAwsProvider(world, options);
    return new Engine(provider.port, () => provider.close());
  }

  async close(): Promise<void> {
    await this.closeProvider();
    rmSync(this.folder, { recursive: true, force: true });
  }

  /** Environment of every command: nothing of the user's own Pulumi is seen. */
  get environment(): NodeJS.ProcessEnv {
    return {
      PATH: [providers, dirname(process.execPath), process.env.PATH].join(delimiter),
      HOME: this.folder,
      PULUMI_HOME: join(this.folder, "home"),
      PULUMI_BACKEND_URL: `file://${join(this.folder, "state")}`,
      PULUMI_CONFIG_PASSPHRASE: "a passphrase of the test",
      PULUMI_SKIP_UPDATE_CHECK: "true",
      PULUMI_DISABLE_AUTOMATIC_PLUGIN_ACQUISITION: "true",
      PULUMI_DEBUG_COMMANDS: "true",
      PULUMI_NODEJS_TRANSPILE_ONLY: "true",
      EMBEDDED_AWS_PROVIDER_PORT: String(this.port),
      CI: "true",
    };
  }

  /** Runs one command of the CLI. */
  async run(folder: string, args: readonly string[], environment: NodeJS.ProcessEnv = {}): Promise<Run> {
    const log = join(this.folder, `events-${counter++}.jsonl`);
    const withEvents = ["preview", "up", "destroy", "refresh"].includes(args[0] ?? "");
    const { status, output } = await command(
      "pulumi",
      [...args, "--non-interactive", "--color", "never", ...(withEvents ? ["--event-log", log] : [])],
      folder,
      { ...this.environment, ...environment },
    );
    const events =
      withEvents && existsSync(log)
        ? readFileSync(log, "utf8")
            .split("\n")
            .filter(Boolean)
            .map((line) => JSON.parse(line) as EngineEvent)
        : [];
    return {
      status,
      output,
      events,
      changes: events.flatMap(({ resourcePreEvent }) =>
        resourcePreEvent && !["same", "read"].includes(resourcePreEvent.metadata.op)
          ? [`${resourcePreEvent.metadata.op} ${resourcePreEvent.metadata.type}`]
          : [],
      ),
      violations: events.flatMap(({ policyEvent }) =>
        policyEvent
          ? [
              {
                level: policyEvent.enforcementLevel,
                policy: policyEvent.policyName,
                message: policyEvent.message.trimEnd(),
                ...(policyEvent.resourceUrn ? { urn: policyEvent.resourceUrn } : {}),
              },
            ]
          : [],
      ),
    };
  }

  /** Runs command lines as a user types them, by `sh`, in a folder where a stack may be selected. */
  sh(
    folder: string,
    lines: string,
    environment: NodeJS.ProcessEnv = {},
  ): Promise<Pick<Run, "status" | "output">> {
    return command("sh", ["-c", lines], folder, { ...this.environment, ...environment });
  }

  /** A stack of the program in `folder`, made with this configuration (values as a stack's file has them). */
  async stack(folder: string, name: string, config: Readonly<Record<string, unknown>>): Promise<Stack> {
    // `stack init` writes a stack's file beside the project's: beside a copy, never into the repository.
    const beside = mkdtempSync(join(this.folder, "project-"));
    copyFileSync(join(folder, "Pulumi.yaml"), join(beside, "Pulumi.yaml"));
    const made = await this.run(beside, ["stack", "init", name]);
    if (made.status !== 0) throw new Error(`pulumi stack init ${name}: ${made.output}`);
    const stack = new Stack(this, folder, name, join(beside, `Pulumi.${name}.yaml`));
    stack.configure(config);
    return stack;
  }
}

let counter = 0;

/** One stack: commands run with its own configuration file. */
export class Stack {
  readonly #salt: string;

  constructor(
    private readonly engine: Engine,
    readonly folder: string,
    readonly name: string,
    readonly configFile: string,
  ) {
    this.#salt = (parse(readFileSync(configFile, "utf8")) as { encryptionsalt: string }).encryptionsalt;
  }

  configure(config: Readonly<Record<string, unknown>>): void {
    writeFileSync(this.configFile, stringify({ encryptionsalt: this.#salt, config }));
  }

  preview(...args: string[]): Promise<Run> {
    return this.#run("preview", args);
  }

  up(...args: string[]): Promise<Run> {
    return this.#run("up", ["--yes", "--skip-preview", ...args]);
  }

  destroy(...args: string[]): Promise<Run> {
    return this.#run("destroy", ["--yes", "--skip-preview", ...args]);
  }

  refresh(...args: string[]): Promise<Run> {
    return this.#run("refresh", ["--yes", "--skip-preview", ...args]);
  }

  async outputs(): Promise<Record<string, unknown>> {
    const { status, output } = await this.engine.run(this.folder, [
      "stack",
      "output",
      "--json",
      "-s",
      this.name,
    ]);
    if (status !== 0) throw new Error(`pulumi stack output: ${output}`);
    return JSON.parse(output) as Record<string, unknown>;
  }

  #run(verb: string, args: readonly string[]): Promise<Run> {
    return this.engine.run(this.folder, [verb, "-s", this.name, "--config-file", this.configFile, ...args]);
  }
}

function command(
  program: string,
  args: readonly string[],
  cwd: string,
  env: NodeJS.ProcessEnv,
): Promise<{ status: number; output: string }> {
  return new Promise((resolve, reject) => {
    const child = spawn(program, args, { cwd, env, stdio: ["ignore", "pipe", "pipe"] });
    const output: Buffer[] = [];
    child.stdout.on("data", (chunk: Buffer) => output.push(chunk));
    child.stderr.on("data", (chunk: Buffer) => output.push(chunk));
    child.on("error", reject);
    child.on("close", (status) =>
      resolve({ status: status ?? -1, output: Buffer.concat(output).toString() }),
    );
  });
}
