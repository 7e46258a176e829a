/**
 * Two times are compared: when a value last moved and when a deployment was made. Pure; nothing but types.
 */

/** When a value last moved, in milliseconds since the epoch: not before `loMs`, not after `hiMs`. A point has both equal. */
export interface Interval {
  readonly loMs: number;
  readonly hiMs: number;
}

/** `stale`: some task is older than the value; `unknown`: the interval does not tell. */
export type Freshness = "fresh" | "stale" | "unknown";

/**
 * How far the clocks and the whole seconds of events may be apart, in milliseconds. The queue's delay is longer
 * (3 seconds at least), so a deployment that the recycler made is later than the move by more than this.
 */
export const marginMs = 2000;

/**
 * Whether a deployment is newer than a value's last move. Total: a time that is no number is `unknown`, and
 * nothing is ever done about `unknown`.
 * @param deploymentCreatedAtMs milliseconds since the epoch
 */
export function freshness(deploymentCreatedAtMs: number, move: Interval): Freshness {
  if (deploymentCreatedAtMs > Math.max(move.loMs, move.hiMs) + marginMs) return "fresh";
  if (deploymentCreatedAtMs <= move.loMs + marginMs) return "stale";
  return "unknown";
}
