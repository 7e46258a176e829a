/**
 * What the recycler covers, as plain data: captured by the callback, registered by the `Recycler` component for
 * the policy pack, exported as `policyConfig`. No Output, no class.
 */

import type { Place } from "../aws-semantics/arn";
import type { Reference } from "../aws-semantics/secret-reference";
import type { Limits } from "./facts";
import { concerns, listedReads, lists } from "./readers";
import type { Change } from "./trigger";

/** The alias of the function that answers questions. */
export const questionsAlias = "questions";

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

/** True for an entry without a list: its services are covered for whatever their task definitions refer to. */
export function discovers(entry: Pick<CoveredServices, "secrets" | "parameters">): boolean {
  return entry.secrets.length === 0 && entry.parameters.length === 0;
}

/** An entry with its references parsed. */
export type CompiledEntry = CoveredServices & {
  /** Absent: the entry covers whatever its services read. */
  readonly lists?: readonly Reference[];
};

/** The settings compiled once in the life of a container. */
export interface Coverage {
  readonly entries: readonly CompiledEntry[];
  readonly clusters: readonly string[];
  /** The lowest wave, and whether there are several. */
  readonly firstWave: number;
  readonly hasWaves: boolean;
  /** The entries that cover a service. */
  entriesOf(cluster: string, service: string): readonly CompiledEntry[];
  /** The entries whose services may read what changed. */
  about(change: Change): readonly CompiledEntry[];
}

/** Compiles the settings. */
export function compileCoverage(coverage: readonly CoveredServices[], home: Place): Coverage {
  const entries = coverage.map((entry): CompiledEntry =>
    discovers(entry) ? entry : { ...entry, lists: listedReads(entry, home).references },
  );
  const waves = entries.map(({ wave }) => wave);
  return {
    entries,
    clusters: [...new Set(entries.map(({ cluster }) => cluster))].sort(),
    firstWave: Math.min(...waves),
    hasWaves: new Set(waves).size > 1,
    entriesOf: (cluster, service) => entries.filter((entry) => covers(entry, cluster, service)),
    about: (change) =>
      entries.filter(
        (entry) =>
          entry.lists === undefined || entry.lists.some((reference) => concerns(change, reference, home)),
      ),
  };
}

/** True when one of the entries covers the reference. */
export function coversReference(
  entries: readonly CompiledEntry[],
  reference: Reference,
  home: Place,
): boolean {
  return entries.some((entry) => entry.lists === undefined || lists(entry.lists, reference, home));
}
