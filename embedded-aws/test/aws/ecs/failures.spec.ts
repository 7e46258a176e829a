import { strict as assert } from "node:assert";
import { readFileSync } from "node:fs";
import * as path from "node:path";
import {
  DescribeServiceDeploymentsCommand,
  DescribeServiceRevisionsCommand,
  StopServiceDeploymentCommand,
  StopTaskCommand,
  UpdateServiceCommand,
  type DeploymentConfiguration,
} from "@aws-sdk/client-ecs";
import { failureThreshold } from "../../../aws/ecs/circuit-breaker";
import { fleet, type Fleet } from "../../support/ecs";

const breaker = (rollback: boolean): DeploymentConfiguration => ({
  deploymentCircuitBreaker: { enable: true, rollback },
});

function canonical(name: string): Record<string, unknown> {
  const file = path.join(__dirname, "../../../../events/examples", `${name}.json`);
  return JSON.parse(readFileSync(file, "utf8")) as Record<string, unknown>;
}

describe("failureThreshold", () => {
  for (const [desired, expected] of [
    [1, 3],
    [5, 3],
    [7, 4],
    [25, 13],
    [401, 200],
  ] as const)
    it(`is ${expected} for ${desired} tasks`, () => {
      assert.equal(failureThreshold({ enable: true, rollback: true }, desired), expected);
    });

  it("is the configured count where one is configured", () => {
    const thresholdConfiguration = { type: "COUNT" as const, value: 9 };
    assert.equal(failureThreshold({ enable: true, rollback: true, thresholdConfiguration }, 100), 9);
  });
});

describe("A deployment that fails", () => {
  /** A service of two healthy tasks whose secrets then cannot be read. */
  async function broken(options: Parameters<typeof fleet>[0], configuration?: DeploymentConfiguration) {
    const f = await fleet(options);
    await f.create({ desiredCount: 2, deploymentConfiguration: configuration });
    await f.settle();
    const old = f.ecs.targets("shop", "api");
    f.readable.denied = true;
    return { f, old };
  }

  it("keeps the old tasks and retries ever more slowly without a circuit breaker", async () => {
    const { f, old } = await broken({});

    await f.force();
    await f.clock.runUntil(f.clock.now() + 600_000);

    assert.deepEqual(f.ecs.targets("shop", "api"), old);
    const primary = (await f.describe()).deployments![0]!;
    assert.equal(primary.rolloutState, "IN_PROGRESS");
    assert.ok(primary.failedTasks! > 5 && primary.failedTasks! < 40, `${primary.failedTasks} failures`);
  });

  it("gets healthy by itself once its secrets can be read again", async () => {
    const { f, old } = await broken({});
    await f.force();
    await f.clock.runUntil(f.clock.now() + 30_000);

    f.readable.denied = false;
    await f.settle();

    assert.equal((await f.attempts())[0]!.status, "SUCCESSFUL");
    assert.ok(f.ecs.targets("shop", "api").every((t) => !old.some((o) => o.taskArn === t.taskArn)));
  });

  it("is rolled back by the circuit breaker after three failures, and the old tasks stay", async () => {
    const { f, old } = await broken({}, breaker(true));

    await f.force();
    await f.settle();

    assert.deepEqual(f.ecs.targets("shop", "api"), old);
    const [attempt] = await f.attempts();
    assert.equal(attempt!.status, "ROLLBACK_SUCCESSFUL");
    assert.equal(
      attempt!.statusReason,
      "Service deployment rolled back because the circuit breaker threshold was exceeded.",
    );
  });

  it("shows the circuit breaker and the rollback in DescribeServiceDeployments", async () => {
    const { f } = await broken({}, breaker(true));
    await f.force();
    await f.settle();
    const [attempt] = await f.attempts();

    const { serviceDeployments } = await f.client.send(
      new DescribeServiceDeploymentsCommand({ serviceDeploymentArns: [attempt!.serviceDeploymentArn!] }),
    );

    const shown = serviceDeployments![0]!;
    assert.equal(shown.deploymentCircuitBreaker?.status, "TRIGGERED");
    assert.equal(shown.deploymentCircuitBreaker?.threshold, 3);
    assert.ok((shown.deploymentCircuitBreaker?.failureCount ?? 0) >= 3);
    assert.equal(shown.rollback?.serviceRevisionArn, shown.sourceServiceRevisions?.[0]?.arn);
  });

  it("has the old PRIMARY with its old createdAt after a rollback, or a new one, as drawn", async () => {
    const created = async (oldPrimaryAfterRollback: number) => {
      const { f } = await broken({ settings: { oldPrimaryAfterRollback } }, breaker(true));
      const before = (await f.describe()).deployments![0]!;
      await f.force();
      await f.settle();
      const primary = (await f.describe()).deployments!.find((d) => d.status === "PRIMARY")!;
      return { same: primary.id === before.id, older: primary.createdAt! <= before.createdAt! };
    };

    assert.deepEqual(await created(1), { same: true, older: true });
    assert.deepEqual(await created(0), { same: false, older: false });
  });

  it("shows the old tasks under the new PRIMARY, with their own createdAt, and the old revision", async () => {
    const { f } = await broken({ settings: { oldPrimaryAfterRollback: 0 } }, breaker(true));
    const before = (await f.describe()).currentServiceRevisions![0]!.arn!;
    const tasks = f.ecs.runningTasks();
    await f.force();
    await f.settle();

    const service = await f.describe();
    const arns = [before, service.currentServiceRevisions![1]!.arn!];
    const { serviceRevisions } = await f.client.send(
      new DescribeServiceRevisionsCommand({ serviceRevisionArns: arns }),
    );

    const now = f.ecs.runningTasks();
    const primary = service.deployments!.find((d) => d.status === "PRIMARY")!;
    assert.deepEqual(
      now.map((t) => [t.taskArn, t.createdAt, t.deploymentId]),
      tasks.map((t) => [t.taskArn, t.createdAt, primary.id]),
    );
    assert.ok(primary.createdAt!.getTime() > tasks[0]!.createdAt + 1_000);
    assert.equal(service.currentServiceRevisions![0]!.arn, before);
    const [first, forced] = serviceRevisions!;
    assert.ok(first!.createdAt! < forced!.createdAt!);
    assert.equal(first!.taskDefinition, forced!.taskDefinition);
    assert.deepEqual(first!.containerImages, [{ containerName: "app", image: "shop/api:1" }]);
  });

  it("starts tasks of its own for the rollback, where that is drawn", async () => {
    const settings = { oldPrimaryAfterRollback: 0, oldTasksAfterRollback: 0 };
    const { f } = await broken({ settings }, breaker(true));
    const old = f.ecs.runningTasks().map((t) => t.taskArn);
    await f.force();
    await f.clock.runUntilTrue(
      () => f.events.some((e) => e.detail.eventName === "SERVICE_DEPLOYMENT_FAILED"),
      "the circuit breaker has opened",
      f.clock.now() + 60_000,
    );

    f.readable.denied = false;
    await f.settle();

    assert.equal((await f.attempts())[0]!.status, "ROLLBACK_SUCCESSFUL");
    assert.ok(f.ecs.runningTasks().every((t) => !old.includes(t.taskArn)));
  });

  it("keeps the task counts in DescribeServiceDeployments as they were when it ended", async () => {
    const { f } = await broken({}, breaker(true));
    await f.force();
    await f.settle();
    const [attempt] = await f.attempts();
    f.readable.denied = false;
    await f.client.send(new UpdateServiceCommand({ cluster: "shop", service: "api", desiredCount: 5 }));
    await f.clock.runUntil(f.clock.now() + 60_000);

    const { serviceDeployments } = await f.client.send(
      new DescribeServiceDeploymentsCommand({ serviceDeploymentArns: [attempt!.serviceDeploymentArn!] }),
    );

    assert.equal((await f.describe()).runningCount, 5);
    assert.equal(serviceDeployments![0]!.sourceServiceRevisions![0]!.runningTaskCount, 2);
    assert.equal(serviceDeployments![0]!.targetServiceRevision!.runningTaskCount, 0);
  });

  it("leaves its FAILED entry in deployments[] for a while only", async () => {
    const { f } = await broken({}, breaker(true));
    await f.force();
    await f.settle();
    assert.equal((await f.describe()).deployments!.filter((d) => d.rolloutState === "FAILED").length, 1);

    await f.clock.runUntil(f.clock.now() + 120_000);

    assert.deepEqual(
      (await f.describe()).deployments!.map((d) => d.rolloutState),
      ["COMPLETED"],
    );
  });

  it("ends without a rollback when none is configured: no new task, the old ones stay", async () => {
    const { f, old } = await broken({}, breaker(false));

    await f.force();
    await f.settle();
    const started = f.specs.length;
    f.readable.denied = false;
    await f.clock.runUntil(f.clock.now() + 600_000);

    assert.deepEqual(f.ecs.targets("shop", "api"), old);
    assert.equal(f.specs.length, started);
    assert.equal((await f.attempts())[0]!.status, "STOPPED");
    assert.equal((await f.describe()).deployments![0]!.rolloutState, "FAILED");
  });

  it("cannot be rolled back when nothing ever worked", async () => {
    const f = await fleet();
    f.readable.denied = true;

    await f.create({ desiredCount: 1, deploymentConfiguration: breaker(true) });
    await f.settle();

    const [attempt] = await f.attempts();
    assert.equal(attempt!.status, "ROLLBACK_FAILED");
    assert.match(attempt!.statusReason!, /No rollback candidate was found/);
  });

  it("counts tasks that start and never get healthy, too", async () => {
    const f = await fleet();
    await f.create({ desiredCount: 2, deploymentConfiguration: breaker(true) });
    await f.settle();
    f.script = () => ({ failure: "health checks failed" });

    await f.force();
    await f.settle();

    assert.equal((await f.attempts())[0]!.status, "ROLLBACK_SUCCESSFUL");
  });

  it("emits the events as AWS writes them", async () => {
    const { f } = await broken({ settings: { oldPrimaryAfterRollback: 1 } }, breaker(true));
    const target = (await f.describe()).deployments![0]!.id!;
    f.events.length = 0;

    const failed = (await f.force()).deployments![0]!.id!;
    await f.settle();

    const told = f.events.map((e) => e.detail as Record<string, string>);
    const expected = [
      ["ecs-deployment-in-progress", failed, `ECS deployment ${failed} in progress.`],
      ["ecs-deployment-failed", failed, "ECS deployment circuit breaker: task failed to start."],
      [
        "ecs-deployment-rollback",
        failed,
        `ECS deployment circuit breaker: rolling back to deploymentId ${target}.`,
      ],
      ["ecs-deployment-completed", target, `ECS deployment ${target} completed.`],
    ] as const;
    assert.equal(told.length, expected.length);
    for (const [i, [file, deploymentId, reason]] of expected.entries()) {
      const event = canonical(file);
      const detail = event.detail as Record<string, string>;
      assert.deepEqual(told[i], {
        ...detail,
        clusterArn: "arn:aws:ecs:us-west-2:123456789012:cluster/shop",
        deploymentId,
        updatedAt: told[i]!.updatedAt,
        reason,
      });
      assert.match(told[i].updatedAt!, /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ$/);
      assert.equal(f.events[i]!["detail-type"], event["detail-type"]);
      assert.equal(f.events[i]!.source, event.source);
      assert.deepEqual(f.events[i]!.resources, ["arn:aws:ecs:us-west-2:123456789012:service/shop/api"]);
    }
  });
});

describe("Disturbances of a service", () => {
  async function running(): Promise<Fleet> {
    const f = await fleet();
    await f.create({ desiredCount: 2 });
    await f.settle();
    return f;
  }

  it("replaces a task that ended by itself", async () => {
    const f = await fleet();
    f.script = () => ({ startMs: 100, ...(f.specs.length === 1 ? { exitAfterMs: 5_000 } : {}) });
    await f.create({ desiredCount: 2 });
    await f.settle();

    await f.clock.runUntil(f.clock.now() + 30_000);

    assert.equal(f.specs.length, 3);
    assert.equal(f.ecs.targets("shop", "api").length, 2);
  });

  it("replaces a task that somebody stopped", async () => {
    const f = await running();
    const [task] = f.ecs.runningTasks();

    await f.client.send(new StopTaskCommand({ cluster: "shop", task: task!.taskArn, reason: "by hand" }));
    await f.clock.runUntil(f.clock.now() + 30_000);

    const arns = f.ecs.runningTasks().map((t) => t.taskArn);
    assert.equal(arns.length, 2);
    assert.ok(!arns.includes(task!.taskArn));
  });

  it("scales up and down without a new deployment", async () => {
    const f = await running();

    await f.client.send(new UpdateServiceCommand({ cluster: "shop", service: "api", desiredCount: 5 }));
    await f.clock.runUntil(f.clock.now() + 30_000);
    const up = f.ecs.targets("shop", "api").length;
    await f.client.send(new UpdateServiceCommand({ cluster: "shop", service: "api", desiredCount: 1 }));
    await f.clock.runUntil(f.clock.now() + 30_000);

    assert.deepEqual([up, f.ecs.targets("shop", "api").length], [5, 1]);
    assert.equal((await f.attempts()).length, 1);
  });

  it("refuses a sixth unfinished deployment in AWS's words and changes nothing", async () => {
    const f = await running();
    f.readable.denied = true;
    for (let i = 0; i < 4; i++) await f.force();

    const sixth = f.client.send(
      new UpdateServiceCommand({
        cluster: "shop",
        service: "api",
        forceNewDeployment: true,
        desiredCount: 9,
      }),
    );

    await assert.rejects(sixth, {
      name: "InvalidParameterException",
      message: "5 active deployments exist, unable to create new deployment.",
    });
    assert.equal((await f.describe()).desiredCount, 2);
  });

  it("goes back to the old tasks when an unfinished service deployment is stopped", async () => {
    const f = await running();
    const old = f.ecs.targets("shop", "api");
    f.readable.denied = true;
    await f.force();
    const [attempt] = await f.attempts();

    await f.client.send(
      new StopServiceDeploymentCommand({ serviceDeploymentArn: attempt!.serviceDeploymentArn! }),
    );
    await f.settle();

    assert.equal((await f.attempts())[0]!.status, "ROLLBACK_SUCCESSFUL");
    assert.deepEqual(f.ecs.targets("shop", "api"), old);
  });
});
