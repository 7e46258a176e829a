/**
 * How many deployments may be in progress at once (`limits.maxConcurrentDeployments`).
 */
import type { Decision } from "./decision";
import type { RecyclerSettings } from "./coverage";
import type { RunEnvironment } from "./environment";
import { marginMs } from "./freshness";
import { serviceKey } from "./memory";
import type { Observer } from "./observe";
import { unseenForceMs } from "./plan";
import { coveredTargets, inTens, type Target } from "./targets";

/** The deployments that this run may still force. */
export interface Capacity {
  /** Takes one; false when none is left. */
  take(): boolean;
}

/**
 * What the limit leaves. Where it is set, every covered service is described first. Every unfinished deployment
 * counts, whoever started it, and so does a service that could not be described.
 */
export async function capacityOf(
  environment: RunEnvironment,
  observer: Observer,
  targets: readonly Target[],
): Promise<Capacity> {
  const limit = environment.settings.limits.maxConcurrentDeployments;
  if (limit === undefined) return { take: () => true };
  let left = limit;
  const youngMs = environment.now() - unseenForceMs;
  for (const group of inTens(await coveredTargets(environment, observer, targets))) {
    const names = group.map(({ service }) => service);
    const cluster = group[0]?.cluster ?? "";
    for (const [name, { seen }] of await observer.describe(cluster, names)) {
      // ECS may not show yet what this container just forced.
      const forcedAtMs = environment.memory.services.get(serviceKey(cluster, name))?.forcedAtMs ?? 0;
      if (seen.kind === "unseen") left -= seen.code === "retryable" ? 1 : 0;
      else if (
        seen.unfinished ||
        (forcedAtMs > youngMs && (seen.deploymentCreatedAtMs ?? 0) + marginMs < forcedAtMs)
      )
        left--;
    }
  }
  return { take: () => left > 0 && left-- > 0 };
}

/** The decision about a service when the limit is reached. */
export function atCapacity(decision: Decision, { limits }: RecyclerSettings): Decision {
  return {
    ...decision,
    decision: "at-capacity",
    reason: `${limits.maxConcurrentDeployments} covered services already have unfinished deployments (maxConcurrentDeployments)`,
  };
}
