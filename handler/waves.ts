/**
 * Waves: a service of a later wave waits until every service of an earlier wave that reads the same value is fresh,
 * and its latest deployment after the move succeeded. Pure.
 */
import { marginMs } from "./freshness";
import type { Circumstances, Decision, DecisionName, ServiceDeployment, Situation, Unseen } from "./decision";

/** A service of an earlier wave, with what was decided about it in this run. */
export interface Decided {
  readonly situation: Situation;
  readonly decision: Decision;
}

/** What keeps nobody waiting: it raises an alarm instead. */
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

/** True for a service whose own word is not enough: how its latest deployment ended must be asked. */
export function mustSucceed({ situation, decision }: Decided): boolean {
  return (
    decision.decision === "fresh" && situation.seen.kind === "service" && situation.seen.desiredCount > 0
  );
}

/**
 * Whether a service about to be recycled may be.
 * @param attempts how the deployments of an earlier service ended, for those of `mustSucceed`
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
    const name = `${other.decision.cluster}/${other.decision.service} of wave ${other.situation.wave}`;
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
      waiting ??= `how the deployments of ${name} ended could not be looked up`;
      continue;
    }
    const last = known
      .filter((attempt) => attempt.createdAtMs > afterMs)
      .reduce<ServiceDeployment | undefined>(
        (best, attempt) => (best && best.createdAtMs >= attempt.createdAtMs ? best : attempt),
        undefined,
      );
    // None after the move: the service itself is younger than the move.
    if (last === undefined) continue;
    if (last.status === "SUCCESSFUL") {
      const endedAtMs = last.finishedAtMs ?? last.createdAtMs;
      if (nowMs - endedAtMs < bakeMinutes * 60_000)
        waiting ??= `the deployment of ${name} ended less than ${bakeMinutes} minutes ago (bakeTimeInMinutes)`;
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

function isList(attempts: readonly ServiceDeployment[] | Unseen): attempts is readonly ServiceDeployment[] {
  return Array.isArray(attempts);
}
