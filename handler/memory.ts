/**
 * What a warm container remembers: what events have proven, and which checks can be skipped. Losing it costs calls,
 * never correctness.
 */
import type { Place } from "../aws-semantics/arn";
import type { Change } from "../events/wake-up";
import { hasEnded, latestBy, type ServiceDeployment } from "./decision";
import { marginMs } from "./freshness";
import { concerns, type Reads } from "./readers";

/** What is remembered of a service. */
export interface RememberedService {
  /** When it was described, by this container's clock. */
  readonly lookedAtMs: number;
  /** When the newest known deployment was created, by ECS's clock. */
  readonly deploymentCreatedAtMs?: number;
  /** What it read at that time; absent: its task definition could not be described. */
  readonly reads?: Reads;
  /** When this container forced a deployment of it, by ECS's clock. */
  readonly forcedAtMs?: number;
  /** Its ended deployments, up to the one that was shown as PRIMARY. */
  readonly ended?: {
    readonly deploymentCreatedAtMs: number;
    readonly attempts: readonly ServiceDeployment[];
  };
}

/** What a revision of a task definition refers to; a revision never changes. */
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
  /** The latest proven change of each subject. */
  readonly moves: Map<string, Change>;
  /** When the queue was created. */
  installedAtMs?: number;
  /** Pages of ListSecrets after which the last listing was given up; the account has more. */
  listingGivenUpAfterPages?: number;
}

/** The memory of a new container. */
export function createMemory(): Memory {
  return { services: new Map(), clusters: new Map(), revisions: new Map(), moves: new Map() };
}

/** The key of a service. */
export function serviceKey(cluster: string, service: string): string {
  return `${cluster}/${service}`;
}

/** Remembers the deployments of a service, once all have ended. */
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

/** The remembered deployments up to this one. */
export function rememberedAttempts(
  memory: Memory,
  key: string,
  deploymentCreatedAtMs: number,
): readonly ServiceDeployment[] | undefined {
  const ended = memory.services.get(key)?.ended;
  return ended?.deploymentCreatedAtMs === deploymentCreatedAtMs ? ended.attempts : undefined;
}

/** Remembers a change that an event has proven. */
export function rememberMove(memory: Memory, change: Change): void {
  if (change.movedAtMs === undefined) return;
  const key = [change.store, change.subject, ...change.labels].join(" ");
  const known = memory.moves.get(key);
  if (known?.movedAtMs === undefined || known.movedAtMs < change.movedAtMs) memory.moves.set(key, change);
}

/** The latest proven change of what a reference reads. */
export function rememberedMove(
  memory: Memory,
  reference: Reads["references"][number],
  home: Place,
): Change | undefined {
  const own = [...memory.moves.values()].filter((change) => concerns(change, reference, home));
  return latestBy(own, ({ movedAtMs }) => movedAtMs ?? 0);
}

/**
 * True when a service needs no check for this event: its newest deployment is newer, or it did not read the subject
 * at a time after the event (a later revision was also deployed later).
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
