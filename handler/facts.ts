/** The plain facts that `plan` decides from. Types only, but for a few guards. */
import type { FailureCode, Fault } from "./errors";
import type { DecisionName, VerdictName } from "./plan/decisions";
import type { ValueChange } from "./plan/freshness";
import type { Request } from "./trigger";

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

/** A failed call, as `plan` takes it. */
export function unseenOf(failed: Fault): Unseen {
  return unseen(failed.code, failed.message);
}

/** True for something that could not be described. */
export function isUnseen(what: object): what is Unseen {
  return "kind" in what && what.kind === "unseen";
}

/** A service as DescribeServices shows it. */
export interface SeenService {
  readonly kind: "service";
  /** `ECS`, `CODE_DEPLOY`, `EXTERNAL`. */
  readonly controller: string;
  /** `ROLLING`, `BLUE_GREEN`, `LINEAR`, `CANARY`. */
  readonly strategy: string;
  readonly desiredCount: number;
  readonly runningCount: number;
  /** How many healthy tasks must run and may run during a rolling deployment. */
  readonly bounds: { readonly lower: number; readonly upper: number };
  /** The PRIMARY deployment (for other controllers: task set); absent if ECS shows none. */
  readonly primary?: { readonly id: string; readonly createdAtMs: number };
  /** ARN of the service deployment that ECS calls current: one in progress may be older than those that are listed. */
  readonly currentDeployment?: string;
  /** True while tasks of another deployment still run, or tasks of this one are missing. */
  readonly unfinished: boolean;
  /** The task definitions of its deployments, the one that new tasks get first. */
  readonly definitions: readonly string[];
  /** True when a deployment of it may wait at a pause hook. */
  readonly pauses: boolean;
}

/** A task that ECS lists with the desired status RUNNING. */
export interface TaskFacts {
  readonly arn: string;
  /** Milliseconds since the epoch; absent: it has not started. */
  readonly createdAtMs?: number;
  readonly definition: string;
  /** Id of the deployment or task set that started it. */
  readonly startedBy?: string;
  /** Until when it is protected from scale-in. */
  readonly protectedUntilMs?: number;
}

/** A covered value that tasks of the service read. */
export interface ReadFacts {
  /** Names what is looked at: two references with the same id and label share it. */
  readonly id: string;
  /** The same for all references to one value, by name or by ARN. */
  readonly key: string;
  /** Name or ARN, as written in the task definition. */
  readonly subject: string;
  /** The staging label that tasks read; absent for a parameter. */
  readonly label?: string;
  /** Task definitions that read it; absent: every task does (log secrets of Service Connect). */
  readonly definitions?: readonly string[];
  /** True when new tasks would read it. */
  readonly current: boolean;
  /** Why it cannot be followed. */
  readonly problem?: string;
}

/** A value as it was last looked at. */
export interface ValueFacts {
  readonly change: ValueChange | Unseen;
  /** True when it was looked at in this run. */
  readonly looked: boolean;
}

/** A service deployment: an attempt to replace the tasks. */
export interface ServiceDeployment {
  readonly arn: string;
  readonly createdAtMs: number;
  readonly status: string;
  readonly statusReason?: string;
  /** When it ended; absent while it is in progress, or if ECS returns no date. */
  readonly finishedAtMs?: number;
  readonly revision?: string;
  /** The task definition of its revision; absent: not asked. */
  readonly definition?: string;
  /** Where it waits for a person. */
  readonly pause?: {
    readonly hookId: string;
    readonly untilMs?: number;
    /** What ECS does at the end of the time: `CONTINUE` or `ROLLBACK`. */
    readonly then?: string;
  };
}

/** All that a run knows about a service. */
export interface ServiceFacts {
  readonly cluster: string;
  readonly service: string;
  readonly wave: number;
  /** Why it is checked: an event's name, `sweep`, `status`, ... */
  readonly cause: string;
  readonly seen: SeenService | Unseen;
  readonly tasks: readonly TaskFacts[] | Unseen;
  readonly reads: readonly ReadFacts[];
  /** Its deployments; absent: not listed yet. */
  readonly deployments?: readonly ServiceDeployment[] | Unseen;
  /** True when tasks that stay after a success were described again in this run. */
  readonly described?: boolean;
  /** When this container forced a deployment of it, by ECS's clock. */
  readonly forcedAtMs?: number;
  /** When it forced deployments in the last hour, by its own clock. */
  readonly forcesMs?: readonly number[];
  /** What a person asked for. */
  readonly request?: Request;
  /** Since when tasks of it hold an old value, as far as this container has seen. */
  readonly staleSinceMs?: number;
  /** Whether new tasks may get another image, because a tag names it. */
  readonly mutableImage?: boolean;
}

/** The setting `limits`; an absent limit is off. */
export interface Limits {
  /** Minimum age of a service's newest deployment before another is forced. */
  readonly minutesBetweenDeployments?: number;
  /** How many covered services may have a deployment in progress at once. */
  readonly maxConcurrentDeployments?: number;
  /** How long after the deployments of the wave before finished a wave starts. */
  readonly bakeTimeInMinutes?: number;
  /** Age from which a rolling deployment in progress is replaced by a new one. */
  readonly overtakeAfterMinutes?: number;
  /** How many deployments of one service the recycler forces in an hour; 0: any number. */
  readonly maxDeploymentsPerHour?: number;
}

/** What is the same for all services of a run. */
export interface RunFacts {
  readonly nowMs: number;
  /** When the queue was created; absent if SQS did not answer. */
  readonly installedAtMs?: number;
  /** When the memory of this container began. */
  readonly rememberedSinceMs: number;
  readonly delaySeconds: number;
  readonly limits: Limits;
  /** Every value that is known, by the id of what reads it. */
  readonly values: { readonly get: (id: string) => ValueFacts | undefined };
  /** The services of earlier waves, decided in this run. */
  readonly earlier: readonly Planned[];
  /** The lowest wave of the settings. */
  readonly firstWave: number;
  /** Clusters of which the services could not be listed. */
  readonly unlisted: readonly { readonly cluster: string; readonly wave: number; readonly seen: Unseen }[];
  /** Covered services with a deployment in progress; counted where the limit is set. */
  readonly inProgress: number;
}

/** A service with what was decided about it. */
export interface Planned {
  readonly facts: ServiceFacts;
  readonly decision: Decision;
}

/** What `plan` must know first. */
export type Need =
  /** A look at every value that the service reads. */
  | { readonly need: "values" }
  /** The dates of these values' versions. */
  | { readonly need: "dates"; readonly ids: readonly string[] }
  /** The service's deployments since a time. */
  | { readonly need: "deployments"; readonly sinceMs: number }
  /** The task definitions of these revisions. */
  | { readonly need: "revisions"; readonly revisions: readonly string[] }
  /** These tasks again, with their protection. */
  | { readonly need: "tasks"; readonly arns: readonly string[] }
  /** The deployments of a service of an earlier wave since a time. */
  | { readonly need: "earlier-deployments"; readonly of: Planned; readonly sinceMs: number };

/** The verdict about one value of a service. */
export interface Verdict {
  readonly id: string;
  readonly key: string;
  readonly subject: string;
  readonly label?: string;
  readonly verdict: VerdictName;
  readonly reason?: string;
  readonly change?: ValueChange;
  /** Tasks that read the value, and how many of them hold an old one. */
  readonly tasks: number;
  readonly staleTasks: number;
}

/** A decision about one service. */
export interface Decision {
  readonly decision: DecisionName;
  readonly reason: string;
  readonly cluster: string;
  readonly service: string;
  readonly wave: number;
  readonly cause: string;
  readonly who?: string;
  /** The value that decided. */
  readonly governing?: Verdict;
  readonly verdicts: readonly Verdict[];
  /** Tasks listed, and how many of them hold an old value of any kind; absent: they were not listed. */
  readonly tasks?: { readonly running: number; readonly stale: number };
  readonly deploymentCreatedAtMs?: number;
  /** The services of earlier waves that it waits for, as `cluster/service`. */
  readonly waitsFor?: readonly string[];
  /** True where `limits.maxDeploymentsPerHour` holds the service back. */
  readonly fuse?: boolean;
  readonly mutableImage?: boolean;
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

/** The key of a service. */
export function serviceKey(cluster: string, service: string): string {
  return `${cluster}/${service}`;
}

/** The item with the latest time, the first of several; undefined for an empty list. */
export function latestBy<Item>(items: readonly Item[], timeMs: (item: Item) => number): Item | undefined {
  let best = items[0];
  for (const item of items) if (timeMs(item) > timeMs(best ?? item)) best = item;
  return best;
}

/** A time in ISO 8601. */
export function iso(ms: number): string {
  return Number.isFinite(ms) && Math.abs(ms) <= 8.64e15 ? new Date(ms).toISOString() : String(ms);
}
