/**
 * What a service reads, and when each of these values changed.
 */
import type { Reference } from "../aws-semantics/secret-reference";
import type { Place } from "../aws-semantics/arn";
import { isPinned, secretKey } from "../aws-semantics/secret-reference";
import type { Change } from "../events/wake-up";
import { discovers } from "./coverage";
import type { RunEnvironment, Task } from "./environment";
import { marginMs } from "./freshness";
import { rememberedMove, serviceKey } from "./memory";
import type { Observer } from "./observe";
import type { ServiceLook } from "./observe/services";
import { latestBy, unseen, type SeenValue } from "./decision";
import { concerns, joinReads, labelOf, listedReads, noReads, type Reads } from "./readers";
import type { Target } from "./targets";

/** A service and what it reads, before its values are checked. */
export interface Looked {
  readonly target: Target;
  readonly seen: ServiceLook["seen"];
  readonly reads: Reads;
  readonly mutableImage?: boolean;
}

/** What a service reads; undefined if nothing that it reads changed. */
export async function readsOf(
  { memory, home, now }: RunEnvironment,
  observer: Observer,
  task: Task,
  target: Target,
  looked: ServiceLook | undefined,
): Promise<Looked | undefined> {
  const missing = unseen("not-found", "DescribeServices returned no answer for it");
  const { seen, reads: own } = looked ?? { seen: missing, reads: noReads };
  const listed = target.entries.filter((entry) => !discovers(entry)).map((entry) => listedReads(entry, home));
  if (seen.kind === "unseen") {
    // A deleted service is a mistake in the settings only where they name it.
    const named = target.entries.some((entry) => entry.service !== undefined);
    return seen.code === "not-found" && !named ? undefined : { target, seen, reads: joinReads(listed) };
  }
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
    deploymentCreatedAtMs: newestMs || undefined,
    reads,
    forcedAtMs: before?.forcedAtMs,
    ended: before?.ended,
  });
  const concerned = reads.references.some((reference) =>
    task.changes.some((change) => concerns(change, reference, home)),
  );
  if (!concerned && target.lookAt === undefined) return undefined;
  return { target, seen, reads, mutableImage };
}

/** Why a service is checked. */
export function causeOf(target: Target, task: Task): string {
  return target.lookAt ?? task.changes[0]?.cause ?? "look";
}

/** The values that this run checks, each with the time of its last change. */
export async function valuesOf(
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
    const newest = latestBy(changes, ({ eventAtMs }) => eventAtMs);
    const proof = laterMove(
      changes.reduce<Change | undefined>(laterMove, undefined),
      rememberedMove(memory, reference, home),
    );
    const value = {
      ...describeValue(reference, home),
      cause: newest?.cause ?? causeOf(target, task),
      who: newest?.who,
      announced: false,
      proven: false,
    };
    if (isPinned(reference)) values.push({ ...value, move: "pinned" });
    else if (createdAtMs === undefined) values.push(value);
    else values.push({ ...value, ...(await moveOf(reference, createdAtMs, newest, proof)) });
  }
  if (target.lookAt !== undefined)
    for (const { subject, reason } of reads.problems)
      values.push({
        subject,
        move: unseen("unsupported", `${subject}: ${reason}`),
        announced: false,
        proven: false,
        cause: target.lookAt,
      });
  return values;

  /** Asks nothing if an event proves the change, or if the deployment is newer than all events. */
  async function moveOf(
    reference: Reference,
    deploymentMs: number,
    newest: Change | undefined,
    proof: Change | undefined,
  ): Promise<Pick<SeenValue, "move" | "announced" | "proven"> & Partial<Pick<SeenValue, "cause" | "who">>> {
    const provenMs = proof?.movedAtMs ?? 0;
    if (target.lookAt === undefined && newest !== undefined) {
      const point = { loMs: provenMs, hiMs: provenMs };
      if (proof && (newest.eventAtMs <= provenMs || parts.freshness(deploymentMs, point) === "stale"))
        return {
          move: point,
          announced: true,
          proven: true,
          cause: proof.cause,
          who: proof.who ?? newest.who,
        };
      const bounded = { loMs: provenMs, hiMs: Math.max(newest.eventAtMs, provenMs) };
      if (parts.freshness(deploymentMs, bounded) === "fresh")
        return { move: bounded, announced: true, proven: false };
    }
    const looked = await observer.move(reference, deploymentMs);
    if ("kind" in looked) return { move: looked, announced: false, proven: false };
    const move = { loMs: Math.max(looked.loMs, provenMs), hiMs: Math.max(looked.hiMs, provenMs) };
    const announcedMs = Math.max(provenMs, newest?.eventAtMs ?? 0);
    return {
      move,
      announced: announcedMs > 0 && announcedMs + marginMs >= move.loMs,
      proven: provenMs > 0 && provenMs + marginMs >= move.loMs,
    };
  }
}

function describeValue(reference: Reference, home: Place): Pick<SeenValue, "key" | "subject" | "label"> {
  const label = labelOf(reference);
  const key = reference.service === "ssm" ? reference.arn : `${secretKey(reference.id, home)} ${label ?? ""}`;
  return { key, subject: reference.id, label };
}

function laterMove(a: Change | undefined, b: Change | undefined): Change | undefined {
  if (a?.movedAtMs === undefined) return b?.movedAtMs === undefined ? undefined : b;
  return b?.movedAtMs === undefined || b.movedAtMs <= a.movedAtMs ? a : b;
}
