/**
 * What a warm container remembers. It is used to skip what is already proven and to know what events have proven;
 * losing it costs calls, never correctness.
 */
import type { Place } from "../aws-semantics/arn";
import type { Change } from "../events/wake-up";
import { hasEnded, type ServiceDeployment } from "./decision";
import { marginMs } from "./freshness";
import { concerns, type Reads } from "./readers";

/** What was seen of a service. */
export interface RememberedService {
  /** When it was looked at, by this container's clock. */
  readonly lookedAtMs: number;
  /** The newest deployment ever seen or made, by ECS's clock. */
  readonly deploymentCreatedAtMs?: number;
  /** What it read at that time; absent: its task definition could not be looked at. */
  readonly reads?: Reads;
  /** When this container forced a deployment of it, by ECS's clock. */
  readonly forcedAtMs?: number;
  /** How its deployments ended, up to the one shown at the time. */
  readonly ended?: {
    readonly deploymentCreatedAtMs: number;
    readonly attempts: readonly ServiceDeployment[];
  };
}

/** A task definition's revision never changes. */
export interface RememberedRevision {
  readonly reads: Reads;
  readonly mutableImage: boolean;
}

/** The memory of one container. */
export interface Memory {
  readonly services: Map<string, RememberedService>;
  /** Services of a cluster, and when they were listed. */
  readonly clusters: Map<string, { readonly listedAtMs: number; readonly services: readonly string[] }>;
  readonly revisions: Map<string, RememberedRevision>;
  /** The latest move of each subject that an event has proven. */
  readonly moves: Map<string, Change>;
  /** When the queue was created. */
  installedAtMs?: number;
  /** Pages of ListSecrets after which the last listing was given up: the account has that many and more. */
  listingGivenUpAfterPages?: number;
}

/** A new container's memory. */
export function createMemory(): Memory {
  return { services: new Map(), clusters: new Map(), revisions: new Map(), moves: new Map() };
}

/** The key of a service. */
export function serviceKey(cluster: string, service: string): string {
  return `${cluster}/${service}`;
}

/** Remembers how the deployments of a service ended; while one is under way there is nothing to remember. */
export function rememberAttempts(
  memory: Memory,
  key: string,
  deploymentCreatedAtMs: number,
  attempts: readonly ServiceDeployment[],
): void {
  const known = memory.services.get(key);
  if (known && attempts.every(hasEnded))
    memory.services.set(key, { ...known, ended: { deploymentCreatedAtMs, attempts } });
}

/** How the deployments ended up to this one, as far as it is remembered. */
export function rememberedAttempts(
  memory: Memory,
  key: string,
  deploymentCreatedAtMs: number,
): readonly ServiceDeployment[] | undefined {
  const ended = memory.services.get(key)?.ended;
  return ended?.deploymentCreatedAtMs === deploymentCreatedAtMs ? ended.attempts : undefined;
}

/** Remembers a move that an event has proven. */
export function rememberMove(memory: Memory, change: Change): void {
  if (change.movedAtMs === undefined) return;
  const key = [change.store, change.subject, ...change.labels].join(" ");
  const known = memory.moves.get(key);
  if (known?.movedAtMs === undefined || known.movedAtMs < change.movedAtMs) memory.moves.set(key, change);
}

/** The latest move of a reference that an event has proven to this container. */
export function rememberedMove(
  memory: Memory,
  reference: Reads["references"][number],
  home: Place,
): Change | undefined {
  let latest: Change | undefined;
  for (const change of memory.moves.values())
    if (
      concerns(change, reference, home) &&
      (latest?.movedAtMs === undefined || (change.movedAtMs ?? 0) > latest.movedAtMs)
    )
      latest = change;
  return latest;
}

/**
 * True when a service needs no look for this event: its newest deployment is newer, or it did not read the subject
 * at a time after the event (a revision that came later was deployed later).
 */
export function isProven(
  remembered: RememberedService | undefined,
  change: Change,
  home: Place,
  readsForSure: boolean,
): boolean {
  if (!remembered) return false;
  const afterMs = change.eventAtMs + marginMs;
  if (remembered.deploymentCreatedAtMs !== undefined && remembered.deploymentCreatedAtMs > afterMs)
    return true;
  if (readsForSure || remembered.reads === undefined || remembered.lookedAtMs <= afterMs) return false;
  return !remembered.reads.references.some((reference) => concerns(change, reference, home));
}
