import type { DeploymentConfiguration } from "@aws-sdk/client-ecs";

/** How many tasks of a service there are, RUNNING ones being the healthy ones; draining ones count nowhere, as in ECS. */
export interface Counts {
  readonly desired: number;
  /** Fewest tasks that must be RUNNING. */
  readonly lower: number;
  /** Most tasks that may be RUNNING or PENDING. */
  readonly upper: number;
  readonly newPending: number;
  readonly newRunning: number;
  readonly oldPending: number;
  readonly oldRunning: number;
  /** Tasks on their way up in place of lost ones of an old deployment. */
  readonly oldStarting: number;
  /** Healthy tasks that old deployments lost while this one is under way. */
  readonly lost: number;
  /** Tasks that failed their health check and are not replaced yet, and how many healthy ones let them go. */
  readonly unhealthy: number;
  readonly healthyEnough: number;
  /** Old tasks wait for their deferred clean-up, or none is needed any more; else new ones take their places one by one. */
  readonly old: "kept" | "replaced" | "unwanted";
  /** False while the deployment has failed, or waits after a task that failed. */
  readonly mayStart: boolean;
}

/** What to do next; everything is a number of tasks. */
export interface Step {
  readonly start: number;
  /** Tasks of old deployments to start on their own revisions. */
  readonly replaceLost: number;
  readonly stopUnhealthy: number;
  readonly stopNewPending: number;
  readonly stopNewRunning: number;
  readonly stopOldPending: number;
  readonly stopOldRunning: number;
}

/** The bounds of a rolling deployment: the lower is rounded up, the upper down (Amazon ECS API Reference, DeploymentConfiguration). */
export function bounds(desired: number, minimumHealthyPercent: number, maximumPercent: number) {
  return {
    lower: Math.ceil((desired * minimumHealthyPercent) / 100),
    upper: Math.floor((desired * maximumPercent) / 100),
  };
}

/**
 * One step of a rolling deployment. New tasks are started as far as the upper bound lets; old ones are stopped
 * when new ones have taken their place, or to make room where the bounds allow no other way. Where they allow
 * nothing (desired 1, 50 to 100 percent), nothing happens, as in ECS. Lost old tasks are replaced on their own
 * revision where the lower bound asks for it (Developer Guide, "Rolling update deployments").
 */
export function rollingStep(c: Counts): Step {
  const excess = Math.max(0, c.newPending + c.newRunning - c.desired);
  const stopNewPending = Math.min(excess, c.newPending);
  const stopNewRunning = excess - stopNewPending;
  const newRunning = c.newRunning - stopNewRunning;
  const newCount = c.newPending + c.newRunning - excess;

  const missing = c.desired - newCount;
  const healthy = newRunning + c.oldRunning;
  const needed = Math.min(c.lower, c.desired);
  const room = Math.max(0, c.upper - newCount - c.oldRunning - c.oldStarting - c.unhealthy);
  const replaceLost = Math.max(0, Math.min(c.lost, room, needed - healthy - c.oldStarting));
  const start = c.mayStart ? Math.min(missing, room - replaceLost) : 0;
  const stopUnhealthy = healthy >= c.healthyEnough ? c.unhealthy : room > 0 ? 0 : Math.min(1, c.unhealthy);

  const surplus = c.old === "kept" ? 0 : Math.max(0, healthy - c.desired);
  const inTheWay = c.mayStart ? missing - start : 0;
  const stopOldRunning =
    c.old === "unwanted"
      ? c.oldRunning
      : Math.max(0, Math.min(c.oldRunning, Math.max(surplus, inTheWay), healthy - needed));
  return {
    ...{ start, replaceLost, stopUnhealthy },
    ...{ stopNewPending, stopNewRunning, stopOldPending: c.oldPending, stopOldRunning },
  };
}

/**
 * When a rolling deployment with early success criteria has succeeded: how many healthy new tasks it takes, and
 * whether the old ones may outlive it (Developer Guide, "Early success criteria").
 */
export function earlySuccess(
  { strategy, earlySuccessCriteria: given }: DeploymentConfiguration,
  desired: number,
): { required: number; deferred: boolean } | undefined {
  if (!given?.enable || (strategy ?? "ROLLING") !== "ROLLING") return undefined;
  return {
    required: Math.min(desired, Math.max(1, Math.ceil((desired * (given.healthyPercent ?? 100)) / 100))),
    deferred: given.sourceServiceRevisionCleanup === "DEFERRED",
  };
}
