import assert from "node:assert/strict";
import type { Decision } from "../../handler/facts";
import type { DecisionName } from "../../handler/plan/decisions";
import {
  createLog,
  secretToFreshMetric,
  staleMinutesMetric,
  staleTasksMetric,
  type Log,
} from "../../handler/log";

const nowMs = Date.UTC(2026, 1, 10, 12);

/** A decision about a value that changed so many minutes ago, and about which tasks hold the old one. */
function decided(decision: DecisionName, minutesAgo: number, staleTasks = 1): Decision {
  const changedMs = nowMs - minutesAgo * 60_000;
  const verdict = {
    id: "db",
    key: "db",
    subject: "db",
    verdict: decision,
    change: { loMs: changedMs, hiMs: changedMs, proved: true, doubt: false },
    tasks: 2,
    staleTasks,
  };
  return {
    decision,
    reason: "because",
    cluster: "shop",
    service: "web",
    wave: 0,
    governing: verdict,
    verdicts: [verdict],
    cause: "sweep",
  };
}

/** The lines that a run writes. */
function linesOf(run: (log: Log) => void): Record<string, unknown>[] {
  const lines: string[] = [];
  const log = createLog(
    (line) => lines.push(line),
    () => nowMs,
    "recycler",
    "recycle",
  );
  run(log);
  log.flush();
  return lines.map((line) => JSON.parse(line) as Record<string, unknown>);
}

/** The line of metrics that a run with these decisions writes. */
function metricsOf(...decisions: Decision[]): Record<string, unknown> {
  return linesOf((log) => decisions.forEach((decision) => log.decision(decision))).at(-1) ?? {};
}

describe("the metric StaleMinutes", () => {
  it("is the longest time for which a service has not had a value", () => {
    const metrics = metricsOf(decided("halted", 42), decided("rolling-out", 7), decided("fresh", 600, 0));

    assert.equal(metrics[staleMinutesMetric], 42);
    assert.ok(JSON.stringify(metrics._aws).includes(`{"Name":"${staleMinutesMetric}","Unit":"None"}`));
  });

  it("is 0 when everything that was looked at is fresh, so that an alarm ends", () => {
    assert.equal(metricsOf(decided("fresh", 600, 0))[staleMinutesMetric], 0);
  });

  it("does not count a value that moved before the installation", () => {
    assert.equal(metricsOf(decided("predates-install", 600))[staleMinutesMetric], 0);
  });
});

describe("the other metrics", () => {
  it("counts a service that is recycled in doubt", () => {
    const decision = decided("recycle", 1);
    const inDoubt = { ...decision, governing: { ...decision.governing!, verdict: "doubt" as const } };

    assert.equal(metricsOf(inDoubt)["doubt"], 1);
    assert.equal(metricsOf(decision)["doubt"], undefined);
  });

  it("gives the stale tasks of each cluster a line and a dimension of their own", () => {
    const lines = linesOf((log) => {
      log.staleTasks("shop", 3);
      log.staleTasks("warehouse", 0);
    });

    assert.deepEqual(
      lines.map((line) => [
        line["ClusterName"],
        line[staleTasksMetric],
        JSON.stringify(line).includes('[["FunctionName","ClusterName"]]'),
      ]),
      [
        ["shop", 3, true],
        ["warehouse", 0, true],
      ],
    );
  });

  it("gives every time from change to proof", () => {
    const lines = linesOf((log) => {
      log.decision(decided("proved", 1, 0), 41.5);
      log.decision(decided("proved", 1, 0), 7);
    });

    assert.deepEqual(lines.at(-1)?.[secretToFreshMetric], [41.5, 7]);
    assert.equal(lines[0]?.["secretToFreshSeconds"], 41.5);
  });

  it("writes nothing for a run without decisions", () => {
    assert.deepEqual(
      linesOf(() => undefined),
      [],
    );
  });
});
