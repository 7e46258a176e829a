import type { Mode } from "./coverage";
import { decisions, iso, type Decision, type DecisionName } from "./decision";

/** CloudWatch namespace of the metrics. Their one dimension is `FunctionName`. */
export const metricNamespace = "EcsSecretRecycler";

/** Metrics beside the decisions, whose names are metrics too. Unit: Count. */
export const otherMetrics = ["RotationFailed", "InvalidEvents", "Ignored", "Skipped"] as const;

/**
 * For how many minutes the value that some covered service does not have yet has been current: the longest of a run,
 * 0 when every service that was looked at is fresh. A value that moved before the installation does not count.
 */
export const staleMinutesMetric = "StaleMinutes";

/** Decisions about a service whose tasks, or some of them, still hold an old value. */
const staleDecisions: readonly DecisionName[] = [
  "recycle",
  "rolling-out",
  "blocked",
  "settling",
  "halted",
  "waiting-for-wave",
  "at-capacity",
  "cooling-down",
  "frozen",
  "deferred",
];

/** The name of a metric. */
export type MetricName = DecisionName | (typeof otherMetrics)[number];

/** Every metric there is. */
export const metricNames: readonly MetricName[] = [...decisions, ...otherMetrics];

/** Writes one line to the function's log. */
export type Write = (line: string) => void;

/** The log of one run: a JSON line for each decision, and one of metrics. Never a value. */
export interface Log {
  decision(decision: Decision): void;
  /** A message that leads to no decision. */
  note(kind: "ignored" | "skipped", reason: string, fields: Readonly<Record<string, string>>): void;
  count(metric: MetricName): void;
  /** Writes what was counted; nothing, when nothing was. */
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
        ...(staleMinutes === undefined ? {} : { [staleMinutesMetric]: staleMinutes }),
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

/** A decision as it is logged, and as `{ ask: "status" }` answers it. Times are ISO 8601. */
export interface DecisionLine {
  readonly decision: DecisionName;
  readonly reason: string;
  readonly cluster: string;
  readonly service: string;
  readonly subject?: string;
  readonly label?: string;
  /** When the value moved, where that is a point. */
  readonly movedAt?: string;
  /** Between which times it moved, where it is none; `null`: since ever. */
  readonly interval?: readonly [string | null, string];
  readonly deploymentCreatedAt?: string;
  readonly cause: string;
  readonly who?: string;
  readonly mutableImage?: boolean;
  readonly mode: Mode;
}

/** The line of a decision; fields that are not known are left out. */
export function lineOf(decision: Decision, mode: Mode): DecisionLine {
  const { move, deploymentCreatedAtMs, subject, label, who, mutableImage } = decision;
  return {
    decision: decision.decision,
    reason: decision.reason,
    cluster: decision.cluster,
    service: decision.service,
    ...(subject === undefined ? {} : { subject }),
    ...(label === undefined ? {} : { label }),
    ...(move === undefined
      ? {}
      : move.loMs === move.hiMs
        ? { movedAt: iso(move.loMs) }
        : { interval: [move.loMs === 0 ? null : iso(move.loMs), iso(move.hiMs)] as const }),
    ...(deploymentCreatedAtMs === undefined ? {} : { deploymentCreatedAt: iso(deploymentCreatedAtMs) }),
    cause: decision.cause,
    ...(who === undefined ? {} : { who }),
    ...(mutableImage === undefined ? {} : { mutableImage }),
    mode,
  };
}
