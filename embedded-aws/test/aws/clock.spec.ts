import assert from "node:assert/strict";
import { RealClock, VirtualClock } from "../../aws/clock";

describe("local/aws/clock", () => {
  it("runs what is due at one time in the order in which it was scheduled, and earlier times first", async () => {
    const clock = new VirtualClock(0);
    const order: string[] = [];
    for (const [delayMs, name] of [
      [20, "c"],
      [10, "a"],
      [10, "b"],
    ] as const)
      clock.schedule(delayMs, name, () => void order.push(name));

    await clock.runUntil(20);

    assert.deepEqual(order, ["a", "b", "c"]);
    assert.equal(clock.now(), 20);
  });

  it("does not run what was cancelled", async () => {
    const clock = new VirtualClock(0);
    let ran = false;
    clock.schedule(1, "never", () => {
      ran = true;
    })();

    await clock.runUntil(10);

    assert.equal(ran, false);
    assert.equal(clock.next(), undefined);
  });

  it("lets a chain of promises that sleep finish before it goes on to a later time", async () => {
    const clock = new VirtualClock(0);
    const times: number[] = [];
    const chain = async () => {
      for (let i = 0; i < 3; i++) {
        await clock.sleep(5, "chain");
        times.push(clock.now());
      }
    };

    await clock.drive(chain());

    assert.deepEqual(times, [5, 10, 15]);
  });

  it("stands still while held work that no clock drives is under way", async () => {
    const clock = new VirtualClock(0);
    const order: string[] = [];
    let release = () => undefined as void;
    clock.schedule(1, "holder", () => {
      void clock.hold(new Promise<void>((resolve) => (release = resolve))).then(() => order.push("held"));
    });
    clock.schedule(2, "later", () => void order.push("later"));
    const run = clock.runUntil(5);
    await new Promise((resolve) => setImmediate(resolve));
    await new Promise((resolve) => setImmediate(resolve));
    assert.deepEqual(order, []);

    release();
    await run;

    assert.deepEqual(order, ["held", "later"]);
  });

  it("counts whole milliseconds, whatever part of one a delay has, and is never early", async () => {
    const clock = new VirtualClock(0);
    const times: number[] = [];
    for (const delayMs of [0.25, 1.5, 2])
      clock.schedule(delayMs, "a drawn delay", () => void times.push(clock.now()));

    await clock.runUntil(5);

    assert.deepEqual(times, [1, 2, 2]);
  });

  it("says what it waited for when nothing is scheduled any more", async () => {
    const clock = new VirtualClock(0);

    await assert.rejects(
      clock.runUntilTrue(() => false, "a deployment", 10),
      /waited for a deployment: nothing is scheduled at 1970-01-01T00:00:00.000Z/,
    );
    await assert.rejects(clock.drive(new Promise(() => undefined)), /a promise that nothing settles/);
  });

  it("does not fire a timer early that is further away than Node.js can count", async () => {
    const clock = new RealClock();
    let ran = false;
    clock.schedule(2 ** 31 + 1000, "in 25 days", () => {
      ran = true;
    });

    await clock.sleep(5, "a moment");

    assert.equal(ran, false);
    clock.stop();
  });
});
