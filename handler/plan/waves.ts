/**
 * Waves: a service of a later wave gets a value only after every service of an earlier wave that reads it holds it, by
 * its tasks. Pure.
 */
import {
  isUnseen,
  latestBy,
  serviceKey,
  type Need,
  type Planned,
  type RunFacts,
  type ServiceFacts,
} from "../facts";
import type { DecisionName } from "./decisions";
import { hasEnded } from "./deployments";
import { marginOf, needsDates } from "./freshness";
import { byTasks, isActionable, provedAfterMs, readersOf, type Actionable } from "./verdicts";

/** Why a service may not be recycled yet. */
export interface Gate {
  readonly decision: Extract<DecisionName, "waiting-for-wave" | "halted">;
  readonly reason: string;
  readonly waitsFor: readonly string[];
}

/** A service of an earlier wave that does not hold a value yet: halted, or to be waited for. */
interface Holder {
  readonly halted: boolean;
  readonly reason: string;
}

/**
 * What holds a service back.
 * @param gated the values that its new tasks would read and that are newer than its running tasks
 * @returns undefined when every service of an earlier wave holds them
 */
export function gate(
  service: ServiceFacts,
  gated: readonly Actionable[],
  run: RunFacts,
): Gate | Need | undefined {
  const waitsFor: string[] = [];
  let reason: string | undefined;
  for (const { cluster, wave, seen } of run.unlisted)
    if (wave < service.wave && seen.code === "retryable")
      reason ??= `the services of cluster ${cluster} (wave ${wave}) could not be listed: ${seen.reason}`;
  for (const other of run.earlier) {
    if (other.facts.wave >= service.wave) continue;
    for (const value of gated) {
      const held = holds(other, value, run);
      if (held === undefined) continue;
      if ("need" in held) return held;
      const name = `${serviceKey(other.facts.cluster, other.facts.service)} (wave ${other.facts.wave})`;
      if (held.halted) return { decision: "halted", reason: `${name} ${held.reason}`, waitsFor: [] };
      reason ??= `${name} ${held.reason}`;
      waitsFor.push(serviceKey(other.facts.cluster, other.facts.service));
      break;
    }
  }
  return reason === undefined ? undefined : { decision: "waiting-for-wave", reason, waitsFor };
}

/** How a service of an earlier wave holds back a value; undefined when it passes. */
function holds(
  { facts, decision }: Planned,
  { key, id, change }: Actionable,
  run: RunFacts,
): Holder | Need | undefined {
  const { seen, tasks, deployments } = facts;
  const read = facts.reads.find((one) => one.key === key && one.current);
  if (isUnseen(seen)) return unseenHolder(seen);
  if (read === undefined || seen.desiredCount === 0 || seen.controller !== "ECS") return undefined;
  if (isUnseen(tasks)) return unseenHolder(tasks);
  const readers = readersOf(tasks, read);
  const marginMs = marginOf(run.delaySeconds);
  if (readers.some(({ createdAtMs }) => needsDates(createdAtMs, change, marginMs)))
    return { need: "dates", ids: [id] };
  const verdict = byTasks(readers, change, run);
  if (isActionable(verdict))
    return decision.decision === "halted"
      ? { halted: true, reason: `is halted: ${decision.reason}` }
      : { halted: false, reason: `is ${decision.decision}: ${verdict.reason}` };
  if (tasks.length < seen.desiredCount)
    return { halted: false, reason: `runs ${tasks.length} of ${seen.desiredCount} tasks` };
  const bakeMs = (run.limits.bakeTimeInMinutes ?? 0) * 60_000;
  if (!seen.unfinished && bakeMs === 0) return undefined;
  const sinceMs = change.loMs ?? change.hiMs;
  if (deployments === undefined) return { need: "earlier-deployments", of: { facts, decision }, sinceMs };
  if (isUnseen(deployments)) return { halted: false, reason: `could not be checked: ${deployments.reason}` };
  const after = deployments.filter(
    ({ createdAtMs }) => createdAtMs > provedAfterMs(change, run.delaySeconds),
  );
  const success = latestBy(
    after.filter(({ status }) => status === "SUCCESSFUL"),
    ({ createdAtMs }) => -createdAtMs,
  );
  if (success === undefined)
    // No deployment after the change: its tasks were started one by one, so there is nothing to bake.
    return after.every(hasEnded)
      ? undefined
      : { halted: false, reason: "has a deployment in progress that began after the change" };
  return run.nowMs - (success.finishedAtMs ?? success.createdAtMs) < bakeMs
    ? {
        halted: false,
        reason: `finished its deployment less than ${run.limits.bakeTimeInMinutes} minutes ago (bakeTimeInMinutes)`,
      }
    : undefined;
}

/** A service that is wholly denied, missing or unsupported raises its own alarm and does not hold others up. */
function unseenHolder(seen: { readonly code: string; readonly reason: string }): Holder | undefined {
  return seen.code === "retryable" || seen.code === "busy"
    ? { halted: false, reason: `could not be checked: ${seen.reason}` }
    : undefined;
}
