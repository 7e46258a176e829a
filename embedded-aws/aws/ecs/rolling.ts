/** How many tasks of a service there are; draining ones count nowhere, as in ECS. */
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
  /** False while the deployment has failed, or waits after a task that failed. */
  readonly mayStart: boolean;
}

/** What to do next; everything is a number of tasks. */
export interface Step {
  readonly start: number;
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
 * nothing (desired 1, 50 to 100 percent), nothing happens, as in ECS.
 */
export function rollingStep(c: Counts): Step {
  const excess = Math.max(0, c.newPending + c.newRunning - c.desired);
  const stopNewPending = Math.min(excess, c.newPending);
  const stopNewRunning = excess - stopNewPending;
  const newRunning = c.newRunning - stopNewRunning;
  const newCount = c.newPending + c.newRunning - excess;

  const missing = c.desired - newCount;
  const room = Math.max(0, c.upper - newCount - c.oldRunning);
  const start = c.mayStart ? Math.min(missing, room) : 0;

  const healthy = newRunning + c.oldRunning;
  const surplus = Math.max(0, healthy - c.desired);
  const inTheWay = c.mayStart ? missing - start : 0;
  const stopOldRunning = Math.max(
    0,
    Math.min(c.oldRunning, Math.max(surplus, inTheWay), healthy - Math.min(c.lower, c.desired)),
  );
  return { start, stopNewPending, stopNewRunning, stopOldPending: c.oldPending, stopOldRunning };
}
