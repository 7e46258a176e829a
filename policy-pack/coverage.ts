import { partitionOf, type Place } from "../aws-semantics/arn";
import { sameParameter, sameSecret } from "../aws-semantics/secret-reference";
import type { CoveredServices } from "../handler/coverage";
import type { EcsService } from "./ecs";
import type { PolicyInput } from "./policy";
import type { Subject } from "./proving-events";
import type { Recycler } from "./recyclers";

/** One entry of somebody's coverage that includes a service. */
export interface Covering {
  readonly entry: CoveredServices;
  /** Absent when the recycler is in another stack: its rules are judged there. */
  readonly recycler?: Recycler;
  /** Where the recycler hears events from; absent when it is not told. */
  readonly home?: Place;
}

/** Everything that covers a service, this stack's recyclers first. */
export function coverings(input: PolicyInput, service: EcsService): Covering[] {
  const own = input.recyclers
    .filter((recycler) => recycler.mode !== "off")
    .flatMap((recycler) =>
      recycler.coverage
        .filter((entry) => includes(entry, service))
        .map((entry) => ({ entry, recycler, home: recycler.home })),
    );
  const { region, account } = input.config;
  const home = region && account ? { partition: partitionOf(region), region, account } : undefined;
  const others = input.config.coverage
    .filter((entry) => includes(entry, service))
    .map((entry) => ({ entry, home }));
  return [...own, ...others];
}

/** The services that somebody covers. */
export function coveredServices(input: PolicyInput): EcsService[] {
  return input.services.filter((service) => coverings(input, service).length > 0);
}

/** Whether an entry names a service: by name, or by its cluster and not excluded. A name not known is in neither. */
export function includes(entry: CoveredServices, service: EcsService): boolean {
  if (service.cluster !== entry.cluster) return false;
  if (entry.service !== undefined) return service.service === entry.service;
  return service.service === undefined
    ? (entry.exclude ?? []).length === 0
    : !(entry.exclude ?? []).includes(service.service);
}

/** Whether an entry takes whatever the task definition refers to. */
export function takesAll(entry: CoveredServices): boolean {
  return (entry.secrets ?? []).length === 0 && (entry.parameters ?? []).length === 0;
}

/** Whether an entry lists a subject, or lists nothing. */
export function lists(entry: CoveredServices, subject: Subject, home: Place | undefined): boolean {
  if (takesAll(entry)) return true;
  return subject.service === "ssm"
    ? (entry.parameters ?? []).some((id) => sameParameter(id, subject.arn, home))
    : (entry.secrets ?? []).some((id) => sameSecret(id, subject.arn, home));
}
