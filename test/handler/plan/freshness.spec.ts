import assert from "node:assert/strict";
import * as fc from "fast-check";
import {
  isOld,
  marginOf,
  needsDates,
  predates,
  taskFreshness,
  type TaskFreshness,
  type ValueChange,
} from "../../../handler/plan/freshness";

const lo = 1_000_000;
const hi = 1_100_000;
const margin = 10_000;

function change(fields: Partial<ValueChange> = {}): ValueChange {
  return { loMs: lo, hiMs: hi, proved: false, doubt: false, ...fields };
}

describe("marginOf", () => {
  const rows: [number, number][] = [
    [3, 2_000],
    [10, 9_000],
    [11, 10_000],
    [15, 10_000],
    [900, 10_000],
  ];
  for (const [delaySeconds, expected] of rows)
    it(`is ${expected} ms for a delay of ${delaySeconds} s`, () =>
      assert.equal(marginOf(delaySeconds), expected));
});

describe("taskFreshness", () => {
  const proved = change({ loMs: lo, hiMs: lo, proved: true });
  const doubted = change({ doubt: true });
  const undated = change({ loMs: undefined });
  const rows: [string, number | undefined, ValueChange, TaskFreshness][] = [
    ["no time of creation", undefined, proved, "starting"],
    ["a time of creation that is none", NaN, proved, "starting"],
    ["before a proved change", lo - 1, proved, "stale"],
    ["within the margin of a proved change", lo + margin, proved, "stale"],
    ["after the margin of a proved change", lo + margin + 1, proved, "fresh"],
    ["before a presumed change", lo - 1, change(), "stale"],
    ["within the margin of a presumed change", lo + margin, change(), "stale"],
    ["after the margin of a presumed change", lo + margin + 1, change(), "presumed"],
    ["within the margin of the latest time of a presumed change", hi + margin, change(), "presumed"],
    ["after the latest time of a presumed change", hi + margin + 1, change(), "fresh"],
    ["within the margin of the earliest time of a doubt", lo + margin, doubted, "stale"],
    ["within the interval of a doubt", lo + margin + 1, doubted, "doubt"],
    ["within the margin of the latest time of a doubt", hi + margin, doubted, "doubt"],
    ["after the interval of a doubt", hi + margin + 1, doubted, "fresh"],
    ["before a change without an earliest time", margin + 1, undated, "presumed"],
    ["at the very beginning of time", margin, undated, "stale"],
    ["after a change without an earliest time", hi + margin + 1, undated, "fresh"],
    ["a change without a time", lo, change({ loMs: NaN, hiMs: NaN }), "presumed"],
  ];
  for (const [condition, createdAtMs, about, expected] of rows)
    it(`is ${expected}: ${condition}`, () =>
      assert.equal(taskFreshness(createdAtMs, about, margin), expected));

  for (const [condition, createdAtMs, about, expected] of rows)
    it(`${expected === "stale" || expected === "doubt" ? "is" : "is not"} old: ${condition}`, () =>
      assert.equal(isOld(createdAtMs, about, margin), expected === "stale" || expected === "doubt"));

  const order: TaskFreshness[] = ["stale", "doubt", "presumed", "fresh"];
  const time = fc.integer({ min: 0, max: 60_000 });
  const anyChange = fc
    .record({ a: time, b: time, doubt: fc.boolean() })
    .map(({ a, b, doubt }): ValueChange => ({
      loMs: Math.min(a, b),
      hiMs: Math.max(a, b),
      proved: false,
      doubt,
    }));

  it("never gets less fresh when the task is younger", () => {
    fc.assert(
      fc.property(anyChange, time, time, (about, a, b) => {
        const older = order.indexOf(taskFreshness(Math.min(a, b), about, margin));
        return older <= order.indexOf(taskFreshness(Math.max(a, b), about, margin));
      }),
    );
  });

  it("says fresh only of a task younger than a change anywhere in the interval, stale only of an older one", () => {
    const where = fc.double({ min: 0, max: 1, noNaN: true });
    fc.assert(
      fc.property(anyChange, time, where, (about, createdAtMs, part) => {
        const { loMs = 0, hiMs } = about;
        const changedAtMs = loMs + part * (hiMs - loMs);
        const freshness = taskFreshness(createdAtMs, about, margin);
        if (freshness === "fresh") return createdAtMs > changedAtMs + margin;
        return freshness !== "stale" || createdAtMs <= changedAtMs + margin;
      }),
    );
  });
});

describe("needsDates", () => {
  const undated = change({ loMs: undefined });
  const rows: [string, number | undefined, ValueChange, boolean][] = [
    ["a task that is not surely younger", hi + margin, undated, true],
    ["a task that is surely younger", hi + margin + 1, undated, false],
    ["a task without a time of creation", undefined, undated, false],
    ["a change whose dates are known", lo, change(), false],
    ["a version of which Secrets Manager returned no date", lo, { ...undated, hiMs: Infinity }, false],
    ["a change without a time", lo, { ...undated, hiMs: NaN }, false],
  ];
  for (const [condition, createdAtMs, about, expected] of rows)
    it(`is ${expected} for ${condition}`, () =>
      assert.equal(needsDates(createdAtMs, about, margin), expected));
});

describe("predates", () => {
  const rows: [string, Partial<ValueChange>, number, boolean][] = [
    ["a proved change before the installation", { loMs: hi, proved: true }, hi + 1, true],
    ["a proved change at the installation", { loMs: hi, proved: true }, hi, false],
    ["a presumed change before the installation", {}, lo + 1, true],
    ["a presumed change at the installation", {}, lo, false],
    ["a doubt around the installation", { doubt: true }, lo + 1, false],
    ["a doubt that ends at the installation", { doubt: true }, hi, false],
    ["a doubt that ends before the installation", { doubt: true }, hi + 1, true],
    ["a change without an earliest time", { loMs: undefined }, 1, true],
    ["a change without an earliest time, at the beginning of time", { loMs: undefined }, 0, false],
  ];
  for (const [condition, fields, installedAtMs, expected] of rows)
    it(`is ${expected} for ${condition}`, () =>
      assert.equal(predates(change(fields), installedAtMs), expected));
});
