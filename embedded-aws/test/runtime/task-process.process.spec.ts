import { strict as assert } from "node:assert";
import { fork } from "node:child_process";
import { once } from "node:events";
import * as path from "node:path";
import { RealClock } from "../../aws/clock";
import { taskProcesses, type TaskProcessOptions } from "../../runtime/task-process";
import type { TaskSpec } from "../../aws/runtime";

const file = path.join(__dirname, "../fixtures/tasks/web.cjs");

describe("taskProcesses", () => {
  const clock = new RealClock();
  after(() => clock.stop());

  const runtime = (more: Partial<TaskProcessOptions> = {}) =>
    taskProcesses({ clock, images: { web: { file } }, ...more });
  const spec = (more: Partial<TaskSpec["containers"][number]> = {}): TaskSpec => ({
    taskArn: "arn:aws:ecs:us-west-2:123456789012:task/shop/0123",
    containers: [
      { name: "app", image: "web", command: [], environment: { A: "1" }, logOptions: {}, ...more },
    ],
  });

  it("starts the image's program with exactly the given environment and says where it listens", async () => {
    const task = runtime().start(spec());

    const { port } = await task.started;
    const environment: unknown = await (await fetch(`http://127.0.0.1:${port}`)).json();
    await task.stop(5_000);

    assert.deepEqual(environment, { A: "1" });
  });

  it("leaves no process behind when a task is stopped", async () => {
    const processes = runtime();
    const task = processes.start(spec());
    await task.started;
    const [pid] = processes.pids;

    await task.stop(5_000);
    const outcome = await task.stopped;

    assert.equal(outcome.exitCode, 0);
    assert.deepEqual(processes.pids, []);
    assert.equal(isAlive(pid!), false);
  });

  it("kills a program that ignores SIGTERM when the grace period is over", async () => {
    const processes = runtime();
    const task = processes.start(spec({ command: ["stubborn"] }));
    await task.started;
    const [pid] = processes.pids;

    await task.stop(20);

    assert.equal(isAlive(pid!), false);
  });

  it("fails to start when the program ends before it is ready", async () => {
    const task = runtime().start(spec({ command: ["fail"] }));

    await assert.rejects(task.started, /ended before it was ready/);
    assert.deepEqual(await task.stopped, { reason: "container app ended (exit code 3)", exitCode: 3 });
  });

  it("fails to start when the program is not ready in time, and ends it", async () => {
    const processes = runtime({ readyWithinMs: 50 });
    const task = processes.start(spec({ command: ["mute"] }));

    await assert.rejects(task.started, /not ready within 50 ms/);
    await task.stopped;

    assert.deepEqual(processes.pids, []);
  });

  it("fails to start when the image is none of the table", async () => {
    const task = runtime().start(spec({ image: "other" }));

    await assert.rejects(task.started, /CannotPullContainerError: image other not found; there are web/);
    await task.stopped;
  });

  it("tells why a task ended by itself", async () => {
    const processes = runtime();
    const task = processes.start(spec());
    await task.started;

    process.kill(processes.pids[0]!, "SIGKILL");

    assert.deepEqual(await task.stopped, { reason: "container app ended (SIGKILL)" });
  });

  it("ends a task whose start was asked for a moment before it was stopped", async () => {
    const processes = runtime({ startDelayMs: 60_000 });
    const task = processes.start(spec());

    await task.stop(5_000);

    await assert.rejects(task.started, /stopped before it was up/);
    assert.deepEqual(processes.pids, []);
  });

  it("does not outlive whoever runs it", async () => {
    const parent = fork(path.join(__dirname, "../fixtures/tasks/parent.cjs"), [file]);
    const [message] = (await once(parent, "message")) as [{ pid: number }];

    parent.kill("SIGKILL");
    await once(parent, "exit");

    // The kernel closes the channel; the guard ends the program. Poll: there is no event for another's child.
    for (let i = 0; i < 500 && isAlive(message.pid); i++) await clock.sleep(10, "poll");
    assert.equal(isAlive(message.pid), false);
  });
});

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    assert.equal((error as NodeJS.ErrnoException).code, "ESRCH");
    return false;
  }
}
