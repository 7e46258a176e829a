import assert from "node:assert/strict";
import { example, recyclerName, recyclerProject } from "../../demo/example";
import { recordExample, type RecordedExample } from "../../simulation/virtual-run";
import { recordedExample } from "../../simulation/recorded-example";
import { emptyQueue, queues, secondMs, sweepMs, VirtualShop } from "../../simulation/virtual-shop";

/** The recycler's queue and CloudTrail wait a few seconds, and a roll takes a few more. */
const rolledMs = 40 * secondMs;
const alarms = { [`${recyclerProject}:alarms`]: { email: "shop@example.com" } };

describe("an event that is none", () => {
  let recorded: RecordedExample;

  before(async () => {
    recorded = await recordedExample();
  });

  for (const [what, body] of Object.entries({
    "no JSON": "the password is hunter2",
    "half of a JSON": '{"source": "aws.secretsmanager", "detail-type": "Secret Label Updated", "detail": {',
    "no object": '["hunter2"]',
    nothing: "null",
    "an object without a source": '{"hello": "hunter2"}',
    "a question, which only an invocation may ask": '{"ask": "status"}',
    "a source that is a number": '{"source": 1, "detail-type": "Scheduled Event", "detail": {}}',
    "a detail that is a text":
      '{"source": "aws.events", "detail-type": "Scheduled Event", "detail": "hunter2"}',
    "a label that is missing":
      '{"source": "aws.secretsmanager", "detail-type": "Secret Label Updated", "detail": {"name": "shop/database"}}',
    "a time that is none":
      '{"source": "aws.ssm", "detail-type": "Parameter Store Change", "time": "hunter2", "resources": ["a"], "detail": {"operation": "Update"}}',
    "a record of CloudTrail without a time":
      '{"source": "aws.secretsmanager", "detail-type": "AWS API Call via CloudTrail", "detail": {"eventName": "PutSecretValue"}}',
    "a deployment of no service":
      '{"source": "aws.ecs", "detail-type": "ECS Deployment State Change", "resources": ["hunter2"], "detail": {"eventName": "SERVICE_DEPLOYMENT_FAILED"}}',
  }))
    it(`is logged with the reason, counted and acknowledged, when it is ${what}`, async () => {
      const shop = await VirtualShop.open(recorded, what);
      const before = shop.notes().length;

      await shop.send(body);
      await shop.pass(rolledMs);

      const notes = shop.notes().slice(before);
      assert.deepEqual(
        notes.map(({ event }) => event),
        ["ignored"],
      );
      assert.match(notes[0]!.reason, /not JSON|: expected /);
      assert.equal(await shop.metric("InvalidEvents"), 1);
      assert.ok(shop.stage.log.every((line) => !line.includes("hunter2")));
      for (const queue of Object.values(queues)) assert.deepEqual(await shop.count(queue), emptyQueue, queue);
      assert.deepEqual(shop.forced(), {});
      assert.deepEqual(await shop.end(), []);
    });
});

describe("a batch with an event that is none", () => {
  it("is worked off as if that one were not there", async () => {
    const shop = await VirtualShop.open(await recordedExample(), "batch");
    const before = shop.notes().length;

    await shop.send("no event");
    await shop.putParameter();
    await shop.send("no event either");
    await shop.pass(rolledMs);

    assert.equal(
      shop
        .notes()
        .slice(before)
        .filter(({ reason }) => reason.includes("not JSON")).length,
      2,
    );
    assert.deepEqual(shop.forced(), { web: 1, worker: 1 });
    assert.deepEqual(await shop.count(queues.events), emptyQueue);
    assert.deepEqual(await shop.end(), []);
  });
});

describe("what the settings name and does not exist", () => {
  let recorded: RecordedExample;

  before(async () => {
    recorded = await recordExample({
      settings: {
        ...alarms,
        [`${recyclerProject}:services`]: [
          {
            cluster: example.cluster,
            service: "web",
            secrets: [example.databaseSecret, "shop/absent"],
            parameters: ["/shop/absent"],
          },
          { cluster: example.cluster, service: "worker" },
          { cluster: example.cluster, service: "ghost" },
          { cluster: "elsewhere", service: "ghost" },
          { cluster: "nowhere" },
        ],
      },
    });
  });

  it("is reported as not-found for that one and alarms, and the others are recycled", async () => {
    const shop = await VirtualShop.open(recorded, "absent");

    await shop.call("secretsmanager", "RotateSecret", { SecretId: example.databaseSecret });
    await shop.pass(rolledMs);
    const rolled = shop.forced();
    await shop.pass(sweepMs);

    assert.deepEqual(rolled, { web: 1, worker: 1 });
    assert.deepEqual(shop.forced(), { web: 1, worker: 1 });
    const last = (cluster: string, service: string) =>
      shop.decisions(service).findLast((made) => made.cluster === cluster);
    // What an entry lists and no task reads gets no verdict.
    assert.equal(last("shop", "web")?.decision, "fresh");
    assert.equal(last("shop", "ghost")?.decision, "not-found");
    assert.equal(last("elsewhere", "ghost")?.decision, "not-found");
    // A cluster that is not there is a list of services that is not there.
    assert.equal(last("nowhere", "*")?.decision, "not-found");
    assert.equal(last("shop", "worker")?.decision, "fresh");
    assert.ok((await shop.metric("not-found")) >= 3);
    assert.ok(shop.alarmed("not-found"));
    for (const queue of Object.values(queues)) assert.deepEqual(await shop.count(queue), emptyQueue, queue);
    assert.deepEqual(await shop.end(), []);
  });
});

describe("what the recycler is denied", () => {
  let recorded: RecordedExample;

  before(async () => {
    recorded = await recordedExample();
  });

  /** What is denied, on what, and whom it concerns. */
  const denials = [
    { what: "to force a deployment of a service", action: "ecs:UpdateService", on: "service/shop/web" },
    { what: "to look at a service", action: "ecs:DescribeServices", on: "service/shop/web" },
    {
      what: "to look at the deployments of a service",
      action: "ecs:ListServiceDeployments",
      on: "service/shop/web",
    },
  ];
  for (const { what, action, on } of denials)
    it(`${what}: is reported as denied for that one and alarms, and the others are recycled; later that one too`, async () => {
      const shop = await VirtualShop.open(recorded, action);
      await shop.deny(recyclerName, { Action: action, Resource: shop.world.arn("ecs", on) });

      await shop.putParameter();
      await shop.pass(rolledMs);
      const denied = {
        forced: shop.forced(),
        decisions: shop.decisions("web").map(({ decision }) => decision),
      };
      await shop.pass(sweepMs);
      const alarmed = shop.alarmed("denied");
      await shop.deny(recyclerName, undefined);
      await shop.pass(sweepMs);

      assert.deepEqual(denied.forced, { worker: 1 });
      assert.equal(denied.decisions.at(-1), "denied");
      assert.ok((await shop.metric("denied")) > 0);
      assert.ok(alarmed);
      assert.deepEqual(shop.forced(), { web: 1, worker: 1 });
      for (const queue of Object.values(queues)) assert.deepEqual(await shop.count(queue), emptyQueue, queue);
      assert.deepEqual(await shop.end(), []);
    });

  it("to look at a secret: is reported for the services that read it, whose other values are followed", async () => {
    const shop = await VirtualShop.open(recorded, "secret");
    const Resource = shop.arnOf(`:${example.logTokenSecret}-`);
    await shop.deny(recyclerName, {
      Action: ["secretsmanager:DescribeSecret", "secretsmanager:ListSecretVersionIds"],
      Resource,
    });

    await shop.putParameter();
    await shop.pass(sweepMs);
    const forced = shop.forced();
    // An event alone proves nothing: what no look confirms restarts no service.
    await shop.putSecret(example.logTokenSecret);
    await shop.pass(rolledMs);
    await shop.pass(sweepMs);

    assert.deepEqual(forced, { web: 1, worker: 1 });
    assert.deepEqual(shop.forced(), { web: 1, worker: 1 });
    assert.equal(shop.decisions("web").at(-1)?.decision, "fresh");
    assert.equal(shop.decisions("worker").at(-1)?.decision, "denied");
    assert.ok(shop.alarmed("denied"));
    assert.deepEqual(await shop.end({ worker: "denied" }), []);
  });
});
