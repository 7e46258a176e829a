import { strict as assert } from "node:assert";
import * as fc from "fast-check";
import { DescribeServicesCommand } from "@aws-sdk/client-ecs";
import { bounds, rollingStep } from "../../../aws/ecs/rolling";
import { fleet, type Fleet } from "../../support/ecs";

describe("bounds", () => {
  for (const [desired, minimum, maximum, lower, upper] of [
    [1, 100, 200, 1, 2],
    [1, 50, 100, 1, 1],
    [3, 50, 150, 2, 4],
    [4, 75, 125, 3, 5],
    [10, 33, 133, 4, 13],
    [0, 100, 200, 0, 0],
  ] as const)
    it(`gives ${lower} to ${upper} for ${desired} tasks at ${minimum} and ${maximum} percent`, () => {
      assert.deepEqual(bounds(desired, minimum, maximum), { lower, upper });
    });
});

describe("rollingStep", () => {
  const quiet = {
    ...{ newPending: 0, newRunning: 0, oldPending: 0, oldRunning: 0, oldStarting: 0 },
    ...{ lost: 0, unhealthy: 0, healthyEnough: 0, old: "replaced" as const, mayStart: true },
  };

  it("does nothing where the bounds leave no room to replace a task", () => {
    const step = rollingStep({ ...quiet, desired: 1, ...bounds(1, 50, 100), oldRunning: 1 });

    assert.equal(step.start + step.stopOldRunning, 0);
  });

  it("stops no old task while new ones may not be started", () => {
    const step = rollingStep({ ...quiet, desired: 4, ...bounds(4, 0, 100), oldRunning: 4, mayStart: false });

    assert.equal(step.stopOldRunning, 0);
  });

  it("makes room first where the upper bound is the desired count", () => {
    const step = rollingStep({ ...quiet, desired: 4, ...bounds(4, 50, 100), oldRunning: 4 });

    assert.deepEqual([step.start, step.stopOldRunning], [0, 2]);
  });
});

describe("A rolling deployment", () => {
  /** Running and pending tasks as DescribeServices counts them, after every step of the clock. */
  async function watch(f: Fleet, each: (running: number, total: number) => void): Promise<void> {
    const limit = f.clock.now() + 3_600_000;
    for (;;) {
      const service = (
        await f.client.send(new DescribeServicesCommand({ cluster: "shop", services: ["api"] }))
      ).services![0]!;
      each(service.runningCount!, service.runningCount! + service.pendingCount!);
      if ((await f.attempts())[0]!.finishedAt !== undefined) return;
      if (f.clock.now() > limit) throw new Error("the deployment has not finished within an hour");
      assert.ok(await f.clock.step(), "something is scheduled while a deployment is unfinished");
    }
  }

  it("never leaves its bounds and finishes, whatever the counts, percents and start times", async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.integer({ min: 1, max: 9 }),
        fc.integer({ min: 0, max: 100 }),
        fc.integer({ min: 100, max: 250 }),
        fc.integer({ min: 0, max: 1_000_000 }),
        async (desired, minimum, maximum, seed) => {
          const { lower, upper } = bounds(desired, minimum, maximum);
          fc.pre(upper > lower && !(minimum === 100 && maximum === 100));
          const f = await fleet({ seed: String(seed) });
          await f.create({
            desiredCount: desired,
            deploymentConfiguration: { minimumHealthyPercent: minimum, maximumPercent: maximum },
          });
          await f.settle();
          const before = new Set(f.ecs.runningTasks().map((t) => t.taskArn));

          await f.force();
          await watch(f, (running, total) => {
            assert.ok(running >= lower, `${running} running, at least ${lower} wanted`);
            assert.ok(total <= upper, `${total} tasks, at most ${upper} wanted`);
          });

          const now = f.ecs.runningTasks().filter((t) => !t.draining);
          assert.equal(now.length, desired);
          assert.ok(now.every((t) => !before.has(t.taskArn)));
        },
      ),
      { numRuns: 40, seed: 20260210 },
    );
  });

  it("stays below its upper bound and finishes while old tasks fail their health checks", async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.integer({ min: 1, max: 9 }),
        fc.integer({ min: 0, max: 100 }),
        fc.integer({ min: 100, max: 250 }),
        fc.integer({ min: 0, max: 1_000_000 }),
        async (desired, minimum, maximum, seed) => {
          const { lower, upper } = bounds(desired, minimum, maximum);
          fc.pre(upper > lower && !(minimum === 100 && maximum === 100));
          const unhealthyOldTasks = { share: 0.5, withinMs: 3_000 };
          const f = await fleet({ seed: String(seed), settings: { unhealthyOldTasks } });
          await f.create({
            desiredCount: desired,
            deploymentConfiguration: { minimumHealthyPercent: minimum, maximumPercent: maximum },
          });
          await f.settle();

          const forced = (await f.force()).deployments![0]!.id;
          await watch(f, (_running, total) => assert.ok(total <= upper, `${total} of at most ${upper}`));

          const now = f.ecs.runningTasks().filter((t) => !t.draining);
          assert.equal(now.length, desired);
          assert.ok(now.every((t) => t.deploymentId === forced));
        },
      ),
      { numRuns: 12, seed: 20260210 },
    );
  });

  it("keeps its bounds when it is forced again and again half-way", async () => {
    const f = await fleet();
    await f.create({ desiredCount: 4 });
    await f.settle();

    for (let i = 0; i < 3; i++) {
      await f.force();
      await f.clock.runUntil(f.clock.now() + 700);
      assert.ok(f.ecs.targets("shop", "api").length >= 4);
    }
    await watch(f, (running, total) => assert.ok(running >= 4 && total <= 8, `${running} of ${total}`));

    assert.equal((await f.describe()).deployments!.length, 1);
    assert.deepEqual(
      (await f.attempts()).map((a) => a.status),
      ["SUCCESSFUL", "STOPPED", "STOPPED", "SUCCESSFUL"],
    );
  });

  it("drains a task before it is ended: it leaves the targets first", async () => {
    const f = await fleet({ settings: { deregistrationDelayMs: 10_000 } });
    await f.create({ desiredCount: 1 });
    await f.settle();
    const [old] = f.ecs.runningTasks();
    await f.force();

    await f.clock.runUntilTrue(
      () => f.ecs.runningTasks().some((t) => t.taskArn === old!.taskArn && t.draining),
      "the old task drains",
      f.clock.now() + 60_000,
    );

    const targets = f.ecs.targets("shop", "api").map((t) => t.taskArn);
    assert.equal(targets.length, 1);
    assert.notEqual(targets[0], old!.taskArn);
  });

  it("does nothing for a service that wants no task, and succeeds", async () => {
    const f = await fleet();
    await f.create({ desiredCount: 0 });
    await f.settle();

    await f.force();
    await f.settle();

    assert.deepEqual(f.specs, []);
    assert.equal((await f.attempts())[0]!.status, "SUCCESSFUL");
  });

  it("stays unfinished where the bounds leave no room", async () => {
    const f = await fleet();
    await f.create({
      desiredCount: 1,
      deploymentConfiguration: { minimumHealthyPercent: 50, maximumPercent: 100 },
    });
    await f.settle();
    const [old] = f.ecs.targets("shop", "api");

    await f.force();
    await f.clock.runUntil(f.clock.now() + 600_000);

    assert.deepEqual(f.ecs.targets("shop", "api"), [old]);
    assert.equal((await f.describe()).deployments!.length, 2);
  });

  it("runs the same way twice for each of twenty seeds, and differently for most", async () => {
    const run = async (seed: number): Promise<string> => {
      const f = await fleet({ seed: String(seed) });
      await f.create({ desiredCount: 3 });
      await f.settle();
      f.readable.denied = seed % 2 === 0;
      await f.force();
      await f.clock.runUntil(f.clock.now() + 60_000);
      return JSON.stringify([f.ecs.runningTasks(), f.events, await f.attempts()]);
    };

    const seen = new Set<string>();
    for (let seed = 0; seed < 20; seed++) {
      const [first, second] = [await run(seed), await run(seed)];
      assert.equal(first, second, `seed ${seed}`);
      seen.add(first);
    }
    assert.equal(seen.size, 20);
  });

  it("rolls 200 services of a cluster at once", async () => {
    const f = await fleet();
    const taskDefinition = await f.register();
    const names = Array.from({ length: 200 }, (_, i) => `s${i}`);
    for (const serviceName of names) await f.create({ serviceName, taskDefinition });
    await f.clock.runUntil(f.clock.now() + 30_000);

    for (const name of names) await f.force(name);
    await f.clock.runUntil(f.clock.now() + 60_000);

    const completed = f.events.filter((e) => e.detail.eventName === "SERVICE_DEPLOYMENT_COMPLETED");
    assert.equal(completed.length, 400);
    assert.equal(f.ecs.runningTasks().length, 400);
  });
});
