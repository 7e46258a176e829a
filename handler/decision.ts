/**
 * The closed list of decisions, and the data that a decision is made from.
 */
import type { FailureCode } from "./errors";
import type { Freshness, Interval } from "./freshness";

/** All decisions. Only `recycle` changes anything. */
export const decisions = [
  "recycle",
  "fresh",
  "rolling-out",
  "blocked",
  "settling",
  "halted",
  "waiting-for-wave",
  "at-capacity",
  "cooling-down",
  "predates-install",
  "unknown",
  "unsupported",
  "not-found",
  "denied",
  "deferred",
] as const;

/** One of the closed list. */
export type DecisionName = (typeof decisions)[number];

/** Something that could not be described. */
export interface Unseen {
  readonly kind: "unseen";
  readonly code: FailureCode | "unsupported";
  readonly reason: string;
}

/** The result for something that could not be described. */
export function unseen(code: Unseen["code"], reason: string): Unseen {
  return { kind: "unseen", code, reason };
}

/** A service as DescribeServices shows it. */
export interface SeenService {
  readonly kind: "service";
  /** `ECS`, `CODE_DEPLOY`, `EXTERNAL`. */
  readonly controller: string;
  /** `ROLLING`, `BLUE_GREEN`, `LINEAR`, `CANARY`. */
  readonly strategy: string;
  readonly desiredCount: number;
  /** Of the PRIMARY deployment (for other controllers: task set); absent if ECS shows none. */
  readonly deploymentCreatedAtMs?: number;
  /** True while tasks of another deployment still run, or tasks of this one are missing. */
  readonly unfinished: boolean;
  readonly taskDefinition?: string;
}

/** A value that the service reads. */
export interface SeenValue {
  /** The same for all services that read the value. */
  readonly key?: string;
  /** Name or ARN, as written in the settings or the task definition. */
  readonly subject: string;
  /** The staging label that tasks read; absent for a parameter. */
  readonly label?: string;
  /** When it last changed; `pinned`: it never changes; absent: it was not checked. */
  readonly move?: Interval | Unseen | "pinned";
  /** True when an event of this change has arrived. */
  readonly announced: boolean;
  /** True when that event proves the change. */
  readonly proven: boolean;
  /** What triggered the check: the event's name, `sweep`, `status`, ... */
  readonly cause: string;
  readonly who?: string;
}

/** One entry of ListServiceDeployments. */
export interface ServiceDeployment {
  readonly createdAtMs: number;
  readonly status: string;
  readonly statusReason?: string;
  /** When it ended; absent while it is unfinished, or if ECS returns no date. */
  readonly finishedAtMs?: number;
}

/** All that a run knows about a service. */
export interface Situation {
  readonly cluster: string;
  readonly service: string;
  readonly wave: number;
  /** Why it is checked: an event's name, `sweep`, `status`, ... */
  readonly cause: string;
  readonly seen: SeenService | Unseen;
  readonly values: readonly SeenValue[];
  /** Its deployments; absent: not listed yet. */
  readonly attempts?: readonly ServiceDeployment[] | Unseen;
  /** When this container forced a deployment of it, by ECS's clock. */
  readonly forcedAtMs?: number;
  /** Whether its task definition names an image by tag; absent: not described. */
  readonly mutableImage?: boolean;
}

/** The setting `limits`; an absent limit is off. */
export interface Limits {
  /** Minimum age of a service's newest deployment before another is forced. */
  readonly minutesBetweenDeployments?: number;
  /** How many covered services may have an unfinished deployment at once. */
  readonly maxConcurrentDeployments?: number;
  /** How long after the deployments of the wave before finished a wave starts. */
  readonly bakeTimeInMinutes?: number;
  /** Age from which an unfinished rolling deployment is replaced by a new one. */
  readonly overtakeAfterMinutes?: number;
}

/** What is the same for all services. */
export interface Circumstances {
  readonly nowMs: number;
  /** When the queue was created; absent if SQS did not answer. */
  readonly installedAtMs?: number;
  readonly delaySeconds: number;
  readonly limits: Limits;
}

/** A decision about one service. */
export interface Decision {
  readonly decision: DecisionName;
  readonly reason: string;
  readonly cluster: string;
  readonly service: string;
  readonly wave: number;
  /** The value's `key`. */
  readonly key?: string;
  readonly subject?: string;
  readonly label?: string;
  readonly move?: Interval;
  readonly deploymentCreatedAtMs?: number;
  readonly cause: string;
  readonly who?: string;
  readonly mutableImage?: boolean;
}

/** Compares a deployment with a change: `freshness`, or a replacement in simulation. */
export type Compare = (deploymentCreatedAtMs: number, move: Interval) => Freshness;

/** True for deployments that could be listed. */
export function isList(
  attempts: readonly ServiceDeployment[] | Unseen,
): attempts is readonly ServiceDeployment[] {
  return Array.isArray(attempts);
}

/** The item with the latest time, the first of several; undefined for an empty list. */
export function latestBy<Item>(items: readonly Item[], timeMs: (item: Item) => number): Item | undefined {
  let best = items[0];
  for (const item of items) if (timeMs(item) > timeMs(best ?? item)) best = item;
  return best;
}

/** The decision that a failed call leads to. */
export function decisionOfFailure(code: Unseen["code"]): DecisionName {
  switch (code) {
    case "denied":
    case "not-found":
    case "unsupported":
      return code;
    case "busy":
      return "blocked";
    case "refused":
      return "unsupported";
    case "retryable":
      return "deferred";
  }
}

/** A time in ISO 8601. */
export function iso(ms: number): string {
  return Number.isFinite(ms) && Math.abs(ms) <= 8.64e15 ? new Date(ms).toISOString() : String(ms);
}

/** Statuses of a service deployment that ended without replacing the tasks (Amazon ECS API Reference). */
export const failedStatuses: readonly string[] = ["STOPPED", "ROLLBACK_SUCCESSFUL", "ROLLBACK_FAILED"];

/** True for a deployment that has ended. An unknown status counts as unfinished. */
export function hasEnded(attempt: ServiceDeployment): boolean {
  return attempt.status === "SUCCESSFUL" || failedStatuses.includes(attempt.status);
}
