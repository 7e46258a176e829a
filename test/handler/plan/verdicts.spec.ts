import assert from "node:assert/strict";
import { unseen, type ReadFacts, type Unseen, type ValueFacts, type Verdict } from "../../../handler/facts";
import type { ValueChange } from "../../../handler/plan/freshness";
import {
  isActionable,
  oldTasks,
  provedAfterMs,
  readersOf,
  span,
  undated,
  verdictOf,
} from "../../../handler/plan/verdicts";
import {
  between,
  changed,
  failed,
  margin,
  minute,
  now,
  proved,
  provedChange,
  reads,
  run,
  service,
  task,
  value,
} from "./samples";

const old = changed - minute;
const doubt = between(changed - 5 * minute, changed, { doubt: true });
const presumed = between(changed - 5 * minute, changed);
const within = changed - 2 * minute;
const beforeInstall = now - 700 * minute;

interface Row {
  readonly tasks?: readonly (number | undefined)[];
  readonly value?: ValueFacts;
  readonly read?: Partial<ReadFacts>;
  readonly installedAtMs?: number | "unknown";
}

const predates =
  "the value changed before the recycler was installed; the recycler acts only on later changes";

/** Condition, what differs from a value that one of two tasks does not hold, verdict, tasks that hold an old value, reason. */
const table: [string, Row, Verdict["verdict"], number, string | undefined][] = [
  [
    "an old task beside a young one",
    {},
    "stale",
    1,
    "1 of 2 tasks were created before the value changed at 2026-02-05T19:50:00.000Z",
  ],
  ["young tasks only", { tasks: [proved, proved] }, "fresh", 0, undefined],
  ["no task", { tasks: [] }, "fresh", 0, undefined],
  ["tasks that have not started", { tasks: [undefined, undefined] }, "fresh", 0, undefined],
  [
    "a task within the margin",
    { tasks: [proved - 1] },
    "stale",
    1,
    "1 of 1 tasks were created before the value changed at 2026-02-05T19:50:00.000Z",
  ],
  [
    "a task within a doubt",
    { tasks: [within, proved], value: value(doubt) },
    "doubt",
    1,
    "1 of 2 tasks were created while the value changed, between 2026-02-05T19:45:00.000Z and 2026-02-05T19:50:00.000Z",
  ],
  [
    "a task before a doubt and one within it",
    { tasks: [doubt.loMs, within], value: value(doubt) },
    "stale",
    2,
    "2 of 2 tasks were created before the value changed between 2026-02-05T19:45:00.000Z and 2026-02-05T19:50:00.000Z",
  ],
  [
    "R10: tasks older than a label that went back before the events were lost",
    { tasks: [within, within], value: value(doubt) },
    "doubt",
    2,
    "2 of 2 tasks were created while the value changed, between 2026-02-05T19:45:00.000Z and 2026-02-05T19:50:00.000Z",
  ],
  [
    "R11: tasks younger than the version, and no event",
    { tasks: [within, proved], value: value(presumed) },
    "presumed",
    0,
    "no event proved when the value changed, between 2026-02-05T19:45:00.000Z and 2026-02-05T19:50:00.000Z; every task is younger than its version",
  ],
  [
    "a task older than the version beside one that is younger",
    { tasks: [presumed.loMs, within], value: value(presumed) },
    "stale",
    1,
    "1 of 2 tasks were created before the value changed between 2026-02-05T19:45:00.000Z and 2026-02-05T19:50:00.000Z",
  ],
  [
    "tasks younger than everything that AWS tells",
    { tasks: [proved, proved], value: value(presumed) },
    "fresh",
    0,
    undefined,
  ],
  [
    "R8: a value that was not looked at since",
    { value: value(provedChange(), false) },
    "stale",
    1,
    "1 of 2 tasks were created before the value changed at 2026-02-05T19:50:00.000Z",
  ],
  [
    "a change before the installation",
    { tasks: [beforeInstall - 1], value: value(provedChange(beforeInstall)) },
    "predates-install",
    1,
    predates,
  ],
  [
    "R20: a presumed change before the installation, and a tag edit after it",
    { tasks: [beforeInstall - 1], value: value(between(beforeInstall, changed)) },
    "predates-install",
    1,
    predates,
  ],
  [
    "R20: a label that went back, and an edit after the installation",
    { tasks: [within], value: value(between(beforeInstall, changed, { doubt: true })) },
    "doubt",
    1,
    "1 of 1 tasks were created while the value changed, between 2026-02-05T08:20:00.000Z and 2026-02-05T19:50:00.000Z",
  ],
  [
    "young tasks and a change before the installation",
    { tasks: [beforeInstall + margin + 1], value: value(provedChange(beforeInstall)) },
    "fresh",
    0,
    undefined,
  ],
  [
    "no time of installation, and no event",
    { tasks: [presumed.loMs], value: value(presumed), installedAtMs: "unknown" },
    "deferred",
    1,
    "cannot tell whether the value changed before the installation: the queue's creation time is missing",
  ],
  [
    "no time of installation, and an event",
    { installedAtMs: "unknown" },
    "stale",
    1,
    "1 of 2 tasks were created before the value changed at 2026-02-05T19:50:00.000Z",
  ],
  [
    "a version without a date",
    { value: value({ hiMs: Infinity, proved: false, doubt: false }) },
    "unknown",
    0,
    "AWS returned no date of the value's last change",
  ],
  [
    "a change without a date",
    { value: value({ hiMs: NaN, proved: false, doubt: false }) },
    "unknown",
    0,
    "AWS returned no date of the value's last change",
  ],
  [
    "a reference that cannot be followed",
    { read: { problem: "a file of Amazon S3" } },
    "unsupported",
    0,
    "a file of Amazon S3",
  ],
  ...(
    [
      ["retryable", "deferred"],
      ["denied", "denied"],
      ["not-found", "not-found"],
      ["busy", "blocked"],
      ["refused", "unsupported"],
      ["unsupported", "unsupported"],
    ] satisfies [Unseen["code"], Verdict["verdict"]][]
  ).map(([code, verdict]): (typeof table)[number] => [
    `a look that failed: ${code}`,
    { value: failed(code) },
    verdict,
    0,
    `because ${code}`,
  ]),
];

describe("verdictOf", () => {
  for (const [condition, row, verdict, staleTasks, reason] of table)
    it(`is ${verdict}: ${condition}`, () => {
      const tasks = (row.tasks ?? [old, proved]).map((createdAtMs) => task(createdAtMs));
      const facts = service({ tasks });
      const { installedAtMs } = row;
      const around = run({
        values: { db: row.value ?? value() },
        ...(installedAtMs && { installedAtMs: installedAtMs === "unknown" ? undefined : installedAtMs }),
      });
      const change = (row.value ?? value()).change;

      const found = verdictOf(facts, reads("db", row.read), around);

      assert.deepEqual(found, {
        id: "db",
        key: "key of db",
        subject: "shop/db",
        label: "AWSCURRENT",
        tasks: tasks.length,
        staleTasks,
        verdict,
        ...(reason !== undefined && { reason }),
        ...(!("kind" in change) && row.read?.problem === undefined && { change }),
      });
    });

  it("is none for a value that was never looked at", () => {
    assert.equal(verdictOf(service(), reads("db"), run({ values: {} })), undefined);
  });

  it("counts the tasks whose definition reads the value only", () => {
    const tasks = [task(old), task(old, { definition: "api:2" })];

    const found = verdictOf(service({ tasks }), reads("db", { definitions: ["api:2"] }), run());

    assert.deepEqual([found?.tasks, found?.staleTasks], [1, 1]);
  });

  it("counts no task where they could not be listed", () => {
    const found = verdictOf(service({ tasks: unseen("denied", "no") }), reads(), run());

    assert.deepEqual([found?.verdict, found?.tasks], ["fresh", 0]);
  });

  it("takes a margin that is shorter than a short delay", () => {
    const facts = service({ tasks: [task(changed + 4001)] });

    const verdicts = [5, 6].map((delaySeconds) => verdictOf(facts, reads(), run({ delaySeconds }))?.verdict);

    assert.deepEqual(verdicts, ["fresh", "stale"]);
  });
});

describe("readersOf", () => {
  const tasks = [task(1), task(2, { definition: "api:2" }), task(3, { definition: "api:3" })];

  it("is every task where each reads the value", () => {
    assert.deepEqual(readersOf(tasks, reads()), tasks);
  });

  it("is the tasks of the definitions that read it", () => {
    assert.deepEqual(readersOf(tasks, reads("db", { definitions: ["api:2", "api:3"] })), tasks.slice(1));
  });
});

describe("oldTasks", () => {
  const tasks = [task(presumed.loMs), task(within, { definition: "api:2" }), task(proved), task()];
  const about = (change: ValueChange | undefined): Verdict => ({
    ...verdictOf(service(), reads(), run())!,
    change,
  });
  const others = [reads("other"), reads("db", { definitions: ["api:2"] })];

  it("is those that hold an old value or may", () => {
    assert.deepEqual(oldTasks(tasks, [reads()], about(doubt), margin), tasks.slice(0, 2));
  });

  it("leaves out those that are presumed to hold it", () => {
    assert.deepEqual(oldTasks(tasks, [reads()], about(presumed), margin), tasks.slice(0, 1));
  });

  it("leaves out those that do not read it", () => {
    assert.deepEqual(oldTasks(tasks, others, about(doubt), margin), [tasks[1]]);
  });

  it("is none for a value of which no change is known", () => {
    assert.deepEqual(oldTasks(tasks, [reads()], about(undefined), margin), []);
  });
});

describe("undated", () => {
  const unknown: ValueChange = { hiMs: changed, proved: false, doubt: false };
  const two = [reads("a"), reads("b", { definitions: ["api:2"] })];
  const values = { a: value(unknown), b: value(unknown) };

  it("names the values of which a task may hold an old one", () => {
    const tasks = [task(old, { definition: "api:2" })];

    assert.deepEqual(undated(service({ tasks, reads: two }), run({ values })), ["a", "b"]);
  });

  it("leaves out values that no such task reads", () => {
    const tasks = [task(old), task(proved, { definition: "api:2" })];

    assert.deepEqual(undated(service({ tasks, reads: two }), run({ values })), ["a"]);
  });

  it("leaves out values whose dates are known, that could not be looked at, or were never", () => {
    const three = [reads("a"), reads("b"), reads("c")];
    const around = run({ values: { a: value(presumed), b: failed("denied") } });

    assert.deepEqual(undated(service({ reads: three }), around), []);
  });

  it("takes the shorter margin of a short delay", () => {
    const facts = service({ tasks: [task(changed + 4001)], reads: [reads("a")] });

    const asked = [5, 6].map((delaySeconds) => undated(facts, run({ values, delaySeconds })).length);

    assert.deepEqual(asked, [0, 1]);
  });

  it("is empty where the tasks could not be listed", () => {
    assert.deepEqual(undated(service({ tasks: unseen("denied", "no"), reads: two }), run({ values })), []);
  });
});

describe("span", () => {
  const rows: [ValueChange, string][] = [
    [provedChange(), "at 2026-02-05T19:50:00.000Z"],
    [presumed, "between 2026-02-05T19:45:00.000Z and 2026-02-05T19:50:00.000Z"],
    [{ ...presumed, loMs: undefined }, "no later than 2026-02-05T19:50:00.000Z"],
    [{ ...presumed, loMs: 0 }, "no later than 2026-02-05T19:50:00.000Z"],
  ];
  for (const [change, expected] of rows) it(`is ${expected}`, () => assert.equal(span(change), expected));
});

describe("isActionable", () => {
  const rows: [Verdict["verdict"], boolean][] = [
    ["stale", true],
    ["doubt", true],
    ["fresh", false],
    ["presumed", false],
    ["halted", false],
  ];
  for (const [verdict, expected] of rows)
    it(`is ${expected} of ${verdict}`, () => assert.equal(isActionable({ verdict }), expected));
});

describe("provedAfterMs", () => {
  it("is the change and its margin", () => {
    assert.equal(provedAfterMs(presumed, 15), changed + margin);
    assert.equal(provedAfterMs(presumed, 5), changed + 4000);
  });
});
