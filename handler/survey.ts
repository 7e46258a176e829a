/** The facts of the services that a run evaluates, in as few calls as possible. */
import { isPinned, type Reference } from "../aws-semantics/secret-reference";
import { coversReference } from "./coverage";
import type { RunEnvironment } from "./environment";
import {
  isUnseen,
  serviceKey,
  type ReadFacts,
  type SeenService,
  type ServiceFacts,
  type TaskFacts,
  type Unseen,
} from "./facts";
import type { Observer } from "./observe";
import type { RememberedDefinition } from "./observe/memory";
import { servicesPerCall, type ServiceLook } from "./observe/services";
import { concerns, sharedKey, valueKey, type Reads } from "./readers";
import { isAfter } from "./observe/values";
import type { Target } from "./targets";
import type { Change } from "./trigger";

/** A target with its facts, and the references behind the values that it reads. */
export interface Surveyed {
  readonly target: Target;
  readonly facts: ServiceFacts;
  readonly references: ReadonlyMap<string, Reference>;
}

type Definitions = Map<string, RememberedDefinition | Unseen>;

/** The descriptions of a run: each service is described once. */
export type Looks = Map<string, ServiceLook>;

/** Describes the services that were not described in this run yet, ten a call. */
export async function describeAll(
  { memory, now }: RunEnvironment,
  observer: Observer,
  targets: readonly Pick<Target, "cluster" | "service">[],
  looks: Looks,
): Promise<void> {
  const missing = targets.filter(({ cluster, service }) => !looks.has(serviceKey(cluster, service)));
  const atMs = now();
  await Promise.all(
    inTens(missing).map(async ({ cluster, names }) => {
      for (const [name, look] of await observer.describe(cluster, names)) {
        looks.set(serviceKey(cluster, name), look);
        memory.looks.set(serviceKey(cluster, name), { what: look, atMs });
      }
    }),
  );
}

/** More services than these are not all described at each event: a description of the last minute is enough. */
const fewServices = 100;
const recentLookMs = 60_000;

/** The services among them that read what changed, or may. A description from after the changes is enough to tell. */
export async function readersOf(
  environment: RunEnvironment,
  observer: Observer,
  targets: readonly Target[],
  changes: readonly Change[],
  looks: Looks,
): Promise<readonly Target[]> {
  const { memory, now } = environment;
  const changedMs = Math.max(...changes.map(({ atMs }) => atMs));
  const recentMs = targets.length > fewServices ? recentLookMs : 0;
  const known = (target: Target): ServiceLook | undefined => {
    const look = memory.looks.get(serviceKey(target.cluster, target.service));
    if (look === undefined || isUnseen(look.what.seen)) return undefined;
    return isAfter(look.atMs, changedMs) || now() - look.atMs < recentMs ? look.what : undefined;
  };
  await describeAll(
    environment,
    observer,
    targets.filter((target) => known(target) === undefined),
    looks,
  );
  const described = targets.flatMap((target) => {
    const look = known(target) ?? looks.get(serviceKey(target.cluster, target.service));
    return look && isWorthALook(target, look.seen) ? [{ target, look }] : [];
  });
  const definitions: Definitions = new Map();
  await define(
    described.flatMap(({ look }) => (isUnseen(look.seen) ? [] : look.seen.definitions)),
    observer,
    definitions,
  );
  const listed = listedDefinitions(environment);
  return described
    .filter(({ target: { cluster, service }, look }) =>
      isConcerned(environment, listed(cluster, service), look, changes, definitions),
    )
    .map(({ target }) => target);
}

/** The facts of each target that the run is about: its service, tasks and references. */
export async function survey(
  environment: RunEnvironment,
  observer: Observer,
  targets: readonly Target[],
  looks: Looks,
): Promise<Surveyed[]> {
  const definitions: Definitions = new Map();
  await describeAll(environment, observer, targets, looks);
  const described = targets.flatMap((target) => {
    const look = looks.get(serviceKey(target.cluster, target.service));
    return look && isWorthALook(target, look.seen) ? [{ target, look }] : [];
  });
  await define(
    described.flatMap(({ look }) => (isUnseen(look.seen) ? [] : look.seen.definitions)),
    observer,
    definitions,
  );
  const tasks = await tasksOf(observer, described);
  await define(
    [...tasks.values()].flatMap((own) => (isUnseen(own) ? [] : own.map(({ definition }) => definition))),
    observer,
    definitions,
  );
  return described.map(({ target, look }) =>
    surveyed(
      environment,
      target,
      look,
      tasks.get(serviceKey(target.cluster, target.service)) ?? [],
      definitions,
    ),
  );
}

/** A deleted service is a mistake in the settings only where they name it. */
function isWorthALook({ entries }: Target, seen: SeenService | Unseen): boolean {
  return !isUnseen(seen) || seen.code !== "not-found" || entries.some(({ service }) => service !== undefined);
}

async function define(arns: readonly string[], observer: Observer, definitions: Definitions): Promise<void> {
  const missing = [...new Set(arns)].filter((arn) => !definitions.has(arn));
  await Promise.all(missing.map(async (arn) => definitions.set(arn, await observer.taskDefinition(arn))));
}

/** The task definitions of the tasks that were last listed, by cluster and group. */
function listedDefinitions({
  memory,
}: RunEnvironment): (cluster: string, service: string) => readonly string[] {
  const found = new Map<string, string[]>();
  for (const [cluster, tasks] of memory.tasks)
    for (const { group, definition } of tasks.values()) {
      const key = `${cluster} ${group}`;
      const own = found.get(key);
      if (own === undefined) found.set(key, [definition]);
      else if (!own.includes(definition)) own.push(definition);
    }
  return (cluster, service) => found.get(`${cluster} service:${service}`) ?? [];
}

/** False for a service that reads nothing of what changed: then it needs no further call. */
function isConcerned(
  { memory, home }: RunEnvironment,
  listed: readonly string[],
  { seen, reads }: ServiceLook,
  changes: readonly Change[],
  definitions: Definitions,
): boolean {
  if (isUnseen(seen)) return true;
  const found = [...seen.definitions, ...listed].map(
    (arn) => definitions.get(arn) ?? memory.definitions.get(arn),
  );
  // What could not be described may read it.
  if (found.some((definition) => definition === undefined || isUnseen(definition))) return true;
  const all: Reads[] = [reads, ...found.flatMap((one) => (one && !isUnseen(one) ? [one.reads] : []))];
  return all.some(({ references }) =>
    references.some((reference) => changes.some((change) => concerns(change, reference, home))),
  );
}

async function tasksOf(
  observer: Observer,
  concerned: readonly { readonly target: Target; readonly look: ServiceLook }[],
): Promise<Map<string, readonly TaskFacts[] | Unseen>> {
  const clusters = new Map<string, string[]>();
  for (const { target, look } of concerned)
    if (!isUnseen(look.seen) && look.seen.desiredCount + look.seen.runningCount > 0)
      clusters.set(target.cluster, [...(clusters.get(target.cluster) ?? []), target.service]);
  const found = new Map<string, readonly TaskFacts[] | Unseen>();
  await Promise.all(
    [...clusters].map(async ([cluster, services]) => {
      for (const [service, tasks] of await observer.tasks(cluster, services))
        found.set(serviceKey(cluster, service), tasks);
    }),
  );
  return found;
}

function surveyed(
  environment: RunEnvironment,
  target: Target,
  { seen, reads }: ServiceLook,
  tasks: readonly TaskFacts[] | Unseen,
  definitions: Definitions,
): Surveyed {
  const { cluster, service, wave, cause } = target;
  const references = new Map<string, Reference>();
  const known = environment.memory.services.get(serviceKey(cluster, service));
  const since = [...(known?.staleSince?.values() ?? [])];
  const staleSinceMs = since.length > 0 ? Math.min(...since) : undefined;
  const { forcedAtMs, forcesMs, request } = known ?? {};
  const about = { cluster, service, wave, cause, forcedAtMs, forcesMs, request, staleSinceMs };
  if (isUnseen(seen)) return { target, references, facts: { ...about, seen, tasks: [], reads: [] } };
  const found = new Map<string, ReadFacts>();
  const current = seen.definitions[0];
  const arns = [
    ...new Set([...seen.definitions, ...(isUnseen(tasks) ? [] : tasks.map(({ definition }) => definition))]),
  ];
  collect(reads, undefined);
  for (const arn of arns) {
    const definition = definitions.get(arn);
    if (definition === undefined) continue;
    if (isUnseen(definition))
      return { target, references, facts: { ...about, seen: definition, tasks: [], reads: [] } };
    collect(definition.reads, arn);
  }
  const own = current === undefined ? undefined : definitions.get(current);
  return {
    target,
    references,
    facts: {
      ...about,
      seen,
      tasks,
      reads: [...found.values()],
      mutableImage: own && !isUnseen(own) ? own.mutableImage : undefined,
    },
  };

  /** Takes over what a definition reads; `arn` is absent for the service's own references, which every task reads. */
  function collect(from: Reads, arn: string | undefined): void {
    for (const reference of from.references) {
      if (isPinned(reference) || !coversReference(target.entries, reference, environment.home)) continue;
      const id = valueKey(reference);
      references.set(id, reference);
      const before = found.get(id);
      found.set(id, {
        id,
        key: sharedKey(reference, environment.home),
        subject: reference.id,
        label: reference.service === "secretsmanager" ? reference.versionStage : undefined,
        definitions: arn === undefined ? undefined : [...(before?.definitions ?? []), arn],
        current: arn === undefined || arn === current || (before?.current ?? false),
      });
    }
    // What an entry lists was checked with the settings; an entry without a list covers every reference.
    if (target.entries.some(({ lists }) => lists === undefined))
      for (const { subject, reason } of from.problems)
        found.set(subject, {
          id: subject,
          key: subject,
          subject,
          current: true,
          problem: `${subject}: ${reason}`,
        });
  }
}

/** Groups of one cluster, as many names as one call takes. */
function inTens(
  targets: readonly Pick<Target, "cluster" | "service">[],
): { readonly cluster: string; readonly names: readonly string[] }[] {
  const clusters = new Map<string, string[]>();
  for (const { cluster, service } of targets)
    clusters.set(cluster, [...(clusters.get(cluster) ?? []), service]);
  return [...clusters].flatMap(([cluster, names]) => {
    const groups: { cluster: string; names: string[] }[] = [];
    for (let start = 0; start < names.length; start += servicesPerCall)
      groups.push({ cluster, names: names.slice(start, start + servicesPerCall) });
    return groups;
  });
}
