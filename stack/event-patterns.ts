import { localArn, type Place } from "../aws-semantics/arn";
import { rulePattern, type EventPattern } from "../events/patterns";

/** Amazon EventBridge quotas: characters of an event pattern. */
export const MAX_PATTERN_LENGTH = 2048;

/**
 * Deployments that ended. Limited to the covered clusters as long as the pattern has room for their names; the recycler
 * ignores the others without a call. The ARN of a service in the old format has no cluster in it: then the event's own
 * field names the cluster.
 */
export function deploymentsPattern(place: Place, clusters: readonly string[]): EventPattern {
  const all = rulePattern("deployments");
  const limited = {
    ...all,
    $or: [
      { resources: clusters.map((cluster) => ({ prefix: localArn(place, "ecs", `service/${cluster}/`) })) },
      {
        detail: { clusterArn: clusters.map((cluster) => localArn(place, "ecs", `cluster/${cluster}`)) },
      },
    ],
  };
  return JSON.stringify(limited).length <= MAX_PATTERN_LENGTH ? limited : all;
}
