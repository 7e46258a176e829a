import assert from "node:assert/strict";
import fc from "fast-check";
import {
  intervalMs,
  nextTimes,
  parseRotation,
  parseSchedule,
  windowCloses,
} from "../../aws-semantics/schedule-expression";
import type { RotationSchedule, Schedule, ScheduleKind } from "../../aws-semantics/schedule-expression";

const hourMs = 3_600_000;

function valid(text: string, kind: ScheduleKind = "events"): Schedule {
  const schedule = parseSchedule(text, kind);
  assert.ok(schedule.kind !== "invalid", schedule.kind === "invalid" ? schedule.problem : "");
  return schedule;
}

function validRotation(expression: string, duration?: string): RotationSchedule {
  const rotation = parseRotation(expression, duration);
  assert.ok(rotation.kind !== "invalid", rotation.kind === "invalid" ? rotation.problem : "");
  return rotation;
}

function iso(times: readonly number[]): string[] {
  return times.map((time) => new Date(time).toISOString().slice(0, 16));
}

describe("aws-semantics/schedule-expression", () => {
  describe("parseSchedule", () => {
    for (const [text, ms] of [
      ["rate(1 minute)", 60_000],
      ["rate(5 minutes)", 300_000],
      ["rate(1 hour)", hourMs],
      ["rate(30 days)", 30 * 24 * hourMs],
    ] as const) {
      it(`reads ${text} of an EventBridge rule`, () => {
        const schedule = valid(text);
        assert.ok(schedule.kind === "rate");
        assert.equal(intervalMs(schedule), ms);
      });
    }

    for (const text of [
      "rate(4 hours)",
      "rate(1 day)",
      "rate(1 days)",
      "rate(10 days)",
      "rate(999 days)",
      "cron(0 4/12 * * ? *)",
      "cron(0 16 L * ? *)",
      "cron(0 8 ? 1/3 2#1 *)",
    ]) {
      it(`takes ${text} for rotation`, () => {
        assert.equal(valid(text, "rotation").of, "rotation");
      });
    }

    for (const [kind, text, wanted] of [
      ["events", "", /expected rate\(VALUE UNIT\) or cron/],
      ["events", "5 minutes", /expected rate/],
      ["events", "at(2026-08-01T00:00:00)", /expected rate/],
      ["events", "rate(0 minutes)", /positive whole number/],
      ["events", "rate(-5 minutes)", /positive whole number/],
      ["events", "rate(1.5 hours)", /positive whole number/],
      ["events", "rate(5 weeks)", /minute, hour, day/],
      ["events", "rate(5)", /minute, hour, day/],
      ["events", "rate(1 minutes)", /rate\(1 minute\)/],
      ["events", "rate(5 minute)", /rate\(5 minutes\)/],
      ["rotation", "rate(5 minutes)", /hour, day/],
      ["rotation", "rate(3 hours)", /at least 4 hours .*, found rate\(3 hours\)/],
      ["rotation", "rate(1000 days)", /at most 999 days/],
      ["rotation", "cron(5 4 * * ? *)", /minutes of a rotation schedule must be 0/],
      ["rotation", "cron(* 4 * * ? *)", /minutes of a rotation schedule must be 0/],
      ["rotation", "cron(0 4 * * ? 2027)", /year of a rotation schedule must be \*/],
      ["rotation", "cron(0 4 15W * ? *)", /wildcard W/],
      ["rotation", "cron(0 0/3 * * ? *)", /at least 4 hours/],
      ["rotation", "cron(0 1,23 * * ? *)", /at least 4 hours/],
    ] as const) {
      it(`refuses ${JSON.stringify(text)} for ${kind} and says why`, () => {
        const schedule = parseSchedule(text, kind);
        assert.ok(schedule.kind === "invalid");
        assert.match(schedule.problem, wanted);
      });
    }

    it("answers any text without throwing", () => {
      fc.assert(
        fc.property(fc.string(), fc.constantFrom("rate(", "cron(", ""), (text, before) => {
          assert.ok(typeof parseSchedule(`${before}${text})`, "events").kind === "string");
        }),
      );
    });
  });

  describe("nextTimes", () => {
    it("counts a rate of a rule from the time given", () => {
      const times = nextTimes(valid("rate(5 minutes)"), Date.UTC(2026, 7, 1, 12, 3), 3);
      assert.deepEqual(iso(times), ["2026-08-01T12:08", "2026-08-01T12:13", "2026-08-01T12:18"]);
    });

    it("counts a rate of rotation in days from midnight", () => {
      const times = nextTimes(valid("rate(10 days)", "rotation"), Date.UTC(2026, 7, 1, 12, 3), 2);
      assert.deepEqual(iso(times), ["2026-08-11T00:00", "2026-08-21T00:00"]);
    });

    it("counts a rate of rotation in hours from the midnight before", () => {
      const times = nextTimes(valid("rate(4 hours)", "rotation"), Date.UTC(2026, 7, 1, 12, 3), 2);
      assert.deepEqual(iso(times), ["2026-08-01T16:00", "2026-08-01T20:00"]);
    });

    it("never repeats the time given", () => {
      const from = Date.UTC(2026, 7, 1, 12);
      for (const text of ["rate(4 hours)", "cron(0 12 * * ? *)"]) {
        assert.ok((nextTimes(valid(text, "rotation"), from, 1)[0] ?? 0) > from, text);
      }
    });

    it("gives increasing times, and the same ones when it is asked again from any of them", () => {
      const text = fc.constantFrom(
        ...["rate(7 minutes)", "rate(5 hours)", "rate(3 days)", "cron(0/7 3-5 * * ? *)", "cron(1 2 L * ? *)"],
        ...["cron(30 23 15W * ? *)", "cron(0 0 ? * 2#5 *)", "cron(0 6 ? 2 6L *)", "cron(59 23 29 2 ? *)"],
      );
      const from = fc.integer({ min: Date.UTC(2000, 0, 1), max: Date.UTC(2100, 0, 1) });
      fc.assert(
        fc.property(text, from, (expression, start) => {
          const schedule = valid(expression);
          const times = nextTimes(schedule, start, 4);
          assert.equal(times.length, 4);
          times.forEach((time, index) => {
            const before = times[index - 1] ?? start;
            assert.ok(time > before);
            assert.deepEqual(nextTimes(schedule, before, 1), [time]);
          });
        }),
      );
    });
  });

  describe("parseRotation", () => {
    for (const [expression, duration] of [
      ["rate(4 hours)", "4h"],
      ["rate(10 days)", "24h"],
      ["cron(0 0 * * ? *)", "24h"],
      ["cron(0 21 L * ? *)", "3h"],
      ["cron(0 4/12 * * ? *)", "8h"],
      ["cron(0 4 * * ? *)", undefined],
    ] as const) {
      it(`takes ${expression} with a window of ${duration ?? "the default length"}`, () => {
        assert.equal(
          validRotation(expression, duration).windowHours,
          duration && Number(duration.replace("h", "")),
        );
      });
    }

    for (const [expression, duration, wanted] of [
      ["rate(4 hours)", "5h", /at most 4h/],
      ["rate(10 days)", "25h", /1h to 24h/],
      ["rate(10 days)", "0h", /1h to 24h/],
      ["rate(10 days)", "90m", /1h to 24h/],
      ["rate(10 days)", "", /1h to 24h/],
      ["cron(0 22 * * ? *)", "3h", /at most 2h/],
      ["cron(0 4/12 * * ? *)", "9h", /at most 8h/],
      ["cron(0 2,8,14 * * ? *)", "7h", /at most 6h/],
      ["rate(3 hours)", "1h", /at least 4 hours/],
    ] as const) {
      it(`refuses ${expression} with a window of ${JSON.stringify(duration)} and says why`, () => {
        const rotation = parseRotation(expression, duration);
        assert.ok(rotation.kind === "invalid");
        assert.match(rotation.problem, wanted);
      });
    }
  });

  describe("windowCloses", () => {
    const opens = Date.UTC(2026, 7, 1, 4);
    for (const [expression, duration, wanted] of [
      ["cron(0 4 * * ? *)", "3h", "2026-08-01T07:00"],
      ["cron(0 4 * * ? *)", undefined, "2026-08-02T00:00"],
      ["cron(0 4/12 * * ? *)", undefined, "2026-08-01T05:00"],
      ["rate(4 hours)", undefined, "2026-08-01T05:00"],
      ["rate(1 day)", undefined, "2026-08-02T00:00"],
    ] as const) {
      it(`closes a window of ${expression} with ${duration ?? "no duration"} at ${wanted}`, () => {
        assert.deepEqual(iso([windowCloses(validRotation(expression, duration), opens)]), [wanted]);
      });
    }

    it("closes every window of a cron schedule before the next opens and within its UTC day", () => {
      const hours = fc.uniqueArray(fc.constantFrom(0, 4, 8, 12, 16, 20), { minLength: 1 });
      const from = fc.integer({ min: Date.UTC(2020, 0, 1), max: Date.UTC(2040, 0, 1) });
      fc.assert(
        fc.property(
          hours,
          fc.option(fc.integer({ min: 1, max: 24 }), { nil: undefined }),
          from,
          (at, length, start) => {
            const rotation = parseRotation(
              `cron(0 ${at.join(",")} * * ? *)`,
              length === undefined ? undefined : `${length}h`,
            );
            fc.pre(rotation.kind === "rotation");
            const [first = 0, second = 0] = nextTimes(rotation.schedule, start, 2);
            const closes = windowCloses(rotation, first);
            assert.ok(closes <= second);
            assert.equal(Math.floor(first / 86_400_000), Math.floor((closes - 1) / 86_400_000));
          },
        ),
      );
    });
  });
});
