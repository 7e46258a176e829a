/** The setting `limits`: when a service that would be recycled waits. Pure. */
import type { RunFacts, ServiceDeployment, ServiceFacts } from "../facts";
import type { DecisionName } from "./decisions";
import { newest } from "./deployments";

/** An hour in milliseconds. */
export const hourMs = 60 * 60_000;

/** A limit that holds a service back. */
export interface Limited {
  readonly decision: Extract<DecisionName, "cooling-down" | "at-capacity">;
  readonly reason: string;
  /** True for `maxDeploymentsPerHour`, which stops a writer gone wild and alarms. */
  readonly fuse?: boolean;
}

/** Since when the fuse needs to know deployments: a container before this one may have forced those of the last hour. */
export function fuseSinceMs({ nowMs, rememberedSinceMs, limits }: RunFacts): number {
  return limits.maxDeploymentsPerHour && rememberedSinceMs > nowMs - hourMs ? nowMs - hourMs : Infinity;
}

/** Counts what this container forced in the last hour, and every deployment of the hour that is older than it. */
export function fuse(
  { forcesMs = [] }: ServiceFacts,
  deployments: readonly ServiceDeployment[],
  { nowMs, limits: { maxDeploymentsPerHour: most = 0 }, rememberedSinceMs }: RunFacts,
): Limited | undefined {
  const isOfTheHour = (atMs: number): boolean => nowMs - atMs < hourMs;
  const count =
    forcesMs.filter(isOfTheHour).length +
    deployments.filter(({ createdAtMs }) => createdAtMs < rememberedSinceMs && isOfTheHour(createdAtMs))
      .length;
  return most > 0 && count >= most
    ? {
        decision: "cooling-down",
        reason: `the service had ${count} deployments in the last hour; the recycler forces at most ${most} (maxDeploymentsPerHour)`,
        fuse: true,
      }
    : undefined;
}

/** The limit that holds a service back; undefined when none does. */
export function limited(
  service: ServiceFacts,
  deployments: readonly ServiceDeployment[],
  run: RunFacts,
): Limited | undefined {
  const { nowMs, limits, inProgress } = run;
  const { minutesBetweenDeployments: minutes = -Infinity, maxConcurrentDeployments: most = Infinity } =
    limits;
  const last = newest(deployments);
  if (last && nowMs - last.createdAtMs < minutes * 60_000)
    return {
      decision: "cooling-down",
      reason: `the newest deployment is younger than ${minutes} minutes (minutesBetweenDeployments)`,
    };
  if (inProgress >= most)
    return {
      decision: "at-capacity",
      reason: `${most} covered services already have a deployment in progress (maxConcurrentDeployments)`,
    };
  return fuse(service, deployments, run);
}
