import type { Mode } from "./coverage";
import { decisions, iso, type Decision, type DecisionName } from "./decision";
import type { Interval } from "./freshness";

/** CloudWatch namespace of the metrics. Their one dimension is `FunctionName`. */
export const metricNamespace = "EcsSecretRecycler";

/** Metrics besides those named after decisions. Unit: Count. */
export const otherMetrics = ["RotationFailed", "InvalidEvents", "Ignored", "Skipped"] as const;

/**
 * For how many minutes a covered service has been on an old value: the longest of a run, 0 if every checked service is
 * fresh. Changes before the installation do not count.
 */
export const staleMinutesMetric = "StaleMinutes";

/** Decisions about a service with tasks that still use an old value. */
const staleDecisions: readonly DecisionName[] = [
  "recycle",
  "rolling-out",
  "blocked",
  "settling",
  "halted",
  "waiting-for-wave",
  "at-capacity",
  "cooling-down",
  "deferred",
];

/** The name of a metric. */
export type MetricName = DecisionName | (typeof otherMetrics)[number];

/** All metrics. */
export const metricNames: readonly MetricName[] = [...decisions, ...otherMetrics];

/** Writes one line to the function's log. */
export type Write = (line: string) => void;

/** The log of one run: a JSON line for each decision, and one with metrics. Never a secret's value. */
export interface Log {
  decision(decision: Decision): void;
  /** Logs a message that leads to no decision. */
  note(
    kind: "ignored" | "skipped",
    reason: string,
    fields: Readonly<Record<string, string | undefined>>,
  ): void;
  count(metric: MetricName): void;
  /** Writes the counted metrics, if any. */
  flush(): void;
}

/** Begins the log of a run. */
export function createLog(write: Write, now: () => number, functionName: string, mode: Mode): Log {
  const counts = new Map<MetricName, number>();
  let staleMinutes: number | undefined;
  const line = (fields: object): void => write(`${JSON.stringify(fields)}\n`);
  const count = (metric: MetricName): void => void counts.set(metric, (counts.get(metric) ?? 0) + 1);
  return {
    decision(decision) {
      count(decision.decision);
      line(lineOf(decision, mode));
      staleMinutes = Math.max(staleMinutes ?? 0, staleMinutesOf(decision, now()));
    },
    note: (kind, reason, fields) => line({ event: kind, reason, ...fields }),
    count,
    flush() {
      if (counts.size === 0) return;
      // CloudWatch embedded metric format: `_aws` stands at the root of a line of its own.
      line({
        _aws: {
          Timestamp: now(),
          CloudWatchMetrics: [
            {
              Namespace: metricNamespace,
              Dimensions: [["FunctionName"]],
              Metrics: [
                ...[...counts.keys()].map((Name) => ({ Name, Unit: "Count" })),
                ...(staleMinutes === undefined ? [] : [{ Name: staleMinutesMetric, Unit: "None" }]),
              ],
            },
          ],
        },
        FunctionName: functionName,
        ...Object.fromEntries(counts),
        [staleMinutesMetric]: staleMinutes,
      });
      counts.clear();
      staleMinutes = undefined;
    },
  };
}

function staleMinutesOf({ decision, move }: Decision, nowMs: number): number {
  if (move === undefined || !staleDecisions.includes(decision)) return 0;
  return Math.max(0, Math.round((nowMs - move.hiMs) / 6_000) / 10);
}

/** A decision as logged and as `{ ask: "status" }` returns it. Times are in ISO 8601. */
export interface DecisionLine {
  readonly decision: DecisionName;
  readonly reason: string;
  readonly cluster: string;
  readonly service: string;
  readonly subject?: string;
  readonly label?: string;
  /** When the value changed, if the exact time is known. */
  readonly movedAt?: string;
  /** Otherwise, between which times it changed; `null`: no lower bound. */
  readonly interval?: readonly [string | null, string];
  readonly deploymentCreatedAt?: string;
  readonly cause: string;
  readonly who?: string;
  readonly mutableImage?: boolean;
  readonly mode: Mode;
}

/** The line of a decision; JSON leaves out unknown fields. */
export function lineOf(decision: Decision, mode: Mode): DecisionLine {
  const { move, deploymentCreatedAtMs, subject, label, who, mutableImage } = decision;
  const isPoint = move !== undefined && move.loMs === move.hiMs;
  return {
    decision: decision.decision,
    reason: decision.reason,
    cluster: decision.cluster,
    service: decision.service,
    subject,
    label,
    movedAt: isPoint ? iso(move.loMs) : undefined,
    interval: move && !isPoint ? intervalLine(move) : undefined,
    deploymentCreatedAt: deploymentCreatedAtMs === undefined ? undefined : iso(deploymentCreatedAtMs),
    cause: decision.cause,
    who,
    mutableImage,
    mode,
  };
}

/** An interval in ISO 8601. */
export function intervalLine({ loMs, hiMs }: Interval): readonly [string | null, string] {
  return [loMs === 0 ? null : iso(loMs), iso(hiMs)];
}
