/**
 * One run: a batch of events, or a question. Services are described and recycled ten at a time, wave by wave, so that
 * each decision rests on a recent answer.
 */
import type { RunEnvironment, Task } from "./environment";
import { atCapacity, capacityOf, type Capacity } from "./capacity";
import { caughtFault } from "./errors";
import { rememberAttempts, rememberedAttempts, rememberMove, serviceKey } from "./memory";
import type { Observer } from "./observe";
import {
  decisionOfFailure,
  isList,
  type Circumstances,
  type Decision,
  type ServiceDeployment,
  type Situation,
  type Unseen,
} from "./decision";
import { causeOf, readsOf, valuesOf, type Looked } from "./situation";
import { inTens, targetsOf, type Target } from "./targets";
import { earlierReaders, gate, mustSucceed, type Decided } from "./waves";

/** What a run found out. */
export interface Ran {
  readonly decided: readonly Decided[];
  /** True when no service could be described: SQS must deliver the batch again. */
  readonly unreadable: boolean;
}

/** ECS is asked for service deployments from this long before the newest deployment: it creates the two records in turn. */
const attemptsMarginMs = 60_000;

/** Observes, decides, acts, and logs a line for each decision. */
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
  // First, so that later runs know these changes even if this run fails.
  for (const change of task.changes) rememberMove(memory, change);
  const { targets, failures } = await targetsOf(environment, observer, task);
  for (const { decision } of failures) log.decision(decision);
  const decided: Decided[] = [...failures];
  const seen = {
    read: 0,
    unread: failures.filter(({ decision }) => decision.decision === "deferred").length,
  };
  if (targets.length > 0) {
    const installedAtMs = await observer.installedAt();
    const capacity = await capacityOf(environment, observer, targets);
    for (const group of inTens(targets))
      await runTen({ environment, observer, task, installedAtMs, capacity, decided, seen }, group);
  }
  return { decided, unreadable: seen.read === 0 && seen.unread > 0 };
}

/** A run in progress. */
interface Progress {
  readonly environment: RunEnvironment;
  readonly observer: Observer;
  readonly task: Task;
  readonly installedAtMs: number | undefined;
  readonly capacity: Capacity;
  /** What was decided so far. */
  readonly decided: Decided[];
  /** How many services could be described, and how many could not. */
  readonly seen: { read: number; unread: number };
}

/** Describes up to ten services of a cluster, decides about each, and recycles the stale ones. */
async function runTen(
  { environment, observer, task, installedAtMs, capacity, decided, seen }: Progress,
  targets: readonly Target[],
): Promise<void> {
  const { settings, log, now } = environment;
  const cluster = targets[0]?.cluster ?? "";
  const looks = await observer.describe(
    cluster,
    targets.map((target) => target.service),
  );
  const situations = (
    await inTurn(targets, (target) => readsOf(environment, observer, task, target, looks.get(target.service)))
  ).filter((situation) => situation !== undefined);
  for (const { seen: service } of looks.values())
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
        limits: settings.limits,
        installedAtMs,
      };
      const result = await decideOne(environment, observer, task, looked, circumstances, decided);
      if (result.decision.decision !== "recycle") return result;
      if (!capacity.take()) return { ...result, decision: atCapacity(result.decision, settings) };
      if (task.asking || settings.mode !== "recycle") return result;
      return { ...result, decision: await actOn(environment, result.decision) };
    }),
  );
  for (const { decision } of outcomes.done) log.decision(decision);
  decided.push(...outcomes.done);
  if (outcomes.failed) throw outcomes.failed.error;
}

/** Checks the values, lists deployments where they matter, decides. */
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
    cause: causeOf(target, task),
    seen,
    values,
    forcedAtMs,
    mutableImage,
  };
  const decideWith = (known: Situation): Decision => parts.plan(known, circumstances, parts.freshness);
  const first = decideWith(situation);
  const createdAtMs = seen.kind === "service" ? seen.deploymentCreatedAtMs : undefined;
  if (createdAtMs === undefined) return { situation, decision: first };
  const key = serviceKey(cluster, service);
  const settledFresh = first.decision === "fresh" || first.decision === "rolling-out";
  if (first.decision !== "recycle" && !settledFresh) return { situation, decision: first };
  if (settledFresh && !target.asksOutcome) {
    const remembered = rememberedAttempts(memory, key, createdAtMs);
    if (remembered) return { situation, decision: decideWith({ ...situation, attempts: remembered }) };
    // ECS may show a rollback as a new deployment while old tasks keep running: asked once for each deployment.
    const mayBeRollback =
      target.lookAt !== undefined && createdAtMs > (circumstances.installedAtMs ?? Infinity);
    if (!mayBeRollback) return { situation, decision: first };
  }
  const movedAtMs = settledFresh ? first.move?.hiMs : first.move?.loMs;
  const sinceMs = Math.min(createdAtMs, movedAtMs ?? createdAtMs) - attemptsMarginMs;
  const attempts = await observer.attempts(cluster, service, sinceMs);
  if (isList(attempts)) rememberAttempts(memory, key, createdAtMs, attempts);
  // A fresh service stays fresh if its deployments cannot be listed.
  else if (settledFresh) return { situation, decision: first };
  const informed = { ...situation, attempts };
  const decision = decideWith(informed);
  if (decision.decision !== "recycle") return { situation: informed, decision };
  return {
    situation: informed,
    decision: await waveGate(observer, informed, decision, decided, circumstances),
  };
}

/** Applies the waves to a service that would be recycled. */
async function waveGate(
  observer: Observer,
  situation: Situation,
  decision: Decision,
  decided: readonly Decided[],
  circumstances: Circumstances,
): Promise<Decision> {
  const earlier = earlierReaders(situation, decision, decided);
  const attempts = new Map<Decided, readonly ServiceDeployment[] | Unseen>();
  for (const other of earlier)
    if (mustSucceed(other)) {
      const { cluster, service } = other.situation;
      attempts.set(other, await observer.attempts(cluster, service, decision.move?.loMs ?? 0));
    }
  return gate(decision, earlier, attempts, circumstances);
}

/** Forces a deployment; a failure becomes the decision. */
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
      reads: before?.reads,
      deploymentCreatedAtMs: Math.max(forcedAtMs, before?.deploymentCreatedAtMs ?? 0),
      forcedAtMs,
    });
    return decision;
  } catch (error) {
    const failed = caughtFault(error);
    return { ...decision, decision: decisionOfFailure(failed.code), reason: failed.message };
  }
}

/** One after the other, so that a run makes its calls in a fixed order. */
async function inTurn<In, Out>(items: readonly In[], each: (item: In) => Promise<Out>): Promise<Out[]> {
  const results: Out[] = [];
  for (const item of items) results.push(await each(item));
  return results;
}

/** Waits for all, so that a bug in one does not stop the others. */
async function settled<T>(
  promises: readonly Promise<T>[],
): Promise<{ done: T[]; failed?: { readonly error: unknown } }> {
  const results = await Promise.allSettled(promises);
  const done = results.flatMap((result) => (result.status === "fulfilled" ? [result.value] : []));
  const failed = results.find((result) => result.status === "rejected");
  return failed?.status === "rejected" ? { done, failed: { error: failed.reason } } : { done };
}
