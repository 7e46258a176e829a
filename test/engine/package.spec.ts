import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { isBuiltin } from "node:module";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { cases } from "../policy-pack/cases";
import { verdicts } from "../support/policies";
import { realWorld } from "../../embedded-aws/test/support/world";
import { Engine } from "./support/engine";
import { freshPack } from "./support/pack";

const repository = join(__dirname, "..", "..");

describe("the policy pack as `pulumi policy publish` packs it", function () {
  let folder: string;
  let unpacked: string;

  before(() => {
    folder = mkdtempSync(join(tmpdir(), "ecs-secret-recycler-packed-"));
    const pack = freshPack(folder);
    unpacked = join(folder, "unpacked");
    mkdirSync(unpacked);
    command("npm", ["pack", "--silent", "--pack-destination", unpacked], pack);
    const [archive] = readdirSync(unpacked);
    command("tar", ["-xzf", archive!], unpacked);
  });

  after(() => rmSync(folder, { recursive: true, force: true }));

  function command(program: string, args: string[], cwd: string): string {
    const { status, stdout, stderr } = spawnSync(program, args, { cwd, encoding: "utf8" });
    assert.equal(status, 0, `${program} ${args.join(" ")}: ${stdout}${stderr}`);
    return stdout;
  }

  it("holds the built file, its entry, its description and its manifest, and nothing else", () => {
    const files = readdirSync(join(unpacked, "package"), { recursive: true, encoding: "utf8" }).sort();

    const bundle = join("bin", "index.js");
    assert.deepEqual(files, ["PulumiPolicy.yaml", "bin", bundle, "main.cjs", "package.json"]);
  });

  it("requires nothing but Node.js itself and what its manifest depends on", () => {
    const bundle = readFileSync(join(unpacked, "package", "bin", "index.js"), "utf8");
    const { dependencies } = JSON.parse(readFileSync(join(unpacked, "package", "package.json"), "utf8")) as {
      dependencies: Record<string, string>;
    };

    const required = [...bundle.matchAll(/\brequire\("([^"]+)"\)/g)].map(([, name]) => name!);

    assert.ok(required.includes("@pulumi/policy"), required.join(", "));
    assert.deepEqual(
      required.filter((name) => !isBuiltin(name) && !(name in dependencies)),
      [],
    );
  });

  it("refuses a service from where it was unpacked, its two dependencies installed beside it", async () => {
    const world = realWorld({ region: "eu-west-1" });
    const engine = await Engine.start(world);
    try {
      const one = cases.find(({ title }) => title === "nobody covers: a literal ARN")!;
      const stack = await engine.stack(join(__dirname, "programs", "cases"), "packed", {
        "aws:region": "eu-west-1",
        "cases:case": one.title,
      });
      // What `npm install` would put there: the registry is not asked while tests run.
      command("ln", ["-s", join(repository, "node_modules"), "node_modules"], join(unpacked, "package"));

      const run = await stack.preview("--policy-pack", join(unpacked, "package"));

      assert.deepEqual(verdicts(run.violations.map((found) => ({ ...found, resource: "" }))), one.preview);
      assert.equal(run.status, 1, run.output);
    } finally {
      await engine.close();
      await world.stop();
    }
  });
});
