/**
 * What the recycler covers, as plain data: captured by the callback, registered by the `Recycler` component for
 * the policy pack, exported as `policyConfig`. No Output, no class.
 */

import type { Limits } from "./decision";

/** One entry of `services[]`, normalised: names, not ARNs. */
export interface CoveredServices {
  /** Name of the cluster. */
  readonly cluster: string;
  /** Name of the service; absent: every service of the cluster except `exclude`. */
  readonly service?: string;
  readonly exclude: readonly string[];
  /** Secrets by name, full or partial ARN. Empty together with `parameters`: whatever the task definition refers to. */
  readonly secrets: readonly string[];
  /** Parameters by name or ARN. */
  readonly parameters: readonly string[];
  /** 0 and up; a wave starts when the one before is fresh. */
  readonly wave: number;
}

/** What the recycler does with a stale service. */
export type Mode = "recycle" | "dry-run" | "off";

/** Everything the deployed function knows. Partition, Region and account come from the function's own ARN. */
export interface RecyclerSettings {
  readonly coverage: readonly CoveredServices[];
  readonly mode: Mode;
  /** The queue's name: its creation is the moment before which a move is `predates-install`. */
  readonly queueName: string;
  /** Delay of the queue, in seconds: how long a move may wait for its own event. */
  readonly delaySeconds: number;
  readonly limits: Limits;
}

/** Names that do not depend on any stack's settings. */
type Covered = Pick<CoveredServices, "cluster" | "service" | "exclude">;

/** True when the entry covers the service. Cluster and service by name. */
export function covers(entry: Covered, cluster: string, service: string): boolean {
  if (entry.cluster !== cluster) return false;
  return entry.service === undefined ? !entry.exclude.includes(service) : entry.service === service;
}

/** The entries that cover a service; none where no entry covers it. */
export function entriesOf(
  coverage: readonly CoveredServices[],
  cluster: string,
  service: string,
): readonly CoveredServices[] {
  return coverage.filter((entry) => covers(entry, cluster, service));
}

/** True for an entry without a list: its services are covered for whatever their task definitions refer to. */
export function discovers(entry: Pick<CoveredServices, "secrets" | "parameters">): boolean {
  return entry.secrets.length === 0 && entry.parameters.length === 0;
}
