import assert from "node:assert/strict";
import fc from "fast-check";
import { nextCronTimes, parseCron } from "../../aws-semantics/cron-expression";
import type { CronExpression } from "../../aws-semantics/cron-expression";

const from = Date.UTC(2026, 7, 1, 12);
const minuteMs = 60_000;
const dayMs = 86_400_000;

function valid(text: string): CronExpression {
  const cron = parseCron(text);
  assert.ok(cron.kind === "cron", cron.kind === "invalid" ? cron.problem : "");
  return cron;
}

describe("aws-semantics/cron-expression", () => {
  describe("nextCronTimes", () => {
    for (const [text, wanted] of [
      ["0 10 * * ? *", ["2026-08-02T10:00", "2026-08-03T10:00"]],
      ["15,45 12 * * ? *", ["2026-08-01T12:15", "2026-08-01T12:45"]],
      ["0/25 12 * * ? *", ["2026-08-01T12:25", "2026-08-01T12:50"]],
      ["*/30 * * * ? *", ["2026-08-01T12:30", "2026-08-01T13:00"]],
      ["0 18 ? * MON-FRI *", ["2026-08-03T18:00", "2026-08-04T18:00"]],
      ["0 18 ? * 1,sat *", ["2026-08-01T18:00", "2026-08-02T18:00"]],
      ["0 8 1 * ? *", ["2026-09-01T08:00", "2026-10-01T08:00"]],
      ["0 0 1 JAN,Apr ? *", ["2027-01-01T00:00", "2027-04-01T00:00"]],
      ["0 0 1/10 * ? *", ["2026-08-11T00:00", "2026-08-21T00:00"]],
      ["0 8-17/3 * * ? *", ["2026-08-01T14:00", "2026-08-01T17:00"]],
      ["0 0 L * ? *", ["2026-08-31T00:00", "2026-09-30T00:00"]],
      ["0 0 L 2 ? *", ["2027-02-28T00:00", "2028-02-29T00:00"]],
      ["0 0 29 2 ? *", ["2028-02-29T00:00", "2032-02-29T00:00"]],
      ["0 0 31 * ? *", ["2026-08-31T00:00", "2026-10-31T00:00"]],
      ["0 9 ? * 3#2 *", ["2026-08-11T09:00", "2026-09-08T09:00"]],
      ["0 9 ? * SUN#5 *", ["2026-08-30T09:00", "2026-11-29T09:00"]],
      ["0 9 ? * 6L *", ["2026-08-28T09:00", "2026-09-25T09:00"]],
      ["0 9 ? * L *", ["2026-08-08T09:00", "2026-08-15T09:00"]],
      // 1 August 2026 is a Saturday: its nearest weekday in the month is Monday the 3rd.
      ["0 9 1W * ? *", ["2026-08-03T09:00", "2026-09-01T09:00"]],
      ["0 9 15W * ? *", ["2026-08-14T09:00", "2026-09-15T09:00"]],
      ["0 9 16W * ? *", ["2026-08-17T09:00", "2026-09-16T09:00"]],
      // 31 January 2027 is a Sunday: its nearest weekday in the month is Friday the 29th.
      ["0 9 31W 1 ? *", ["2027-01-29T09:00", "2028-01-31T09:00"]],
      // April has no 31st; 1 May 2027 is a Saturday, whose nearest weekday would be 30 April.
      ["0 9 31W 4 ? 2027", []],
      ["0 0 1 1 ? 2030", ["2030-01-01T00:00"]],
      ["0 0 1 1 ? 2020-2025", []],
      ["0 0 31 2 ? *", []],
    ] as const) {
      it(`finds ${wanted.join(" and ") || "nothing"} for ${text}`, () => {
        const times = nextCronTimes(valid(text), from, 2);
        assert.deepEqual(
          times.map((time) => new Date(time).toISOString().slice(0, 16)),
          wanted,
        );
      });
    }

    it("gives as many times as asked for, though they fill a day", () => {
      const times = nextCronTimes(valid("* * * * ? *"), from, 3000);
      assert.deepEqual(
        times,
        Array.from({ length: 3000 }, (_none, index) => from + (index + 1) * minuteMs),
      );
    });

    it("finds every minute that the fields name, and no other", () => {
      const set = (first: number, last: number): fc.Arbitrary<number[]> =>
        fc.uniqueArray(fc.integer({ min: first, max: last }), { minLength: 1, maxLength: 4 });
      const days = fc.oneof(
        set(1, 31).map((list) => ({
          text: `${list.join(",")} * ?`,
          names: (date: Date) => list.includes(date.getUTCDate()),
        })),
        set(1, 7).map((list) => ({
          text: `? * ${list.join(",")}`,
          names: (date: Date) => list.includes(date.getUTCDay() + 1),
        })),
      );
      const start = fc.integer({ min: Date.UTC(2019, 0, 1), max: Date.UTC(2030, 0, 1) });
      fc.assert(
        fc.property(set(0, 59), set(0, 23), days, start, (minutes, hours, day, at) => {
          const end = at + 3 * dayMs;
          const cron = valid(`${minutes.join(",")} ${hours.join(",")} ${day.text} *`);
          const found = nextCronTimes(cron, at, 200).filter((time) => time <= end);
          const wanted: number[] = [];
          for (let time = (Math.floor(at / minuteMs) + 1) * minuteMs; time <= end; time += minuteMs) {
            const date = new Date(time);
            if (
              minutes.includes(date.getUTCMinutes()) &&
              hours.includes(date.getUTCHours()) &&
              day.names(date)
            ) {
              wanted.push(time);
            }
          }
          assert.deepEqual(found, wanted);
        }),
        { numRuns: 60 },
      );
    });
  });

  describe("parseCron", () => {
    for (const [text, wanted] of [
      ["", /six fields.*found 0/],
      ["0 10 * * ?", /six fields.*found 5/],
      ["0 10 * * ? * *", /six fields.*found 7/],
      ["60 10 * * ? *", /minutes: expected 0 to 59/],
      ["-1 10 * * ? *", /minutes/],
      ["0 24 * * ? *", /hours: expected 0 to 23/],
      ["0 10-8 * * ? *", /hours/],
      ["0 10/0 * * ? *", /hours/],
      ["0 1,,2 * * ? *", /hours/],
      ["0 *-5 * * ? *", /hours/],
      ["0 10 0 * ? *", /day of month/],
      ["0 10 32W * ? *", /day of month/],
      ["0 10 L-3 * ? *", /day of month/],
      ["0 10 * 13 ? *", /month: expected 1 to 12 or JAN to DEC/],
      ["0 10 * MAI ? *", /month/],
      ["0 10 ? * 0 *", /day of week: expected 1 to 7 or SUN to SAT/],
      ["0 10 ? * 3#6 *", /before # and 1 to 5/],
      ["0 10 ? * 3#1,6#3 *", /day of week/],
      ["0 10 ? * 8L *", /day of week/],
      ["0 10 * * * *", /exactly one of day of month and day of week must be \?/],
      ["0 10 ? * ? *", /exactly one/],
      ["0 10 * * ? 1969", /year: expected 1970 to 2199/],
      ["0 10 * * ? 2200", /year/],
    ] as const) {
      it(`refuses ${JSON.stringify(text)} and says why`, () => {
        const cron = parseCron(text);
        assert.ok(cron.kind === "invalid");
        assert.match(cron.problem, wanted);
      });
    }
  });
});
