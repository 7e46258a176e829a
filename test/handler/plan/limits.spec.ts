import assert from "node:assert/strict";
import type { ServiceDeployment } from "../../../handler/facts";
import { fuse, fuseSinceMs, limited } from "../../../handler/plan/limits";
import { deployment, minute, now, run, service } from "./samples";

/** A deployment so many milliseconds before now. */
function before(ms: number): ServiceDeployment {
  return { ...deployment(0, "SUCCESSFUL"), createdAtMs: now - ms };
}

const cooling = {
  decision: "cooling-down",
  reason: "the newest deployment is younger than 10 minutes (minutesBetweenDeployments)",
};
const full = {
  decision: "at-capacity",
  reason: "3 covered services already have a deployment in progress (maxConcurrentDeployments)",
};

describe("limited", () => {
  const rows: [string, readonly ServiceDeployment[], Parameters<typeof run>[0], object | undefined][] = [
    ["no limit", [before(0)], { inProgress: 100 }, undefined],
    ["no deployment", [], { limits: { minutesBetweenDeployments: 10 } }, undefined],
    [
      "a deployment younger than the limit",
      [before(10 * minute - 1)],
      { limits: { minutesBetweenDeployments: 10 } },
      cooling,
    ],
    [
      "a deployment as old as the limit",
      [before(10 * minute)],
      { limits: { minutesBetweenDeployments: 10 } },
      undefined,
    ],
    [
      "the newest deployment younger than the limit",
      [before(20 * minute), before(minute), before(30 * minute)],
      { limits: { minutesBetweenDeployments: 10 } },
      cooling,
    ],
    [
      "as many deployments in progress as the limit",
      [],
      { limits: { maxConcurrentDeployments: 3 }, inProgress: 3 },
      full,
    ],
    [
      "more deployments in progress than the limit",
      [],
      { limits: { maxConcurrentDeployments: 3 }, inProgress: 4 },
      full,
    ],
    [
      "fewer deployments in progress than the limit",
      [],
      { limits: { maxConcurrentDeployments: 3 }, inProgress: 2 },
      undefined,
    ],
    [
      "both limits",
      [before(minute)],
      { limits: { minutesBetweenDeployments: 10, maxConcurrentDeployments: 3 }, inProgress: 3 },
      cooling,
    ],
  ];
  for (const [condition, deployments, around, expected] of rows)
    it(`${expected ? "holds back" : "lets go"}: ${condition}`, () =>
      assert.deepEqual(limited(service(), deployments, run(around)), expected));
});

describe("fuse", () => {
  const limits = { maxDeploymentsPerHour: 2 };
  const hour = 60 * minute;
  const held = (count: number): object => ({
    decision: "cooling-down",
    reason: `the service had ${count} deployments in the last hour; the recycler forces at most 2 (maxDeploymentsPerHour)`,
    fuse: true,
  });
  const rows: [
    string,
    readonly number[],
    readonly ServiceDeployment[],
    Parameters<typeof run>[0],
    object | undefined,
  ][] = [
    ["no limit", [1, 2, 3], [], {}, undefined],
    ["a limit of 0", [1, 2, 3], [], { limits: { maxDeploymentsPerHour: 0 } }, undefined],
    ["fewer forces than the limit", [minute], [], { limits }, undefined],
    ["as many forces as the limit", [minute, hour - 1], [], { limits }, held(2)],
    ["one of the forces an hour ago", [minute, hour], [], { limits }, undefined],
    ["deployments by others", [minute], [before(minute), before(2 * minute)], { limits }, undefined],
    [
      "deployments that an earlier container may have forced",
      [minute],
      [before(minute), before(2 * minute)],
      { limits, rememberedSinceMs: now - 90_000 },
      held(2),
    ],
    [
      "a deployment an hour ago, before this container",
      [minute],
      [before(hour)],
      { limits, rememberedSinceMs: now - 90_000 },
      undefined,
    ],
  ];
  for (const [condition, forces, deployments, around, expected] of rows)
    it(`${expected ? "holds back" : "lets go"}: ${condition}`, () => {
      const forcesMs = forces.map((ms) => now - ms);
      assert.deepEqual(fuse(service({ forcesMs }), deployments, run(around)), expected);
    });

  it("needs the deployments of the last hour only from a container that is younger", () => {
    assert.equal(fuseSinceMs(run({ limits })), Infinity);
    assert.equal(fuseSinceMs(run({ limits, rememberedSinceMs: now - minute })), now - hour);
    assert.equal(fuseSinceMs(run({ rememberedSinceMs: now - minute })), Infinity);
  });
});
