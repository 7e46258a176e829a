/**
 * The closed list of decisions, and what goes into one. Plain data and types.
 */
import type { FailureCode } from "./errors";
import type { Freshness, Interval } from "./freshness";

/** Every decision there is. Only `recycle` changes anything. */
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
  "frozen",
  "predates-install",
  "unknown",
  "unsupported",
  "not-found",
  "denied",
  "deferred",
] as const;

/** One of the closed list. */
export type DecisionName = (typeof decisions)[number];

/** Something that could not be looked at. */
export interface Unseen {
  readonly kind: "unseen";
  readonly code: FailureCode | "unsupported";
  readonly reason: string;
}

/** A service as DescribeServices shows it. */
export interface SeenService {
  readonly kind: "service";
  /** `ECS`, `CODE_DEPLOY`, `EXTERNAL`. */
  readonly controller: string;
  /** `ROLLING`, `BLUE_GREEN`, `LINEAR`, `CANARY`. */
  readonly strategy: string;
  readonly desiredCount: number;
  /** The PRIMARY deployment (for other controllers: task set); absent: none is shown. */
  readonly deploymentCreatedAtMs?: number;
  /** True while tasks of another deployment run beside it, or tasks of its own are missing. */
  readonly unfinished: boolean;
  readonly taskDefinition?: string;
}

/** A value that the service reads. */
export interface SeenValue {
  /** The same for all readers of the value, whatever they call it. */
  readonly key?: string;
  /** Name or ARN, as the settings or the task definition have it. */
  readonly subject: string;
  /** The staging label that is followed; absent for a parameter. */
  readonly label?: string;
  /** When it last moved; `pinned`: it never does; absent: it was not looked at. */
  readonly move?: Interval | Unseen | "pinned";
  /** True when an event of this move has come: it waits for nothing more. */
  readonly announced: boolean;
  /** True when that event proved the move. */
  readonly proven: boolean;
  /** What made us look: the event's name, `sweep`, `status`, ... */
  readonly cause: string;
  readonly who?: string;
}

/** One entry of ListServiceDeployments. */
export interface ServiceDeployment {
  readonly createdAtMs: number;
  readonly status: string;
  readonly statusReason?: string;
  /** When it ended; absent: it has not, or ECS does not say. */
  readonly finishedAtMs?: number;
}

/** All that is known of a service in this run. */
export interface Situation {
  readonly cluster: string;
  readonly service: string;
  readonly wave: number;
  /** Why it is looked at: an event's name, `sweep`, `status`, ... */
  readonly cause: string;
  readonly seen: SeenService | Unseen;
  readonly values: readonly SeenValue[];
  /** How its deployments ended; absent: nobody asked yet. */
  readonly attempts?: readonly ServiceDeployment[] | Unseen;
  /** When this container forced a deployment of it, by ECS's clock. */
  readonly forcedAtMs?: number;
  /** Whether its task definition names an image by a tag that can move; absent: nobody looked. */
  readonly mutableImage?: boolean;
}

/** Settings' `limits`; each is off where it is absent. */
export interface Limits {
  /** No deployment is forced on a service whose newest one is younger. */
  readonly minutesBetweenDeployments?: number;
  /** So many covered services may have an unfinished deployment at once. */
  readonly maxConcurrentDeployments?: number;
  /** A wave starts so long after the deployments of the one before ended. */
  readonly bakeTimeInMinutes?: number;
  /** A rolling deployment that is older than this blocks nobody: another is forced over it. */
  readonly overtakeAfterMinutes?: number;
}

/** What holds for all services. */
export interface Circumstances {
  readonly nowMs: number;
  /** When the queue was created; absent: it could not be found out. */
  readonly installedAtMs?: number;
  readonly delaySeconds: number;
  readonly limits: Limits;
}

/** A decision about one service, as it is logged. */
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

/** How a deployment is compared with a move: `freshness`, or another in its place. */
export type Compare = (deploymentCreatedAtMs: number, move: Interval) => Freshness;

/** The decision that a failure of a look or an act is. */
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

/** A time as people read it. */
export function iso(ms: number): string {
  return Number.isFinite(ms) && Math.abs(ms) <= 8.64e15 ? new Date(ms).toISOString() : String(ms);
}

/** Statuses of a service deployment that ended without replacing the tasks (Amazon ECS API Reference). */
export const failedStatuses: readonly string[] = ["STOPPED", "ROLLBACK_SUCCESSFUL", "ROLLBACK_FAILED"];

/** True for a deployment that will change nothing more. A status that nobody knows has not ended. */
export function hasEnded(attempt: ServiceDeployment): boolean {
  return attempt.status === "SUCCESSFUL" || failedStatuses.includes(attempt.status);
}
