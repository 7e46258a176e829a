/**
 * One run: a batch of wake-ups, or a question. Services are looked at and acted on in tens, wave by wave, so that
 * what is acted on was seen a moment ago.
 */
import type { Home, Reference } from "../aws-semantics/secret-reference";
import { isPinned, secretKey } from "../aws-semantics/secret-reference";
import type { Act } from "./act";
import type { Change, LookAround } from "./change";
import type { Clients } from "./clients";
import { entriesOf, discovers, type CoveredServices, type RecyclerSettings } from "./coverage";
import { caughtFault } from "./errors";
import { marginMs } from "./freshness";
import type { Log } from "./log";
import { isProven, rememberedMove, rememberMove, serviceKey, type Memory } from "./memory";
import type { Observe, Observer } from "./observe";
import type { ServiceLook } from "./observe/services";
import { servicesPerCall } from "./observe/services";
import type { Pace } from "./pace";
import {
  decisionOfFailure,
  type Circumstances,
  type Compare,
  type Decision,
  type SeenValue,
  type ServiceDeployment,
  type Situation,
  type Unseen,
  type plan,
} from "./plan";
import { concerns, joinReads, labelOf, listedReads, noReads, type Reads } from "./readers";
import { earlierReaders, gate, mustSucceed, type Decided } from "./waves";

/** The parts of the recycler that can be replaced, for simulation and for handlers that are broken on purpose. */
export interface RunParts {
  readonly observe: Observe;
  readonly freshness: Compare;
  readonly plan: typeof plan;
  readonly act: Act;
}

/** What a run works with. */
export interface RunEnvironment {
  readonly settings: RecyclerSettings;
  readonly home: Home;
  readonly clients: Clients;
  readonly memory: Memory;
  readonly pace: Pace;
  readonly log: Log;
  /** Milliseconds since the epoch. */
  readonly now: () => number;
  readonly parts: RunParts;
}

/** What a run is about. */
export interface Task {
  readonly changes: readonly Change[];
  readonly looks: readonly LookAround[];
  /** True for a question: everything is looked at, its deployments too, and nothing is done. */
  readonly asking: boolean;
}

/** What came of it. */
export interface Ran {
  readonly decided: readonly Decided[];
  /** True when nothing at all could be looked at: the batch must come back. */
  readonly unreadable: boolean;
}

/** A covered service that a run looks at. */
interface Target {
  readonly cluster: string;
  readonly service: string;
  readonly wave: number;
  readonly entries: readonly CoveredServices[];
  /** Why all its values are looked at; absent: only those that changed. */
  readonly lookAt?: string;
  /** True when its last deployment's outcome matters though it is fresh. */
  readonly asksOutcome: boolean;
}

/** How far before the newest deployment ECS is asked for service deployments: the two records are made in turn. */
const attemptsMarginMs = 60_000;

/** The changes that need a look; the others are noted in the log. */
export function unproven(environment: RunEnvironment, changes: readonly Change[]): Change[] {
  return changes.filter((change) => {
    const reason = reasonToSkip(environment, change);
    if (reason === undefined) return true;
    environment.log.count("Skipped");
    environment.log.note("skipped", reason, { cause: change.cause, subject: change.subject });
    return false;
  });
}

/** Why an event needs no look: for every covered reader of its subject a newer deployment is remembered. */
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
        ? // A service that is not in a list made after the event is younger than the event.
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
    ? "every covered reader is known to have a newer deployment"
    : "no covered service lists what it is about";
}

function listedConcerns(entry: CoveredServices, change: Change, home: Home): boolean {
  return listedReads(entry, home).references.some((reference) => concerns(change, reference, home));
}

/** Looks, decides, acts, and writes a line for each decision. */
export async function run(environment: RunEnvironment, task: Task): Promise<Ran> {
  const { settings, memory, log, now, parts, home, clients, pace } = environment;
  const observer = parts.observe({
    clients,
    pace,
    memory,
    home,
    queueName: settings.queueName,
    now,
    compare: parts.freshness,
  });
  const { targets, failures } = await targetsOf(environment, observer, task);
  for (const { decision } of failures) log.decision(decision);
  const decided: Decided[] = [...failures];
  const seen = {
    read: 0,
    unread: failures.filter(({ decision }) => decision.decision === "deferred").length,
  };
  if (targets.length > 0) {
    const installedAtMs = await observer.installedAt();
    for (const group of inTens(targets))
      await runTen(environment, observer, task, group, installedAtMs, decided, seen);
  }
  return { decided, unreadable: seen.read === 0 && seen.unread > 0 };
}

/** Which services to look at, in wave order; and the clusters that could not be listed. */
async function targetsOf(
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
    const cause = lookAt ?? known?.lookAt;
    targets.set(key, {
      cluster,
      service,
      wave: Math.max(...entries.map((entry) => entry.wave)),
      entries,
      ...(cause === undefined ? {} : { lookAt: cause }),
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
        const unseen: Unseen = { kind: "unseen", code: failed.code, reason: failed.message };
        failures.push(clusterFailure(cluster, unseen, cause));
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
    } else if (waves.size > 1) {
      // The end of a deployment may open the next wave, of any service.
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

/** Groups of one cluster and one wave, as many as one call takes. */
function inTens(targets: readonly Target[]): Target[][] {
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

/** Looks at up to ten services of a cluster, decides about each, acts on those that are to be recycled. */
async function runTen(
  environment: RunEnvironment,
  observer: Observer,
  task: Task,
  targets: readonly Target[],
  installedAtMs: number | undefined,
  decided: Decided[],
  seen: { read: number; unread: number },
): Promise<void> {
  const { settings, log, now } = environment;
  const cluster = targets[0]?.cluster ?? "";
  const looks = await observer.describe(
    cluster,
    targets.map((target) => target.service),
  );
  const situations = (
    await inTurn(targets, (target) => look(environment, observer, task, target, looks.get(target.service)))
  ).filter((situation) => situation !== undefined);
  for (const { seen: service } of situations)
    if (service.kind === "unseen" && service.code === "retryable") seen.unread++;
    else seen.read++;
  const sweeping = task.looks.some((around) => around.service === undefined);
  await observer.prepare(
    situations.flatMap(({ target, reads, seen: service }) =>
      target.lookAt !== undefined && service.kind === "service" ? reads.references : [],
    ),
    sweeping,
  );
  const outcomes = await settled(
    situations.map(async (looked): Promise<Decided> => {
      const circumstances: Circumstances = {
        nowMs: now(),
        delaySeconds: settings.delaySeconds,
        ...(installedAtMs === undefined ? {} : { installedAtMs }),
        ...(settings.limits.minutesBetweenDeployments === undefined
          ? {}
          : { minutesBetweenDeployments: settings.limits.minutesBetweenDeployments }),
      };
      const result = await decideOne(environment, observer, task, looked, circumstances, decided);
      if (result.decision.decision !== "recycle" || task.asking || settings.mode !== "recycle") return result;
      return { ...result, decision: await actOn(environment, result.decision) };
    }),
  );
  for (const { decision } of outcomes.done) log.decision(decision);
  decided.push(...outcomes.done);
  if (outcomes.failed) throw outcomes.failed.error;
}

/** A situation in the making. */
interface Looked {
  readonly target: Target;
  readonly seen: ServiceLook["seen"];
  readonly reads: Reads;
  readonly mutableImage?: boolean;
}

/** What a service reads; undefined for one that reads nothing of what changed. */
async function look(
  { memory, home, now }: RunEnvironment,
  observer: Observer,
  task: Task,
  target: Target,
  looked: ServiceLook | undefined,
): Promise<Looked | undefined> {
  const missing: Unseen = {
    kind: "unseen",
    code: "not-found",
    reason: "DescribeServices did not answer for it",
  };
  const { seen, reads: own } = looked ?? { seen: missing, reads: noReads };
  const listed = target.entries.filter((entry) => !discovers(entry)).map((entry) => listedReads(entry, home));
  if (seen.kind === "unseen") return { target, seen, reads: joinReads(listed) };
  const all = [...listed];
  let mutableImage: boolean | undefined;
  if (target.entries.some(discovers)) {
    all.push(own);
    if (seen.taskDefinition !== undefined) {
      const revision = await observer.revision(seen.taskDefinition);
      if ("kind" in revision) return { target, seen: revision, reads: joinReads(listed) };
      all.push(revision.reads);
      mutableImage = revision.mutableImage;
    }
  }
  const reads = joinReads(all);
  const key = serviceKey(target.cluster, target.service);
  const before = memory.services.get(key);
  const newestMs = Math.max(seen.deploymentCreatedAtMs ?? 0, before?.deploymentCreatedAtMs ?? 0);
  memory.services.set(key, {
    lookedAtMs: now(),
    ...(newestMs === 0 ? {} : { deploymentCreatedAtMs: newestMs }),
    reads,
    ...(before?.forcedAtMs === undefined ? {} : { forcedAtMs: before.forcedAtMs }),
  });
  const concerned = reads.references.some((reference) =>
    task.changes.some((change) => concerns(change, reference, home)),
  );
  if (!concerned && target.lookAt === undefined) return undefined;
  for (const change of task.changes)
    if (reads.references.some((reference) => concerns(change, reference, home))) rememberMove(memory, change);
  return { target, seen, reads, ...(mutableImage === undefined ? {} : { mutableImage }) };
}

/** Looks at the values, asks for deployments where that matters, decides. */
async function decideOne(
  environment: RunEnvironment,
  observer: Observer,
  task: Task,
  { target, seen, reads, mutableImage }: Looked,
  circumstances: Circumstances,
  decided: readonly Decided[],
): Promise<Decided> {
  const { memory, parts } = environment;
  const { cluster, service, wave } = target;
  const values = await valuesOf(environment, observer, task, target, seen, reads);
  const forcedAtMs = memory.services.get(serviceKey(cluster, service))?.forcedAtMs;
  const situation: Situation = {
    cluster,
    service,
    wave,
    seen,
    values,
    ...(forcedAtMs === undefined ? {} : { forcedAtMs }),
    ...(mutableImage === undefined ? {} : { mutableImage }),
  };
  const first = parts.plan(situation, circumstances, parts.freshness);
  const createdAtMs = seen.kind === "service" ? seen.deploymentCreatedAtMs : undefined;
  const asks = first.decision === "recycle" || (target.asksOutcome && isSettledFresh(first));
  if (!asks || createdAtMs === undefined) return { situation, decision: first };
  const sinceMs = Math.min(createdAtMs, first.move?.loMs ?? createdAtMs) - attemptsMarginMs;
  const attempts = await observer.attempts(cluster, service, sinceMs);
  // A fresh service whose deployments cannot be had is fresh all the same.
  if (isSettledFresh(first) && !isList(attempts)) return { situation, decision: first };
  const informed = { ...situation, attempts };
  const decision = parts.plan(informed, circumstances, parts.freshness);
  if (decision.decision !== "recycle") return { situation: informed, decision };
  return { situation: informed, decision: await waveGate(observer, informed, decision, decided) };
}

/** Whether the earlier waves let the service be recycled. */
async function waveGate(
  observer: Observer,
  situation: Situation,
  decision: Decision,
  decided: readonly Decided[],
): Promise<Decision> {
  const earlier = earlierReaders(situation, decision, decided);
  const attempts = new Map<Decided, readonly ServiceDeployment[] | Unseen>();
  for (const other of earlier)
    if (mustSucceed(other)) {
      const { cluster, service } = other.situation;
      attempts.set(other, await observer.attempts(cluster, service, decision.move?.loMs ?? 0));
    }
  return gate(decision, earlier, attempts);
}

/** The values that this run is about, each with when it moved. */
async function valuesOf(
  { memory, home, parts }: RunEnvironment,
  observer: Observer,
  task: Task,
  target: Target,
  seen: ServiceLook["seen"],
  reads: Reads,
): Promise<SeenValue[]> {
  const createdAtMs =
    seen.kind === "service" && seen.desiredCount > 0 ? seen.deploymentCreatedAtMs : undefined;
  const values: SeenValue[] = [];
  for (const reference of reads.references) {
    const changes = task.changes.filter((change) => concerns(change, reference, home));
    if (target.lookAt === undefined && changes.length === 0) continue;
    const newest = changes.reduce<Change | undefined>(
      (best, change) => (best && best.eventAtMs >= change.eventAtMs ? best : change),
      undefined,
    );
    const proof = laterMove(
      changes.reduce<Change | undefined>(laterMove, undefined),
      rememberedMove(memory, reference, home),
    );
    const value = {
      ...describeValue(reference, home),
      cause: newest?.cause ?? target.lookAt ?? "look",
      ...(newest?.who === undefined ? {} : { who: newest.who }),
      announced: false,
    };
    if (isPinned(reference)) values.push({ ...value, move: "pinned" });
    else if (createdAtMs === undefined) values.push(value);
    else values.push({ ...value, ...(await moveOf(reference, createdAtMs, newest, proof)) });
  }
  if (target.lookAt !== undefined)
    for (const { subject, reason } of reads.problems)
      values.push({
        subject,
        move: { kind: "unseen", code: "unsupported", reason: `${subject}: ${reason}` },
        announced: false,
        cause: target.lookAt,
      });
  return values;

  /** An event that proves the move, or that the deployment is newer than all it speaks of, saves the look. */
  async function moveOf(
    reference: Reference,
    deploymentMs: number,
    newest: Change | undefined,
    proof: Change | undefined,
  ): Promise<Pick<SeenValue, "move" | "announced"> & Partial<Pick<SeenValue, "cause" | "who">>> {
    const provenMs = proof?.movedAtMs ?? 0;
    if (target.lookAt === undefined && newest !== undefined) {
      const point = { loMs: provenMs, hiMs: provenMs };
      if (proof && (newest.eventAtMs <= provenMs || parts.freshness(deploymentMs, point) === "stale"))
        return {
          move: point,
          announced: true,
          cause: proof.cause,
          ...(proof.who === undefined ? {} : { who: proof.who }),
        };
      const bounded = { loMs: provenMs, hiMs: Math.max(newest.eventAtMs, provenMs) };
      if (parts.freshness(deploymentMs, bounded) === "fresh") return { move: bounded, announced: true };
    }
    const looked = await observer.move(reference, deploymentMs);
    if ("kind" in looked) return { move: looked, announced: false };
    const move = { loMs: Math.max(looked.loMs, provenMs), hiMs: Math.max(looked.hiMs, provenMs) };
    const announcedMs = Math.max(provenMs, newest?.eventAtMs ?? 0);
    return { move, announced: announcedMs > 0 && announcedMs + marginMs >= move.loMs };
  }
}

/** Forces a deployment; a failure is a decision of its own. */
async function actOn(
  { memory, clients, pace, now, parts }: RunEnvironment,
  decision: Decision,
): Promise<Decision> {
  const { cluster, service } = decision;
  try {
    const acted = await parts.act({ clients, pace }, cluster, service);
    const key = serviceKey(cluster, service);
    const forcedAtMs = acted.deploymentCreatedAtMs ?? now();
    const before = memory.services.get(key);
    memory.services.set(key, {
      lookedAtMs: before?.lookedAtMs ?? now(),
      ...(before?.reads === undefined ? {} : { reads: before.reads }),
      deploymentCreatedAtMs: Math.max(forcedAtMs, before?.deploymentCreatedAtMs ?? 0),
      forcedAtMs,
    });
    return decision;
  } catch (error) {
    const failed = caughtFault(error);
    return { ...decision, decision: decisionOfFailure(failed.code), reason: failed.message };
  }
}

function describeValue(reference: Reference, home: Home): Pick<SeenValue, "key" | "subject" | "label"> {
  const label = labelOf(reference);
  const key = reference.service === "ssm" ? reference.arn : `${secretKey(reference.id, home)} ${label ?? ""}`;
  return { key, subject: reference.id, ...(label === undefined ? {} : { label }) };
}

function laterMove(a: Change | undefined, b: Change | undefined): Change | undefined {
  if (a?.movedAtMs === undefined) return b?.movedAtMs === undefined ? undefined : b;
  return b?.movedAtMs === undefined || b.movedAtMs <= a.movedAtMs ? a : b;
}

function isSettledFresh(decision: Decision): boolean {
  return decision.decision === "fresh" || decision.decision === "rolling-out";
}

function isList(attempts: readonly ServiceDeployment[] | Unseen): attempts is readonly ServiceDeployment[] {
  return Array.isArray(attempts);
}

/** A whole cluster that could not be listed: `service` is `*`. */
function clusterFailure(cluster: string, seen: Unseen, cause: string): Decided {
  const situation: Situation = { cluster, service: "*", wave: 0, seen, values: [] };
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

/** One after the other, so that one run makes its calls in one order. */
async function inTurn<In, Out>(items: readonly In[], each: (item: In) => Promise<Out>): Promise<Out[]> {
  const results: Out[] = [];
  for (const item of items) results.push(await each(item));
  return results;
}

/** Waits for all, so that a mistake of ours in one does not stop the others. */
async function settled<T>(
  promises: readonly Promise<T>[],
): Promise<{ done: T[]; failed?: { readonly error: unknown } }> {
  const results = await Promise.allSettled(promises);
  const done = results.flatMap((result) => (result.status === "fulfilled" ? [result.value] : []));
  const failed = results.find((result) => result.status === "rejected");
  return failed?.status === "rejected" ? { done, failed: { error: failed.reason } } : { done };
}

function compareText(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}
