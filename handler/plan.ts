/**
 * Decides about one service. Pure and total: takes what was observed, the settings and the time; returns one decision
 * with its reason. The same function decides before and after the service's deployments were listed.
 */
import {
  decisionOfFailure,
  failedStatuses,
  hasEnded,
  isList,
  iso,
  latestBy,
  type Circumstances,
  type Compare,
  type Decision,
  type DecisionName,
  type SeenService,
  type SeenValue,
  type ServiceDeployment,
  type Situation,
  type Unseen,
} from "./decision";
import { marginMs, type Interval } from "./freshness";

/** A value for which the time of its last change is known. */
type Moved = SeenValue & { readonly move: Interval };

/** How long ECS's answers may not show a deployment that the recycler forced: they are eventually consistent. */
export const unseenForceMs = 5 * 60_000;

/** Decides about one service. After `recycle` without `attempts`, list its deployments and call this again. */
export function plan(situation: Situation, circumstances: Circumstances, compare: Compare): Decision {
  const { seen, values } = situation;
  if (seen.kind === "unseen") return ofUnseen(situation, seen, values[0]);
  if (seen.desiredCount === 0) return decide(situation, "fresh", "the desired count is 0: no tasks run");
  const followed = values.filter((value) => value.move !== "pinned");
  if (followed.length === 0) return decide(situation, "fresh", "the service reads no value that can change");
  const moved = followed.filter(isMoved);
  const createdAtMs = seen.deploymentCreatedAtMs;
  if (createdAtMs === undefined)
    return decide(
      situation,
      "unsupported",
      `ECS shows no PRIMARY deployment (deployment controller ${seen.controller})`,
      followed[0],
    );
  const stale = moved.filter((value) => compare(createdAtMs, value.move) === "stale");
  if (stale.length > 0) return ofStale(situation, seen, stale, circumstances, compare);
  return ofNotStale(situation, seen, createdAtMs, followed, compare);
}

/** A value changed after the newest deployment was created. */
function ofStale(
  situation: Situation,
  seen: SeenService,
  stale: readonly Moved[],
  circumstances: Circumstances,
  compare: Compare,
): Decision {
  const { nowMs, installedAtMs, delaySeconds } = circumstances;
  if (seen.controller !== "ECS")
    return decide(
      situation,
      "unsupported",
      `the deployment controller is ${seen.controller}; the recycler redeploys only ECS`,
      latest(stale),
    );
  const since =
    installedAtMs === undefined
      ? stale.filter((value) => value.proven)
      : stale.filter((value) => value.move.loMs >= installedAtMs);
  const ready = since.filter((value) => value.announced || nowMs - value.move.hiMs >= delaySeconds * 1000);
  const governing = latest(ready);
  if (governing) return ofReady(situation, governing, circumstances, compare);
  const settling = latest(since);
  if (settling)
    return decide(
      situation,
      "settling",
      `the value changed less than ${delaySeconds} s ago; its event may still arrive`,
      settling,
    );
  if (installedAtMs === undefined)
    return decide(
      situation,
      "deferred",
      "cannot tell whether the value changed before the installation: the queue's creation time is missing",
      latest(stale),
    );
  const perhaps = latest(stale.filter((value) => value.move.hiMs >= installedAtMs));
  if (perhaps)
    return decide(
      situation,
      "unknown",
      "cannot tell whether the value changed before or after the installation",
      perhaps,
    );
  return decide(
    situation,
    "predates-install",
    "the value changed before the recycler was installed; the recycler acts only on later changes",
    latest(stale),
  );
}

/** A stale service that only its deployments can keep from being recycled. */
function ofReady(
  situation: Situation,
  governing: Moved,
  circumstances: Circumstances,
  compare: Compare,
): Decision {
  const { attempts, forcedAtMs } = situation;
  const because = `the value changed ${span(governing.move)}, after the newest deployment was created`;
  if (attempts === undefined) return decide(situation, "recycle", because, governing);
  if (!isList(attempts)) return ofUnseen(situation, attempts, governing);
  const afterMs = governing.move.loMs + marginMs;
  if (
    forcedAtMs !== undefined &&
    forcedAtMs > afterMs &&
    circumstances.nowMs - forcedAtMs < unseenForceMs &&
    !attempts.some((attempt) => attempt.createdAtMs >= forcedAtMs - marginMs)
  )
    return decide(
      situation,
      "rolling-out",
      `ECS does not show the deployment forced at ${iso(forcedAtMs)} yet`,
      governing,
    );
  const running = newest(attempts.filter((attempt) => !hasEnded(attempt)));
  if (running) return ofRunning(situation, governing, running, circumstances);
  const last = newest(attempts.filter((attempt) => attempt.createdAtMs > afterMs));
  if (last) return ofEnded(situation, governing, last, compare);
  const minutes = circumstances.limits.minutesBetweenDeployments;
  const previous = newest(attempts);
  if (minutes !== undefined && previous && circumstances.nowMs - previous.createdAtMs < minutes * 60_000)
    return decide(
      situation,
      "cooling-down",
      `the newest deployment is younger than ${minutes} minutes (minutesBetweenDeployments)`,
      governing,
    );
  return decide(situation, "recycle", because, governing);
}

/** A deployment is in progress. */
function ofRunning(
  situation: Situation,
  governing: Moved,
  running: ServiceDeployment,
  { nowMs, limits }: Circumstances,
): Decision {
  if (running.createdAtMs > governing.move.loMs + marginMs)
    return decide(
      situation,
      "rolling-out",
      `a deployment created after the change is ${running.status}`,
      governing,
    );
  const what = `the deployment created at ${iso(running.createdAtMs)}, before the change, is ${running.status}`;
  const minutes = limits.overtakeAfterMinutes;
  const rolling = situation.seen.kind === "service" && situation.seen.strategy === "ROLLING";
  if (minutes !== undefined && rolling && nowMs - running.createdAtMs >= minutes * 60_000)
    return decide(
      situation,
      "recycle",
      `${what} after more than ${minutes} minutes; a new one replaces it (overtakeAfterMinutes)`,
      governing,
    );
  return decide(situation, "blocked", `${what}; its end triggers a new check`, governing);
}

/** The newest deployment after the change has ended, though ECS shows an older one as PRIMARY. */
function ofEnded(
  situation: Situation,
  governing: Moved,
  last: ServiceDeployment,
  compare: Compare,
): Decision {
  if (failedStatuses.includes(last.status)) return halted(situation, governing, last);
  return compare(last.createdAtMs, governing.move) === "fresh"
    ? decide(
        situation,
        "fresh",
        `the deployment created at ${iso(last.createdAtMs)}, after the change, succeeded`,
        governing,
      )
    : decide(
        situation,
        "unknown",
        `cannot tell: the value changed ${span(governing.move)}, the deployment that succeeded was created at ${iso(last.createdAtMs)}`,
        governing,
      );
}

/** No value certainly changed after the newest deployment was created. */
function ofNotStale(
  situation: Situation,
  seen: SeenService,
  createdAtMs: number,
  values: readonly SeenValue[],
  compare: Compare,
): Decision {
  for (const code of ["denied", "not-found", "retryable", "busy", "refused", "unsupported"] as const) {
    const value = values.find((candidate) => isUnseen(candidate.move) && candidate.move.code === code);
    if (value && isUnseen(value.move)) return ofUnseen(situation, value.move, value);
  }
  const moved = values.filter(isMoved);
  const unknown = latest(moved.filter((value) => compare(createdAtMs, value.move) !== "fresh"));
  if (unknown)
    return decide(
      situation,
      "unknown",
      `cannot tell: the value changed ${span(unknown.move)}, the deployment was created at ${iso(createdAtMs)}`,
      unknown,
    );
  const unlooked = values.find((value) => value.move === undefined);
  if (unlooked) return decide(situation, "unknown", "the value was not checked", unlooked);
  const governing = latest(moved);
  const attempts = situation.attempts;
  if (governing && attempts && isList(attempts)) {
    const after = attempts.filter((attempt) => attempt.createdAtMs > governing.move.hiMs + marginMs);
    const last = newest(after);
    const failed = last && failedStatuses.includes(last.status);
    // ECS may show a rollback as a new PRIMARY deployment. One that succeeded after the change replaced every task.
    if (failed && !after.some((attempt) => attempt.status === "SUCCESSFUL"))
      return halted(situation, governing, last);
  }
  return seen.unfinished
    ? decide(situation, "rolling-out", "a deployment created after the change is unfinished", governing)
    : decide(situation, "fresh", "the newest deployment was created after the value changed", governing);
}

function halted(situation: Situation, value: SeenValue, last: ServiceDeployment): Decision {
  const why = last.statusReason ? `: ${last.statusReason}` : "";
  return decide(
    situation,
    "halted",
    `the deployment created at ${iso(last.createdAtMs)}, after the change, ended as ${last.status}${why}; no retry until the value changes again`,
    value,
  );
}

function ofUnseen(situation: Situation, unseen: Unseen, value: SeenValue | undefined): Decision {
  return decide(situation, decisionOfFailure(unseen.code), unseen.reason, value);
}

function decide(situation: Situation, decision: DecisionName, reason: string, value?: SeenValue): Decision {
  const { cluster, service, wave, seen, mutableImage } = situation;
  const shown = value ?? situation.values[0];
  return {
    decision,
    reason,
    cluster,
    service,
    wave,
    subject: value?.subject,
    key: value?.key,
    label: value?.label,
    move: value && isMoved(value) ? value.move : undefined,
    deploymentCreatedAtMs: seen.kind === "service" ? seen.deploymentCreatedAtMs : undefined,
    cause: shown?.cause ?? situation.cause,
    who: shown?.who,
    mutableImage,
  };
}

function newest(attempts: readonly ServiceDeployment[]): ServiceDeployment | undefined {
  return latestBy(attempts, ({ createdAtMs }) => createdAtMs);
}

function latest(values: readonly Moved[]): Moved | undefined {
  return latestBy(values, ({ move }) => move.loMs);
}

function isMoved(value: SeenValue): value is Moved {
  return typeof value.move === "object" && !isUnseen(value.move);
}

function isUnseen(move: SeenValue["move"]): move is Unseen {
  return typeof move === "object" && "kind" in move;
}

function span(move: Interval): string {
  if (move.loMs === move.hiMs) return `at ${iso(move.loMs)}`;
  return move.loMs === 0
    ? `no later than ${iso(move.hiMs)}`
    : `between ${iso(move.loMs)} and ${iso(move.hiMs)}`;
}
