import assert from "node:assert/strict";
import { UpdateServiceCommand } from "@aws-sdk/client-ecs";
import { noFaults } from "../../embedded-aws/aws/eventbridge/faults";
import type { DecisionName } from "../../handler/plan/decisions";
import { plan } from "../../handler/plan/plan";
import {
  drawSchedule,
  type DrawnReference,
  type DrawnService,
  type Schedule,
  type Step,
} from "../../simulation/schedules/draw";
import { changedByEdits, runSchedule, type RunOptions } from "../../simulation/schedules/run";

const seeds = [1, 2, 3, 4];
const secondMs = 1_000;
const minuteMs = 60_000;

describe("drawSchedule", () => {
  const drawn = Array.from({ length: 600 }, (_, seed) => drawSchedule(seed, seed % 2 === 1));
  const kinds = (of: (schedule: Schedule) => readonly unknown[]): unknown[] => [
    ...new Set(drawn.flatMap(of).map((one) => JSON.stringify(one))),
  ];
  const references = ({ services }: Schedule): readonly DrawnReference[] =>
    services.flatMap(({ reads }) => reads.flat());

  it("draws the same schedule for the same seed, and another one for another", () => {
    assert.deepEqual(drawSchedule(1, true), drawSchedule(1, true));
    assert.equal(kinds((schedule) => [{ ...schedule, seed: 0 }]).length, drawn.length);
  });

  it("draws every step, reference, service, limit and fault", () => {
    assert.equal(kinds(({ steps }) => steps.map(({ does }) => does.step)).length, 15);
    assert.equal(kinds((schedule) => references(schedule).map((one) => one.by)).length, 4);
    assert.equal(
      kinds((schedule) =>
        references(schedule).map((one) => ("secret" in one ? one.by !== "parameter-store" && one.label : 0)),
      ).length,
      5,
    );
    assert.equal(kinds(({ services }) => services.map(({ strategy }) => strategy)).length, 2);
    assert.equal(kinds(({ services }) => services.map(({ wave }) => wave)).length, 3);
    assert.equal(
      kinds(({ services }) =>
        services.map(({ covered, deferredCleanUp, pause }) => [covered, deferredCleanUp, !pause]),
      ).length,
      8,
    );
    assert.equal(
      kinds(({ limits }) => Object.entries(limits).map(([name, limit]) => [name, limit !== undefined]))
        .length,
      8,
    );
    assert.equal(kinds(({ outage }) => (outage ? [`${outage.kind} ${outage.operation}`] : [])).length, 12);
    assert.equal(kinds(({ crash }) => (crash ? [`${crash.when} ${crash.operation}`] : [])).length, 8);
  });

  it("draws no fault where none is wanted", () => {
    for (const { faults, delivery, outage, crash, conduct, steps } of drawn)
      if (!faults) {
        assert.deepEqual([delivery, outage, crash, conduct], [noFaults, undefined, undefined, {}]);
        assert.ok(!steps.some(({ does }) => does.step === "lose-memory"));
      }
  });
});

describe("runSchedule", () => {
  for (const faults of [false, true])
    it(`finds every invariant kept in drawn schedules ${faults ? "with" : "without"} faults`, async () => {
      for (const seed of seeds)
        assert.deepEqual((await runSchedule(drawSchedule(seed, faults))).violations, [], `seed ${seed}`);
    });

  it("finds no decision that an edit of a secret changed", async () => {
    for (const seed of seeds) {
      const schedule = drawSchedule(seed, false);
      assert.deepEqual(await changedByEdits(schedule, await runSchedule(schedule)), [], `seed ${seed}`);
    }
  });
});

/** Two services of two waves that read one secret, and one that is not covered. */
function small(steps: readonly Step[], change: Partial<DrawnService> = {}): Schedule {
  const reads = [{ secret: 0, by: "arn" }] as const;
  const service: DrawnService = {
    cluster: 0,
    wave: 0,
    covered: true,
    desiredCount: 2,
    reads: [reads, reads],
    strategy: "ROLLING",
    percent: { minimum: 100, maximum: 200 },
    deferredCleanUp: false,
    ...change,
  };
  return {
    seed: 1,
    faults: false,
    clusters: 1,
    secrets: [{ json: false }],
    parameters: 1,
    services: [service, { ...service, wave: 1 }, { ...service, covered: false }],
    delaySeconds: 15,
    limits: {},
    ecs: {},
    conduct: {},
    delivery: noFaults,
    steps: steps.map((does) => ({ does, thenMs: 30 * secondMs })),
    stepsBeforeInstallation: 0,
  };
}

/** The recycler's plan, with one decision in the place of another. */
function deciding(
  ...instead: readonly (readonly [found: DecisionName, made: DecisionName])[]
): RunOptions["parts"] {
  return {
    plan: (facts, run) => {
      const planned = plan(facts, run);
      if ("need" in planned) return planned;
      const made = instead.find(([found]) => found === planned.decision)?.[1];
      return made === undefined ? planned : { ...planned, decision: made };
    },
  };
}

describe("the invariants", () => {
  const put: Step = { step: "put", secret: 0, broken: false };
  const putBroken: Step = { step: "put", secret: 0, broken: true };
  const forge: Step = { step: "forge", secret: 0 };

  async function broken(parts: RunOptions["parts"], ...steps: readonly Step[]): Promise<string> {
    const { violations } = await runSchedule(small(steps), { convergence: 20 * minuteMs, parts });
    return violations.join("\n");
  }

  it("hold of small schedules", async () => {
    assert.equal(await broken({}, put, put), "");
    assert.equal(await broken({}, put, putBroken, put, forge), "");
  });

  it("see tasks that hold an old value and are not reported", async () => {
    assert.match(
      await broken(deciding(["recycle", "proved"]), put),
      /service-0: lacks .* reported as proved/,
    );
  });

  it("see a service that is reported fresh and is not", async () => {
    assert.match(
      await broken(deciding(["recycle", "fresh"]), put),
      /service-0: reported fresh at \d+, lacks/,
    );
  });

  it("see a deployment that follows no change", async () => {
    assert.match(await broken(deciding(["fresh", "recycle"])), /service-0: forced at \d+ without a change/);
  });

  it("see a deployment over an unfinished one", async () => {
    const paused = small([put], { pause: { minutes: 10, action: "CONTINUE" } });
    const parts = deciding(["waiting-for-person", "recycle"]);
    const { violations } = await runSchedule(paused, { convergence: 20 * minuteMs, parts });

    assert.match(violations.join("\n"), /service-0: forced at \d+ over an unfinished deployment/);
  });

  it("see a deployment of a halted service", async () => {
    assert.match(
      await broken(deciding(["halted", "recycle"]), putBroken),
      /service-0: forced at \d+, halted for/,
    );
  });

  it("see that more than a deployment is asked for", async () => {
    const found = await broken(
      {
        act: async ({ clients }, cluster, service) => {
          await clients.ecs.send(
            new UpdateServiceCommand({ cluster, service, forceNewDeployment: true, desiredCount: 1 }),
          );
          return {};
        },
      },
      put,
    );

    assert.match(found, /service-0: the recycler asked for \{.*"desiredCount":1/);
  });

  it("see that a service is deployed that is not covered", async () => {
    const found = await broken(
      {
        act: async ({ clients }, cluster) => {
          await clients.ecs.send(
            new UpdateServiceCommand({ cluster, service: "service-2", forceNewDeployment: true }),
          );
          return {};
        },
      },
      put,
    );

    assert.match(found, /service-2: the recycler asked for/);
  });

  it("see a later wave that gets a value before the earlier one", async () => {
    assert.match(
      await broken(deciding(["waiting-for-wave", "recycle"]), put),
      /service-1: forced at \d+ with .*, which service-0 lacks/,
    );
  });

  it("see a decision that is unknown without faults", async () => {
    assert.match(await broken(deciding(["fresh", "unknown"])), /service-0: unknown at \d+/);
  });

  it("see a decision that an edit changed", async () => {
    const edited = small([{ step: "edit", secret: 0, what: "tag" }]);
    const outcome = await runSchedule(edited, { parts: deciding(["fresh", "presumed"]) });

    assert.match(
      (await changedByEdits(edited, outcome)).join(),
      /service-0: with edits presumed.*; without fresh/,
    );
  });
});
