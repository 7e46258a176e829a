import assert from "node:assert/strict";
import type { ServiceDeployment } from "../../../handler/facts";
import { limited } from "../../../handler/plan/limits";
import { deployment, minute, now, run } from "./samples";

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
      assert.deepEqual(limited(deployments, run(around)), expected));
});
