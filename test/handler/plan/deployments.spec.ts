import assert from "node:assert/strict";
import type { ServiceDeployment } from "../../../handler/facts";
import {
  failedAfter,
  failedStatuses,
  hasEnded,
  newest,
  running,
  succeededAfter,
} from "../../../handler/plan/deployments";
import { changed, deployment, minute } from "./samples";

describe("hasEnded", () => {
  const rows: [string, boolean, boolean][] = [
    ["PENDING", false, false],
    ["IN_PROGRESS", false, false],
    ["STOP_REQUESTED", false, false],
    ["ROLLBACK_REQUESTED", false, false],
    ["ROLLBACK_IN_PROGRESS", false, false],
    ["a status that is not known", false, false],
    ["SUCCESSFUL", true, false],
    ["STOPPED", true, true],
    ["ROLLBACK_SUCCESSFUL", true, true],
    ["ROLLBACK_FAILED", true, true],
  ];
  for (const [status, ended, failed] of rows)
    it(`is ${ended} of ${status}, which ${failed ? "is" : "is not"} a failure`, () => {
      assert.equal(hasEnded(deployment(0, status)), ended);
      assert.equal(failedStatuses.includes(status), failed);
    });
});

describe("newest", () => {
  it("is the one created last, wherever it stands", () => {
    const [a, b, c] = [deployment(1, "A"), deployment(3, "B"), deployment(2, "C")];

    assert.equal(newest([a, b, c]), b);
    assert.equal(newest([b, c, a]), b);
  });

  it("is none of none", () => assert.equal(newest([]), undefined));
});

describe("running", () => {
  it("is the newest that has not ended", () => {
    const current = deployment(2, "IN_PROGRESS");

    const found = running([deployment(1, "PENDING"), current, deployment(3, "SUCCESSFUL")]);

    assert.equal(found, current);
  });

  it("is none where all have ended", () => {
    assert.equal(running([deployment(1, "SUCCESSFUL"), deployment(2, "STOPPED")]), undefined);
  });
});

describe("succeededAfter", () => {
  const rows: [string, readonly ServiceDeployment[], boolean][] = [
    ["a success after", [deployment(1, "STOPPED"), deployment(1, "SUCCESSFUL")], true],
    ["a success at that time", [deployment(0, "SUCCESSFUL")], false],
    ["a success before", [deployment(-1, "SUCCESSFUL")], false],
    ["a failure after", [deployment(1, "ROLLBACK_SUCCESSFUL")], false],
    ["nothing", [], false],
  ];
  for (const [condition, deployments, expected] of rows)
    it(`is ${expected}: ${condition}`, () => assert.equal(succeededAfter(deployments, changed), expected));
});

describe("failedAfter", () => {
  function stopped(minutes: number, finishedAfterMs?: number): ServiceDeployment {
    const finishedAtMs = finishedAfterMs === undefined ? undefined : changed + finishedAfterMs;
    return deployment(minutes, "STOPPED", { finishedAtMs });
  }
  const rolledBack = deployment(1, "ROLLBACK_SUCCESSFUL", { finishedAtMs: changed + 2 * minute });
  const next = deployment(2, "SUCCESSFUL");

  /** Condition, deployments, indices of those that failed. */
  const rows: [string, readonly ServiceDeployment[], readonly number[]][] = [
    ["nothing", [], []],
    ["a failure after", [deployment(1, "ROLLBACK_FAILED")], [0]],
    ["a failure at that time", [deployment(0, "ROLLBACK_FAILED")], []],
    ["a failure before", [deployment(-1, "ROLLBACK_FAILED")], []],
    ["a success and one in progress after", [next, deployment(1, "IN_PROGRESS")], []],
    ["two failures after, the newest first", [rolledBack, next, deployment(3, "ROLLBACK_FAILED")], [2, 0]],
    ["two failures after in their order", [deployment(3, "ROLLBACK_FAILED"), rolledBack], [0, 1]],
    ["a rollback, and a newer deployment at its end", [rolledBack, next], [0]],
    ["one stopped by a person", [stopped(1, 2 * minute)], [0]],
    ["one stopped by a person, and an older one", [deployment(0.5, "SUCCESSFUL"), stopped(1, minute)], [1]],
    ["one stopped when a newer one began", [stopped(1, 2 * minute), next], []],
    ["one stopped after a newer one began", [stopped(1, 5 * minute), next], []],
    ["one whose stop was recorded a minute earlier", [stopped(1, minute), next], []],
    ["one stopped by a person, and a newer one later", [stopped(1, minute - 1), next], [0]],
    ["one stopped at a time that is not told, and a newer one", [stopped(1), next], []],
    ["one stopped at a time that is not told", [stopped(1)], [0]],
    ["two of one time, one of them stopped", [stopped(1, minute), deployment(1, "SUCCESSFUL")], [0]],
  ];
  for (const [condition, deployments, indices] of rows)
    it(`is ${indices.length === 0 ? "none" : `those at ${indices.join(", ")}`}: ${condition}`, () =>
      assert.deepEqual(
        failedAfter(deployments, changed),
        indices.map((index) => deployments[index]),
      ));
});
