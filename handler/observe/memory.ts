/** What a warm container remembers. Losing it costs calls, and turns `fresh` into `presumed` where only an event knew. */
import type { Decision } from "../facts";
import type { Reads } from "../readers";
import type { SecretState, Word } from "./secret-state";
import type { Request } from "../trigger";
import type { ServiceLook } from "./services";

/** What a revision of a task definition refers to; a revision never changes. */
export interface RememberedDefinition {
  readonly reads: Reads;
  readonly mutableImage: boolean;
}

/** A service that reads what changed, and was not decided about yet. */
export interface Waiting {
  readonly cluster: string;
  readonly service: string;
  readonly wave: number;
  /** The event that put it there. */
  readonly cause: string;
}

/** What is remembered of a service. */
export interface RememberedService {
  /** What it read when it was last decided about, in the form of `sharedKey`. */
  readonly keys?: readonly string[];
  /** When this container forced a deployment of it, by ECS's clock. */
  readonly forcedAtMs?: number;
  /** When it forced deployments in the last hour, by its own clock. */
  readonly forcesMs?: readonly number[];
  /** When it was last decided about, by this container's clock. */
  readonly decidedAtMs?: number;
  readonly decision?: Decision["decision"];
  readonly waitsFor?: readonly string[];
  /** Whether later waves went on waiting for it. */
  readonly isWaitedFor?: boolean;
  /** What a person asked for, until its tasks are younger. */
  readonly request?: Request;
  /** Its tasks that held an old value. */
  readonly staleTasks?: number;
  /** Values that its tasks did not hold, with the time of the change. */
  readonly staleSince?: ReadonlyMap<string, number>;
}

/** A task that is or was listed. */
export interface RememberedTask {
  readonly createdAtMs?: number;
  readonly definition: string;
  readonly startedBy?: string;
  /** `service:NAME` for a service's task, `family:NAME` for another. */
  readonly group: string;
}

/** A secret's states, by label. */
export interface RememberedSecret {
  readonly labels: Map<string, SecretState>;
  /** When each version was created. */
  readonly created: Map<string, number>;
  /** When DescribeSecret was last asked, by this container's clock. */
  describedAtMs?: number;
}

/** What was found out at a time, by this container's clock. */
export interface Dated<What> {
  readonly what: What;
  readonly atMs: number;
}

/** The memory of one container. */
export interface Memory {
  /** When it began. */
  readonly sinceMs: number;
  readonly services: Map<string, RememberedService>;
  /** The last description of each service, and the last list of each cluster's services. */
  readonly looks: Map<string, Dated<ServiceLook>>;
  readonly lists: Map<string, Dated<readonly string[]>>;
  /** Services that wait for their turn, by key. */
  readonly line: Map<string, Waiting>;
  /** The clusters of services that had their turn, the latest last. */
  readonly turns: Set<string>;
  readonly definitions: Map<string, RememberedDefinition>;
  /** By cluster, then by ARN. */
  readonly tasks: Map<string, Map<string, RememberedTask>>;
  /** Pages of the last list of a cluster's tasks. */
  readonly taskPages: Map<string, number>;
  /** By complete ARN. */
  readonly secrets: Map<string, RememberedSecret>;
  /** The complete ARN that an id of a secret meant at the last look. */
  readonly arns: Map<string, string>;
  /** LastModifiedDate of parameters, by ARN. */
  readonly parameters: Map<string, number>;
  /** What events said, until a look confirms it. */
  words: readonly Word[];
  /** For which revision of a value's state its readers were last evaluated, by the value's id. */
  readonly told: Map<string, string>;
  /** When the queue was created. */
  installedAtMs?: number;
  /** Pages of ListSecrets after which the last listing was given up; the account has more. */
  listingGivenUpAfterPages?: number;
  /** When tasks outside services were last reported. */
  reportedAtMs?: number;
}

/** The memory of a new container. */
export function createMemory(nowMs: number): Memory {
  return {
    sinceMs: nowMs,
    services: new Map(),
    looks: new Map(),
    lists: new Map(),
    line: new Map(),
    turns: new Set(),
    definitions: new Map(),
    tasks: new Map(),
    taskPages: new Map(),
    secrets: new Map(),
    arns: new Map(),
    parameters: new Map(),
    words: [],
    told: new Map(),
  };
}
