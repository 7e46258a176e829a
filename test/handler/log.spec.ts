import assert from "node:assert/strict";
import type { Decision, DecisionName } from "../../handler/decision";
import { createLog, staleMinutesMetric } from "../../handler/log";

const nowMs = Date.UTC(2026, 1, 10, 12);

/** A decision about a value that moved so many minutes ago. */
function decided(decision: DecisionName, minutesAgo: number): Decision {
  const movedMs = nowMs - minutesAgo * 60_000;
  return {
    decision,
    reason: "because",
    cluster: "shop",
    service: "web",
    wave: 0,
    move: { loMs: movedMs, hiMs: movedMs },
    cause: "sweep",
  };
}

/** The line of metrics that a run with these decisions writes. */
function metricsOf(...decisions: Decision[]): Record<string, unknown> {
  const lines: string[] = [];
  const log = createLog(
    (line) => lines.push(line),
    () => nowMs,
    "recycler",
    "recycle",
  );
  for (const decision of decisions) log.decision(decision);
  log.flush();
  return JSON.parse(lines.at(-1) ?? "{}") as Record<string, unknown>;
}

describe("the metric StaleMinutes", () => {
  it("is the longest time for which a service has not had a value", () => {
    const metrics = metricsOf(decided("halted", 42), decided("rolling-out", 7), decided("fresh", 600));

    assert.equal(metrics[staleMinutesMetric], 42);
    assert.ok(JSON.stringify(metrics._aws).includes(`{"Name":"${staleMinutesMetric}","Unit":"None"}`));
  });

  it("is 0 when everything that was looked at is fresh, so that an alarm ends", () => {
    assert.equal(metricsOf(decided("fresh", 600))[staleMinutesMetric], 0);
  });

  it("does not count a value that moved before the installation", () => {
    assert.equal(metricsOf(decided("predates-install", 600))[staleMinutesMetric], 0);
  });
});
