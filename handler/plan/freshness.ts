/** Compares when a task was created with when a value changed. Pure. */

/**
 * When a value last changed. Times are milliseconds since the epoch. `proved`: the two times are one, from an event that
 * a look confirmed or from a parameter's date. Otherwise the change was between them.
 */
export interface ValueChange {
  /** Absent: the versions' dates were not asked yet. */
  readonly loMs?: number;
  readonly hiMs: number;
  readonly proved: boolean;
  /** True when the value may have changed at any time of the interval; false: it is presumed to have changed at `loMs`. */
  readonly doubt: boolean;
  readonly versionId?: string;
  /** What told of the change, where an event did. */
  readonly cause?: string;
  readonly who?: string;
}

/** `starting`: the task has no creation time yet, so it will read the current value. */
export type TaskFreshness = "fresh" | "presumed" | "doubt" | "stale" | "starting";

/** Secrets Manager answers are eventually consistent for some seconds after a change. */
export const longestMarginMs = 10_000;

/**
 * By how much a task must be younger than the change to count as fresh. Shorter than the queue's delay, so that a
 * deployment that the recycler forces is always proof.
 * @param delaySeconds the queue's delay
 */
export function marginOf(delaySeconds: number): number {
  return Math.min(longestMarginMs, delaySeconds * 1000 - 1000);
}

/** Whether the versions' dates are needed to judge a task. Without a date of the change they do not help. */
export function needsDates(
  createdAtMs: number | undefined,
  { loMs, hiMs }: ValueChange,
  marginMs: number,
): boolean {
  return loMs === undefined && Number.isFinite(hiMs) && (createdAtMs ?? Infinity) <= hiMs + marginMs;
}

/** Whether a task holds the value. Total. */
export function taskFreshness(
  createdAtMs: number | undefined,
  { loMs = 0, hiMs, doubt }: ValueChange,
  marginMs: number,
): TaskFreshness {
  if (createdAtMs === undefined || Number.isNaN(createdAtMs)) return "starting";
  if (createdAtMs > hiMs + marginMs) return "fresh";
  if (createdAtMs <= loMs + marginMs) return "stale";
  return doubt ? "doubt" : "presumed";
}

/** True for a task that holds an old value, or may. */
export function isOld(createdAtMs: number | undefined, change: ValueChange, marginMs: number): boolean {
  const freshness = taskFreshness(createdAtMs, change, marginMs);
  return freshness === "stale" || freshness === "doubt";
}

/** True for a change before the installation, which only a request recycles. */
export function predates({ loMs = 0, hiMs, doubt }: ValueChange, installedAtMs: number): boolean {
  return hiMs < installedAtMs || (!doubt && loMs < installedAtMs);
}
