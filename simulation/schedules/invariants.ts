/**
 * What always holds, whatever a schedule draws: each a function over what really happened, which gives what does not
 * hold, in words. None asks the recycler, but for the decision by which it reports a service.
 */
import { clockToleranceMs } from "../../handler/trigger";
import type { VerdictName } from "../../handler/plan/decisions";
import { keyOf, type Forced, type History, type Snapshot } from "./history";
import { longestStalenessMs } from "./draw";

/** Something that always holds. */
export type Invariant = (history: History) => readonly string[];

/** Verdicts about a value that tasks may lack for ever; with `faults`, more of them. */
const standing: readonly VerdictName[] = ["halted", "waiting-for-person", "cannot-replace", "replacing"];
/** Verdicts of a value that waits for another one of its service, or for an earlier wave. */
const waiting: readonly VerdictName[] = ["stale", "doubt", "blocked", "rolling-out"];
/** A service is reported at least this often: sweeps come every five minutes. */
const reportMs = 7 * 60_000;

/** 1. In the end every running task is younger than its values, or the service is reported for the value. */
export const tasksHoldTheirValuesOrAreReported: Invariant = (history) => {
  const truth = history.last;
  const last = history.lastReports();
  return [...history.covered.keys()].flatMap((service) => {
    const report = last.get(service);
    if (!report || truth.atMs - report.truth.atMs > reportMs) return [`${service}: not reported for long`];
    return [...history.lacking(service, truth)].flatMap((key) => {
      const decision = report.line.decision;
      const found = report.line.values.find(
        ({ subject, label }) => isSubject(key, subject) && (label ?? "AWSCURRENT") === labelOf(key),
      );
      const verdict = found?.verdict;
      const excused =
        verdict !== undefined &&
        (standing.includes(verdict) ||
          (waiting.includes(verdict) && isStanding(history, service)) ||
          (verdict === "predates-install" && (history.lastMoveMs(key) ?? 0) <= history.installedAtMs) ||
          (verdict === "presumed" && history.faults));
      return excused
        ? []
        : [`${service}: lacks ${key}, reported as ${decision}, verdict ${verdict ?? "none"}`];
    });
  });
};

/** 2. What is reported fresh is fresh by its tasks. */
export const whatIsFreshIsFresh: Invariant = (history) =>
  history.reported
    .filter(({ line }) => line.decision === "fresh")
    .flatMap(({ line, sinceMs, truth }) =>
      [...history.lacking(line.service, truth, sinceMs - (history.faults ? longestStalenessMs : 0))].map(
        (key) => `${line.service}: reported fresh at ${truth.atMs}, lacks ${key}`,
      ),
    );

/** 3 and 9. A forced deployment follows a change that a running task does not have: no message alone forces one. */
export const forcesFollowChanges: Invariant = (history) =>
  history.forced
    .filter((forced) => !isDoubt(history, forced))
    .filter(({ service, truth }) => {
      const own = truth.tasks.filter((task) => task.service === service);
      return !own.some(({ reads, createdAt }) =>
        [...history.followed(service, reads.map(keyOf))].some(
          (key) =>
            (history.lastMoveMs(key, truth.atMs) ?? 0) >= createdAt - history.marginMs - clockToleranceMs,
        ),
      );
    })
    .map(({ service, truth }) => `${service}: forced at ${truth.atMs} without a change that its tasks lack`);

/** 4. At most one unfinished deployment a service, but where one is overtaken. */
export const oneDeploymentAtATime: Invariant = (history) =>
  history.forced
    .filter(({ service, truth }) => {
      const minutes = history.estate.settings.limits.overtakeAfterMinutes ?? Infinity;
      const unfinished = standingOf(truth, service)?.attempts.find(
        ({ finishedAt }) => finishedAt === undefined,
      );
      return unfinished !== undefined && truth.atMs - unfinished.createdAt < minutes * 60_000;
    })
    .map(({ service, truth }) => `${service}: forced at ${truth.atMs} over an unfinished deployment`);

/** 4. No deployment of a service whose last forced one failed and whose value has not moved since. */
export const noForceOnAHaltedService: Invariant = (history) =>
  history.forced.flatMap((forced, index) => {
    const { service, truth } = forced;
    const before = history.forced.slice(0, index).findLast((one) => one.service === service);
    const attempts = standingOf(truth, service)?.attempts ?? [];
    const own = before && attempts.findLast(({ createdAt }) => createdAt >= before.truth.atMs);
    if (!before || !own || !/^ROLLBACK_/.test(own.status) || isDoubt(history, forced)) return [];
    if (attempts.some(({ status, createdAt }) => status === "SUCCESSFUL" && createdAt > own.createdAt))
      return [];
    // The tasks lack it since before the failed deployment, and it is what they would read again.
    const halted = [...history.lacking(service, truth)].filter(
      (key) =>
        (history.lastMoveMs(key, truth.atMs) ?? 0) <= before.sinceMs &&
        history.lacking(service, before.truth, before.sinceMs).has(key),
    );
    return halted.map((key) => `${service}: forced at ${truth.atMs}, halted for ${key}`);
  });

/** 6. Nothing but the deployment of a covered service is asked for. */
export const onlyCoveredServicesAreDeployed: Invariant = (history) =>
  history.forced
    .filter(
      ({ service, input }) =>
        !history.covered.has(service) ||
        Object.keys(input).sort().join() !== "cluster,forceNewDeployment,service",
    )
    .map(({ service, input }) => `${service}: the recycler asked for ${JSON.stringify(input)}`);

/** 7. No forced deployment hands a later wave a value that an earlier service lacks. */
export const wavesAreKept: Invariant = (history) =>
  history.forced.flatMap(({ service, truth, sinceMs }) => {
    const wave = history.covered.get(service)?.wave ?? 0;
    const next = definitionReads(history, truth, service);
    const gated = [...history.lacking(service, truth, sinceMs)].filter(
      (key) => next.has(key) && (history.lastMoveMs(key, sinceMs) ?? 0) > history.installedAtMs,
    );
    return [...history.covered].flatMap(([earlier, covered]) => {
      if (covered.wave >= wave || standingOf(truth, earlier)?.desiredCount === 0) return [];
      const current = definitionReads(history, truth, earlier);
      const lacking = history.lacking(earlier, truth, sinceMs);
      return gated
        .filter((key) => current.has(key) && lacking.has(key))
        .map((key) => `${service}: forced at ${truth.atMs} with ${key}, which ${earlier} lacks`);
    });
  });

/** Without faults every time is known. */
export const nothingIsUnknown: Invariant = (history) =>
  history.reported
    .filter(({ line }) => !history.faults && line.decision === "unknown")
    .map(({ line, truth }) => `${line.service}: unknown at ${truth.atMs}: ${line.reason}`);

/** 5. The recycler asks for no value. */
export const noValueIsRead: Invariant = (history) =>
  history
    .calls()
    .filter(({ operation }) => /^(BatchGetSecretValue|GetSecretValue|GetParameter)/.test(operation))
    .map(({ operation }) => `the recycler asked for a value: ${operation}`);

/** What the embedded AWS found wrong with itself, or with an answer. */
export const theWorldIsSound: Invariant = ({ estate }) =>
  estate.world.mistakes.map((mistake) => `a mistake of the embedded AWS: ${String(mistake)}`);

/** All of them. */
export const invariants: readonly Invariant[] = [
  tasksHoldTheirValuesOrAreReported,
  whatIsFreshIsFresh,
  forcesFollowChanges,
  oneDeploymentAtATime,
  noForceOnAHaltedService,
  onlyCoveredServicesAreDeployed,
  wavesAreKept,
  nothingIsUnknown,
  noValueIsRead,
  theWorldIsSound,
];

/**
 * What each sweep decided about each covered service, and what was forced: the same whether secrets got tags or not.
 * A tag's date may turn a doubt into certainty, because the value changed after it: a doubt counts as stale here.
 */
export function decisionsOf({ covered, reported, forced }: History): ReadonlyMap<string, readonly string[]> {
  return new Map(
    [...covered.keys()].map((service) => [
      service,
      [
        ...reported
          .filter(({ line }) => line.service === service && line.cause === "sweep")
          .map(({ line }) =>
            [
              line.decision,
              ...line.values.map(
                ({ subject, verdict }) => `${subject} ${verdict === "doubt" ? "stale" : verdict}`,
              ),
            ].join(", "),
          ),
        ...forced.filter((one) => one.service === service).map(({ truth }) => `forced at ${truth.atMs}`),
      ],
    ]),
  );
}

/** True when the service's tasks may hold their values already: recycled all the same, once, and counted. */
function isDoubt(history: History, { service, reports }: Forced): boolean {
  // The decision is logged when the deployment was asked for.
  const line = history.reported.slice(reports).find((one) => one.line.service === service)?.line;
  return line?.values.some(({ verdict }) => verdict === "doubt") === true;
}

/** True when the service waits for what only a person or time ends, or for another one that does. */
function isStanding(history: History, service: string): boolean {
  const reports = history.lastReports();
  const decision = reports.get(service)?.line.decision;
  const wave = history.covered.get(service)?.wave ?? 0;
  const awaited = [...history.covered].filter(
    ([name, other]) => name === service || decision === "at-capacity" || other.wave < wave,
  );
  return awaited.some(
    ([name]) =>
      (standing as readonly string[]).includes(reports.get(name)?.line.decision ?? "") ||
      (name === service ? isRollingBack(history.last, name) : lacksTasks(history.last, name)),
  );
}

/** True while ECS rolls a service back. In the end of a schedule: for ever, because no task starts with the value. */
function isRollingBack(truth: Snapshot, service: string): boolean {
  return standingOf(truth, service)?.attempts[0]?.status === "ROLLBACK_IN_PROGRESS";
}

/** True when fewer tasks run than are wanted: they cannot start. */
function lacksTasks(truth: Snapshot, service: string): boolean {
  const running = truth.tasks.filter((task) => task.service === service).length;
  return running < (standingOf(truth, service)?.desiredCount ?? 0);
}

function standingOf({ services }: Snapshot, name: string): Snapshot["services"][number] | undefined {
  return services.find(({ service }) => service === name);
}

function definitionReads(history: History, truth: Snapshot, service: string): ReadonlySet<string> {
  const arn = standingOf(truth, service)?.taskDefinitionArn ?? "";
  return history.followed(service, history.definitions.get(arn) ?? []);
}

function labelOf(key: string): string {
  return key.split(" ")[1] ?? "AWSCURRENT";
}

/** Whether a subject, as a task definition names it, is the one of a key. */
function isSubject(key: string, subject: string): boolean {
  const arn = key.split(" ")[0] ?? "";
  const name = arn.replace(/^.*:(secret:|parameter)/, "");
  const bare = name.replace(/-[A-Za-z0-9]{6}$/, "");
  return [arn, name, bare, arn.slice(0, -7)].includes(subject) || subject.endsWith(`secretsmanager/${bare}`);
}
