import type { Reference } from "../../aws-semantics/secret-reference";
import type { Interval } from "../freshness";
import type { RememberedRevision } from "../memory";
import type { ServiceDeployment, Unseen } from "../decision";
import type { ObserveEnvironment } from "./environment";
import { installedAt } from "./installation";
import { describeServices, listServiceDeployments, listServices, type ServiceLook } from "./services";
import { describeRevision } from "./task-definitions";
import { createValueLooks } from "./values";

/** Everything that a run looks at. Nothing here changes anything, or reads a value. */
export interface Observer {
  /** When the queue was created; undefined when that cannot be had. */
  installedAt(): Promise<number | undefined>;
  /** Names of a cluster's services. Throws a `Fault`. */
  services(cluster: string): Promise<readonly string[]>;
  /** Looks at up to ten services of a cluster. */
  describe(cluster: string, names: readonly string[]): Promise<ReadonlyMap<string, ServiceLook>>;
  /** What a revision of a task definition refers to. */
  revision(taskDefinition: string): Promise<RememberedRevision | Unseen>;
  /** Looks at many values at once, where that is cheaper. */
  prepare(references: readonly Reference[], sweeping: boolean): Promise<void>;
  /** When a value last moved. */
  move(reference: Reference, deploymentCreatedAtMs: number): Promise<Interval | Unseen>;
  /** How a service's deployments since a time ended. */
  attempts(cluster: string, service: string, sinceMs: number): Promise<readonly ServiceDeployment[] | Unseen>;
}

/** Makes the looks of one run. */
export type Observe = (environment: ObserveEnvironment) => Observer;

/** Looks through the SDK's clients. */
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
