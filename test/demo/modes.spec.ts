import assert from "node:assert/strict";
import { example, recyclerName } from "../../demo/example";
import { recordExample } from "../../simulation/virtual-run";
import { recordedExample } from "../../simulation/recorded-example";
import { emptyQueue, queues, secondMs, sweepMs, VirtualShop } from "../../simulation/virtual-shop";

/** The recycler's queue and CloudTrail wait a few seconds, and a roll takes a few more. */
const rolledMs = 40 * secondMs;

/** Moves one value of each kind. */
async function changeAll(shop: VirtualShop): Promise<void> {
  await shop.call("secretsmanager", "RotateSecret", { SecretId: example.databaseSecret });
  await shop.putParameter();
  await shop.putSecret(example.logTokenSecret);
}

describe("the mode dry-run", () => {
  it("decides and logs as the recycler does, and changes nothing", async () => {
    const shop = await VirtualShop.open(await recordExample({ mode: "dry-run" }), "dry-run");
    const tasks = shop.truth.tasks("web").map(({ taskArn }) => taskArn);

    await changeAll(shop);
    await shop.pass(rolledMs);
    const first = shop.stage.log.filter((line) => line.includes('"decision":"recycle"'));
    await shop.pass(sweepMs);

    assert.deepEqual(
      new Set(first.map((line) => (JSON.parse(line) as { service: string; mode: string }).service)),
      new Set(["web", "worker"]),
    );
    assert.ok(first.every((line) => line.includes('"mode":"dry-run"')));
    assert.deepEqual(shop.forced(), {});
    assert.deepEqual(
      shop.truth.tasks("web").map(({ taskArn }) => taskArn),
      tasks,
    );
    const calls = shop.world.ledger
      .find({ roleArn: `arn:aws:iam::${shop.world.account}:role/${recyclerName}`, door: "in-process" })
      .map(({ operation }) => operation);
    assert.ok(calls.length > 0);
    assert.deepEqual(
      calls.filter((operation) => !/^(Describe|List|GetQueue)/.test(operation)),
      [],
    );
    for (const queue of Object.values(queues)) assert.deepEqual(await shop.count(queue), emptyQueue, queue);
    assert.deepEqual(await shop.end({ web: "recycle", worker: "recycle" }), []);
  });
});

describe("the mode off", () => {
  it("has rules and function disabled: no event is sent, and no message is taken", async () => {
    const shop = await VirtualShop.open(await recordExample({ mode: "off" }), "off");
    const { Rules = [] } = await shop.call<{ Rules?: { Name: string; State: string }[] }>(
      "events",
      "ListRules",
      {
        NamePrefix: recyclerName,
      },
    );

    await changeAll(shop);
    await shop.pass(sweepMs);
    const sent = await shop.count(queues.events);
    await shop.send('{"source": "aws.events", "detail-type": "Scheduled Event", "detail": {}}');
    await shop.pass(rolledMs);

    assert.deepEqual(new Set(Rules.map(({ State }) => State)), new Set(["DISABLED"]));
    assert.equal(Rules.length, 4);
    assert.deepEqual(sent, emptyQueue);
    assert.deepEqual(await shop.count(queues.events), { ...emptyQueue, visible: 1 });
    assert.deepEqual(shop.stage.log, []);
    assert.deepEqual(shop.forced(), {});
    await shop.world.stop();
  });
});

describe("installing", () => {
  it("tests the rotation, restarts nothing, and alarms nobody in an hour", async () => {
    let tested: string[] = [];
    const shop = await VirtualShop.open(await recordedExample(), "installing", (world) => {
      world.onServiceEvent(({ eventName }) => (tested = [...tested, eventName]));
    });

    await shop.pass(10 * sweepMs);

    assert.deepEqual(tested, ["TestRotationStarted", "TestRotationSucceeded"]);
    assert.deepEqual(shop.forced(), {});
    assert.deepEqual(shop.alarms, []);
    for (const queue of Object.values(queues)) assert.deepEqual(await shop.count(queue), emptyQueue, queue);
    assert.deepEqual(await shop.end(), []);
  });
});
