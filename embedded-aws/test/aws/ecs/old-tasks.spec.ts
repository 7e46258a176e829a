import { strict as assert } from "node:assert";
import { DescribeTasksCommand, StopTaskCommand, type DeploymentConfiguration } from "@aws-sdk/client-ecs";
import type { EcsSettings } from "../../../aws/ecs";
import { fleet, type Fleet } from "../../support/ecs";

/** A service of two tasks; its next deployment is of a second revision. */
async function running(
  settings: Partial<EcsSettings> = {},
  deploymentConfiguration?: DeploymentConfiguration,
): Promise<Fleet> {
  const f = await fleet({ settings });
  await f.create({ deploymentConfiguration });
  await f.settle();
  return f;
}

/** Tasks of the service whose secrets cannot be read from now on. */
async function forceInVain(f: Fleet): Promise<string> {
  f.readable.denied = true;
  return (await f.force()).deployments![0]!.id!;
}

describe("An old task that is lost while a newer deployment is under way", () => {
  for (const [what, lose] of [
    ["fails its health check", (f: Fleet, task: string) => Promise.resolve(f.ecs.failHealthCheck(task))],
    ["is stopped", (f: Fleet, task: string) => f.client.send(new StopTaskCommand({ cluster: "shop", task }))],
  ] as const)
    it(`is replaced on its own deployment and reads the current value, when it ${what}`, async () => {
      const f = await running();
      const [first, second] = f.ecs.runningTasks();
      const forced = await forceInVain(f);
      await f.clock.runUntil(f.clock.now() + 30_000);
      f.readable.versionId = "00000000-0000-4000-8000-000000000002";
      const lostAt = f.clock.now();

      await lose(f, first!.taskArn);
      f.readable.denied = false;
      f.script = (spec) => (f.specs.indexOf(spec) === 2 ? {} : { failure: "not this one" });
      await f.clock.runUntil(f.clock.now() + 1_000);
      f.readable.denied = true;
      await f.clock.runUntil(f.clock.now() + 30_000);

      const now = f.ecs.runningTasks();
      assert.equal(now.length, 2);
      const replacement = now.find((t) => t.taskArn !== second!.taskArn)!;
      assert.equal(replacement.deploymentId, first!.deploymentId);
      assert.notEqual(replacement.deploymentId, forced);
      assert.ok(replacement.createdAt >= lostAt);
      assert.equal(replacement.reads[0]!.versionId, f.readable.versionId);
    });

  it("is replaced before it is stopped where the upper bound leaves room", async () => {
    const f = await running({}, { maximumPercent: 400 });
    const [first] = f.ecs.runningTasks();
    await forceInVain(f);
    await f.clock.runUntil(f.clock.now() + 30_000);
    f.readable.denied = false;

    f.ecs.failHealthCheck(first!.taskArn);
    await f.clock.runUntilTrue(() => f.specs.length > 2, "a replacement starts", f.clock.now() + 60_000);

    const { tasks } = await f.client.send(
      new DescribeTasksCommand({ cluster: "shop", tasks: [first!.taskArn] }),
    );
    assert.equal(tasks![0]!.lastStatus, "RUNNING");
    assert.equal(tasks![0]!.healthStatus, "UNHEALTHY");
    assert.ok(!f.ecs.targets("shop", "api").some((t) => t.taskArn === first!.taskArn));
    await f.settle();
    assert.equal((await f.attempts())[0]!.status, "SUCCESSFUL");
  });

  it("is drawn from the seed: all old tasks fail where the share is 1", async () => {
    const f = await running({ unhealthyOldTasks: { share: 1, withinMs: 0 } });
    const old = f.ecs.runningTasks().map((t) => t.taskArn);

    await f.force();
    await f.clock.runUntil(f.clock.now() + 200);

    assert.deepEqual(f.ecs.targets("shop", "api"), []);
    await f.settle();
    const now = f.ecs.runningTasks().map((t) => t.taskArn);
    assert.ok(now.length === 2 && now.every((arn) => !old.includes(arn)));
  });

  it("is not replaced on its own revision once the newer deployment has its place", async () => {
    const f = await running({}, { minimumHealthyPercent: 0 });
    const [first] = f.ecs.runningTasks();
    await forceInVain(f);
    await f.clock.runUntil(f.clock.now() + 30_000);

    await f.client.send(new StopTaskCommand({ cluster: "shop", task: first!.taskArn }));
    f.readable.denied = false;
    await f.settle();

    assert.ok(f.specs.length >= 4);
    assert.ok(f.ecs.runningTasks().every((t) => t.deploymentId !== first!.deploymentId));
  });
});

describe("A service without a deployment under way", () => {
  it("replaces a task that fails its health check, first the new one, then the end of the old", async () => {
    const f = await running();
    const [first, second] = f.ecs.runningTasks();

    f.ecs.failHealthCheck(first!.taskArn);
    await f.clock.runUntil(f.clock.now() + 30_000);

    const { tasks } = await f.client.send(
      new DescribeTasksCommand({ cluster: "shop", tasks: [first!.taskArn] }),
    );
    assert.equal(tasks![0]!.stoppedReason, "Task failed container health checks");
    const targets = f.ecs.targets("shop", "api").map((t) => t.taskArn);
    assert.ok(targets.length === 2 && targets.includes(second!.taskArn));
  });

  it("fails no health check of a task that does not run", async () => {
    const f = await running();

    assert.throws(
      () => f.ecs.failHealthCheck("arn:aws:ecs:us-west-2:123456789012:task/shop/none"),
      /no healthy/,
    );
  });
});

describe("A deployment with early success criteria", () => {
  const early = (healthyPercent: number, sourceServiceRevisionCleanup: "BLOCKING" | "DEFERRED") => ({
    minimumHealthyPercent: 0,
    earlySuccessCriteria: { enable: true, healthyPercent, sourceServiceRevisionCleanup },
  });

  it("succeeds while old tasks run, which a deferred clean-up ends later", async () => {
    const settings = { deferredCleanUpMs: { low: 20_000, high: 20_000 } };
    const f = await running(settings, early(100, "DEFERRED"));
    await f.clock.runUntil(f.clock.now() + 30_000);
    const old = f.ecs.targets("shop", "api");

    await f.force();
    await f.settle();
    const finished = (await f.attempts())[0]!;
    const beside = await f.describe();
    await f.clock.runUntil(finished.finishedAt!.getTime() + 19_000);
    const waiting = f.ecs.targets("shop", "api");
    await f.clock.runUntil(f.clock.now() + 30_000);

    assert.equal(finished.status, "SUCCESSFUL");
    assert.deepEqual(
      beside.deployments!.map((d) => [d.status, d.rolloutState, d.runningCount]),
      [
        ["PRIMARY", "COMPLETED", 2],
        ["ACTIVE", "COMPLETED", 2],
      ],
    );
    assert.ok(old.every((o) => waiting.some((t) => t.taskArn === o.taskArn)));
    assert.equal(f.ecs.runningTasks().length, 2);
    assert.equal((await f.describe()).deployments!.length, 1);
  });

  it("succeeds with part of its tasks, and starts the others afterwards", async () => {
    const f = await running({}, early(50, "BLOCKING"));
    f.script = (spec) => ({ startMs: f.specs.indexOf(spec) === 2 ? 100 : 60_000 });

    await f.force();
    await f.settle();
    const running1 = f.ecs.targets("shop", "api").length;
    await f.clock.runUntil(f.clock.now() + 120_000);

    assert.equal((await f.attempts())[0]!.status, "SUCCESSFUL");
    assert.deepEqual([running1, f.ecs.targets("shop", "api").length], [1, 2]);
  });

  it("is not rolled back for tasks that fail after it has succeeded", async () => {
    const deploymentCircuitBreaker = { enable: true, rollback: true };
    const f = await running({}, { ...early(50, "BLOCKING"), deploymentCircuitBreaker });
    f.script = (spec) => (f.specs.indexOf(spec) === 2 ? { startMs: 100 } : { startMs: 9_000, failure: "no" });

    await f.force();
    await f.clock.runUntil(f.clock.now() + 600_000);

    assert.equal((await f.attempts())[0]!.status, "SUCCESSFUL");
    assert.equal(f.ecs.targets("shop", "api").length, 1);
  });

  for (const [what, criteria, message] of [
    ["without a percentage", { enable: true }, /must be specified/],
    [
      "below the healthy minimum",
      { ...early(50, "BLOCKING").earlySuccessCriteria },
      /at least minimumHealthyPercent/,
    ],
  ] as const)
    it(`is refused ${what}`, async () => {
      const f = await fleet();

      const created = f.create({ deploymentConfiguration: { earlySuccessCriteria: criteria } });

      await assert.rejects(created, { name: "InvalidParameterException", message });
    });
});
