import { strict as assert } from "node:assert";
import {
  CreateTaskSetCommand,
  DeleteServiceCommand,
  DeleteTaskSetCommand,
  DescribeServiceDeploymentsCommand,
  ListServiceDeploymentsCommand,
  ListServicesCommand,
  ListTasksCommand,
  paginateListServices,
  UpdateServiceCommand,
  UpdateServicePrimaryTaskSetCommand,
} from "@aws-sdk/client-ecs";
import { fleet, type Fleet } from "../../support/ecs";

describe("Services that ECS does not deploy itself", () => {
  for (const [type, message] of [
    [
      "CODE_DEPLOY",
      "Cannot force a new deployment on services with a CODE_DEPLOY deployment controller. Use AWS CodeDeploy to trigger a new deployment.",
    ],
    ["EXTERNAL", "Cannot force a new deployment on services with a EXTERNAL deployment controller."],
  ] as const)
    it(`refuse a forced deployment with controller ${type}`, async () => {
      const f = await fleet();
      await f.create({ deploymentController: { type } });

      await assert.rejects(f.force(), { name: "InvalidParameterException", message });
    });

  it("show task sets in place of deployments", async () => {
    const f = await fleet();
    await f.create({ deploymentController: { type: "CODE_DEPLOY" } });
    await f.clock.runUntil(f.clock.now() + 10_000);

    const service = await f.describe();

    assert.deepEqual(service.deployments, []);
    const [set] = service.taskSets!;
    assert.equal(service.taskSets!.length, 1);
    assert.equal(set!.status, "PRIMARY");
    assert.equal(set!.runningCount, 2);
    assert.equal(set!.stabilityStatus, "STEADY_STATE");
    assert.deepEqual(await f.attempts(), []);
  });

  it("move their traffic with the primary task set", async () => {
    const f = await fleet();
    const created = await f.create({ deploymentController: { type: "EXTERNAL" } });
    await f.clock.runUntil(f.clock.now() + 10_000);
    const blue = f.ecs.targets("shop", "api");
    const service = { cluster: "shop", service: "api" };

    const { taskSet } = await f.client.send(
      new CreateTaskSetCommand({ ...service, taskDefinition: "api", externalId: "green" }),
    );
    await f.clock.runUntil(f.clock.now() + 10_000);
    assert.deepEqual(f.ecs.targets("shop", "api"), blue);
    await f.client.send(new UpdateServicePrimaryTaskSetCommand({ ...service, primaryTaskSet: taskSet!.id }));
    const green = f.ecs.targets("shop", "api");
    const old = created.taskSets![0]!.id;
    await f.client.send(new DeleteTaskSetCommand({ ...service, taskSet: old, force: true }));
    await f.clock.runUntil(f.clock.now() + 10_000);

    assert.ok(green.length === 2 && green.every((t) => !blue.some((b) => b.taskArn === t.taskArn)));
    assert.equal((await f.describe()).taskSets![0]!.externalId, "green");
    assert.equal(f.ecs.runningTasks().length, 2);
  });
});

describe("A BLUE_GREEN service", () => {
  async function blueGreen(): Promise<Fleet> {
    const f = await fleet();
    await f.create({ deploymentConfiguration: { strategy: "BLUE_GREEN", bakeTimeInMinutes: 10 } });
    await f.settle();
    return f;
  }

  it("runs all of green beside blue, moves the traffic, bakes and then ends blue", async () => {
    const f = await blueGreen();
    const blue = f.ecs.targets("shop", "api").map((t) => t.taskArn);

    await f.force();
    await f.clock.runUntil(f.clock.now() + 60_000);
    const baking = { targets: f.ecs.targets("shop", "api"), tasks: f.ecs.runningTasks().length };
    const [attempt] = await f.attempts();
    const { serviceDeployments } = await f.client.send(
      new DescribeServiceDeploymentsCommand({ serviceDeploymentArns: [attempt!.serviceDeploymentArn!] }),
    );
    await f.settle();

    assert.equal(baking.tasks, 4);
    assert.ok(baking.targets.every((t) => !blue.includes(t.taskArn)));
    assert.equal(serviceDeployments![0]!.lifecycleStage, "BAKE_TIME");
    assert.equal(f.ecs.runningTasks().length, 2);
    const [done] = await f.attempts();
    assert.equal(done!.status, "SUCCESSFUL");
    assert.ok(done!.finishedAt!.getTime() - done!.createdAt!.getTime() >= 600_000);
  });

  it("shows no rolloutState: that exists for the rolling strategy only", async () => {
    const f = await blueGreen();

    assert.equal((await f.describe()).deployments![0]!.rolloutState, undefined);
  });

  it("leaves the traffic where it is while green cannot start", async () => {
    const f = await blueGreen();
    const blue = f.ecs.targets("shop", "api");
    f.readable.denied = true;

    await f.force();
    await f.clock.runUntil(f.clock.now() + 600_000);

    assert.deepEqual(f.ecs.targets("shop", "api"), blue);
    assert.equal((await f.attempts())[0]!.status, "IN_PROGRESS");
  });
});

describe("A DAEMON service", () => {
  it("runs a task on each instance and is recycled by a forced deployment", async () => {
    const f = await fleet({ settings: { containerInstances: 3 } });
    await f.create({ schedulingStrategy: "DAEMON", desiredCount: undefined });
    await f.settle();
    const before = f.ecs.runningTasks().map((t) => t.taskArn);

    await f.force();
    await f.settle();

    const after = f.ecs.runningTasks().map((t) => t.taskArn);
    assert.deepEqual([before.length, after.length], [3, 3]);
    assert.ok(after.every((arn) => !before.includes(arn)));
  });

  it("refuses a desired count", async () => {
    const f = await fleet();

    const created = f.create({ schedulingStrategy: "DAEMON", desiredCount: 2 });

    await assert.rejects(created, { name: "InvalidParameterException", message: /desired count/ });
  });
});

describe("Answers of ECS", () => {
  it("may be the old ones for a while after a write, where that is drawn", async () => {
    const f = await fleet({ settings: { staleAnswers: { share: 1, maxMs: 5_000 } } });
    await f.create();
    await f.settle();
    const before = (await f.describe()).deployments![0]!.id;

    const forced = (await f.force()).deployments![0]!.id;
    const atOnce = (await f.describe()).deployments![0]!.id;
    await f.clock.runUntil(f.clock.now() + 5_001);
    const later = (await f.describe()).deployments![0]!.id;

    assert.equal(atOnce, before);
    assert.equal(later, forced);
  });

  it("come in pages that hold everything once", async () => {
    const f = await fleet();
    for (let i = 0; i < 13; i++) await f.create({ serviceName: `s${i}`, desiredCount: 0 });

    const sizes: number[] = [];
    const arns: string[] = [];
    for await (const page of paginateListServices({ client: f.client, pageSize: 5 }, { cluster: "shop" })) {
      sizes.push(page.serviceArns!.length);
      arns.push(...page.serviceArns!);
    }

    assert.deepEqual(sizes, [5, 5, 3]);
    assert.equal(new Set(arns).size, 13);
  });

  it("come ten services a page when no size is asked for", async () => {
    const f = await fleet();
    for (let i = 0; i < 11; i++) await f.create({ serviceName: `s${i}`, desiredCount: 0 });

    const { serviceArns, nextToken } = await f.client.send(new ListServicesCommand({ cluster: "shop" }));

    assert.equal(serviceArns!.length, 10);
    assert.notEqual(nextToken, undefined);
  });

  it("come in pages of one when that is asked for", async () => {
    const f = await fleet();
    await f.create();
    await f.settle();
    await f.force();
    await f.settle();

    const service = { cluster: "shop", service: "api", maxResults: 1 };
    const first = await f.client.send(new ListServiceDeploymentsCommand(service));
    const second = await f.client.send(
      new ListServiceDeploymentsCommand({ ...service, nextToken: first.nextToken }),
    );
    const tasks = await f.client.send(
      new ListTasksCommand({ cluster: "shop", serviceName: "api", maxResults: 1 }),
    );

    assert.deepEqual(
      [first, second].map((page) => page.serviceDeployments!.length),
      [1, 1],
    );
    assert.notEqual(
      first.serviceDeployments![0]!.serviceDeploymentArn,
      second.serviceDeployments![0]!.serviceDeploymentArn,
    );
    assert.equal(second.nextToken, undefined);
    assert.equal(tasks.taskArns!.length, 1);
  });

  it("refuse a token that is none, and sizes out of range", async () => {
    const f = await fleet();
    const list = (more: object) => f.client.send(new ListServicesCommand({ cluster: "shop", ...more }));

    await assert.rejects(list({ nextToken: "nonsense" }), { name: "InvalidParameterException" });
    await assert.rejects(list({ maxResults: 101 }), { name: "InvalidParameterException" });
  });

  it("list only the service deployments of the asked time and status", async () => {
    const f = await fleet();
    await f.create();
    await f.settle();
    const between = new Date(f.clock.now());
    await f.clock.runUntil(f.clock.now() + 1_000);
    await f.force();

    const list = async (more: object) => {
      const input = { cluster: "shop", service: "api", ...more };
      const { serviceDeployments } = await f.client.send(new ListServiceDeploymentsCommand(input));
      return serviceDeployments!.map((d) => d.status);
    };

    assert.deepEqual(await list({ createdAt: { after: between } }), ["PENDING"]);
    assert.deepEqual(await list({ createdAt: { before: between } }), ["SUCCESSFUL"]);
    assert.deepEqual(await list({ status: ["SUCCESSFUL"] }), ["SUCCESSFUL"]);
  });
});

describe("The end of a service", () => {
  it("drains its tasks and leaves it INACTIVE", async () => {
    const f = await fleet();
    await f.create();
    await f.settle();

    const { service } = await f.client.send(
      new DeleteServiceCommand({ cluster: "shop", service: "api", force: true }),
    );
    await f.clock.runUntil(f.clock.now() + 10_000);

    assert.equal(service!.status, "DRAINING");
    assert.equal((await f.describe()).status, "INACTIVE");
    assert.deepEqual(f.ecs.runningTasks(), []);
    await assert.rejects(
      f.client.send(new UpdateServiceCommand({ cluster: "shop", service: "api", forceNewDeployment: true })),
      { name: "ServiceNotActiveException" },
    );
  });

  it("needs force while tasks are wanted", async () => {
    const f = await fleet();
    await f.create();

    const deleted = f.client.send(new DeleteServiceCommand({ cluster: "shop", service: "api" }));

    await assert.rejects(deleted, { name: "InvalidParameterException", message: /scaled above 0/ });
  });

  it("leaves the name to a new service", async () => {
    const f = await fleet();
    await f.create({ desiredCount: 0 });
    await f.settle();
    await f.client.send(new DeleteServiceCommand({ cluster: "shop", service: "api" }));
    await f.clock.runUntil(f.clock.now() + 1_000);

    await f.create({ desiredCount: 1 });
    await f.settle();

    assert.equal((await f.describe()).runningCount, 1);
    assert.equal((await f.attempts()).length, 1);
  });
});
