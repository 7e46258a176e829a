import type { Mode } from "./coverage";
import { iso, type Decision, type Verdict } from "./facts";
import { decisions, type DecisionName, type VerdictName } from "./plan/decisions";
import type { ValueChange } from "./plan/freshness";

/** CloudWatch namespace of the metrics. */
export const metricNamespace = "EcsSecretRecycler";

/**
 * Metrics besides those named after decisions. Unit: Count. Dimension: `FunctionName`. `doubt`: services recycled although
 * their tasks may already hold the value; `Unconfirmed`: events that no look has confirmed; `TooManyDeployments`: services
 * that `limits.maxDeploymentsPerHour` holds back; `request`: services recycled only because a person asked.
 */
export const otherMetrics = [
  "RotationFailed",
  "InvalidEvents",
  "Ignored",
  "Skipped",
  "Unconfirmed",
  "doubt",
  "TooManyDeployments",
  "request",
] as const;

/**
 * For how many minutes a covered service has been on an old value: the longest of a run, 0 if every checked service is
 * fresh. Changes before the installation do not count.
 */
export const staleMinutesMetric = "StaleMinutes";
/** Tasks of covered services that hold an old value. Dimensions: `FunctionName` and `ClusterName`. */
export const staleTasksMetric = "StaleTasks";
/** From a value's change until every task of a service was proved to hold it. Unit: Seconds. */
export const secretToFreshMetric = "SecretToFreshSeconds";

/** The name of a metric. */
export type MetricName = DecisionName | (typeof otherMetrics)[number];

/** All metrics. */
export const metricNames: readonly MetricName[] = [...decisions, ...otherMetrics];

/** Writes one line to the function's log. */
export type Write = (line: string) => void;

/** What a line of the log that is not a decision is about. */
export type NoteKind = "ignored" | "skipped" | "waiting" | "standalone-tasks";

/** The log of one run: a JSON line for each decision, and some with metrics. Never a secret's value. */
export interface Log {
  /** @param secretToFreshSeconds for a service that was just proved to hold a value that changed */
  decision(decision: Decision, secretToFreshSeconds?: number): void;
  /** Logs what leads to no decision. */
  note(kind: NoteKind, reason: string, fields: Readonly<Record<string, string | number | undefined>>): void;
  count(metric: MetricName): void;
  /** How many tasks of a cluster hold an old value. */
  staleTasks(cluster: string, count: number): void;
  /** Writes the metrics, if any. */
  flush(): void;
}

/** Begins the log of a run. */
export function createLog(write: Write, now: () => number, functionName: string, mode: Mode): Log {
  const counts = new Map<MetricName, number>();
  const clusters = new Map<string, number>();
  const seconds: number[] = [];
  let staleMinutes: number | undefined;
  const line = (fields: object): void => write(`${JSON.stringify(fields)}\n`);
  const count = (metric: MetricName): void => void counts.set(metric, (counts.get(metric) ?? 0) + 1);
  /** CloudWatch embedded metric format: `_aws` stands at the root of a line of its own. */
  const metrics = (
    dimensions: Readonly<Record<string, string>>,
    values: readonly (readonly [name: string, unit: string, value: number | readonly number[]])[],
  ): void => {
    if (values.length === 0) return;
    const Metrics = values.map(([Name, Unit]) => ({ Name, Unit }));
    line({
      _aws: {
        Timestamp: now(),
        CloudWatchMetrics: [{ Namespace: metricNamespace, Dimensions: [Object.keys(dimensions)], Metrics }],
      },
      ...dimensions,
      ...Object.fromEntries(values.map(([name, , value]) => [name, value])),
    });
  };
  return {
    decision(decision, secretToFreshSeconds) {
      count(decision.decision);
      const why = decision.governing?.verdict;
      if (decision.decision === "recycle" && why === "doubt") count("doubt");
      if (decision.decision === "recycle" && why === "requested") count("request");
      if (decision.fuse) count("TooManyDeployments");
      if (secretToFreshSeconds !== undefined) seconds.push(secretToFreshSeconds);
      line({ ...lineOf(decision, mode), secretToFreshSeconds });
      staleMinutes = Math.max(staleMinutes ?? 0, staleMinutesOf(decision, now()));
    },
    note: (kind, reason, fields) => line({ event: kind, reason, ...fields }),
    count,
    staleTasks: (cluster, tasks) => void clusters.set(cluster, tasks),
    flush() {
      metrics({ FunctionName: functionName }, [
        ...[...counts].map(([name, value]) => [name, "Count", value] as const),
        ...(staleMinutes === undefined ? [] : [[staleMinutesMetric, "None", staleMinutes] as const]),
        ...(seconds.length === 0 ? [] : [[secretToFreshMetric, "Seconds", seconds] as const]),
      ]);
      for (const [ClusterName, tasks] of clusters)
        metrics({ FunctionName: functionName, ClusterName }, [[staleTasksMetric, "Count", tasks]]);
      counts.clear();
      clusters.clear();
      seconds.length = 0;
      staleMinutes = undefined;
    },
  };
}

/** For how long the oldest old value has been held, in minutes; 0 where no task holds one. */
function staleMinutesOf({ verdicts }: Decision, nowMs: number): number {
  const since = verdicts.flatMap(({ verdict, staleTasks, change }) =>
    staleTasks > 0 && change && verdict !== "predates-install" ? [change.hiMs] : [],
  );
  return since.length === 0 ? 0 : Math.max(0, Math.round((nowMs - Math.min(...since)) / 6_000) / 10);
}

/** A value in a line of the log. */
export interface VerdictLine {
  readonly subject: string;
  readonly label?: string;
  readonly verdict: VerdictName;
  readonly reason?: string;
  readonly versionId?: string;
  /** When the value changed, if the exact time is known. */
  readonly movedAt?: string;
  /** Otherwise, between which times it changed; `null`: no lower bound. */
  readonly interval?: readonly [string | null, string];
  /** Tasks that read it, and how many of them hold an old value. */
  readonly tasks: number;
  readonly staleTasks: number;
}

/** A decision as logged and as `{ ask: "status" }` returns it. Times are in ISO 8601. */
export interface DecisionLine {
  readonly decision: DecisionName;
  readonly reason: string;
  readonly cluster: string;
  readonly service: string;
  /** The value that decided. */
  readonly subject?: string;
  readonly label?: string;
  readonly movedAt?: string;
  readonly interval?: readonly [string | null, string];
  /** Running tasks, and how many of them hold an old value. */
  readonly tasks?: { readonly running: number; readonly stale: number };
  /** The verdict about each value that the tasks read. */
  readonly values: readonly VerdictLine[];
  readonly deploymentCreatedAt?: string;
  readonly cause: string;
  readonly who?: string;
  readonly mutableImage?: boolean;
  readonly mode: Mode;
}

/** The line of a decision; JSON leaves out unknown fields. */
export function lineOf(decision: Decision, mode: Mode): DecisionLine {
  const { governing, deploymentCreatedAtMs } = decision;
  return {
    decision: decision.decision,
    reason: decision.reason,
    cluster: decision.cluster,
    service: decision.service,
    subject: governing?.subject,
    label: governing?.label,
    ...(governing?.change && timeOf(governing.change)),
    tasks: decision.tasks,
    values: decision.verdicts.map(verdictLine),
    deploymentCreatedAt: deploymentCreatedAtMs === undefined ? undefined : iso(deploymentCreatedAtMs),
    cause: decision.cause,
    who: decision.who,
    mutableImage: decision.mutableImage,
    mode,
  };
}

function verdictLine({ subject, label, verdict, reason, change, tasks, staleTasks }: Verdict): VerdictLine {
  return {
    subject,
    label,
    verdict,
    reason,
    versionId: change?.versionId,
    ...(change && timeOf(change)),
    tasks,
    staleTasks,
  };
}

function timeOf({ loMs, hiMs, proved }: ValueChange): Pick<VerdictLine, "movedAt" | "interval"> {
  if (proved) return { movedAt: iso(hiMs) };
  return { interval: [loMs === undefined ? null : iso(loMs), iso(hiMs)] };
}
