import { matches } from "../aws-semantics/event-pattern";
import { partitionOf, type Place } from "../aws-semantics/arn";
import type { Reference } from "../aws-semantics/secret-reference";
import { provingEvents } from "../events/sent";
import { covers, discovers, type CoveredServices } from "../handler/coverage";
import { listedReads, lists as listsReference } from "../handler/readers";
import { nowhere, type EcsService } from "./ecs";
import { isUnknown } from "./graph";
import type { PolicyInput } from "./policy";
import type { Recycler, Rule } from "./recyclers";

/** One entry of a recycler's coverage that includes a service. */
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
      recycler.coverage.map((entry): Covering => ({ entry, recycler, home: recycler.home })),
    );
  const { region, account, coverage } = input.config;
  const home = region && account ? { partition: partitionOf(region), region, account } : undefined;
  const others = coverage.map((entry): Covering => ({ entry: { ...noLists, ...entry }, home }));
  return [...own, ...others].filter(({ entry }) => includes(entry, service));
}

/** The lists that an entry of the configuration may leave out. */
const noLists = { exclude: [], secrets: [], parameters: [] };

/** The services that a recycler covers. */
export function coveredServices(input: PolicyInput): EcsService[] {
  return input.services.filter((service) => coverings(input, service).length > 0);
}

/** Whether an entry covers a service. An unknown name is neither listed nor excluded. */
function includes(entry: CoveredServices, { cluster, service }: EcsService): boolean {
  if (cluster === undefined) return false;
  if (service !== undefined) return covers(entry, cluster, service);
  return entry.cluster === cluster && entry.service === undefined && entry.exclude.length === 0;
}

/** Whether an entry covers a reference: it lists what the reference follows, or lists nothing. */
export function lists(entry: CoveredServices, reference: Reference, home: Place | undefined): boolean {
  return discovers(entry) || listsReference(listedReads(entry, home ?? nowhere).references, reference, home);
}

/** The first rule that is enabled and matches one of the events that a change of the reference would send. */
export function ruleFor(rules: readonly Rule[], reference: Reference, home: Place): Rule | undefined {
  const events = provingEvents(reference, home);
  return rules.find(
    ({ enabled, pattern }) =>
      enabled &&
      pattern !== undefined &&
      !isUnknown(pattern) &&
      events.some((event) => matches(pattern, event)),
  );
}
