/** The only code that calls AWS to look, and the only one that remembers. */
import type { SeenService, ServiceDeployment, TaskFacts, Unseen } from "../facts";
import { definitionsOf, listServiceDeployments } from "./deployments";
import type { ObserveEnvironment } from "./environment";
import { installedAt } from "./installation";
import type { RememberedDefinition } from "./memory";
import { describeServices, listServices, type ServiceLook } from "./services";
import { describeTaskDefinition } from "./task-definitions";
import { describeAgain, listTasks, tasksOfCluster, type ListedTask } from "./tasks";
import { createValueLooks, type ValueLooks } from "./values";

/** Everything that a run observes. Nothing here changes anything or reads a value. */
export interface Observer {
  /** When the queue was created; undefined if SQS does not answer. */
  installedAt(): Promise<number | undefined>;
  /** Names of a cluster's services. Throws a `Fault`. */
  services(cluster: string): Promise<readonly string[]>;
  /** Describes up to ten services of a cluster. */
  describe(cluster: string, names: readonly string[]): Promise<ReadonlyMap<string, ServiceLook>>;
  /** The running tasks of these services, by service. */
  tasks(
    cluster: string,
    services: readonly string[],
  ): Promise<ReadonlyMap<string, readonly TaskFacts[] | Unseen>>;
  /** Every running task of a cluster, those outside services too. */
  tasksOfCluster(cluster: string): Promise<readonly ListedTask[] | Unseen>;
  /** Which of these tasks stop, and until when the others are protected. */
  tasksAgain(cluster: string, arns: readonly string[]): ReturnType<typeof describeAgain>;
  /** What a revision of a task definition refers to. */
  taskDefinition(arn: string): Promise<RememberedDefinition | Unseen>;
  /** A service's deployments since a time, with their status, and the one that ECS calls current. */
  deployments(
    cluster: string,
    service: string,
    sinceMs: number,
    seen: Pick<SeenService, "pauses" | "currentDeployment">,
  ): Promise<readonly ServiceDeployment[] | Unseen>;
  /** The task definition of each of these service revisions. */
  definitionsOf(revisions: readonly string[]): Promise<ReadonlyMap<string, string> | Unseen>;
  readonly values: ValueLooks;
}

/** Observes through the SDK's clients. */
export function observe(environment: ObserveEnvironment): Observer {
  return {
    installedAt: () => installedAt(environment),
    services: (cluster) => listServices(environment, cluster),
    describe: (cluster, names) => describeServices(environment, cluster, names),
    tasks: (cluster, services) => listTasks(environment, cluster, services),
    tasksOfCluster: async (cluster) => (await tasksOfCluster(environment, cluster, Infinity)) ?? [],
    tasksAgain: (cluster, arns) => describeAgain(environment, cluster, arns),
    taskDefinition: (arn) => describeTaskDefinition(environment, arn),
    deployments: (cluster, service, sinceMs, seen) =>
      listServiceDeployments(environment, cluster, service, sinceMs, seen),
    definitionsOf: (revisions) => definitionsOf(environment, revisions),
    values: createValueLooks(environment),
  };
}
