import assert from "node:assert/strict";
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { parse, stringify } from "yaml";
import { Ecs } from "../../embedded-aws/aws/ecs";
import type { World } from "../../embedded-aws/aws/world";
import { checkout } from "./support/checkout";
import { Engine, type Run } from "./support/engine";
import { shopWorld, type ShopWorld } from "./support/shop-world";

const secrets = ["adminPassword", "databasePassword", "registryPassword", "logToken", "partnerKey"];

describe("examples/shop on the real engine", function () {
  let world: World;
  let engine: Engine;
  let account: ShopWorld;
  let recycler: string;
  let shop: string;
  let pack: string[];

  before(async () => {
    account = await shopWorld();
    world = account.world;
    engine = await Engine.start(world);
    recycler = checkout(engine.folder);
    shop = join(recycler, "examples", "shop");
    pack = ["--policy-pack", join(recycler, "policy-pack")];
    await init(recycler, parse(readFileSync(join(shop, "settings.yaml"), "utf8")) as Configuration);
    await init(shop, { config: { "aws:region": "eu-west-1" } });
    const values = secrets.flatMap((name) => ["--secret", `${name}=value-of-a-test-${name}`]);
    const set = await engine.run(shop, ["config", "set-all", ...values]);
    assert.equal(set.status, 0, set.output);
  });

  // What did not start need not be closed, and must not keep the process alive.
  after(async () => {
    await engine?.close();
    await account?.close();
  });

  interface Configuration {
    readonly config: Readonly<Record<string, unknown>>;
  }

  async function init(folder: string, { config }: Configuration): Promise<void> {
    const made = await engine.run(folder, ["stack", "init", "demo"]);
    assert.equal(made.status, 0, made.output);
    const file = join(folder, "Pulumi.demo.yaml");
    const { encryptionsalt } = parse(readFileSync(file, "utf8")) as { encryptionsalt: string };
    writeFileSync(file, stringify({ encryptionsalt, config }));
  }

  function refusals({ violations }: Run): string[] {
    return violations
      .filter(({ level }) => level === "mandatory")
      .map(({ policy, message }) => `${policy} ${message.slice(0, message.indexOf(":"))}`)
      .sort();
  }

  it("is refused by the policy pack while nobody covers its services, in the first preview already", async () => {
    const preview = await engine.run(shop, ["preview", ...pack]);

    assert.equal(preview.status, 1, preview.output);
    assert.deepEqual(
      [...new Set(refusals(preview))],
      [
        "ecs-service-secrets-covered shop/reports",
        "ecs-service-secrets-covered shop/web",
        "ecs-service-secrets-covered shop/worker",
      ],
    );
    assert.doesNotMatch(JSON.stringify(preview.violations), /value-of-a-test/);
  });

  it("goes up, the recycler beside it, and both have nothing to change afterwards", async () => {
    for (const folder of [shop, recycler]) {
      const up = await engine.run(folder, ["up", "--yes", "--skip-preview"]);
      assert.equal(up.status, 0, up.output);
      const again = await engine.run(folder, ["preview", "--expect-no-changes"]);
      assert.equal(again.status, 0, again.output);
    }
  });

  it("passes with what the recycler's stack says that it covers; the exception is listed with its reason", async () => {
    const summary = join(engine.folder, "summary.md");

    const own = await engine.sh(
      recycler,
      "pulumi stack output policyConfig --json > f && pulumi preview --policy-pack policy-pack --policy-pack-config f",
    );
    const ofShop = await engine.run(shop, ["preview", ...pack, "--policy-pack-config", join(recycler, "f")], {
      ECS_SECRET_RECYCLER_SUMMARY: summary,
    });

    assert.equal(own.status, 0, own.output);
    assert.equal(ofShop.status, 0, ofShop.output);
    assert.deepEqual(refusals(ofShop), []);
    assert.ok(
      ofShop.violations.some(
        ({ level, message }) =>
          level === "advisory" &&
          message ===
            "shop/reports: not covered, because the configuration makes an exception: The partner's key is replaced once a year, together with a release.",
      ),
      JSON.stringify(ofShop.violations, undefined, 2),
    );
    const table = readFileSync(summary, "utf8");
    assert.match(table, /\| `shop\/database` \| `shop\/web`, `shop\/worker` \| – \| – \|/);
    assert.match(table, /\| `shop\/partner-key` \| – \| `shop\/reports` \| – \|/);
  });

  it("shows no drift after its services were recycled, with a refresh neither", async () => {
    const before = await rolled("web", undefined);

    await world.asOperator("secretsmanager", "PutSecretValue", {
      SecretId: "shop/database",
      SecretString: "{}",
    });
    await rolled("web", before);

    const preview = await engine.run(shop, ["preview", "--expect-no-changes"]);
    assert.equal(preview.status, 0, preview.output);
    const refreshed = await engine.run(shop, ["preview", "--refresh", "--expect-no-changes"]);
    assert.equal(refreshed.status, 0, refreshed.output);
  });

  it("shows, with a refresh, what somebody has changed by hand", async () => {
    await world.asOperator("ecs", "UpdateService", { cluster: "shop", service: "reports", desiredCount: 3 });

    const refreshed = await engine.run(shop, ["preview", "--refresh"]);

    assert.deepEqual(
      refreshed.changes.filter((change) => change.startsWith("update")),
      ["update aws:ecs/service:Service"],
      refreshed.output,
    );
  });

  it("goes down again", async () => {
    for (const folder of [recycler, shop]) {
      const down = await engine.run(folder, ["destroy", "--yes", "--skip-preview"]);
      assert.equal(down.status, 0, down.output);
    }
  });

  /** The deployment that every running task of a service belongs to, once it is another one than `before`. */
  async function rolled(service: string, before: string | undefined): Promise<string> {
    for (;;) {
      const tasks = Ecs.of(world)
        .runningTasks()
        .filter((task) => task.cluster === "shop" && task.service === service);
      const [deployment, ...more] = new Set(tasks.map(({ deploymentId }) => deploymentId));
      if (deployment !== undefined && more.length === 0 && deployment !== before) return deployment;
      await world.clock.sleep(50, "the test looks at the running tasks");
    }
  }
});
