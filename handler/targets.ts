/**
 * Which covered services a run checks, and which events need no check.
 */
import type { Place } from "../aws-semantics/arn";
import type { Change } from "../events/wake-up";
import { discovers, entriesOf, type CoveredServices } from "./coverage";
import type { RunEnvironment, Task } from "./environment";
import { caughtFault } from "./errors";
import { marginMs } from "./freshness";
import { isProven, serviceKey } from "./memory";
import type { Observer } from "./observe";
import { servicesPerCall } from "./observe/services";
import { decisionOfFailure, unseen, type Situation, type Unseen } from "./decision";
import { concerns, listedReads } from "./readers";
import type { Decided } from "./waves";

/** A covered service that a run checks. */
export interface Target {
  readonly cluster: string;
  readonly service: string;
  readonly wave: number;
  readonly entries: readonly CoveredServices[];
  /** Why all its values are checked; absent: only those that changed. */
  readonly lookAt?: string;
  /** True when the outcome of its last deployment matters even if it is fresh. */
  readonly asksOutcome: boolean;
}

/** The changes that need a check; the log notes the others. */
export function unproven(environment: RunEnvironment, changes: readonly Change[]): Change[] {
  return changes.filter((change) => {
    const reason = reasonToSkip(environment, change);
    if (reason === undefined) return true;
    environment.log.count("Skipped");
    environment.log.note("skipped", reason, { cause: change.cause, subject: change.subject });
    return false;
  });
}

/** Why an event needs no check: every covered service that reads its subject is known to have a newer deployment. */
function reasonToSkip({ settings, memory, home }: RunEnvironment, change: Change): string | undefined {
  let readers = false;
  for (const entry of settings.coverage) {
    const listed = listedConcerns(entry, change, home);
    if (!listed && !discovers(entry)) continue;
    readers = true;
    const afterMs = change.eventAtMs + marginMs;
    const known = memory.clusters.get(entry.cluster);
    const names =
      entry.service === undefined
        ? // A service that is missing from a list made after the event was created after the event.
          known && known.listedAtMs > afterMs
          ? known.services.filter((name) => !entry.exclude.includes(name))
          : undefined
        : [entry.service];
    const proven = names?.every((name) =>
      isProven(memory.services.get(serviceKey(entry.cluster, name)), change, home, listed),
    );
    if (!proven) return undefined;
  }
  return readers
    ? "every covered service that reads it already has a newer deployment"
    : "no covered service lists this secret or parameter";
}

function listedConcerns(entry: CoveredServices, change: Change, home: Place): boolean {
  return listedReads(entry, home).references.some((reference) => concerns(change, reference, home));
}

/** The services to check, in wave order, and the clusters that could not be listed. */
export async function targetsOf(
  { settings, memory, home, now, log }: RunEnvironment,
  observer: Observer,
  task: Task,
): Promise<{ targets: readonly Target[]; failures: readonly Decided[] }> {
  const targets = new Map<string, Target>();
  const failures: Decided[] = [];
  const lists = new Map<string, readonly string[] | undefined>();
  const waves = new Set(settings.coverage.map((entry) => entry.wave));

  function add(cluster: string, service: string, lookAt: string | undefined, asksOutcome: boolean): boolean {
    const entries = entriesOf(settings.coverage, cluster, service);
    if (entries.length === 0) return false;
    const key = serviceKey(cluster, service);
    const known = targets.get(key);
    targets.set(key, {
      cluster,
      service,
      wave: Math.max(...entries.map((entry) => entry.wave)),
      entries,
      lookAt: lookAt ?? known?.lookAt,
      asksOutcome: asksOutcome || (known?.asksOutcome ?? false),
    });
    return true;
  }

  async function list(cluster: string, cause: string): Promise<readonly string[]> {
    if (!lists.has(cluster)) {
      try {
        const listedAtMs = now();
        const services = await observer.services(cluster);
        memory.clusters.set(cluster, { listedAtMs, services });
        lists.set(cluster, services);
      } catch (error) {
        const failed = caughtFault(error);
        failures.push(clusterFailure(cluster, unseen(failed.code, failed.message), cause));
        lists.set(cluster, undefined);
      }
    }
    return lists.get(cluster) ?? [];
  }

  async function addEntry(entry: CoveredServices, lookAt: string | undefined, cause: string): Promise<void> {
    const names = entry.service === undefined ? await list(entry.cluster, cause) : [entry.service];
    for (const name of names)
      if (!entry.exclude.includes(name)) add(entry.cluster, name, lookAt, task.asking);
  }

  for (const look of task.looks) {
    if (look.cluster === undefined || look.service === undefined) {
      for (const entry of settings.coverage) await addEntry(entry, look.cause, look.cause);
    } else if (!add(look.cluster, look.service, look.cause, true)) {
      log.count("Ignored");
      log.note("ignored", "the service is not covered", {
        cause: look.cause,
        cluster: look.cluster,
        service: look.service,
      });
    } else if (waves.size > 1 || settings.limits.maxConcurrentDeployments !== undefined) {
      // The end of a deployment may start the next wave or leave room for any service.
      for (const entry of settings.coverage) await addEntry(entry, look.cause, look.cause);
    }
  }
  for (const change of task.changes)
    for (const entry of settings.coverage)
      if (discovers(entry) || listedConcerns(entry, change, home))
        await addEntry(entry, undefined, change.cause);
  const ordered = [...targets.values()].sort(
    (a, b) => a.wave - b.wave || compareText(a.cluster, b.cluster) || compareText(a.service, b.service),
  );
  return { targets: ordered, failures };
}

/** Every covered service, the given ones first. */
export async function coveredTargets(
  environment: RunEnvironment,
  observer: Observer,
  targets: readonly Target[],
): Promise<readonly Target[]> {
  const all = await targetsOf(environment, observer, {
    changes: [],
    looks: [{ kind: "sweep", cause: "capacity" }],
    asking: false,
  });
  const known = new Set(targets.map(({ cluster, service }) => serviceKey(cluster, service)));
  return [
    ...targets,
    ...all.targets.filter(({ cluster, service }) => !known.has(serviceKey(cluster, service))),
  ];
}

/** Groups of one cluster and one wave, as many as one call takes. */
export function inTens(targets: readonly Target[]): Target[][] {
  const groups: Target[][] = [];
  for (const target of targets) {
    const last = groups[groups.length - 1];
    const first = last?.[0];
    if (
      first &&
      first.cluster === target.cluster &&
      first.wave === target.wave &&
      last.length < servicesPerCall
    )
      last.push(target);
    else groups.push([target]);
  }
  return groups;
}

/** A whole cluster that could not be listed: `service` is `*`. */
function clusterFailure(cluster: string, seen: Unseen, cause: string): Decided {
  const situation: Situation = { cluster, service: "*", wave: 0, cause, seen, values: [] };
  return {
    situation,
    decision: {
      decision: decisionOfFailure(seen.code),
      reason: seen.reason,
      cluster,
      service: "*",
      wave: 0,
      cause,
    },
  };
}

function compareText(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}
