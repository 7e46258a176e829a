/** Which covered services a run evaluates. */
import type { CompiledEntry } from "./coverage";
import type { RunEnvironment, Task } from "./environment";
import { caughtFault } from "./errors";
import { serviceKey, unseenOf, type Decision, type Planned, type RunFacts } from "./facts";
import { takeTurns, wait } from "./line";
import type { Observer } from "./observe";
import { requestId } from "./plan/verdicts";
import { isAfter } from "./observe/values";
import { readersOf, type Looks } from "./survey";
import type { Change } from "./trigger";

/** A covered service that a run evaluates. */
export interface Target {
  readonly cluster: string;
  readonly service: string;
  readonly wave: number;
  readonly entries: readonly CompiledEntry[];
  /** `all`: every value is looked at; `known`: what is known is enough; `changed`: only readers of a change matter. */
  readonly looks: "all" | "known" | "changed";
  /** True for a service that only others wait for: it is neither logged nor recycled. */
  readonly context: boolean;
  readonly cause: string;
}

/** The targets of a run in the making. */
export interface Targets {
  readonly targets: Map<string, Target>;
  readonly unlisted: RunFacts["unlisted"][number][];
  /** Adds every service of an entry. */
  addEntry(entry: CompiledEntry, how: Pick<Target, "looks" | "context" | "cause">): Promise<void>;
  /** Adds a service. False when no entry covers it. */
  add(cluster: string, service: string, how: Pick<Target, "looks" | "context" | "cause">): boolean;
}

const urgency: readonly Target["looks"][] = ["changed", "known", "all"];

/** Services that are decided about together. */
export const groupSize = 10;

/** The services of each cluster, listed once a run. */
export type ClusterLists = Map<string, Promise<readonly string[]>>;

/** Begins a set of targets. */
export function createTargets(
  { coverage, memory, now }: RunEnvironment,
  observer: Observer,
  lists: ClusterLists,
): Targets {
  const targets = new Map<string, Target>();
  const unlisted: RunFacts["unlisted"][number][] = [];

  function add(cluster: string, service: string, how: Pick<Target, "looks" | "context" | "cause">): boolean {
    const entries = coverage.entriesOf(cluster, service);
    if (entries.length === 0) return false;
    const key = serviceKey(cluster, service);
    const known = targets.get(key);
    const looks =
      known && urgency.indexOf(known.looks) > urgency.indexOf(how.looks) ? known.looks : how.looks;
    targets.set(key, {
      cluster,
      service,
      wave: Math.max(...entries.map(({ wave }) => wave)),
      entries,
      looks,
      context: how.context && (known?.context ?? true),
      cause: known && !known.context ? known.cause : how.cause,
    });
    return true;
  }

  async function list({ cluster, wave }: CompiledEntry): Promise<readonly string[]> {
    const atMs = now();
    const asked =
      lists.get(cluster) ??
      observer.services(cluster).then(
        (what) => {
          memory.lists.set(cluster, { what, atMs });
          return what;
        },
        (error: unknown) => {
          unlisted.push({ cluster, wave, seen: unseenOf(caughtFault(error)) });
          return [];
        },
      );
    lists.set(cluster, asked);
    return asked;
  }

  return {
    targets,
    unlisted,
    add,
    async addEntry(entry, how) {
      const names = entry.service === undefined ? await list(entry) : [entry.service];
      for (const name of names) if (!entry.exclude.includes(name)) add(entry.cluster, name, how);
    },
  };
}

/** The services that a run evaluates first: all of a sweep, those whose deployment ended, and the first of the line. */
export async function firstTargets(
  environment: RunEnvironment,
  observer: Observer,
  { changes, ended, requests, sweep, asking }: Task,
  lists: ClusterLists,
  looks: Looks,
): Promise<Targets> {
  const { coverage, log, memory, pace } = environment;
  const found = createTargets(environment, observer, lists);
  if (sweep)
    for (const entry of coverage.entries)
      await found.addEntry(entry, { looks: "all", context: false, cause: sweep.cause });
  const ignore = (cause: string, cluster: string, service: string): void => {
    log.count("Ignored");
    log.note("ignored", "the service is not covered", { cause, cluster, service });
  };
  for (const { cluster, service, cause } of ended)
    if (!found.add(cluster, service, { looks: "known", context: false, cause }))
      ignore(cause, cluster, service);
  for (const request of requests)
    for (const { cluster, service } of request.services) {
      const key = serviceKey(cluster, service);
      if (!found.add(cluster, service, { looks: "all", context: false, cause: "request" }))
        ignore("request", cluster, service);
      else memory.services.set(key, { ...memory.services.get(key), request });
    }
  await lineUp(environment, observer, changes, lists, looks, found);
  if (!asking) addTurns(environment, found, pace.free("UpdateService"));
  await addEarlier(environment, found);
  return found;
}

function addTurns({ memory }: RunEnvironment, found: Targets, count: number): void {
  for (const { cluster, service, cause } of takeTurns(memory, count))
    found.add(cluster, service, { looks: "changed", context: false, cause });
}

/** Puts the readers of what changed in the line. What shows them may be from an earlier run, if it is from after the change. */
async function lineUp(
  environment: RunEnvironment,
  observer: Observer,
  changes: readonly Change[],
  lists: ClusterLists,
  looks: Looks,
  { unlisted }: Targets,
): Promise<void> {
  if (changes.length === 0) return;
  const { coverage, memory } = environment;
  const changedMs = Math.max(...changes.map(({ atMs }) => atMs));
  for (const [cluster, { what, atMs }] of memory.lists)
    if (isAfter(atMs, changedMs) && !lists.has(cluster)) lists.set(cluster, Promise.resolve(what));
  const found = createTargets(environment, observer, lists);
  for (const change of changes)
    for (const entry of coverage.about(change))
      await found.addEntry(entry, { looks: "changed", context: false, cause: change.cause });
  unlisted.push(...found.unlisted);
  for (const { cluster, service, wave, cause } of await readersOf(
    environment,
    observer,
    [...found.targets.values()],
    changes,
    looks,
  ))
    wait(memory, { cluster, service, wave, cause });
}

/** The next services of the line. */
export async function nextTargets(
  environment: RunEnvironment,
  observer: Observer,
  lists: ClusterLists,
): Promise<Targets> {
  const found = createTargets(environment, observer, lists);
  addTurns(environment, found, Math.max(groupSize, environment.pace.free("UpdateService")));
  await addEarlier(environment, found);
  return found;
}

/** Adds the services of earlier waves that may share a value with a target. */
async function addEarlier({ coverage, memory }: RunEnvironment, found: Targets): Promise<void> {
  const later = [...found.targets.values()].filter(({ wave }) => wave > coverage.firstWave);
  if (later.length === 0) return;
  const lastWave = Math.max(...later.map(({ wave }) => wave));
  const keys = later.map(({ cluster, service }) => memory.services.get(serviceKey(cluster, service))?.keys);
  const shared = keys.includes(undefined) ? undefined : new Set(keys.flatMap((own) => own ?? []));
  const how = { looks: "known", context: true, cause: "wave" } as const;
  for (const entry of coverage.entries)
    if (entry.wave < lastWave && !(entry.service !== undefined && isUnrelated(entry.cluster, entry.service)))
      await found.addEntry(entry, how);
  for (const [key, { cluster, service, context }] of found.targets)
    if (context && isUnrelated(cluster, service)) found.targets.delete(key);

  function isUnrelated(cluster: string, service: string): boolean {
    const own = memory.services.get(serviceKey(cluster, service))?.keys;
    return own !== undefined && shared !== undefined && !own.some((key) => shared.has(key));
  }
}

/** The services that waited for what was just decided; none for a sweep, which evaluates all. */
export async function releasedTargets(
  environment: RunEnvironment,
  observer: Observer,
  { ended, sweep }: Task,
  decided: readonly Planned[],
  lists: ClusterLists,
): Promise<Targets | undefined> {
  const { coverage, memory, settings } = environment;
  if (sweep || ended.length === 0) return undefined;
  const limited = settings.limits.maxConcurrentDeployments !== undefined;
  if (!coverage.hasWaves && !limited) return undefined;
  const found = createTargets(environment, observer, lists);
  const how = { looks: "changed", context: false, cause: ended[0]?.cause ?? "" } as const;
  const done = new Set(
    decided
      .filter(({ decision }) => !isWaitedFor(decision))
      .map(({ facts }) => serviceKey(facts.cluster, facts.service)),
  );
  for (const [key, { decision, waitsFor = [] }] of memory.services) {
    const [cluster = "", service = ""] = key.split("/");
    const released =
      waitsFor.length > 0 && waitsFor.every((one) => done.has(one) || !isWaiting(environment, one));
    if ((decision === "waiting-for-wave" && released) || (decision === "at-capacity" && limited))
      found.add(cluster, service, { ...how, looks: "all" });
  }
  // Services that this container has not decided about yet may wait, too.
  const firstDone = Math.min(...decided.map(({ facts }) => facts.wave));
  for (const entry of coverage.entries) {
    const isLater = limited || entry.wave > firstDone;
    const names = entry.service === undefined ? decidedIn(environment, entry.cluster) : [entry.service];
    const unknown =
      names.length === 0 ||
      names.some((name) => memory.services.get(serviceKey(entry.cluster, name))?.decision === undefined);
    if (isLater && unknown) await found.addEntry(entry, { ...how, looks: "all" });
  }
  for (const key of done) found.targets.delete(key);
  if (found.targets.size === 0) return undefined;
  await addEarlier(environment, found);
  return found;
}

/** Decisions about a service for which later waves go on waiting. A halted one ends their waiting: they halt, too. */
function isWaitedFor({ decision, tasks }: Decision): boolean {
  return decision !== "halted" && (tasks === undefined || tasks.stale > 0 || decision === "rolling-out");
}

/** Whether a service, when it was last decided about, did not hold its values yet. */
function isWaiting({ memory }: RunEnvironment, key: string): boolean {
  const known = memory.services.get(key);
  return known?.isWaitedFor ?? true;
}

function decidedIn({ memory }: RunEnvironment, cluster: string): string[] {
  return [...memory.services]
    .filter(([key, { decision }]) => key.startsWith(`${cluster}/`) && decision !== undefined)
    .map(([key]) => key.slice(cluster.length + 1));
}

/** Keeps of a decision what later runs need. */
export function rememberDecision({ memory, now }: RunEnvironment, { facts, decision }: Planned): void {
  const key = serviceKey(facts.cluster, facts.service);
  const before = memory.services.get(key);
  const deferred = decision.decision === "deferred";
  memory.services.set(key, {
    ...before,
    keys: facts.reads.map((read) => read.key),
    decision: decision.decision,
    // A deferred service is the first of the next sweep.
    decidedAtMs: deferred ? (before?.decidedAtMs ?? 0) : now(),
    waitsFor: decision.waitsFor ?? [],
    isWaitedFor: isWaitedFor(decision),
    // Open as long as a verdict says so; a service that could not be looked at has none.
    request:
      decision.tasks === undefined || decision.verdicts.some(({ id }) => id === requestId)
        ? before?.request
        : undefined,
    staleTasks: decision.tasks?.stale ?? 0,
    staleSince: staleSince(decision, before?.staleSince),
  });
}

/** The values that tasks do not hold yet, with the time of the change. */
function staleSince(
  { verdicts }: Decision,
  before: ReadonlyMap<string, number> = new Map(),
): ReadonlyMap<string, number> {
  const since = new Map(before);
  for (const { key, verdict, change, staleTasks } of verdicts)
    if (verdict === "fresh") since.delete(key);
    else if (staleTasks > 0 && change && verdict !== "predates-install")
      since.set(key, Math.min(since.get(key) ?? Infinity, change.loMs ?? change.hiMs));
  return since;
}

/** In how many seconds after its change the slowest value was proved that tasks did not hold before. */
export function secondsToFresh(
  { memory, now }: RunEnvironment,
  { facts, decision }: Planned,
): number | undefined {
  const before = memory.services.get(serviceKey(facts.cluster, facts.service))?.staleSince;
  const isDone = decision.decision === "fresh" || decision.decision === "proved";
  if (!isDone || before === undefined || before.size === 0) return undefined;
  const changes = decision.verdicts.filter(({ key, verdict }) => verdict === "fresh" && before.has(key));
  const since = changes.map(({ key, change }) => (change?.proved ? change.hiMs : (before.get(key) ?? 0)));
  return since.length === 0 ? undefined : Math.round((now() - Math.min(...since)) / 100) / 10;
}
