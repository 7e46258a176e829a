/** The verdict about each value of a service, from its tasks alone. Pure. */
import {
  decisionOfFailure,
  iso,
  isUnseen,
  type ReadFacts,
  type RunFacts,
  type ServiceFacts,
  type TaskFacts,
  type Verdict,
} from "../facts";
import { isOld, marginOf, needsDates, predates, taskFreshness, type ValueChange } from "./freshness";

/** Tasks of the service that read the value. */
export function readersOf(tasks: readonly TaskFacts[], { definitions }: ReadFacts): readonly TaskFacts[] {
  return definitions ? tasks.filter(({ definition }) => definitions.includes(definition)) : tasks;
}

/** The values whose versions' dates are needed to judge the service's tasks. */
export function undated({ tasks, reads }: ServiceFacts, run: RunFacts): string[] {
  if (isUnseen(tasks)) return [];
  const marginMs = marginOf(run.delaySeconds);
  return reads.flatMap((read) => {
    const change = run.values.get(read.id)?.change;
    if (change === undefined || isUnseen(change)) return [];
    const needed = readersOf(tasks, read).some(({ createdAtMs }) =>
      needsDates(createdAtMs, change, marginMs),
    );
    return needed ? [read.id] : [];
  });
}

/** The verdict about a value by the service's tasks; undefined for one that was never looked at. */
export function verdictOf(service: ServiceFacts, read: ReadFacts, run: RunFacts): Verdict | undefined {
  const { id, key, subject, label, problem } = read;
  const readers = isUnseen(service.tasks) ? [] : readersOf(service.tasks, read);
  const about = { id, key, subject, label, tasks: readers.length, staleTasks: 0 };
  if (problem !== undefined) return { ...about, verdict: "unsupported", reason: problem };
  const change = run.values.get(id)?.change;
  if (change === undefined) return undefined;
  if (isUnseen(change)) return { ...about, verdict: decisionOfFailure(change.code), reason: change.reason };
  return { ...about, change, ...byTasks(readers, change, run) };
}

/** Names the verdict about a request among those about values. */
export const requestId = "request";
/** For how long a request may wait, in milliseconds: later a restart would come as a surprise. */
const requestMs = 60 * 60_000;

/** The verdict about a request: its tasks were created before it. Undefined when none was, or without a request. */
export function requestVerdict(
  { tasks, request }: ServiceFacts,
  { delaySeconds, nowMs }: RunFacts,
): Verdict | undefined {
  if (request === undefined || isUnseen(tasks) || nowMs - request.atMs > requestMs) return undefined;
  const { atMs, id, who = "unknown", says } = request;
  const change = { loMs: atMs, hiMs: atMs, proved: true, doubt: false, who };
  const old = tasks.filter(({ createdAtMs }) => isOld(createdAtMs, change, marginOf(delaySeconds))).length;
  if (old === 0) return undefined;
  return {
    id: requestId,
    key: requestId,
    subject: `${requestId} ${id}`,
    verdict: "requested",
    reason: `${old} of ${tasks.length} tasks were created before ${who} asked for new ones at ${iso(atMs)}${says && ` (${says})`}`,
    change,
    tasks: tasks.length,
    staleTasks: 0,
  };
}

/** What the tasks that read a value say about it. */
export function byTasks(
  tasks: readonly TaskFacts[],
  change: ValueChange,
  { delaySeconds, installedAtMs }: RunFacts,
): Pick<Verdict, "verdict" | "reason" | "staleTasks"> {
  if (!Number.isFinite(change.hiMs))
    return { verdict: "unknown", staleTasks: 0, reason: "AWS returned no date of the value's last change" };
  const each = tasks.map(({ createdAtMs }) => taskFreshness(createdAtMs, change, marginOf(delaySeconds)));
  const stale = each.filter((one) => one === "stale").length;
  const staleTasks = stale + each.filter((one) => one === "doubt").length;
  const reason = `${staleTasks} of ${tasks.length} tasks were created before the value changed ${span(change)}`;
  if (staleTasks > 0) {
    if (installedAtMs === undefined && !change.proved)
      return {
        verdict: "deferred",
        staleTasks,
        reason:
          "cannot tell whether the value changed before the installation: the queue's creation time is missing",
      };
    if (predates(change, installedAtMs ?? 0))
      return {
        verdict: "predates-install",
        staleTasks,
        reason:
          "the value changed before the recycler was installed; the recycler acts only on later changes",
      };
    return stale > 0
      ? { verdict: "stale", staleTasks, reason }
      : {
          verdict: "doubt",
          staleTasks,
          reason: `${staleTasks} of ${tasks.length} tasks were created while the value changed, ${span(change)}`,
        };
  }
  if (each.includes("presumed"))
    return {
      verdict: "presumed",
      staleTasks,
      reason: `no event proved when the value changed, ${span(change)}; every task is younger than its version`,
    };
  return { verdict: "fresh", staleTasks };
}

/** When a value changed, as words. */
export function span({ loMs = 0, hiMs }: ValueChange): string {
  if (loMs === hiMs) return `at ${iso(hiMs)}`;
  return loMs === 0 ? `no later than ${iso(hiMs)}` : `between ${iso(loMs)} and ${iso(hiMs)}`;
}

/** A verdict that a new deployment would mend. */
export type Actionable = Verdict & {
  readonly verdict: "stale" | "doubt" | "requested";
  readonly reason: string;
  readonly change: ValueChange;
};

/** True for a verdict that a new deployment would mend. */
export function isActionable(verdict: Pick<Verdict, "verdict">): verdict is Actionable {
  return ["stale", "doubt", "requested"].includes(verdict.verdict);
}

/** The tasks that hold an old value, or may. */
export function oldTasks(
  tasks: readonly TaskFacts[],
  reads: readonly ReadFacts[],
  { id, change }: Verdict,
  marginMs: number,
): readonly TaskFacts[] {
  if (change === undefined) return [];
  const readers =
    id === requestId
      ? tasks
      : reads.filter((read) => read.id === id).flatMap((read) => readersOf(tasks, read));
  return readers.filter(({ createdAtMs }) => isOld(createdAtMs, change, marginMs));
}

/** Milliseconds since the epoch: a deployment made later has tasks younger than the change. */
export function provedAfterMs(change: ValueChange, delaySeconds: number): number {
  return change.hiMs + marginOf(delaySeconds);
}
