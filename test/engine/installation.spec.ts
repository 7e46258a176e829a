import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { appendFileSync, cpSync, existsSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { delimiter, dirname, join } from "node:path";
import { promisify } from "node:util";
import { parse, stringify } from "yaml";
import type { World } from "../../embedded-aws/aws/world";
import { realWorld } from "../../embedded-aws/test/support/world";
import { Engine, type Run } from "./support/engine";

const repository = join(__dirname, "..", "..");
const stack = "first";

/** As a user's machine has it: the types of the program are checked, and NODE_ENV is set in the shell. */
const asUsersRun = { NODE_ENV: "production", PULUMI_NODEJS_TRANSPILE_ONLY: "false" };

describe("an installation without the development packages", function () {
  // npm unpacks 300 packages, and the compiler checks the types of the AWS provider.
  this.timeout(600_000);

  let world: World;
  let engine: Engine;
  let folder: string;
  let installed: Output;

  before(async () => {
    world = realWorld({ region: "us-west-2" });
    for (const name of ["production/database", "production/database-admin"])
      await world.asOperator("secretsmanager", "CreateSecret", { Name: name, SecretString: "{}" });
    engine = await Engine.start(world);
    folder = await copyOfRepository(engine.folder);
    installed = await npm("ci", "--prefer-offline", "--no-audit", "--no-fund");

    const { status, output } = await engine.run(folder, ["stack", "init", stack]);
    assert.equal(status, 0, output);
    const salt = parse(readFileSync(join(folder, `Pulumi.${stack}.yaml`), "utf8")) as object;
    writeFileSync(join(folder, `Pulumi.${stack}.yaml`), stringify({ ...salt, config: settings() }));
  });

  // What did not start need not be closed, and must not keep the process alive.
  after(async () => {
    await engine?.close();
    await world?.stop();
  });

  /** Runs npm in the copy as a shell with NODE_ENV=production does, with the packages that this machine has kept. */
  function npm(...args: string[]): Promise<Output> {
    const { PATH } = process.env;
    const production = { NODE_ENV: "production", PATH: [dirname(process.execPath), PATH].join(delimiter) };
    return outputOf("npm", args, folder, { ...process.env, ...production });
  }

  function pulumi(verb: "preview" | "up", environment: NodeJS.ProcessEnv): Promise<Run> {
    const args = verb === "up" ? ["--yes", "--skip-preview"] : [];
    return engine.run(folder, [verb, ...args, "-s", stack, "--policy-pack", "policy-pack"], environment);
  }

  it("succeeds, and warns of nothing", () => {
    assert.equal(installed.status, 0, installed.text);
    assert.doesNotMatch(installed.text, /npm warn/i);
  });

  it("is what --omit=dev installs: NODE_ENV=production sets that option", async () => {
    assert.equal((await npm("config", "get", "omit")).text.trim(), "dev");
    assert.ok(!existsSync(join(folder, "node_modules", "mocha")));
    assert.ok(!existsSync(join(folder, "node_modules", "@types", "mocha")));
  });

  it("is enough for `pulumi up` with its policy pack, a built-in rotator and type checks", async () => {
    const up = await pulumi("up", asUsersRun);

    assert.equal(up.status, 0, up.output);
    assert.deepEqual(up.violations, []);
    assert.ok(up.changes.filter((change) => change === "create aws:lambda/function:Function").length >= 2);
  });

  it("says in one sentence what to run for the demonstration", async () => {
    const { status, text } = await npm("run", "--silent", "demo");

    assert.equal(status, 1);
    assert.equal(
      text,
      "The development packages are not installed (npm ci ran with --omit=dev or NODE_ENV=production): " +
        'run "npm ci --include=dev".\n',
    );
  });

  describe("that ran no scripts", () => {
    before(() => {
      for (const built of ["rotator/dist", "policy-pack/bin"])
        rmSync(join(folder, built), { recursive: true });
    });

    it("says in one sentence what to run for the policy pack", async () => {
      const preview = await pulumi("preview", {});

      assert.notEqual(preview.status, 0);
      assert.match(
        preview.output,
        /error: (\[runtime\] )?the policy pack is not built \(\S+ is missing\): run "npm run prepare"\n/,
      );
    });

    it("says in one sentence what to run for the built-in rotator", async () => {
      const preview = await engine.run(folder, ["preview", "-s", stack]);

      assert.notEqual(preview.status, 0);
      assert.match(
        preview.output,
        /error: the rotation function is not built \(\S+ is missing\): run "npm run prepare"\n/,
      );
    });

    it("is complete after that command", async () => {
      const { status, text } = await npm("run", "prepare");
      assert.equal(status, 0, text);

      const preview = await pulumi("preview", {});

      assert.equal(preview.status, 0, preview.output);
    });
  });

  it("checks types: a mistake in the program ends the preview", async () => {
    appendFileSync(join(folder, "index.ts"), '\nexport const mistake: number = "text";\n');

    const preview = await pulumi("preview", asUsersRun);

    assert.notEqual(preview.status, 0);
    assert.match(preview.output, /index\.ts.*TS\d+/);
  });
});

interface Output {
  readonly status: number;
  /** Standard output and standard error. */
  readonly text: string;
}

/** Runs a program to its end, whatever its status. */
async function outputOf(
  program: string,
  args: string[],
  cwd: string,
  env: NodeJS.ProcessEnv,
): Promise<Output> {
  const run = promisify(execFile)(program, args, { cwd, env, encoding: "utf8" });
  const { stdout, stderr } = await run.catch((error: { stdout: string; stderr: string }) => error);
  return { status: run.child.exitCode ?? -1, text: stdout + stderr };
}

/** The repository's own files as they are now, without what Git ignores: a clone with the changes of today. */
async function copyOfRepository(parent: string): Promise<string> {
  const folder = join(parent, "clone");
  const list = ["ls-files", "--cached", "--others", "--exclude-standard", "-z"];
  const { stdout } = await promisify(execFile)("git", list, { cwd: repository, encoding: "utf8" });
  for (const file of stdout.split("\0").filter(Boolean))
    if (existsSync(join(repository, file))) cpSync(join(repository, file), join(folder, file));
  return folder;
}

/** The production settings, without the secret that RDS would own. */
function settings(): Record<string, unknown> {
  const file = readFileSync(join(repository, "Pulumi.prod.yaml"), "utf8");
  const { config } = parse(file) as { config: Record<string, unknown> };
  const path = "ecs-secret-recycler:rotations";
  const rotations = config[path] as { rotator: { kind: string } }[];
  return { ...config, [path]: rotations.filter(({ rotator }) => rotator.kind === "built-in") };
}
