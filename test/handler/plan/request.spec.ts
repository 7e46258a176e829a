import assert from "node:assert/strict";
import type { Limits, ServiceFacts } from "../../../handler/facts";
import { plan } from "../../../handler/plan/plan";
import { requestVerdict } from "../../../handler/plan/verdicts";
import type { Request } from "../../../handler/trigger";
import {
  changed,
  decided,
  decisionOf,
  deployment,
  freshService,
  margin,
  minute,
  now,
  reads,
  run,
  service,
  task,
} from "./samples";

const asked = now - minute;
const hour = 60 * minute;

function request(fields: Partial<Request> = {}): Request {
  return {
    kind: "request",
    id: "ticket",
    services: [{ cluster: "shop", service: "api" }],
    past: [],
    atMs: asked,
    who: "AROAEXAMPLE:anna",
    says: "",
    ...fields,
  };
}

/** A fresh service of which a person asks for new tasks. */
function askedService(fields: Partial<ServiceFacts> = {}, of: Partial<Request> = {}): ServiceFacts {
  return freshService({ request: request(of), ...fields });
}

describe("the verdict about a request", () => {
  it("says who asked, when and why, and is a change at that time", () => {
    const verdict = requestVerdict(askedService({}, { says: "anna: certificate" }), run());

    assert.deepEqual(verdict, {
      id: "request",
      key: "request",
      subject: "request ticket",
      verdict: "requested",
      reason:
        "2 of 2 tasks were created before AROAEXAMPLE:anna asked for new ones at 2026-02-05T19:59:00.000Z (anna: certificate)",
      change: { loMs: asked, hiMs: asked, proved: true, doubt: false, who: "AROAEXAMPLE:anna" },
      tasks: 2,
      staleTasks: 0,
    });
  });

  it("says nothing of a reason where there is none, and names an unknown sender so", () => {
    const verdict = requestVerdict(askedService({}, { who: undefined }), run());

    assert.match(verdict?.reason ?? "", /before unknown asked for new ones at 2026-02-05T19:59:00.000Z$/);
  });

  it("counts the tasks that are older by the margin", () => {
    const tasks = [task(asked + margin), task(asked + margin + 1)];

    assert.match(requestVerdict(askedService({ tasks }), run())?.reason ?? "", /^1 of 2 tasks/);
  });

  const none: [string, ServiceFacts, Parameters<typeof run>[0]][] = [
    ["nobody asked", freshService(), {}],
    ["every task is younger", askedService({ tasks: [task(asked + margin + 1)] }), {}],
    [
      "the tasks are not known",
      askedService({ tasks: { kind: "unseen", code: "denied", reason: "no" } }),
      {},
    ],
    [
      "it is older than an hour",
      askedService({ tasks: [task(now - 2 * hour)] }, { atMs: now - hour - 1 }),
      {},
    ],
  ];
  for (const [when, facts, around] of none)
    it(`is none when ${when}`, () => assert.equal(requestVerdict(facts, run(around)), undefined));

  it("stands for a whole hour", () =>
    assert.ok(requestVerdict(askedService({ tasks: [task(now - 2 * hour)] }, { atMs: now - hour }), run())));
});

describe("plan, of a request", () => {
  it("recycles a fresh service, and counts no task as stale", () => {
    const decision = decisionOf(plan(askedService(), run()));

    assert.deepEqual(
      [decision.decision, decision.governing?.id, decision.who, decision.tasks],
      ["recycle", "request", "AROAEXAMPLE:anna", { running: 2, stale: 0 }],
    );
  });

  it("counts the tasks that a value makes stale beside it", () => {
    const decision = decisionOf(plan(service({ request: request() }), run()));

    assert.deepEqual([decision.governing?.id, decision.tasks], ["db", { running: 2, stale: 2 }]);
  });

  it("is done by a deployment after it, and leaves old tasks to ECS", () => {
    const facts = askedService({
      described: true,
      deployments: [{ ...deployment(0, "SUCCESSFUL"), createdAtMs: asked + margin + 1 }],
    });

    assert.equal(decisionOf(plan(facts, run())).decision, "recycle");
    const replaced = {
      ...facts,
      seen: { ...facts.seen, primary: { id: "new", createdAtMs: asked + minute } },
    };
    assert.equal(decisionOf(plan(replaced as ServiceFacts, run())).decision, "replacing");
  });

  it("lifts a halt by a deployment before it, and not by one after it", () => {
    const failedAt = (createdAtMs: number) => [{ ...deployment(0, "ROLLBACK_SUCCESSFUL"), createdAtMs }];
    const stale = { request: request() };

    const before = decisionOf(plan(service({ ...stale, deployments: failedAt(asked - 1) }), run()));
    const after = decisionOf(plan(service({ ...stale, deployments: failedAt(asked + 1) }), run()));

    assert.deepEqual([before.decision, after.decision], ["recycle", "halted"]);
  });

  const held: [keyof Limits, Limits, ServiceFacts["deployments"], Parameters<typeof run>[0]][] = [
    ["minutesBetweenDeployments", { minutesBetweenDeployments: 30 }, [deployment(0, "SUCCESSFUL")], {}],
    ["maxConcurrentDeployments", { maxConcurrentDeployments: 1 }, [], { inProgress: 1 }],
    ["maxDeploymentsPerHour", { maxDeploymentsPerHour: 1 }, [], {}],
  ];
  for (const [name, limits, deployments, around] of held)
    it(`passes ${name} only where it says so`, () => {
      const decide = (past: readonly string[]) =>
        decisionOf(
          plan(
            askedService({ deployments, forcesMs: [now - 2 * minute] }, { past }),
            run({ ...around, limits }),
          ),
        ).decision;

      assert.notEqual(decide([]), "recycle");
      assert.notEqual(decide(["bakeTime"]), "recycle");
      assert.equal(decide(["limits"]), "recycle");
    });

  it("passes the bake time only where it says so", () => {
    const first = freshService({
      service: "first",
      deployments: [{ ...deployment(1, "SUCCESSFUL"), finishedAtMs: now - minute }],
    });
    const around = {
      limits: { bakeTimeInMinutes: 10 },
      earlier: [decided(first, "fresh")],
    };
    const decide = (past: readonly string[]) =>
      decisionOf(plan(service({ wave: 1, request: request({ past }), reads: [reads()] }), run(around)))
        .decision;

    assert.equal(decide([]), "waiting-for-wave");
    assert.equal(decide(["limits"]), "waiting-for-wave");
    assert.equal(decide(["bakeTime"]), "recycle");
  });

  it("keeps overtakeAfterMinutes, whatever it passes", () => {
    const facts = service({
      request: request({ past: ["limits", "bakeTime"] }),
      deployments: [deployment(-20, "IN_PROGRESS")],
    });

    const decision = decisionOf(plan(facts, run({ limits: { overtakeAfterMinutes: 10 } })));

    assert.equal(decision.decision, "recycle");
    assert.match(decision.reason, /overtakeAfterMinutes/);
  });
});

describe("plan, of maxDeploymentsPerHour", () => {
  const limits = { maxDeploymentsPerHour: 1 };

  it("says that it is the fuse, and that another limit is not", () => {
    const facts = service({ forcesMs: [now - 20 * minute] });
    const cooling = service({ deployments: [deployment(-1, "SUCCESSFUL")] });

    const fused = decisionOf(plan(facts, run({ limits })));
    const limited = decisionOf(plan(cooling, run({ limits: { minutesBetweenDeployments: 30 } })));

    assert.deepEqual([fused.decision, fused.fuse], ["cooling-down", true]);
    assert.deepEqual([limited.decision, limited.fuse], ["cooling-down", undefined]);
  });

  it("holds back what would overtake a deployment, too", () => {
    const facts = service({
      forcesMs: [now - 20 * minute],
      deployments: [deployment(-20, "IN_PROGRESS")],
    });
    const both = { ...limits, overtakeAfterMinutes: 10 };

    const decision = decisionOf(plan(facts, run({ limits: both })));

    assert.deepEqual([decision.decision, decision.fuse], ["cooling-down", true]);
    const open = { ...both, maxDeploymentsPerHour: 2 };
    assert.equal(decisionOf(plan(facts, run({ limits: open }))).decision, "recycle");
  });

  it("asks a young container for the deployments of the whole hour", () => {
    const facts = service({ deployments: undefined });
    const need = (rememberedSinceMs: number): unknown => {
      const result = plan(facts, run({ limits, rememberedSinceMs }));
      return "need" in result && result.need === "deployments" ? result.sinceMs : undefined;
    };

    assert.equal(need(now - minute), Math.min(now - hour, changed - 60 * minute) - minute);
    assert.equal(need(now - 2 * hour), changed - 60 * minute - minute);
  });
});
