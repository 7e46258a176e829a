import assert from "node:assert/strict";
import { noFaults } from "../../embedded-aws/aws/eventbridge/faults";
import { recordedExample } from "../../simulation/recorded-example";
import { drawSchedule, runSchedule, type Schedule } from "../../simulation/schedules";
import type { RecordedExample } from "../../simulation/virtual-run";

const seeds = Array.from({ length: 12 }, (_, index) => index + 1);

describe("drawSchedule", () => {
  it("draws the same schedule for the same seed, and another one for another", () => {
    assert.deepEqual(seeds.map(drawSchedule), seeds.map(drawSchedule));
    assert.equal(new Set(seeds.map((seed) => JSON.stringify({ ...drawSchedule(seed), seed: 0 }))).size, 12);
  });

  it("draws every change, every outage, crashes and schedules without either", () => {
    const drawn = Array.from({ length: 200 }, (_, seed) => drawSchedule(seed));

    const of = (part: (schedule: Schedule) => readonly unknown[]) => new Set(drawn.flatMap(part)).size;
    assert.equal(
      of(({ changes }) => changes.map(({ change }) => change)),
      3,
    );
    assert.equal(
      of(({ outage }) => (outage ? [`${outage.kind} ${outage.operation}`] : [])),
      9,
    );
    assert.equal(
      of(({ crash }) => (crash ? [`${crash.when} ${crash.operation}`] : [])),
      6,
    );
    assert.ok(drawn.some(({ outage, crash }) => !outage && !crash));
  });
});

describe("runSchedule", () => {
  let recorded: RecordedExample;

  before(async () => {
    recorded = await recordedExample();
  });

  it("finds every invariant kept in drawn schedules", async () => {
    for (const seed of seeds)
      assert.deepEqual(await runSchedule(recorded, drawSchedule(seed)), [], `${seed}`);
  });

  it("finds tasks that hold an old value when there was no time to replace them", async () => {
    const changes = [{ change: "the parameter changes", thenMs: 1000 }] as const;

    const violations = await runSchedule(recorded, { seed: 1, changes, delivery: noFaults }, 0);

    assert.deepEqual(violations.slice(0, 2), [
      "web: 3 tasks hold an old value",
      "worker: 2 tasks hold an old value",
    ]);
  });
});
