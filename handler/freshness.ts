/**
 * Compares when a value last changed with when a deployment was created. Pure.
 */

/** When a value last changed: from `loMs` to `hiMs`, in milliseconds since the epoch; equal when the time is known. */
export interface Interval {
  readonly loMs: number;
  readonly hiMs: number;
}

/** `stale`: the value changed after the deployment; `unknown`: the deployment was created within the interval. */
export type Freshness = "fresh" | "stale" | "unknown";

/**
 * How far clocks and the whole seconds of events may differ, in milliseconds. The queue's delay is longer (at least
 * 3 seconds), so a deployment that the recycler forces is later than the change by more than this.
 */
export const marginMs = 2000;

/**
 * Whether a deployment was created after a value's last change. Total: a time that is not a number gives `unknown`,
 * and the recycler never acts on `unknown`.
 * @param deploymentCreatedAtMs milliseconds since the epoch
 */
export function freshness(deploymentCreatedAtMs: number, move: Interval): Freshness {
  if (deploymentCreatedAtMs > Math.max(move.loMs, move.hiMs) + marginMs) return "fresh";
  if (deploymentCreatedAtMs <= move.loMs + marginMs) return "stale";
  return "unknown";
}
