import assert from "node:assert/strict";
import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { parse, stringify } from "yaml";
import { blocksOf, page } from "../support/pages";
import { checkout } from "./support/checkout";
import { Engine } from "./support/engine";
import { shopWorld, type ShopWorld } from "./support/shop-world";

const repository = join(__dirname, "..", "..");
const [summary, refused] = blocksOf(page("docs/ci.md"), "text");
const workflow = parse(readFileSync(join(repository, ".github", "workflows", "preview.yml"), "utf8")) as {
  env: Record<string, string>;
  jobs: { preview: { steps: { run?: string; name?: string }[] } };
};
const steps = workflow.jobs.preview.steps.flatMap(({ run, name }) =>
  run?.includes("pulumi preview") ? [{ run, name }] : [],
);
const passwords = ["adminPassword", "databasePassword", "registryPassword", "logToken", "partnerKey"];

describe("docs/ci.md", function () {
  let account: ShopWorld;
  let engine: Engine;
  let folder: string;
  let environment: NodeJS.ProcessEnv;

  before(async () => {
    account = await shopWorld();
    engine = await Engine.start(account.world);
    folder = checkout(engine.folder);
    environment = {
      RECYCLER_STACK: workflow.env.RECYCLER_STACK,
      SHOP_STACK: workflow.env.SHOP_STACK,
      GITHUB_STEP_SUMMARY: join(engine.folder, "summary.md"),
    };
    const settings = parse(readFileSync(join(folder, "examples", "shop", "settings.yaml"), "utf8")) as object;
    const { SHOP_STACK: shop, RECYCLER_STACK: recycler } = workflow.env;
    const values = passwords.map((name) => `--secret ${name}=value-of-a-test`).join(" ");
    for (const [where, lines] of [
      ["examples/shop", `pulumi stack init ${shop} && pulumi config set aws:region eu-west-1`],
      ["examples/shop", `pulumi config set-all ${values} && pulumi up --yes --skip-preview`],
      [".", `rm Pulumi.${recycler}.yaml && pulumi stack init ${recycler}`],
    ] as const) {
      const run = await engine.sh(join(folder, where), lines);
      assert.equal(run.status, 0, run.output);
    }
    const file = join(folder, `Pulumi.${recycler}.yaml`);
    const salt = parse(readFileSync(file, "utf8")) as object;
    writeFileSync(file, stringify({ ...salt, ...settings }));
    const up = await engine.sh(folder, "pulumi up --yes --skip-preview");
    assert.equal(up.status, 0, up.output);
  });

  // What did not start need not be closed, and must not keep the process alive.
  after(async () => {
    await engine?.close();
    await account?.close();
  });

  it("previews as the workflow does, with success, and writes the table of the page into the job's summary", async () => {
    assert.equal(steps.length, 2);
    for (const { run, name } of steps) {
      const { status, output } = await engine.sh(folder, `set -e\n${run}`, environment);
      assert.equal(status, 0, `${name}: ${output}`);
    }

    assert.ok(existsSync(environment.GITHUB_STEP_SUMMARY!));
    assert.equal(readFileSync(environment.GITHUB_STEP_SUMMARY!, "utf8").trimEnd(), summary!.trimEnd());
  });

  it("refuses, in the words of the page, a service that is taken out of the exceptions", async () => {
    const config = join(folder, "policy-config.json");
    const given = JSON.parse(readFileSync(config, "utf8")) as Record<string, { exceptions: object[] }>;
    given["ecs-service-secrets-covered"]!.exceptions = [];
    writeFileSync(config, JSON.stringify(given));

    const { status, output } = await engine.sh(
      join(folder, "examples", "shop"),
      `pulumi preview --color never --policy-pack ../../policy-pack --policy-pack-config ${config}`,
    );

    assert.notEqual(status, 0, output);
    const printed = output.slice(
      output.indexOf("Policies:"),
      output.indexOf("\n\n", output.indexOf("Policies:")),
    );
    assert.equal(printed.replace(/\(local: .*\)/, "(local: policy-pack)").trimEnd(), refused!.trimEnd());
  });
});
