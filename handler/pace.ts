import { fault, faultOf } from "./errors";

/**
 * The documented rates of an account and Region, in calls a second; operations that share a bucket have one name. Sources:
 * Amazon ECS Developer Guide, Request throttling; AWS Secrets Manager User Guide, Quotas; AWS General Reference, Systems
 * Manager quotas. A container describes at most a thousand secrets a second: AWS takes more.
 */
export const callsPerSecond: Readonly<Record<string, number>> = {
  UpdateService: 5,
  services: 20,
  tasks: 20,
  DescribeTaskDefinition: 20,
  DescribeSecret: 1000,
  ListSecrets: 100,
  ListSecretVersionIds: 50,
  DescribeParameters: 5,
  others: 20,
};

/** How many calls a bucket takes at once, where that is not what it gets in a second. */
export const callsAtOnce: Readonly<Record<string, number>> = {
  UpdateService: 50,
  services: 100,
  tasks: 100,
  DescribeTaskDefinition: 50,
  others: 50,
};

const shared: Readonly<Record<string, string>> = {
  DescribeServices: "services",
  ListServices: "services",
  ListServiceDeployments: "services",
  DescribeServiceDeployments: "services",
  DescribeServiceRevisions: "services",
  ListTasks: "tasks",
  DescribeTasks: "tasks",
};

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
   * @param what names the call in errors; its first word is the operation
   * @param repeatable false for a call that must not take effect twice: then only throttling is retried
   */
  call<T>(what: string, make: () => Promise<T>, repeatable?: boolean): Promise<T>;
  /** How many calls of an operation need not wait now. */
  free(operation: string): number;
}

/** The token buckets of a container: runs share them. `at` begins a run that must end by `deadlineMs`. */
export function createPacing(dependencies: PaceDependencies): { at(deadlineMs: number): Pace } {
  const { now, sleep, random } = dependencies;
  const buckets = new Map<string, { perSecond: number; tokens: number; filledAtMs: number }>();

  /** The bucket of an operation, filled up to now. */
  function bucketOf(operation: string): { perSecond: number; tokens: number; filledAtMs: number } {
    const name = shared[operation] ?? (operation in callsPerSecond ? operation : "others");
    const perSecond = callsPerSecond[name]!;
    const atOnce = callsAtOnce[name] ?? perSecond;
    const bucket = buckets.get(name) ?? { perSecond, tokens: atOnce, filledAtMs: now() };
    buckets.set(name, bucket);
    const earned = (Math.max(0, now() - bucket.filledAtMs) / 1000) * perSecond;
    bucket.tokens = Math.min(atOnce, bucket.tokens + earned);
    bucket.filledAtMs = now();
    return bucket;
  }

  /** Takes a token, waiting for it if none is left. A negative number of tokens counts the waiting calls. */
  async function turn(what: string, deadlineMs: number): Promise<void> {
    const bucket = bucketOf(what.split(" ")[0] ?? "");
    const waitMs = bucket.tokens >= 1 ? 0 : ((1 - bucket.tokens) / bucket.perSecond) * 1000;
    if (now() + waitMs >= deadlineMs) throw fault(`${what}: no time is left in this run`, "retryable");
    bucket.tokens -= 1;
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
      free: (operation) => Math.max(0, Math.floor(bucketOf(operation).tokens)),
    }),
  };
}
