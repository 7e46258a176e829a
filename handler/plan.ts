/**
 * What to do about a service. Pure and total: what was seen, the settings and the time go in, one decision with its
 * reason comes out. The same function decides before and after a service's deployments were asked for.
 */
import {
  decisionOfFailure,
  failedStatuses,
  hasEnded,
  iso,
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

/** A value whose move is known. */
type Moved = SeenValue & { readonly move: Interval };

/** How long a deployment of ours may be missing from ECS's answers: they are eventually consistent. */
export const unseenForceMs = 5 * 60_000;

/** Decides about one service. `recycle` without `attempts` means: ask how its deployments ended, then ask again. */
export function plan(situation: Situation, circumstances: Circumstances, compare: Compare): Decision {
  const { seen, values } = situation;
  if (seen.kind === "unseen") return ofUnseen(situation, seen, values[0]);
  if (seen.desiredCount === 0) return decide(situation, "fresh", "the desired count is 0: no task runs");
  const followed = values.filter((value) => value.move !== "pinned");
  if (followed.length === 0) return decide(situation, "fresh", "it reads no value that can change");
  const moved = followed.filter(isMoved);
  const createdAtMs = seen.deploymentCreatedAtMs;
  if (createdAtMs === undefined)
    return decide(
      situation,
      "unsupported",
      `no PRIMARY deployment is shown (controller ${seen.controller})`,
      followed[0],
    );
  const stale = moved.filter((value) => compare(createdAtMs, value.move) === "stale");
  if (stale.length > 0) return ofStale(situation, seen, stale, circumstances, compare);
  return ofNotStale(situation, seen, createdAtMs, followed, compare);
}

/** Some value moved after the newest deployment was made. */
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
      `the deployment controller is ${seen.controller}: its deployments are made elsewhere`,
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
      `the value moved less than ${delaySeconds} s ago: its own event is on its way`,
      settling,
    );
  if (installedAtMs === undefined)
    return decide(
      situation,
      "deferred",
      "the queue's age could not be looked up, so the value may have moved before the installation",
      latest(stale),
    );
  const perhaps = latest(stale.filter((value) => value.move.hiMs >= installedAtMs));
  if (perhaps)
    return decide(
      situation,
      "unknown",
      "the value is newer than the deployment, but whether it moved before the installation is not known",
      perhaps,
    );
  return decide(
    situation,
    "predates-install",
    "the value moved before the recycler was installed: recycled only when somebody asks",
    latest(stale),
  );
}

/** A stale service about which nothing stands in the way but, perhaps, deployments. */
function ofReady(
  situation: Situation,
  governing: Moved,
  circumstances: Circumstances,
  compare: Compare,
): Decision {
  const { attempts, forcedAtMs } = situation;
  const because = `the value moved ${span(governing.move)}, after the newest deployment`;
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
      `a deployment forced at ${iso(forcedAtMs)} is not shown by ECS yet`,
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

/** A deployment is under way. */
function ofRunning(
  situation: Situation,
  governing: Moved,
  running: ServiceDeployment,
  { nowMs, limits }: Circumstances,
): Decision {
  if (running.createdAtMs > governing.move.loMs + marginMs)
    return decide(situation, "rolling-out", `a newer deployment is ${running.status}`, governing);
  const what = `a deployment made ${iso(running.createdAtMs)}, before the move, is ${running.status}`;
  const minutes = limits.overtakeAfterMinutes;
  const rolling = situation.seen.kind === "service" && situation.seen.strategy === "ROLLING";
  if (minutes !== undefined && rolling && nowMs - running.createdAtMs >= minutes * 60_000)
    return decide(
      situation,
      "recycle",
      `${what} for more than ${minutes} minutes: it is overtaken (overtakeAfterMinutes)`,
      governing,
    );
  return decide(situation, "blocked", `${what}: its end wakes the recycler`, governing);
}

/** The newest deployment after the move has ended, though an older one is shown as PRIMARY. */
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
        `a deployment made ${iso(last.createdAtMs)}, after the move, succeeded`,
        governing,
      )
    : decide(
        situation,
        "unknown",
        `a deployment made ${iso(last.createdAtMs)} succeeded, but the value moved ${span(governing.move)}`,
        governing,
      );
}

/** No value is certainly newer than the deployment. */
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
      `the value moved ${span(unknown.move)}, and the deployment was made in between`,
      unknown,
    );
  const unlooked = values.find((value) => value.move === undefined);
  if (unlooked) return decide(situation, "unknown", "the value was not looked at", unlooked);
  const governing = latest(moved);
  const attempts = situation.attempts;
  if (governing && attempts && isList(attempts)) {
    const after = attempts.filter((attempt) => attempt.createdAtMs > governing.move.hiMs + marginMs);
    const last = newest(after);
    const failed = last && failedStatuses.includes(last.status);
    // ECS may show a rollback as a new PRIMARY deployment. One that succeeded after the move replaced every task.
    if (failed && !after.some((attempt) => attempt.status === "SUCCESSFUL"))
      return halted(situation, governing, last);
  }
  return seen.unfinished
    ? decide(situation, "rolling-out", "a deployment newer than the move is unfinished", governing)
    : decide(situation, "fresh", "the newest deployment was made after the value moved", governing);
}

function halted(situation: Situation, value: SeenValue, last: ServiceDeployment): Decision {
  const why = last.statusReason ? `: ${last.statusReason}` : "";
  return decide(
    situation,
    "halted",
    `the deployment made ${iso(last.createdAtMs)}, after the move, ended as ${last.status}${why}; not tried again until the value moves`,
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
    ...(value === undefined ? {} : { subject: value.subject }),
    ...(value?.key === undefined ? {} : { key: value.key }),
    ...(value?.label === undefined ? {} : { label: value.label }),
    ...(value !== undefined && isMoved(value) ? { move: value.move } : {}),
    ...(seen.kind === "service" && seen.deploymentCreatedAtMs !== undefined
      ? { deploymentCreatedAtMs: seen.deploymentCreatedAtMs }
      : {}),
    cause: shown?.cause ?? situation.cause,
    ...(shown?.who === undefined ? {} : { who: shown.who }),
    ...(mutableImage === undefined ? {} : { mutableImage }),
  };
}

function newest(attempts: readonly ServiceDeployment[]): ServiceDeployment | undefined {
  return attempts.reduce<ServiceDeployment | undefined>(
    (best, attempt) => (best === undefined || attempt.createdAtMs > best.createdAtMs ? attempt : best),
    undefined,
  );
}

function latest(values: readonly Moved[]): Moved | undefined {
  return values.reduce<Moved | undefined>(
    (best, value) => (best === undefined || value.move.loMs > best.move.loMs ? value : best),
    undefined,
  );
}

function isMoved(value: SeenValue): value is Moved {
  return typeof value.move === "object" && !isUnseen(value.move);
}

function isUnseen(move: SeenValue["move"]): move is Unseen {
  return typeof move === "object" && "kind" in move;
}

function isList(attempts: readonly ServiceDeployment[] | Unseen): attempts is readonly ServiceDeployment[] {
  return Array.isArray(attempts);
}

function span(move: Interval): string {
  if (move.loMs === move.hiMs) return `at ${iso(move.loMs)}`;
  return move.loMs === 0 ? `not after ${iso(move.hiMs)}` : `between ${iso(move.loMs)} and ${iso(move.hiMs)}`;
}
