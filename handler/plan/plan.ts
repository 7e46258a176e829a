/**
 * Decides about one service. Pure and total: takes plain facts, returns one decision with a verdict for each value, or
 * what it must know first.
 */
import { currentStage } from "../../aws-semantics/secret-reference";
import {
  decisionOfFailure,
  iso,
  isUnseen,
  latestBy,
  serviceKey,
  type Decision,
  type Need,
  type RunFacts,
  type SeenService,
  type ServiceDeployment,
  type ServiceFacts,
  type TaskFacts,
  type Verdict,
} from "../facts";
import { decisions, type DecisionName, type VerdictName } from "./decisions";
import { failedAfter, failedStatuses, newest, running, succeededAfter } from "./deployments";
import { marginOf } from "./freshness";
import { fuse, fuseSinceMs, limited } from "./limits";
import {
  isActionable,
  oldTasks,
  provedAfterMs,
  requestId,
  requestVerdict,
  undated,
  verdictOf,
  type Actionable,
} from "./verdicts";
import { gate } from "./waves";

/** ECS is asked for deployments from this long before a time: it creates two records of one deployment in turn. */
const recordMarginMs = 60_000;
/** After a force the same change forces no other for this long, whatever ECS shows. */
export const forceAgainMs = 5 * 60_000;
/** A service whose values go on changing is recycled after this long all the same. */
export const settleAtMostMs = 2 * 60_000;
/** Clocks of the two records of one deployment differ by less. */
const sameDeploymentMs = 2000;
/** Revisions in one call of DescribeServiceRevisions, at most. */
const revisionsPerCall = 20;

/** Decides about one service, or says what must be looked at first. */
export function plan(service: ServiceFacts, runOfAll: RunFacts): Decision | Need {
  const { seen, tasks } = service;
  const run = past(service, runOfAll);
  if (isUnseen(seen)) return decide(service, decisionOfFailure(seen.code), seen.reason);
  const isIdle = seen.desiredCount === 0 && !isUnseen(tasks) && tasks.length === 0;
  if (isIdle) return decide(service, "fresh", "the desired count is 0: no tasks run");
  if (isUnseen(tasks)) return decide(service, decisionOfFailure(tasks.code), tasks.reason);
  const ids = undated(service, run);
  if (ids.length > 0) return { need: "dates", ids };
  const verdicts = [
    ...service.reads.flatMap((read) => verdictOf(service, read, run) ?? []),
    ...[requestVerdict(service, run) ?? []].flat(),
  ];
  const judged: Judged = { service, seen, tasks, verdicts, run };
  if (tasks.length === 0)
    return of(judged, "rolling-out", `${seen.desiredCount} tasks are wanted and none runs`);
  const stale = verdicts.filter(isActionable);
  return stale.length > 0 ? ofStale(judged, stale) : ofNotStale(judged);
}

/** The run as a request wants it: without the limits, or the bake time, that it passes. */
function past({ request }: ServiceFacts, run: RunFacts): RunFacts {
  const { overtakeAfterMinutes, bakeTimeInMinutes, ...limits } = run.limits;
  const passes = (what: string): boolean => request?.past.includes(what) === true;
  return {
    ...run,
    limits: {
      overtakeAfterMinutes,
      ...(passes("bakeTime") ? {} : { bakeTimeInMinutes }),
      ...(passes("limits") ? {} : limits),
    },
  };
}

/** A service whose values have verdicts. */
interface Judged {
  readonly service: ServiceFacts;
  readonly seen: SeenService;
  readonly tasks: readonly TaskFacts[];
  readonly verdicts: readonly Verdict[];
  readonly run: RunFacts;
}

/** Tasks hold an old value of at least one kind. */
function ofStale(judged: Judged, stale: readonly Actionable[]): Decision | Need {
  const { service, seen, verdicts, run } = judged;
  const governing = latest(stale);
  if (seen.desiredCount === 0) return ofLingering(judged, stale, "the desired count is 0");
  if (seen.controller !== "ECS")
    return of(
      judged,
      "unsupported",
      `${governing.reason}; the deployment controller is ${seen.controller}, so only its owner can replace them`,
      governing,
    );
  const missing = verdicts.find((verdict) => verdict.verdict === "not-found" && isCurrent(service, verdict));
  if (missing) return of(judged, "not-found", `${missing.reason}; new tasks could not start`, missing);
  if (isStuck(seen)) return of(judged, "cannot-replace", stuckText(seen), governing);
  const settled = stale.filter(({ change }) => run.nowMs - change.hiMs >= run.delaySeconds * 1000);
  const waitedMs = run.nowMs - (service.staleSinceMs ?? run.nowMs);
  if (settled.length === 0 && waitedMs < settleAtMostMs)
    return of(
      judged,
      "settling",
      `the value changed less than ${run.delaySeconds} s ago: a new task could still read the old one`,
      governing,
    );
  if (service.wave > run.firstWave) {
    if (!allLooked(service, run)) return { need: "values" };
    const gated = stale.filter((verdict) => isCurrent(service, verdict));
    const held = gate(service, gated, run);
    if (held && "need" in held) return held;
    if (held) return { ...of(judged, held.decision, held.reason, governing), waitsFor: held.waitsFor };
  }
  return ofDeployments(judged, stale, governing);
}

/** Tasks hold an old value, and no earlier wave holds the service back. */
function ofDeployments(judged: Judged, stale: readonly Actionable[], governing: Actionable): Decision | Need {
  const { deployments } = judged.service;
  const changedMs = Math.min(...stale.map(({ change }) => change.loMs ?? change.hiMs));
  if (deployments === undefined)
    return {
      need: "deployments",
      sinceMs:
        Math.min(changedMs, judged.seen.primary?.createdAtMs ?? changedMs, fuseSinceMs(judged.run)) -
        recordMarginMs,
    };
  if (isUnseen(deployments))
    return of(judged, decisionOfFailure(deployments.code), deployments.reason, governing);
  const current = running(deployments);
  if (current) return ofRunning(judged, stale, current, deployments);
  return ofEnded(judged, stale, governing, deployments);
}

/** A deployment is in progress. */
function ofRunning(
  judged: Judged,
  stale: readonly Actionable[],
  current: ServiceDeployment,
  deployments: readonly ServiceDeployment[],
): Decision {
  const { service, seen, run } = judged;
  const older = stale.filter(({ change }) => current.createdAtMs <= provedAfterMs(change, run.delaySeconds));
  const governing = latest(older.length > 0 ? older : stale);
  const next = withVerdict(withVerdict(judged, stale, "rolling-out"), older, "blocked");
  const since = `the deployment created at ${iso(current.createdAtMs)}`;
  if (current.pause)
    return of(
      next,
      "waiting-for-person",
      `${since} ${pauseText(service, current.arn, current.pause)}`,
      governing,
    );
  const minutes = run.limits.overtakeAfterMinutes ?? Infinity;
  if (older.length === 0)
    return of(
      next,
      "rolling-out",
      `${governing.reason}; ${since}, after the change, is ${current.status}`,
      governing,
    );
  const what = `${since}, before the change could be read everywhere, is ${current.status}`;
  if (
    seen.strategy === "ROLLING" &&
    run.nowMs - current.createdAtMs >= minutes * 60_000 &&
    !wasForced(service, governing, run)
  ) {
    const limit = fuse(service, deployments, run);
    if (limit) return { ...of(judged, limit.decision, limit.reason, governing), fuse: true };
    return of(
      judged,
      "recycle",
      `${what} after more than ${minutes} minutes; a new one replaces it (overtakeAfterMinutes)`,
      governing,
    );
  }
  return of(next, "blocked", `${what}; its end triggers a new check`, governing);
}

/** No deployment is in progress. */
function ofEnded(
  judged: Judged,
  stale: readonly Actionable[],
  governing: Actionable,
  deployments: readonly ServiceDeployment[],
): Decision | Need {
  const { service, run } = judged;
  const lingering = stale.filter((verdict) => isLingering(judged, verdict, deployments));
  const rest = stale.filter((verdict) => !lingering.includes(verdict));
  if (lingering.length > 0 && (rest.length === 0 || !service.described))
    return ofLingering(judged, lingering, "the deployment made after the change succeeded");
  const last = newest(deployments);
  if (last && failedStatuses.includes(last.status) && !allLooked(service, run)) return { need: "values" };
  const halted = haltOf(judged, rest, deployments);
  if (halted && "need" in halted) return halted;
  if (halted) {
    const { verdict, by } = halted;
    const others = rest.filter((other) => other !== verdict);
    const also =
      others.length > 0
        ? ` A new deployment would hand it out too, so these values wait: ${others.map(({ subject }) => subject).join(", ")}.`
        : "";
    return of(
      withVerdict(judged, [verdict], "halted"),
      "halted",
      `the deployment created at ${iso(by.createdAtMs)}, after the change, ended as ${by.status}${by.statusReason ? `: ${by.statusReason}` : ""}; the recycler tries again when the value changes.${also}`,
      verdict,
    );
  }
  const first = latest(rest);
  if (wasForced(service, first, run))
    return of(
      judged,
      "rolling-out",
      `the deployment forced at ${iso(service.forcedAtMs ?? 0)} replaced no task yet; the recycler forces no other within 5 minutes`,
      governing,
    );
  // Its own deployment has ended: a failed one that left tasks missing counts for others, and does not hold it back.
  const inProgress = run.inProgress - (judged.seen.unfinished ? 1 : 0);
  const limit = limited(service, deployments, { ...run, inProgress });
  if (limit) return { ...of(judged, limit.decision, limit.reason, first), fuse: limit.fuse };
  return of(judged, "recycle", first.reason, first);
}

/** ECS stops the tasks that hold an old value, and needs no deployment for it. */
function ofLingering(judged: Judged, lingering: readonly Actionable[], why: string): Decision | Need {
  const { service, tasks } = judged;
  if (!service.described)
    return {
      need: "tasks",
      arns: [...new Set(lingering.flatMap((verdict) => staleTasks(judged, verdict)))].map(({ arn }) => arn),
    };
  const governing = latest(lingering);
  const protectedMs = tasks.flatMap(({ protectedUntilMs }) => protectedUntilMs ?? []);
  const until =
    protectedMs.length > 0
      ? `; scale-in protection keeps ${protectedMs.length} of them until ${iso(Math.max(...protectedMs))} or longer`
      : "";
  return of(
    withVerdict(judged, lingering, "replacing"),
    "replacing",
    `${governing.reason}; ${why}, so ECS stops them${until}`,
    governing,
  );
}

/** True where ECS may neither stop a task before it starts another nor start one before it stops another. */
function isStuck({ strategy, bounds: { lower, upper } }: SeenService): boolean {
  return strategy === "ROLLING" && upper <= lower;
}

function stuckText({ bounds: { lower, upper } }: SeenService): string {
  return `at least ${lower} and at most ${upper} ${upper === 1 ? "task" : "tasks"} may run: no task can be replaced`;
}

/**
 * True when this container forced a deployment for the change a short time ago. Events tell whole seconds, so a force
 * just before the change may look like one after it: only one whose tasks would be proof counts.
 */
function wasForced(
  { forcedAtMs = 0 }: ServiceFacts,
  { change }: Actionable,
  { nowMs, delaySeconds }: RunFacts,
): boolean {
  return forcedAtMs > provedAfterMs(change, delaySeconds) && nowMs - forcedAtMs < forceAgainMs;
}

/** The first value for which a failed deployment forbids another one. */
function haltOf(
  judged: Judged,
  stale: readonly Actionable[],
  deployments: readonly ServiceDeployment[],
): { readonly verdict: Actionable; readonly by: ServiceDeployment } | Need | undefined {
  const { delaySeconds } = judged.run;
  // A person who asks knows what failed before.
  const askedAtMs = requestOf(judged)?.change?.hiMs ?? 0;
  for (const verdict of stale) {
    const { hiMs } = verdict.change;
    if (succeededAfter(deployments, provedAfterMs(verdict.change, delaySeconds))) continue;
    const changedMs = isBackDated(verdict) ? hiMs : (verdict.change.loMs ?? hiMs);
    const failed = failedAfter(deployments, Math.max(changedMs, askedAtMs));
    for (const by of failed) {
      if (isOwn(judged, by)) return { verdict, by };
      if (by.definition !== undefined) continue;
      const revisions = failed.flatMap((one) => (one.definition === undefined ? (one.revision ?? []) : []));
      return { need: "revisions", revisions: [...new Set(revisions)].slice(0, revisionsPerCall) };
    }
  }
  return undefined;
}

function requestOf({ verdicts }: Judged): Verdict | undefined {
  return verdicts.find(({ id }) => id === requestId);
}

/**
 * True for a change of which only the end of its time is certain: a doubt, or a label of one's own, which may have gone
 * back to a version from long before. What failed until then may have had another value.
 */
function isBackDated({ change: { doubt, proved }, label }: Actionable): boolean {
  return doubt || (!proved && label !== undefined && ![currentStage, "AWSPREVIOUS"].includes(label));
}

/**
 * True for a deployment of the recycler, or of a task definition that tasks run on or new ones would get: one of another
 * may have failed for a reason of its own, and ends no halt.
 */
function isOwn(
  { service, seen, tasks }: Judged,
  { createdAtMs, definition, revision }: ServiceDeployment,
): boolean {
  if (Math.abs(createdAtMs - (service.forcedAtMs ?? 0)) <= sameDeploymentMs) return true;
  if (definition === undefined) return revision === undefined;
  return definition === seen.definitions[0] || tasks.some((task) => task.definition === definition);
}

/** True when a deployment after the change succeeded and the stale tasks belong to older ones: ECS stops them. */
function isLingering(
  judged: Judged,
  verdict: Actionable,
  deployments: readonly ServiceDeployment[],
): boolean {
  const { seen, run } = judged;
  return (
    succeededAfter(deployments, provedAfterMs(verdict.change, run.delaySeconds)) &&
    staleTasks(judged, verdict).every(
      ({ startedBy }) => startedBy !== undefined && startedBy !== seen.primary?.id,
    )
  );
}

/** The tasks that hold an old value, or may. */
function staleTasks({ service, tasks, run }: Judged, verdict: Verdict): readonly TaskFacts[] {
  return oldTasks(tasks, service.reads, verdict, marginOf(run.delaySeconds));
}

/** No task holds an old value that a deployment would mend. */
function ofNotStale(judged: Judged): Decision {
  const { service, seen, tasks, verdicts, run } = judged;
  const urgent = latestBy(verdicts, ({ verdict }) => -rank(verdict));
  const newestChange = latestBy(verdicts, ({ change }) => change?.hiMs ?? 0);
  // Every verdict but fresh has a reason.
  if (urgent && rank(urgent.verdict) < rank("presumed"))
    return of(judged, urgent.verdict as DecisionName, urgent.reason!, urgent);
  if (seen.unfinished && isStuck(seen) && tasks.length >= seen.bounds.upper)
    return of(judged, "cannot-replace", `a deployment is in progress, but ${stuckText(seen)}`, urgent);
  if (seen.unfinished)
    return of(
      judged,
      "rolling-out",
      "a deployment is in progress; its tasks are younger than the change",
      urgent,
    );
  if (tasks.length < seen.runningCount || seen.runningCount < seen.desiredCount)
    return of(
      judged,
      "rolling-out",
      `${seen.desiredCount} tasks are wanted, ${seen.runningCount} run, and ECS lists ${tasks.length}`,
      urgent,
    );
  if (urgent?.verdict === "presumed") return of(judged, "presumed", urgent.reason!, urgent);
  if (service.reads.length === 0)
    return of(judged, "fresh", "the tasks read no covered value that can change");
  return allLooked(service, run)
    ? of(judged, "fresh", `all ${tasks.length} tasks were created after the last change`, newestChange)
    : of(
        judged,
        "proved",
        `all ${tasks.length} tasks were created after the last known change; not every value was looked at in this run`,
        newestChange,
      );
}

function allLooked({ reads }: ServiceFacts, { values }: RunFacts): boolean {
  return reads.every(({ id, problem }) => problem !== undefined || values.get(id)?.looked === true);
}

/** True when new tasks would read the value. */
function isCurrent({ reads }: ServiceFacts, { id }: Verdict): boolean {
  return reads.some((read) => read.id === id && read.current);
}

function withVerdict(judged: Judged, which: readonly Verdict[], verdict: VerdictName): Judged {
  return {
    ...judged,
    verdicts: judged.verdicts.map((one) =>
      which.some(({ id }) => id === one.id) ? { ...one, verdict } : one,
    ),
  };
}

/** The more urgent, the smaller. */
function rank(verdict: VerdictName): number {
  return (decisions as readonly string[]).indexOf(verdict);
}

function latest(stale: readonly Actionable[]): Actionable {
  // Stale values come first: a doubt decides only alone.
  const certain = stale.filter(({ verdict }) => verdict === "stale");
  return latestBy(certain.length > 0 ? certain : stale, ({ change }) => change.hiMs)!;
}

function pauseText(
  { cluster, service }: ServiceFacts,
  arn: string,
  { hookId, untilMs, then }: NonNullable<ServiceDeployment["pause"]>,
): string {
  const end = untilMs === undefined ? "" : ` until ${iso(untilMs)}, then ${then ?? "ROLLBACK"}`;
  return (
    `waits for a person at the pause hook ${hookId}${end} (${serviceKey(cluster, service)}); continue it: ` +
    `aws ecs continue-service-deployment --service-deployment-arn ${arn} --hook-id ${hookId} --action CONTINUE`
  );
}

function of(judged: Judged, decision: DecisionName, reason: string, governing?: Verdict): Decision {
  const { service, tasks, verdicts } = judged;
  const values = verdicts.filter(({ id }) => id !== requestId);
  const stale = new Set(values.flatMap((verdict) => staleTasks(judged, verdict)));
  const chosen = verdicts.find(({ id }) => id === governing?.id);
  return {
    ...decide(service, decision, reason),
    governing: chosen,
    who: chosen?.change?.who,
    verdicts,
    tasks: { running: tasks.length, stale: stale.size },
  };
}

function decide(service: ServiceFacts, decision: DecisionName, reason: string): Decision {
  const { cluster, wave, seen, cause, mutableImage } = service;
  return {
    decision,
    reason,
    cluster,
    service: service.service,
    wave,
    cause,
    verdicts: [],
    deploymentCreatedAtMs: isUnseen(seen) ? undefined : seen.primary?.createdAtMs,
    mutableImage,
  };
}
