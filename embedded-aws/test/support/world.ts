import { createWorld } from "../../aws/account";
import { RealClock, VirtualClock } from "../../aws/clock";
import { Random } from "../../aws/random";
import type { World, WorldOptions } from "../../aws/world";
import type { Runtime } from "../../aws/runtime";

/** Where virtual time starts in tests: a Tuesday, 2026-02-10T12:00:00Z. */
export const startMs = Date.UTC(2026, 1, 10, 12);

/** A runtime for tests that run nothing: it refuses to start anything. */
export const noRuntime: Runtime = {
  functions: { start: () => refuse("a function") },
  tasks: { start: () => refuse("a task") },
  databases: { start: () => refuse("a database") },
};

function refuse(what: string): never {
  throw new Error(`this test's world has no runtime, and ${what} was started: give it one`);
}

/** What a test may choose; the rest is the same for all: us-west-2, account 123456789012, seed "test". */
export type TestWorldOptions = Partial<Omit<WorldOptions, "clock">>;

/** A world on virtual time, and its clock to drive it with. */
export function virtualWorld(options: TestWorldOptions = {}): { world: World; clock: VirtualClock } {
  const clock = new VirtualClock(startMs);
  return { world: createWorld({ ...defaults(), ...options, clock }), clock };
}

/** A world on real time, for tests that go through the HTTP door. Call `world.stop()` afterwards. */
export function realWorld(options: TestWorldOptions = {}): World {
  return createWorld({ ...defaults(), ...options, clock: new RealClock() });
}

function defaults(): Omit<WorldOptions, "clock"> {
  return {
    partition: "aws",
    region: "us-west-2",
    account: "123456789012",
    random: new Random("test"),
    runtime: noRuntime,
  };
}
