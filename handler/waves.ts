/**
 * Waves: a service of a later wave waits until every service of an earlier wave that reads the same value is fresh
 * and its latest deployment after the change succeeded. Pure.
 */
import { marginMs } from "./freshness";
import {
  isList,
  latestBy,
  type Circumstances,
  type Decision,
  type DecisionName,
  type ServiceDeployment,
  type Situation,
  type Unseen,
} from "./decision";

/** A service of an earlier wave, with what was decided about it in this run. */
export interface Decided {
  readonly situation: Situation;
  readonly decision: Decision;
}

/** Decisions that do not hold back later waves; they raise an alarm instead. */
const passing: readonly DecisionName[] = ["unsupported", "not-found", "denied"];

/** The services of earlier waves that read the value which the decision is about. */
export function earlierReaders(
  situation: Situation,
  decision: Decision,
  decided: readonly Decided[],
): Decided[] {
  return decided.filter(
    (other) =>
      other.situation.wave < situation.wave &&
      other.situation.values.some((value) => value.key !== undefined && value.key === decision.key),
  );
}

/** True if the latest deployment must also have succeeded. */
export function mustSucceed({ situation, decision }: Decided): boolean {
  return (
    decision.decision === "fresh" && situation.seen.kind === "service" && situation.seen.desiredCount > 0
  );
}

/**
 * Holds back a service that would be recycled while earlier waves are not done.
 * @param attempts the deployments of earlier services for which `mustSucceed` is true
 * @returns the decision itself, or `waiting-for-wave` or `halted` in its place
 */
export function gate(
  decision: Decision,
  earlier: readonly Decided[],
  attempts: ReadonlyMap<Decided, readonly ServiceDeployment[] | Unseen>,
  { nowMs, limits }: Pick<Circumstances, "nowMs" | "limits">,
): Decision {
  const bakeMinutes = limits.bakeTimeInMinutes ?? 0;
  const afterMs = (decision.move?.loMs ?? 0) + marginMs;
  let waiting: string | undefined;
  for (const other of earlier) {
    const name = `${other.decision.cluster}/${other.decision.service} (wave ${other.situation.wave})`;
    if (other.decision.decision === "halted")
      return { ...decision, decision: "halted", reason: `${name} is halted: ${other.decision.reason}` };
    if (passing.includes(other.decision.decision)) continue;
    if (other.decision.decision !== "fresh") {
      waiting ??= `${name} is ${other.decision.decision}`;
      continue;
    }
    if (!mustSucceed(other)) continue;
    const known = attempts.get(other);
    if (known === undefined || !isList(known)) {
      waiting ??= `the deployments of ${name} could not be listed`;
      continue;
    }
    const last = latestBy(
      known.filter((attempt) => attempt.createdAtMs > afterMs),
      ({ createdAtMs }) => createdAtMs,
    );
    // None after the change: the service itself was created after it.
    if (last === undefined) continue;
    if (last.status === "SUCCESSFUL") {
      const endedAtMs = last.finishedAtMs ?? last.createdAtMs;
      if (nowMs - endedAtMs < bakeMinutes * 60_000)
        waiting ??= `the deployment of ${name} finished less than ${bakeMinutes} minutes ago (bakeTimeInMinutes)`;
      continue;
    }
    if (last.status === "STOPPED" || last.status.startsWith("ROLLBACK_"))
      return {
        ...decision,
        decision: "halted",
        reason: `the latest deployment of ${name} ended as ${last.status}`,
      };
    waiting ??= `the latest deployment of ${name} is ${last.status}`;
  }
  return waiting === undefined ? decision : { ...decision, decision: "waiting-for-wave", reason: waiting };
}
