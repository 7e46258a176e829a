import assert from "node:assert/strict";
import { EventBridge } from "../../embedded-aws/aws/eventbridge";
import { noFaults } from "../../embedded-aws/aws/eventbridge/faults";
import { example } from "../../demo/example";
import type { RecordedExample } from "../../simulation/virtual-run";
import { breakDown, crashAt, loseAnswers, throttle, type CrashPoint } from "../../simulation/faults";
import { recordedExample } from "../../simulation/recorded-example";
import { emptyQueue, minuteMs, queues, secondMs, sweepMs, VirtualShop } from "../../simulation/virtual-shop";

/** The recycler's queue and CloudTrail wait a few seconds, and a roll takes a few more. */
const rolledMs = 40 * secondMs;
/** A message comes back after 90 s, is tried three times, and sweeps come in between. */
const threeTriesMs = 12 * minuteMs;

/** Other seeds give other orders, and show another deployment as PRIMARY after a rollback. */
const seeds = ["1", "2", "3", "4", "5", "6"];

describe("the deployed recycler", () => {
  let recorded: RecordedExample;

  before(async () => {
    recorded = await recordedExample();
  });

  async function noMessageLeft(shop: VirtualShop): Promise<void> {
    for (const queue of Object.values(queues)) assert.deepEqual(await shop.count(queue), emptyQueue, queue);
  }

  for (const seed of seeds)
    it(`halts where new tasks cannot start, while the old ones go on, and tries again when the value moves (seed ${seed})`, async () => {
      const shop = await VirtualShop.open(recorded, seed);
      const role = "shop-worker-execution";
      const before = shop.truth.tasks("worker").map(({ taskArn }) => taskArn);
      await shop.deny(role, {
        Action: "secretsmanager:GetSecretValue",
        Resource: shop.arnOf(`:${example.logTokenSecret}-`),
      });

      await shop.putSecret(example.logTokenSecret);
      await shop.pass(30 * minuteMs);
      const halted = {
        forced: shop.forced(),
        tasks: shop.truth.tasks("worker").map(({ taskArn }) => taskArn),
        last: shop.decisions("worker").at(-1)?.decision,
        violations: await shop.invariants.violations({ worker: "halted" }),
      };
      await shop.deny(role, undefined);
      await shop.pass(30 * minuteMs);
      const waiting = shop.forced();
      await shop.putSecret(example.logTokenSecret);
      await shop.pass(rolledMs);

      assert.deepEqual(halted, {
        forced: { worker: 1 },
        tasks: before,
        last: "halted",
        violations: [],
      });
      assert.ok(shop.alarmed("halted"));
      assert.deepEqual(waiting, { worker: 1 });
      assert.deepEqual(shop.forced(), { worker: 2 });
      assert.deepEqual(await shop.end(), []);
    });

  it("defers what ECS throttles, and the sweep finds it again", async () => {
    const shop = await VirtualShop.open(recorded, "throttled");
    const throttled = throttle(shop.world, "UpdateService");

    await shop.putParameter();
    await shop.pass(minuteMs + rolledMs);
    const during = {
      forced: shop.forced(),
      decisions: shop
        .decisions()
        .slice(-2)
        .map(({ decision }) => decision),
    };
    await noMessageLeft(shop);
    throttled.end();
    await shop.pass(sweepMs);

    assert.ok(throttled.count > 2, `${throttled.count} calls; ${JSON.stringify(during)}`);
    assert.deepEqual(during, { forced: {}, decisions: ["deferred", "deferred"] });
    assert.ok((await shop.metric("deferred")) === 2);
    assert.deepEqual(shop.forced(), { web: 1, worker: 1 });
    await noMessageLeft(shop);
    assert.deepEqual(await shop.end(), []);
  });

  it("rolls out at once what ECS throttles for a moment only", async () => {
    const shop = await VirtualShop.open(recorded, "throttled");
    const throttled = throttle(shop.world, "UpdateService");
    shop.world.clock.schedule(6 * secondMs, "the end of the throttling", () => throttled.end());

    await shop.putParameter();
    await shop.pass(rolledMs);

    assert.ok(throttled.count > 0);
    assert.deepEqual(shop.forced(), { web: 1, worker: 1 });
    assert.deepEqual(await shop.end(), []);
  });

  it("tries a batch three times when no look succeeds, keeps it among the dead letters, and the sweep makes up for it", async () => {
    const shop = await VirtualShop.open(recorded, "down");
    const down = breakDown(shop.world, "DescribeServices");

    await shop.putSecret(example.databaseSecret, await currentValue(shop));
    await shop.pass(threeTriesMs);
    const during = {
      forced: shop.forced(),
      deadLetters: (await shop.count(queues.deadLetters)).visible,
      alarmed: shop.alarmed("dead-letters"),
    };
    down.end();
    await shop.pass(2 * sweepMs);

    assert.deepEqual(during.forced, {});
    // The native event and the call's own, at least; sweeps that came meanwhile too.
    assert.ok(during.deadLetters >= 2, `${during.deadLetters} dead letters`);
    assert.ok(during.alarmed);
    assert.deepEqual(shop.forced(), { web: 1, worker: 1 });
    assert.deepEqual(await shop.count(queues.events), emptyQueue);
    assert.deepEqual(await shop.end(), []);
  });

  it("finds a change in the sweep, when all its events are lost", async () => {
    const shop = await VirtualShop.open(recorded, "lost");
    EventBridge.of(shop.world).faults = { ...noFaults, lostProbability: 1 };

    await shop.call("secretsmanager", "RotateSecret", { SecretId: example.databaseSecret });
    await shop.putParameter();
    await shop.pass(2 * sweepMs);

    assert.deepEqual(shop.forced(), { web: 1, worker: 1 });
    assert.deepEqual(await shop.end(), []);
  });

  for (const seed of seeds)
    it(`deploys once for each value, when events are doubled, late and out of order (seed ${seed})`, async () => {
      const shop = await VirtualShop.open(recorded, seed);
      EventBridge.of(shop.world).faults = {
        ...noFaults,
        doubledProbability: 0.8,
        lateProbability: 0.8,
        lateMs: 90 * secondMs,
      };

      const counts: Record<string, number>[] = [];
      for (const change of [
        () => shop.call("secretsmanager", "RotateSecret", { SecretId: example.databaseSecret }),
        () => shop.putParameter(),
        () => shop.putSecret(example.logTokenSecret),
        () => shop.call("secretsmanager", "RotateSecret", { SecretId: example.databaseSecret }),
      ]) {
        await change();
        await shop.pass(2 * sweepMs);
        counts.push(shop.forced());
      }

      assert.deepEqual(counts, [
        { web: 1, worker: 1 },
        { web: 2, worker: 2 },
        { web: 2, worker: 3 },
        { web: 3, worker: 4 },
      ]);
      await noMessageLeft(shop);
      assert.deepEqual(await shop.end(), []);
    });

  it("deploys nothing over an unfinished deployment, however fast values move", async () => {
    const reported = new Set<string>();
    for (const seed of seeds) {
      const shop = await VirtualShop.open(recorded, seed);
      EventBridge.of(shop.world).faults = {
        ...noFaults,
        doubledProbability: 0.3,
        lateProbability: 0.3,
        lateMs: 5_000,
      };

      for (let move = 0; move < 12; move++) {
        await (move % 3 === 0 ? shop.putSecret(example.logTokenSecret) : shop.putParameter());
        await shop.pass(1_300);
      }
      await shop.pass(2 * sweepMs);

      const { web = 0, worker = 0 } = shop.forced();
      assert.ok(web >= 1 && web <= 8 && worker >= 1 && worker <= 12, `web ${web}, worker ${worker}`);
      for (const { decision } of shop.decisions()) reported.add(decision);
      await noMessageLeft(shop);
      assert.deepEqual(await shop.end(), [], `seed ${seed}`);
    }
    assert.ok(reported.has("blocked"), [...reported].join());
  });

  it("does not ask twice for a deployment whose answer was lost", async () => {
    const shop = await VirtualShop.open(recorded, "answers");
    const lost = loseAnswers(shop.world, "UpdateService");

    await shop.putParameter();
    await shop.pass(minuteMs + rolledMs);
    const first = { forced: shop.forced(), count: lost.count };
    lost.end();
    await shop.pass(2 * sweepMs);

    assert.deepEqual(first, { forced: { web: 1, worker: 1 }, count: 2 });
    assert.deepEqual(shop.forced(), { web: 1, worker: 1 });
    assert.equal(await shop.metric("deferred"), 2);
    assert.deepEqual(await shop.end(), []);
  });

  it("looks again at what one service's look hides, and goes on with the other", async () => {
    const shop = await VirtualShop.open(recorded, "one");
    const down = breakDown(shop.world, "ListServiceDeployments", "web");

    await shop.putParameter();
    await shop.pass(minuteMs + rolledMs);
    const during = { forced: shop.forced(), last: shop.decisions("web").at(-1)?.decision };
    await noMessageLeft(shop);
    down.end();
    await shop.pass(sweepMs);

    assert.deepEqual(during, { forced: { worker: 1 }, last: "deferred" });
    assert.deepEqual(shop.forced(), { web: 1, worker: 1 });
    assert.deepEqual(await shop.end(), []);
  });

  const points: readonly CrashPoint[] = [
    { operation: "DescribeServices", when: "before" },
    { operation: "ListServiceDeployments", when: "after" },
    { operation: "UpdateService", when: "before" },
    { operation: "UpdateService", when: "after" },
  ];
  for (const point of points)
    it(`deploys once, when its machine goes away ${point.when} the first ${point.operation}`, async () => {
      const shop = await VirtualShop.open(recorded, "crash");
      const crashed = crashAt(shop.world, point);

      await shop.putParameter();
      await shop.pass(20 * secondMs);
      const first = Object.values(shop.forced()).reduce((sum, count) => sum + count, 0);
      await shop.pass(2 * sweepMs);

      assert.ok(crashed());
      assert.equal(first, point.operation === "UpdateService" && point.when === "after" ? 1 : 0);
      assert.deepEqual(shop.forced(), { web: 1, worker: 1 });
      await noMessageLeft(shop);
      assert.deepEqual(await shop.end(), []);
    });
});

/** The value that a secret has: setting it again is a move as any other, and the database still takes it. */
async function currentValue(shop: VirtualShop): Promise<string> {
  const { SecretString } = await shop.call<{ SecretString: string }>("secretsmanager", "GetSecretValue", {
    SecretId: example.databaseSecret,
  });
  return SecretString;
}
