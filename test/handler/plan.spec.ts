import assert from "node:assert/strict";
import * as fc from "fast-check";
import {
  decisions,
  type Circumstances,
  type DecisionName,
  type SeenService,
  type SeenValue,
  type ServiceDeployment,
  type Situation,
  type Unseen,
} from "../../handler/decision";
import { freshness } from "../../handler/freshness";
import { plan } from "../../handler/plan";

const now = Date.parse("2026-02-05T20:00:00Z");
const minute = 60_000;
const moved = now - 10 * minute;

const circumstances: Circumstances = {
  nowMs: now,
  installedAtMs: now - 600 * minute,
  delaySeconds: 10,
  limits: {},
};

function point(at: number): { loMs: number; hiMs: number } {
  return { loMs: at, hiMs: at };
}

function value(change: Partial<SeenValue> = {}): SeenValue {
  return {
    key: "db",
    subject: "db",
    label: "AWSCURRENT",
    move: point(moved),
    announced: true,
    proven: true,
    cause: "PutSecretValue",
    ...change,
  };
}

function seen(change: Partial<SeenService> = {}): SeenService {
  return {
    kind: "service",
    controller: "ECS",
    strategy: "ROLLING",
    desiredCount: 2,
    deploymentCreatedAtMs: moved - 60 * minute,
    unfinished: false,
    ...change,
  };
}

function unseen(code: Unseen["code"]): Unseen {
  return { kind: "unseen", code, reason: `because ${code}` };
}

function situation(change: Partial<Situation> = {}): Situation {
  return {
    cluster: "shop",
    service: "api",
    wave: 0,
    cause: "sweep",
    seen: seen(),
    values: [value()],
    attempts: [],
    ...change,
  };
}

function attempt(minutesAfterMove: number, status: string): ServiceDeployment {
  return { createdAtMs: moved + minutesAfterMove * minute, status };
}

const quiet = { announced: false, proven: false };
const freshService = seen({ deploymentCreatedAtMs: moved + minute });

/** Condition, what differs from a stale service that may be recycled, decision, reason. */
const table: [string, Partial<Situation>, Partial<Circumstances>, DecisionName, RegExp][] = [
  ["a stale service without deployments after the change", {}, {}, "recycle", /the value changed at/],
  [
    "a stale service whose deployments are not listed yet",
    { attempts: undefined },
    {},
    "recycle",
    /the value changed/,
  ],
  [
    "a stale service whose last deployment before the change succeeded",
    { attempts: [attempt(-60, "SUCCESSFUL")] },
    {},
    "recycle",
    /the value changed/,
  ],
  [
    "a stale service whose last deployment before the change was rolled back",
    { attempts: [attempt(-60, "ROLLBACK_SUCCESSFUL")] },
    {},
    "recycle",
    /the value changed/,
  ],
  [
    "a deployment after the change",
    { seen: freshService },
    {},
    "fresh",
    /was created after the value changed/,
  ],
  ["a desired count of 0", { seen: seen({ desiredCount: 0 }) }, {}, "fresh", /desired count is 0/],
  ["no value at all", { values: [] }, {}, "fresh", /reads no value/],
  [
    "a value pinned to a version",
    { values: [value({ move: "pinned" })] },
    {},
    "fresh",
    /reads no value that can change/,
  ],
  [
    "an older PRIMARY though a deployment after the change succeeded",
    { attempts: [attempt(1, "SUCCESSFUL")] },
    {},
    "fresh",
    /after the change, succeeded/,
  ],
  [
    "an unfinished deployment after the change, shown as PRIMARY",
    { seen: seen({ deploymentCreatedAtMs: moved + minute, unfinished: true }) },
    {},
    "rolling-out",
    /unfinished/,
  ],
  [
    "an unfinished deployment after the change, not shown as PRIMARY",
    { attempts: [attempt(1, "IN_PROGRESS")] },
    {},
    "rolling-out",
    /IN_PROGRESS/,
  ],
  [
    "a rollback under way of a deployment after the change",
    { attempts: [attempt(1, "ROLLBACK_IN_PROGRESS")] },
    {},
    "rolling-out",
    /ROLLBACK_IN_PROGRESS/,
  ],
  ["an unknown status", { attempts: [attempt(1, "PONDERING")] }, {}, "rolling-out", /PONDERING/],
  [
    "a forced deployment that ECS does not show yet",
    { forcedAtMs: now - minute },
    {},
    "rolling-out",
    /ECS does not show .* yet/,
  ],
  [
    "a forced deployment that ECS has not shown for long",
    { forcedAtMs: now - 6 * minute },
    {},
    "recycle",
    /the value changed/,
  ],
  [
    "a forced deployment before the change",
    { forcedAtMs: moved - minute },
    {},
    "recycle",
    /the value changed/,
  ],
  [
    "an unfinished deployment from before the change",
    { attempts: [attempt(-1, "IN_PROGRESS")] },
    {},
    "blocked",
    /before the change, is IN_PROGRESS/,
  ],
  [
    "an unfinished deployment within the margin after the change",
    { attempts: [{ createdAtMs: moved + 1999, status: "PENDING" }] },
    {},
    "blocked",
    /PENDING/,
  ],
  [
    "a deployment after the change that was rolled back, the old one shown",
    { attempts: [attempt(1, "ROLLBACK_SUCCESSFUL")] },
    {},
    "halted",
    /ended as ROLLBACK_SUCCESSFUL/,
  ],
  [
    "a deployment after the change that was rolled back, a new one shown",
    { seen: freshService, attempts: [{ createdAtMs: moved + minute - 500, status: "ROLLBACK_SUCCESSFUL" }] },
    {},
    "halted",
    /ended as ROLLBACK_SUCCESSFUL/,
  ],
  [
    "a deployment after the change whose rollback failed",
    { attempts: [attempt(1, "ROLLBACK_FAILED")] },
    {},
    "halted",
    /ROLLBACK_FAILED/,
  ],
  [
    "a deployment after the change that was stopped",
    { attempts: [attempt(1, "STOPPED")] },
    {},
    "halted",
    /STOPPED/,
  ],
  [
    "two deployments after the change, the latest rolled back",
    { attempts: [attempt(2, "ROLLBACK_SUCCESSFUL"), attempt(1, "STOPPED")] },
    {},
    "halted",
    /ROLLBACK_SUCCESSFUL/,
  ],
  [
    "two deployments after the change, the latest successful",
    { attempts: [attempt(1, "ROLLBACK_SUCCESSFUL"), attempt(2, "SUCCESSFUL")] },
    {},
    "fresh",
    /succeeded/,
  ],
  [
    "a rollback after a deployment that replaced every task",
    { seen: freshService, attempts: [attempt(1, "SUCCESSFUL"), attempt(3, "ROLLBACK_SUCCESSFUL")] },
    {},
    "fresh",
    /after the value changed/,
  ],
  [
    "a halted value that changed again",
    {
      values: [value(), value({ key: "b", move: point(moved + 5 * minute) })],
      attempts: [attempt(1, "ROLLBACK_SUCCESSFUL")],
    },
    {},
    "recycle",
    /the value changed/,
  ],
  [
    "a change whose event may still arrive",
    { values: [value({ ...quiet, move: point(now - 9_999) })] },
    {},
    "settling",
    /less than 10 s ago/,
  ],
  [
    "a change whose event has arrived",
    { values: [value({ move: point(now - 3_000) })] },
    {},
    "recycle",
    /the value changed/,
  ],
  [
    "a change whose event is overdue",
    { values: [value({ ...quiet, move: point(now - 10_000) })] },
    {},
    "recycle",
    /the value changed/,
  ],
  [
    "an older change to act on beside one that settles",
    { values: [value(), value({ ...quiet, key: "b", move: point(now - 5_000) })] },
    {},
    "recycle",
    /19:50:00/,
  ],
  [
    "a change before the installation",
    {},
    { installedAtMs: now - minute },
    "predates-install",
    /before the recycler was installed/,
  ],
  [
    "a change around the installation",
    { values: [value({ ...quiet, move: { loMs: moved, hiMs: now - minute } })] },
    { installedAtMs: now - 2 * minute },
    "unknown",
    /before or after the installation/,
  ],
  [
    "a queue of unknown age, and no event",
    { values: [value(quiet)] },
    { installedAtMs: undefined },
    "deferred",
    /the queue's creation time is missing/,
  ],
  ["a queue of unknown age, and an event", {}, { installedAtMs: undefined }, "recycle", /the value changed/],
  [
    "a deployment within the interval of the change",
    { values: [value({ move: { loMs: moved - 120 * minute, hiMs: moved } })] },
    {},
    "unknown",
    /cannot tell: .* deployment was created at/,
  ],
  [
    "a successful deployment within the interval of the change",
    {
      values: [value({ move: { loMs: moved, hiMs: moved + 5 * minute } })],
      attempts: [attempt(2, "SUCCESSFUL")],
    },
    {},
    "unknown",
    /the deployment that succeeded was created at/,
  ],
  [
    "a rolled back deployment within the interval of the change",
    {
      values: [value({ move: { loMs: moved, hiMs: moved + 5 * minute } })],
      attempts: [attempt(2, "ROLLBACK_SUCCESSFUL")],
    },
    {},
    "halted",
    /ROLLBACK_SUCCESSFUL/,
  ],
  [
    "a value that was not looked at",
    { seen: freshService, values: [value({ move: undefined })] },
    {},
    "unknown",
    /not checked/,
  ],
  [
    "the controller CODE_DEPLOY, stale",
    { seen: seen({ controller: "CODE_DEPLOY" }) },
    {},
    "unsupported",
    /CODE_DEPLOY/,
  ],
  [
    "the controller CODE_DEPLOY, fresh",
    { seen: { ...freshService, controller: "CODE_DEPLOY" } },
    {},
    "fresh",
    /after the value changed/,
  ],
  [
    "the controller EXTERNAL, stale",
    { seen: seen({ controller: "EXTERNAL" }) },
    {},
    "unsupported",
    /EXTERNAL/,
  ],
  [
    "no deployment shown",
    { seen: seen({ controller: "EXTERNAL", deploymentCreatedAtMs: undefined }) },
    {},
    "unsupported",
    /no PRIMARY/,
  ],
  ["a service that does not exist", { seen: unseen("not-found") }, {}, "not-found", /because not-found/],
  ["a service that is denied", { seen: unseen("denied") }, {}, "denied", /because denied/],
  [
    "a service that could not be looked at",
    { seen: unseen("retryable") },
    {},
    "deferred",
    /because retryable/,
  ],
  [
    "a secret that does not exist, nothing stale",
    { seen: freshService, values: [value(), value({ key: "b", move: unseen("not-found") })] },
    {},
    "not-found",
    /because/,
  ],
  [
    "a secret that is denied, nothing stale",
    { seen: freshService, values: [value({ move: unseen("denied") })] },
    {},
    "denied",
    /because/,
  ],
  [
    "a secret that could not be looked at, nothing stale",
    { seen: freshService, values: [value({ move: unseen("retryable") })] },
    {},
    "deferred",
    /because/,
  ],
  [
    "a secret of another Region, nothing stale",
    { seen: freshService, values: [value({ move: unseen("unsupported") })] },
    {},
    "unsupported",
    /because/,
  ],
  [
    "a secret that does not exist beside a stale one",
    { values: [value({ key: "b", move: unseen("not-found") }), value()] },
    {},
    "recycle",
    /the value changed/,
  ],
  ["deployments that are denied", { attempts: unseen("denied") }, {}, "denied", /because/],
  ["deployments that could not be looked at", { attempts: unseen("retryable") }, {}, "deferred", /because/],
  ["too many unfinished deployments", { attempts: unseen("busy") }, {}, "blocked", /because/],
  [
    "an unfinished rolling deployment that may be replaced",
    { attempts: [attempt(-5, "IN_PROGRESS")] },
    { limits: { overtakeAfterMinutes: 15 } },
    "recycle",
    /a new one replaces it/,
  ],
  [
    "an unfinished rolling deployment that is too young to be replaced",
    { attempts: [attempt(-4, "IN_PROGRESS")] },
    { limits: { overtakeAfterMinutes: 15 } },
    "blocked",
    /IN_PROGRESS/,
  ],
  [
    "an unfinished deployment of another strategy, which is never replaced",
    { seen: seen({ strategy: "BLUE_GREEN" }), attempts: [attempt(-5, "IN_PROGRESS")] },
    { limits: { overtakeAfterMinutes: 15 } },
    "blocked",
    /IN_PROGRESS/,
  ],
  [
    "a deployment younger than minutesBetweenDeployments",
    { attempts: [attempt(-1, "SUCCESSFUL")] },
    { limits: { minutesBetweenDeployments: 12 } },
    "cooling-down",
    /younger than 12 minutes/,
  ],
  [
    "a deployment older than minutesBetweenDeployments",
    { attempts: [attempt(-3, "SUCCESSFUL")] },
    { limits: { minutesBetweenDeployments: 12 } },
    "recycle",
    /the value changed/,
  ],
];

describe("plan", () => {
  for (const [condition, change, around, decision, reason] of table)
    it(`decides ${decision} for ${condition}`, () => {
      const decided = plan(situation(change), { ...circumstances, ...around }, freshness);

      assert.equal(decided.decision, decision, decided.reason);
      assert.match(decided.reason, reason);
    });

  it("has a row for every decision that it makes by itself", () => {
    const elsewhere = ["waiting-for-wave", "at-capacity"];

    const made = new Set(table.map((row) => row[3]));

    assert.deepEqual([...made].sort(), decisions.filter((name) => !elsewhere.includes(name)).sort());
  });

  it("names the value, its change, the deployment, the cause and who caused it", () => {
    const decided = plan(
      situation({ values: [value({ who: "operator" })], mutableImage: true }),
      circumstances,
      freshness,
    );

    assert.deepEqual(
      { ...decided, reason: "" },
      {
        decision: "recycle",
        reason: "",
        cluster: "shop",
        service: "api",
        wave: 0,
        key: "db",
        subject: "db",
        label: "AWSCURRENT",
        move: point(moved),
        deploymentCreatedAtMs: moved - 60 * minute,
        cause: "PutSecretValue",
        who: "operator",
        mutableImage: true,
      },
    );
  });

  const time = fc.oneof(
    fc.integer({ min: -10, max: 30 }).map((minutes) => moved + minutes * minute),
    fc.integer({ min: -4000, max: 4000 }).map((ms) => moved + ms),
    fc.constant(NaN),
  );
  const code = fc.constantFrom<Unseen["code"][]>(
    "retryable",
    "denied",
    "not-found",
    "busy",
    "refused",
    "unsupported",
  );
  const unseenArbitrary = code.map(unseen);
  const moveArbitrary = fc.oneof(
    fc.tuple(time, time).map(([a, b]) => ({ loMs: Math.min(a, b), hiMs: Math.max(a, b) })),
    unseenArbitrary,
    fc.constant("pinned" as const),
    fc.constant(undefined),
  );
  const anySituation: fc.Arbitrary<Situation> = fc.record({
    cluster: fc.constant("shop"),
    service: fc.constant("api"),
    wave: fc.nat(2),
    cause: fc.constant("sweep"),
    seen: fc.oneof(
      unseenArbitrary,
      fc.record({
        kind: fc.constant("service" as const),
        controller: fc.constantFrom("ECS", "ECS", "ECS", "CODE_DEPLOY", "EXTERNAL", "SOMETHING"),
        strategy: fc.constantFrom("ROLLING", "BLUE_GREEN"),
        desiredCount: fc.nat(2),
        deploymentCreatedAtMs: fc.option(time, { nil: undefined }),
        unfinished: fc.boolean(),
      }),
    ),
    values: fc.array(
      fc.record({
        key: fc.constantFrom("a", "b"),
        subject: fc.constantFrom("a", "b"),
        move: moveArbitrary,
        announced: fc.boolean(),
        proven: fc.boolean(),
        cause: fc.constant("sweep"),
      }),
      { maxLength: 3 },
    ),
    attempts: fc.option(
      fc.oneof(
        unseenArbitrary,
        fc.array(
          fc.record({
            createdAtMs: time,
            status: fc.constantFrom(
              "SUCCESSFUL",
              "STOPPED",
              "IN_PROGRESS",
              "ROLLBACK_SUCCESSFUL",
              "PENDING",
              "NEW",
            ),
          }),
          { maxLength: 4 },
        ),
      ),
      { nil: undefined },
    ),
    forcedAtMs: fc.option(time, { nil: undefined }),
  });
  const anyCircumstances: fc.Arbitrary<Circumstances> = fc.record({
    nowMs: fc.integer({ min: 0, max: 60 }).map((minutes) => moved + minutes * minute),
    installedAtMs: fc.option(time, { nil: undefined }),
    delaySeconds: fc.integer({ min: 3, max: 60 }),
    limits: fc.record({ minutesBetweenDeployments: fc.option(fc.nat(20), { nil: undefined }) }),
  });

  it("gives one decision of the closed list, with a reason, whatever it is asked", () => {
    fc.assert(
      fc.property(anySituation, anyCircumstances, (asked, around) => {
        const decided = plan(asked, around, freshness);
        return decisions.includes(decided.decision) && decided.reason.length > 0;
      }),
      { numRuns: 2000 },
    );
  });

  it("never recycles over an unfinished deployment, a fresh service, another controller or a change before the installation", () => {
    fc.assert(
      fc.property(anySituation, anyCircumstances, (asked, around) => {
        if (plan(asked, around, freshness).decision !== "recycle") return true;
        const ended = ["SUCCESSFUL", "STOPPED", "ROLLBACK_SUCCESSFUL"];
        assert.equal(asked.seen.kind, "service");
        if (asked.seen.kind !== "service") return false;
        const createdAtMs = asked.seen.deploymentCreatedAtMs ?? NaN;
        assert.equal(asked.seen.controller, "ECS");
        assert.ok(asked.seen.desiredCount > 0);
        assert.ok(asked.attempts === undefined || Array.isArray(asked.attempts));
        const attempts = (asked.attempts ?? []) as readonly ServiceDeployment[];
        assert.ok(attempts.every(({ status }) => ended.includes(status)));
        return asked.values.some(
          ({ move, announced, proven }) =>
            typeof move === "object" &&
            !("kind" in move) &&
            freshness(createdAtMs, move) === "stale" &&
            (around.installedAtMs === undefined ? proven : move.loMs >= around.installedAtMs) &&
            (announced || around.nowMs - move.hiMs >= around.delaySeconds * 1000) &&
            !attempts.some((other) => other.createdAtMs > move.loMs + 2000),
        );
      }),
      { numRuns: 5000 },
    );
  });
});
