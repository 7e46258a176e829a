import assert from "node:assert/strict";
import { example, recyclerName } from "../../demo/example";
import type { RecordedExample } from "../../simulation/virtual-run";
import { crashAt, throttle } from "../../simulation/faults";
import { recordedExample } from "../../simulation/recorded-example";
import { minuteMs, secondMs, VirtualShop } from "../../simulation/virtual-shop";

/** Seconds between two deployments of which the first has ended. */
const rolledMs = 40 * secondMs;

describe("Invariants", () => {
  let recorded: RecordedExample;

  before(async () => {
    recorded = await recordedExample();
  });

  /** Whatever is not as it has to be after `act`, and some time. */
  async function broken(
    act: (shop: VirtualShop) => Promise<unknown>,
    excused: Record<string, string> = {},
  ): Promise<string[]> {
    const shop = await VirtualShop.open(recorded, "broken");
    await act(shop);
    await shop.pass(minuteMs);
    return shop.end(excused);
  }
  const update = (shop: VirtualShop, input: object) =>
    shop.call("ecs", "UpdateService", { cluster: example.cluster, ...input });

  it("hold when nothing happens, and when a value moves", async () => {
    assert.deepEqual(await broken(() => Promise.resolve()), []);
    assert.deepEqual(await broken((shop) => shop.putParameter()), []);
  });

  it("see a deployment that follows no move", async () => {
    const found = await broken((shop) => update(shop, { service: "web", forceNewDeployment: true }));

    assert.deepEqual(found, ["web: a forced deployment follows no move of a value that it reads"]);
  });

  it("see a second deployment after one move", async () => {
    const found = await broken(async (shop) => {
      await shop.putParameter();
      await shop.pass(rolledMs);
      await update(shop, { service: "web", forceNewDeployment: true });
    });

    assert.deepEqual(found, ["web: a forced deployment follows no move of a value that it reads"]);
  });

  it("see a deployment over an unfinished one", async () => {
    const found = await broken(async (shop) => {
      await shop.putParameter();
      await shop.pass(4 * secondMs);
      await shop.putParameter();
      await update(shop, { service: "web", forceNewDeployment: true });
    });

    assert.ok(found.includes("web: was deployed over an unfinished deployment"), found.join("\n"));
  });

  it("see tasks that hold an old value, an excuse that nobody made and one that nobody needs", async () => {
    const stale = async (shop: VirtualShop): Promise<void> => {
      throttle(shop.world, "UpdateService");
      await shop.putParameter();
      await shop.pass(minuteMs);
    };

    assert.deepEqual(await broken(stale), [
      "web: 3 tasks hold an old value",
      "worker: 2 tasks hold an old value",
    ]);
    assert.deepEqual(await broken(stale, { web: "deferred", worker: "halted" }), [
      "worker: holds an old value, reported as deferred, not as halted",
    ]);
    assert.deepEqual(await broken(() => Promise.resolve(), { web: "halted" }), [
      "web: is fresh and needs no excuse",
      "web: holds an old value, reported as predates-install, not as halted",
    ]);
  });

  it("see a service touched that is not covered, and one that has another count", async () => {
    assert.deepEqual(await broken((shop) => update(shop, { service: "reports", forceNewDeployment: true })), [
      "reports: is not covered and was deployed",
      "reports: a forced deployment follows no move of a value that it reads",
      "tasks of a service that is not covered were replaced",
    ]);
    assert.deepEqual(await broken((shop) => update(shop, { service: "web", desiredCount: 2 })), [
      "web: 2 of 3 tasks run",
      "web: a forced deployment follows no move of a value that it reads",
      "web: its task definition or count changed",
    ]);
  });

  it("see a value that the recycler asked for, though it was refused", async () => {
    const found = await broken((shop) =>
      assert.rejects(
        shop.world.dispatch(
          "secretsmanager",
          "GetSecretValue",
          { SecretId: example.databaseSecret },
          {
            caller: {
              kind: "role",
              roleArn: `arn:aws:iam::${shop.world.account}:role/${recyclerName}`,
              session: recyclerName,
            },
            door: "in-process",
          },
        ),
        /AccessDenied/,
      ),
    );

    assert.deepEqual(found, ["the recycler asked for a value 1 times"]);
  });

  it("see queries that fail", async () => {
    const found = await broken(({ stage }) => {
      stage.platform.database.setPassword("shop_user", "another password");
      return Promise.resolve();
    });

    assert.match(found.join("\n"), /^\d+ of \d+ queries failed: /);
  });
});

describe("crashAt", () => {
  it("stops the function at that call: nothing comes of its batch before that is visible again", async () => {
    const shop = await VirtualShop.open(await recordedExample(), "crash");
    const crashed = crashAt(shop.world, { operation: "UpdateService", when: "before" });

    await shop.putParameter();
    await shop.pass(minuteMs);

    assert.ok(crashed());
    assert.deepEqual(shop.forced(), {});
    await shop.world.stop();
  });
});
