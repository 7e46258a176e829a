/** The setting `limits`: when a service that would be recycled waits. Pure. */
import type { RunFacts, ServiceDeployment } from "../facts";
import type { DecisionName } from "./decisions";
import { newest } from "./deployments";

/** The limit that holds a service back; undefined when none does. */
export function limited(
  deployments: readonly ServiceDeployment[],
  { nowMs, limits, inProgress }: RunFacts,
):
  | { readonly decision: Extract<DecisionName, "cooling-down" | "at-capacity">; readonly reason: string }
  | undefined {
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
  return undefined;
}
