/** One token bucket: a call takes a token, and tokens come back at a steady rate. */
export class TokenBucket {
  #tokens: number;
  #at: number;

  /**
   * @param capacity calls that may come at once
   * @param perSecond tokens that come back each second
   * @param timeMs the first instant, in milliseconds since the epoch
   */
  constructor(
    private readonly capacity: number,
    private readonly perSecond: number,
    timeMs: number,
  ) {
    this.#tokens = capacity;
    this.#at = timeMs;
  }

  /** Takes a token; false when there is none. */
  take(timeMs: number): boolean {
    const sinceMs = Math.max(0, timeMs - this.#at);
    this.#tokens = Math.min(this.capacity, this.#tokens + (sinceMs / 1000) * this.perSecond);
    this.#at = Math.max(this.#at, timeMs);
    if (this.#tokens < 1) return false;
    this.#tokens -= 1;
    return true;
  }
}
