import type { Reference } from "../../aws-semantics/secret-reference";
import type { Interval } from "../freshness";
import type { RememberedRevision } from "../memory";
import type { ServiceDeployment, Unseen } from "../decision";
import type { ObserveEnvironment } from "./environment";
import { installedAt } from "./installation";
import { describeServices, listServiceDeployments, listServices, type ServiceLook } from "./services";
import { describeRevision } from "./task-definitions";
import { createValueLooks } from "./values";

/** Everything that a run observes. Nothing here changes anything or reads a value. */
export interface Observer {
  /** When the queue was created; undefined if SQS does not answer. */
  installedAt(): Promise<number | undefined>;
  /** Names of a cluster's services. Throws a `Fault`. */
  services(cluster: string): Promise<readonly string[]>;
  /** Describes up to ten services of a cluster. */
  describe(cluster: string, names: readonly string[]): Promise<ReadonlyMap<string, ServiceLook>>;
  /** What a revision of a task definition refers to. */
  revision(taskDefinition: string): Promise<RememberedRevision | Unseen>;
  /** Checks many values at once, where that needs fewer calls. */
  prepare(references: readonly Reference[], sweeping: boolean): Promise<void>;
  /** When a value last changed. */
  move(reference: Reference, deploymentCreatedAtMs: number): Promise<Interval | Unseen>;
  /** A service's deployments since a time, with their status. */
  attempts(cluster: string, service: string, sinceMs: number): Promise<readonly ServiceDeployment[] | Unseen>;
}

/** Makes the observer of one run. */
export type Observe = (environment: ObserveEnvironment) => Observer;

/** Observes through the SDK's clients. */
export function observe(environment: ObserveEnvironment): Observer {
  const values = createValueLooks(environment);
  return {
    installedAt: () => installedAt(environment),
    services: (cluster) => listServices(environment, cluster),
    describe: (cluster, names) => describeServices(environment, cluster, names),
    revision: (taskDefinition) => describeRevision(environment, taskDefinition),
    prepare: (references, sweeping) => values.prepare(references, sweeping),
    move: (reference, deploymentCreatedAtMs) => values.move(reference, deploymentCreatedAtMs),
    attempts: (cluster, service, sinceMs) => listServiceDeployments(environment, cluster, service, sinceMs),
  };
}
