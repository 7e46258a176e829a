import { fault, faultOf } from "./errors";

/** The token bucket of all calls: `burst` at once, then `perSecond`. */
export const callRate = { burst: 50, perSecond: 20 };

/** How often a run tries one call, the first time included. */
export const maximumTries = 6;

/** Clock, timer and random numbers. */
export interface PaceDependencies {
  /** Milliseconds since the epoch. */
  readonly now: () => number;
  readonly sleep: (delayMs: number) => Promise<void>;
  /** A number in [0, 1). */
  readonly random: () => number;
}

/** The calls of one run. */
export interface Pace {
  /**
   * Makes a call when the bucket has a token, and retries it after a retryable failure. Throws a `Fault`.
   * @param what names the call in errors
   * @param repeatable false for a call that must not take effect twice: then only throttling is retried
   */
  call<T>(what: string, make: () => Promise<T>, repeatable?: boolean): Promise<T>;
}

/** The token bucket of a container: runs share it. `at` begins a run that must end by `deadlineMs`. */
export function createPacing(dependencies: PaceDependencies): { at(deadlineMs: number): Pace } {
  const { now, sleep, random } = dependencies;
  let tokens = callRate.burst;
  let filledAtMs = now();

  /** Takes a token, waiting for it if none is left. A negative number of tokens counts the waiting calls. */
  async function turn(what: string, deadlineMs: number): Promise<void> {
    const nowMs = now();
    const earned = (Math.max(0, nowMs - filledAtMs) / 1000) * callRate.perSecond;
    tokens = Math.min(callRate.burst, tokens + earned);
    filledAtMs = nowMs;
    const waitMs = tokens >= 1 ? 0 : ((1 - tokens) / callRate.perSecond) * 1000;
    if (nowMs + waitMs >= deadlineMs) throw fault(`${what}: no time is left in this run`, "retryable");
    tokens -= 1;
    if (waitMs > 0) await sleep(waitMs);
  }

  async function call<T>(
    what: string,
    make: () => Promise<T>,
    repeatable: boolean,
    deadlineMs: number,
  ): Promise<T> {
    for (let tries = 1; ; tries++) {
      await turn(what, deadlineMs);
      try {
        return await make();
      } catch (error) {
        const failed = faultOf(error, what);
        if (!failed) throw error;
        // Full jitter: Amazon Builders' Library, "Timeouts, retries, and backoff with jitter".
        const delayMs = random() * Math.min(8000, 200 * 2 ** tries);
        const again = failed.throttled || (repeatable && failed.kind === "retryable");
        if (!again || tries >= maximumTries || now() + delayMs >= deadlineMs) throw failed;
        await sleep(delayMs);
      }
    }
  }

  return {
    at: (deadlineMs) => ({
      call: (what, make, repeatable = true) => call(what, make, repeatable, deadlineMs),
    }),
  };
}
