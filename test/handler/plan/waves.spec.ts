import assert from "node:assert/strict";
import {
  unseen,
  type Need,
  type Planned,
  type ServiceDeployment,
  type ServiceFacts,
} from "../../../handler/facts";
import type { DecisionName } from "../../../handler/plan/decisions";
import type { ValueChange } from "../../../handler/plan/freshness";
import type { Actionable } from "../../../handler/plan/verdicts";
import { gate, type Gate } from "../../../handler/plan/waves";
import {
  between,
  changed,
  decided,
  deployment,
  freshService,
  margin,
  minute,
  now,
  proved,
  provedChange,
  reads,
  run,
  second,
  seen,
  service,
  task,
} from "./samples";

/** A value that the service of the later wave lacks. */
function lacked(id = "db", change: ValueChange = provedChange()): Actionable {
  return {
    id,
    key: `key of ${id}`,
    subject: `shop/${id}`,
    verdict: "stale",
    reason: "because",
    change,
    tasks: 2,
    staleTasks: 2,
  };
}

const later = service({ wave: 1 });

function first(fields: Partial<ServiceFacts> = {}): ServiceFacts {
  return freshService({ service: "first", deployments: undefined, ...fields });
}

function waiting(reason: string, ...waitsFor: string[]): Gate {
  return { decision: "waiting-for-wave", reason, waitsFor };
}

const bakes = { limits: { bakeTimeInMinutes: 5 } };
const old = [task(changed - minute), task(proved)];
const oldText = "1 of 2 tasks were created before the value changed at 2026-02-05T19:50:00.000Z";

/** Condition, what differs from an earlier service that holds the value, its decision, the run, what holds back. */
type Row = [string, Partial<ServiceFacts>, DecisionName, Parameters<typeof run>[0], Gate | undefined];

const byTasks: Row[] = [
  ["its tasks hold the value", {}, "fresh", {}, undefined],
  [
    "one of its tasks lacks it",
    { tasks: old },
    "rolling-out",
    {},
    waiting(`shop/first (wave 0) is rolling-out: ${oldText}`, "shop/first"),
  ],
  [
    "it is halted and lacks it",
    { tasks: old },
    "halted",
    {},
    { decision: "halted", reason: "shop/first (wave 0) is halted: because", waitsFor: [] },
  ],
  ["it is halted for another value, and holds this one", {}, "halted", {}, undefined],
  ["R6: a later deployment of it failed, and its tasks hold it", {}, "fresh", {}, undefined],
  ["R7: it also reads what cannot be followed", {}, "unsupported", {}, undefined],
  [
    "R7: it also reads what cannot be followed, and lacks the value",
    { tasks: old },
    "unsupported",
    {},
    waiting(`shop/first (wave 0) is unsupported: ${oldText}`, "shop/first"),
  ],
  [
    "the value changed before the installation",
    { tasks: old },
    "predates-install",
    { installedAtMs: changed + 1 },
    undefined,
  ],
  [
    "it may lack the value",
    { tasks: [task(changed - minute), task(proved)] },
    "recycle",
    { values: {} },
    waiting(`shop/first (wave 0) is recycle: ${oldText}`, "shop/first"),
  ],
  [
    "it runs too few tasks",
    { tasks: [task(proved)] },
    "fresh",
    {},
    waiting("shop/first (wave 0) runs 1 of 2 tasks", "shop/first"),
  ],
  ["it runs more tasks", { tasks: [task(proved), task(proved), task(proved)] }, "fresh", {}, undefined],
  [
    "it wants no task, and an old one is still listed",
    { tasks: old, seen: seen({ desiredCount: 0 }) },
    "fresh",
    {},
    undefined,
  ],
  ["it wants no task", { tasks: [], seen: seen({ desiredCount: 0 }) }, "fresh", {}, undefined],
  [
    "another controller deploys it",
    { tasks: old, seen: seen({ controller: "EXTERNAL" }) },
    "unsupported",
    {},
    undefined,
  ],
  ["it does not read the value", { tasks: old, reads: [reads("other")] }, "recycle", {}, undefined],
  [
    "its new tasks do not read the value",
    { tasks: old, reads: [reads("db", { current: false })] },
    "recycle",
    {},
    undefined,
  ],
  [
    "the tasks that lack the value do not read it",
    { tasks: old, reads: [reads("db", { definitions: ["api:2"] })] },
    "recycle",
    {},
    undefined,
  ],
  [
    "it reads the value by another name",
    { tasks: old, reads: [reads("by name", { key: "key of db" })] },
    "recycle",
    {},
    waiting(`shop/first (wave 0) is recycle: ${oldText}`, "shop/first"),
  ],
  ["it belongs to the same wave", { tasks: old, wave: 1 }, "recycle", {}, undefined],
  ["it belongs to a later wave", { tasks: old, wave: 2 }, "recycle", {}, undefined],
  [
    "R5: it could not be described",
    { seen: unseen("retryable", "throttled"), reads: [] },
    "deferred",
    {},
    waiting("shop/first (wave 0) could not be checked: throttled", "shop/first"),
  ],
  [
    "it has too many deployments",
    { seen: unseen("busy", "busy") },
    "blocked",
    {},
    waiting("shop/first (wave 0) could not be checked: busy", "shop/first"),
  ],
  [
    "R5: its tasks could not be listed",
    { tasks: unseen("retryable", "throttled") },
    "deferred",
    {},
    waiting("shop/first (wave 0) could not be checked: throttled", "shop/first"),
  ],
  ["it may not be described", { seen: unseen("denied", "no") }, "denied", {}, undefined],
  ["it does not exist", { seen: unseen("not-found", "no") }, "not-found", {}, undefined],
  ["it is unsupported", { seen: unseen("unsupported", "no") }, "unsupported", {}, undefined],
  ["its tasks may not be listed", { tasks: unseen("denied", "no") }, "denied", {}, undefined],
];

function bakingSince(finishedAtMs: number): readonly ServiceDeployment[] {
  return [deployment(1, "SUCCESSFUL", { finishedAtMs })];
}

const bakingGate = waiting(
  "shop/first (wave 0) finished its deployment less than 5 minutes ago (bakeTimeInMinutes)",
  "shop/first",
);

const byDeployments: Row[] = [
  [
    "its deployment ended as long ago as the bake time",
    { deployments: bakingSince(now - 5 * minute) },
    "fresh",
    bakes,
    undefined,
  ],
  [
    "its deployment ended less long ago",
    { deployments: bakingSince(now - 5 * minute + 1) },
    "fresh",
    bakes,
    bakingGate,
  ],
  [
    "its deployment ended at a time that is not told, and began as long ago as the bake time",
    { deployments: [deployment(5, "SUCCESSFUL")] },
    "fresh",
    bakes,
    undefined,
  ],
  [
    "its deployment ended at a time that is not told, and began less long ago",
    { deployments: [deployment(5.5, "SUCCESSFUL")] },
    "fresh",
    bakes,
    bakingGate,
  ],
  [
    "a later deployment of it ended less long ago",
    { deployments: [deployment(8, "SUCCESSFUL", { finishedAtMs: now }), ...bakingSince(now - 5 * minute)] },
    "fresh",
    bakes,
    undefined,
  ],
  [
    "only a deployment within the margin ended",
    { deployments: [deployment(0, "SUCCESSFUL", { createdAtMs: changed + margin, finishedAtMs: now })] },
    "fresh",
    bakes,
    undefined,
  ],
  [
    "a deployment just after the margin ended",
    { deployments: [deployment(0, "SUCCESSFUL", { createdAtMs: proved, finishedAtMs: now })] },
    "fresh",
    bakes,
    bakingGate,
  ],
  ["it had no deployment since", { deployments: [] }, "fresh", bakes, undefined],
  [
    "its deployment since failed",
    { deployments: [deployment(1, "ROLLBACK_SUCCESSFUL")] },
    "fresh",
    bakes,
    undefined,
  ],
  [
    "its deployment since is in progress",
    {
      deployments: [deployment(1, "STOPPED"), deployment(2, "IN_PROGRESS")],
      seen: seen({ unfinished: true }),
    },
    "rolling-out",
    {},
    waiting("shop/first (wave 0) has a deployment in progress that began after the change", "shop/first"),
  ],
  [
    "a deployment from before the change is in progress",
    { deployments: [deployment(-1, "IN_PROGRESS")], seen: seen({ unfinished: true }) },
    "blocked",
    {},
    undefined,
  ],
  [
    "its deployment since succeeded, another is in progress, and nothing bakes",
    {
      deployments: [deployment(1, "SUCCESSFUL", { finishedAtMs: now }), deployment(2, "IN_PROGRESS")],
      seen: seen({ unfinished: true }),
    },
    "rolling-out",
    {},
    undefined,
  ],
  [
    "its deployments could not be listed",
    { deployments: unseen("retryable", "throttled") },
    "fresh",
    bakes,
    waiting("shop/first (wave 0) could not be checked: throttled", "shop/first"),
  ],
  [
    "its deployments are not listed, as nothing bakes",
    { deployments: undefined },
    "fresh",
    { limits: { bakeTimeInMinutes: 0 } },
    undefined,
  ],
];

describe("gate", () => {
  for (const [condition, fields, decision, around, expected] of [...byTasks, ...byDeployments])
    it(`${expected ? "holds back" : "lets go"} a service of wave 1 when of wave 0 ${condition}`, () => {
      const earlier = [decided(first(fields), decision)];

      assert.deepEqual(gate(later, [lacked()], run({ ...around, earlier })), expected);
    });

  it("lets go what has no value to wait for", () => {
    assert.equal(gate(later, [], run({ earlier: [decided(first({ tasks: old }), "recycle")] })), undefined);
  });

  it("waits for every earlier service once, and gives the reason of the first", () => {
    const both = { tasks: old, reads: [reads("db"), reads("api")] };
    const earlier = [
      decided(first({ ...both, service: "a" }), "rolling-out"),
      decided(first({ service: "b" }), "fresh"),
      decided(first({ ...both, service: "c", cluster: "other" }), "blocked"),
    ];

    assert.deepEqual(
      gate(later, [lacked(), lacked("api")], run({ earlier })),
      waiting(`shop/a (wave 0) is rolling-out: ${oldText}`, "shop/a", "other/c"),
    );
  });

  it("is halted by any earlier service, whatever others wait for", () => {
    const earlier = [
      decided(first({ tasks: old }), "recycle"),
      decided(first({ tasks: old, service: "b" }), "halted", "it failed"),
    ];

    assert.deepEqual(gate(later, [lacked()], run({ earlier })), {
      decision: "halted",
      reason: "shop/b (wave 0) is halted: it failed",
      waitsFor: [],
    });
  });

  it("waits for any of several values", () => {
    const earlier = [decided(first({ tasks: old, reads: [reads("api")] }), "recycle")];

    const held = gate(later, [lacked(), lacked("api")], run({ earlier }));

    assert.ok(held && "decision" in held && held.decision === "waiting-for-wave");
  });

  it("judges by the dates of the value as the later service names it", () => {
    const earlier = [decided(first({ tasks: old }), "recycle")];
    const undated = lacked("db", { hiMs: changed, proved: false, doubt: false });

    assert.deepEqual(gate(later, [undated], run({ earlier })), { need: "dates", ids: ["db"] });
  });

  it("asks for no dates where every task is younger", () => {
    const undated = lacked("db", { hiMs: changed, proved: false, doubt: false });

    assert.equal(gate(later, [undated], run({ earlier: [decided(first(), "fresh")] })), undefined);
  });

  it("takes the shorter margin of a short delay", () => {
    const earlier = [decided(first({ tasks: [task(changed + 4001), task(changed + 4001)] }), "fresh")];
    const undated = lacked("db", { hiMs: changed, proved: false, doubt: false });

    const held = [5, 6].map((delaySeconds) => gate(later, [undated], run({ earlier, delaySeconds })));

    assert.deepEqual(held, [undefined, { need: "dates", ids: ["db"] }]);
  });

  const needs: [string, Partial<ServiceFacts>, Parameters<typeof run>[0], ValueChange, number][] = [
    ["a bake time", {}, bakes, provedChange(), changed],
    ["a bake time and an interval", {}, bakes, between(changed - minute, changed - second), changed - minute],
    ["a bake time and no earliest time", {}, bakes, { hiMs: changed, proved: false, doubt: false }, changed],
    ["a deployment in progress", { seen: seen({ unfinished: true }) }, {}, provedChange(), changed],
  ];
  for (const [condition, fields, around, change, sinceMs] of needs)
    it(`needs the deployments of the earlier service: ${condition}`, () => {
      const other: Planned = decided(first(fields), "fresh");
      const need: Need = { need: "earlier-deployments", of: other, sinceMs };

      assert.deepEqual(gate(later, [lacked("db", change)], run({ ...around, earlier: [other] })), need);
    });

  it("is not passed by a doubt", () => {
    const doubt = lacked("db", between(changed - 5 * minute, changed, { doubt: true }));
    const earlier = [decided(first({ tasks: [task(changed - minute), task(proved)] }), "recycle")];

    assert.deepEqual(
      gate(later, [doubt], run({ earlier })),
      waiting(
        "shop/first (wave 0) is recycle: 1 of 2 tasks were created while the value changed, between 2026-02-05T19:45:00.000Z and 2026-02-05T19:50:00.000Z",
        "shop/first",
      ),
    );
  });

  it("is passed by what is presumed", () => {
    const presumed = lacked("db", between(changed - 5 * minute, changed));
    const earlier = [decided(first({ tasks: [task(changed - minute), task(proved)] }), "presumed")];

    assert.equal(gate(later, [presumed], run({ earlier })), undefined);
  });
});

describe("gate, of clusters whose services could not be listed,", () => {
  const unlisted = (wave: number, code: Parameters<typeof unseen>[0], cluster = "shop") => ({
    cluster,
    wave,
    seen: unseen(code, "throttled"),
  });
  const expected = waiting("the services of cluster shop (wave 0) could not be listed: throttled");

  it("waits for those of an earlier wave (R5)", () => {
    assert.deepEqual(gate(later, [lacked()], run({ unlisted: [unlisted(0, "retryable")] })), expected);
  });

  it("gives the reason of the first, and the services that are known to lack the value", () => {
    const around = {
      unlisted: [unlisted(0, "retryable"), unlisted(0, "retryable", "other")],
      earlier: [decided(first({ tasks: old }), "recycle")],
    };

    assert.deepEqual(gate(later, [lacked()], run(around)), { ...expected, waitsFor: ["shop/first"] });
  });

  it("does not wait for those of the same wave, nor for those that are denied", () => {
    const around = { unlisted: [unlisted(1, "retryable"), unlisted(2, "retryable"), unlisted(0, "denied")] };

    assert.equal(gate(later, [lacked()], run(around)), undefined);
  });
});
