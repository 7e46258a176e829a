import { strict as assert } from "node:assert";
import {
  ContinueServiceDeploymentCommand,
  DescribeServiceDeploymentsCommand,
  ServiceDeploymentNotFoundException,
  StopServiceDeploymentCommand,
  type DeploymentConfiguration,
  type DeploymentLifecycleHookAction,
  type DeploymentLifecycleHookStage,
  type ServiceDeployment,
} from "@aws-sdk/client-ecs";
import { fleet, type Fleet } from "../../support/ecs";

const pauseAt = (
  stage: DeploymentLifecycleHookStage,
  timeoutConfiguration?: { timeoutInMinutes?: number; action?: DeploymentLifecycleHookAction },
) => ({ targetType: "PAUSE" as const, lifecycleStages: [stage], timeoutConfiguration });

/** A service whose next deployments have this configuration, with one such deployment begun. */
async function paused(configuration: DeploymentConfiguration): Promise<Fleet> {
  const f = await fleet();
  await f.create({ deploymentConfiguration: { ...configuration, lifecycleHooks: [] } });
  await f.settle();
  await f.force("api", configuration);
  await f.clock.runUntil(f.clock.now() + 60_000);
  return f;
}

async function current(f: Fleet): Promise<ServiceDeployment> {
  const [attempt] = await f.attempts();
  const { serviceDeployments } = await f.client.send(
    new DescribeServiceDeploymentsCommand({ serviceDeploymentArns: [attempt!.serviceDeploymentArn!] }),
  );
  return serviceDeployments![0]!;
}

async function go(f: Fleet, action?: DeploymentLifecycleHookAction): Promise<void> {
  const { serviceDeploymentArn, lifecycleHookDetails } = await current(f);
  const { hookId } = lifecycleHookDetails!.find((hook) => hook.status === "AWAITING_ACTION")!;
  await f.client.send(new ContinueServiceDeploymentCommand({ serviceDeploymentArn, hookId, action }));
}

const hookEvents = (f: Fleet) =>
  f.events.filter((e) => e["detail-type"] === "ECS Hook State Change").map((e) => e.detail.eventName);

describe("A deployment with a PAUSE hook", () => {
  it("waits before its first task, and DescribeServiceDeployments names the hook and its end", async () => {
    const f = await paused({ lifecycleHooks: [pauseAt("PRE_SCALE_UP")] });

    const { status, lifecycleStage, lifecycleHookDetails, createdAt } = await current(f);

    assert.equal(f.specs.length, 2);
    assert.equal(status, "IN_PROGRESS");
    assert.equal(lifecycleStage, "PRE_SCALE_UP");
    const [hook] = lifecycleHookDetails!;
    assert.match(hook!.hookId!, /^ecs-pause-[A-Za-z0-9]{43}$/);
    assert.deepEqual(
      { ...hook, hookId: "", expiresAt: Math.round((+hook!.expiresAt! - +createdAt!) / 3_600_000) },
      {
        ...{ hookId: "", targetType: "PAUSE", status: "AWAITING_ACTION" },
        ...{ expiresAt: 24, timeoutAction: "ROLLBACK" },
      },
    );
  });

  for (const strategy of ["ROLLING", "BLUE_GREEN"] as const)
    it(`goes on when it is continued (${strategy})`, async () => {
      const f = await paused({ strategy, lifecycleHooks: [pauseAt("POST_SCALE_UP")] });
      const waiting = await current(f);

      await go(f);
      await f.settle();

      assert.equal(waiting.targetServiceRevision!.runningTaskCount, 2);
      assert.equal((await f.attempts())[0]!.status, "SUCCESSFUL");
      assert.equal(f.ecs.runningTasks().length, 2);
      assert.deepEqual(hookEvents(f), ["HOOK_AWAITING_ACTION", "HOOK_SUCCEEDED"]);
    });

  it("keeps the traffic where it is until a hook before the shift is continued", async () => {
    const f = await paused({
      strategy: "BLUE_GREEN",
      lifecycleHooks: [pauseAt("PRE_PRODUCTION_TRAFFIC_SHIFT"), pauseAt("POST_PRODUCTION_TRAFFIC_SHIFT")],
    });
    const green = (await f.describe()).deployments![0]!.id;
    const taking = () => {
      const arns = f.ecs.targets("shop", "api").map((t) => t.taskArn);
      return f.ecs.runningTasks().filter((t) => arns.includes(t.taskArn) && t.deploymentId === green).length;
    };
    const before = taking();

    await go(f);
    await f.clock.runUntil(f.clock.now() + 10_000);
    const between = { taking: taking(), stage: (await current(f)).lifecycleStage };
    await go(f);
    await f.settle();

    assert.deepEqual([before, between], [0, { taking: 2, stage: "POST_PRODUCTION_TRAFFIC_SHIFT" }]);
    assert.equal((await f.attempts())[0]!.status, "SUCCESSFUL");
  });

  it("waits for all hooks of a stage", async () => {
    const f = await paused({ lifecycleHooks: [pauseAt("PRE_SCALE_UP"), pauseAt("PRE_SCALE_UP")] });

    await go(f);
    await f.clock.runUntil(f.clock.now() + 60_000);
    const afterOne = f.specs.length;
    await go(f);
    await f.settle();

    assert.deepEqual([afterOne, f.specs.length], [2, 4]);
  });

  it("is rolled back with a reason of its own when nobody continues it in time", async () => {
    const f = await paused({ lifecycleHooks: [pauseAt("PRE_SCALE_UP", { timeoutInMinutes: 30 })] });
    const old = f.ecs.targets("shop", "api");

    await f.settle();

    const { status, statusReason, lifecycleHookDetails, finishedAt, createdAt } = await current(f);
    assert.equal(status, "ROLLBACK_SUCCESSFUL");
    assert.match(
      statusReason!,
      /^Service deployment rolled back because PRE_SCALE_UP lifecycle hook\(s\) timed out\. /,
    );
    assert.equal(lifecycleHookDetails![0]!.status, "TIMED_OUT");
    assert.equal(Math.floor((+finishedAt! - +createdAt!) / 60_000), 30);
    assert.deepEqual(f.ecs.targets("shop", "api"), old);
    assert.deepEqual(hookEvents(f), ["HOOK_AWAITING_ACTION", "HOOK_TIMED_OUT"]);
    const failed = f.events.find((e) => e.detail.eventName === "SERVICE_DEPLOYMENT_FAILED")!;
    assert.equal(failed.detail.reason, "ECS deployment lifecycle hook: PRE_SCALE_UP hook timed out.");
  });

  it("goes on after the timeout where the configuration says so", async () => {
    const timeout = { timeoutInMinutes: 5, action: "CONTINUE" as const };
    const f = await paused({ lifecycleHooks: [pauseAt("PRE_SCALE_UP", timeout)] });

    await f.settle();

    assert.equal((await f.attempts())[0]!.status, "SUCCESSFUL");
    assert.equal(f.specs.length, 4);
  });

  it("is rolled back by a person, from whatever stage it waits in", async () => {
    const f = await paused({
      strategy: "BLUE_GREEN",
      lifecycleHooks: [pauseAt("POST_PRODUCTION_TRAFFIC_SHIFT")],
    });

    await go(f, "ROLLBACK");
    await f.settle();

    const { status, statusReason } = await current(f);
    assert.equal(status, "ROLLBACK_SUCCESSFUL");
    assert.match(
      statusReason!,
      /lifecycle hook\(s\) failed\. .* rolled back by ContinueServiceDeployment\.$/,
    );
    assert.equal(f.ecs.targets("shop", "api").length, 2);
    assert.equal(f.ecs.runningTasks().length, 2);
  });

  it("can be stopped while it waits, and its hook is over then", async () => {
    const f = await paused({ lifecycleHooks: [pauseAt("PRE_SCALE_UP")] });
    const { serviceDeploymentArn } = await current(f);

    await f.client.send(new StopServiceDeploymentCommand({ serviceDeploymentArn, stopType: "ABORT" }));

    const { status, statusReason, lifecycleHookDetails } = await current(f);
    assert.equal(status, "STOPPED");
    assert.equal(statusReason, "Service deployment stopped because a stop was requested.");
    assert.equal(lifecycleHookDetails![0]!.status, "FAILED");
  });

  it("replaces a lost old task on its own revision while it waits", async () => {
    const f = await paused({ lifecycleHooks: [pauseAt("PRE_SCALE_UP")] });
    const [old] = f.ecs.runningTasks();

    f.ecs.failHealthCheck(old!.taskArn);
    await f.clock.runUntil(f.clock.now() + 30_000);

    const now = f.ecs.runningTasks();
    assert.equal(now.length, 2);
    assert.ok(now.every((t) => t.taskArn !== old!.taskArn && t.deploymentId === old!.deploymentId));
  });

  it("answers for hooks and deployments that do not wait with ECS's own exceptions", async () => {
    const f = await paused({ lifecycleHooks: [pauseAt("PRE_SCALE_UP")] });
    const { serviceDeploymentArn, lifecycleHookDetails } = await current(f);
    const { hookId } = lifecycleHookDetails![0]!;
    const send = (input: { serviceDeploymentArn: string | undefined; hookId: string | undefined }) =>
      f.client.send(new ContinueServiceDeploymentCommand(input));
    await send({ serviceDeploymentArn, hookId });

    await assert.rejects(send({ serviceDeploymentArn, hookId }), { message: /not awaiting an action/ });
    await assert.rejects(send({ serviceDeploymentArn, hookId: "none" }), { message: /hook was not found/ });
    const other = `${serviceDeploymentArn}0`;
    await assert.rejects(send({ serviceDeploymentArn: other, hookId }), ServiceDeploymentNotFoundException);
  });

  for (const [hook, message] of [
    [pauseAt("PRODUCTION_TRAFFIC_SHIFT"), /cannot be configured at the PRODUCTION_TRAFFIC_SHIFT/],
    [{ targetType: "PAUSE" as const, lifecycleStages: [] }, /lifecycleStages must be specified/],
    [{ lifecycleStages: ["PRE_SCALE_UP" as const] }, /hookTargetArn must be specified/],
    [pauseAt("PRE_SCALE_UP", { timeoutInMinutes: 20_161 }), /timeoutInMinutes must be/],
  ] as const)
    it(`is refused: ${message.source}`, async () => {
      const f = await fleet();

      const created = f.create({
        deploymentConfiguration: { lifecycleHooks: [hook] } as DeploymentConfiguration,
      });

      await assert.rejects(created, { name: "InvalidParameterException", message });
    });
});
