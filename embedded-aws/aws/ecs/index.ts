import * as sdk from "@aws-sdk/client-ecs";
import type { Operation, Service as AwsService } from "../service";
import type { World } from "../world";
import { clusterOperations } from "./clusters";
import type { EcsContext } from "./context";
import { failHealthCheck } from "./failures";
import { Registry } from "./references";
import { Scheduler } from "./scheduler";
import { serviceDeploymentOperations } from "./service-deployments";
import { serviceOperations } from "./services";
import {
  defaultSettings,
  isHealthy,
  tasksOf,
  type EcsSettings,
  type SecretRead,
  type ServiceRecord,
} from "./state";
import { taskDefinitionOperations } from "./task-definitions";
import { TaskRunner } from "./task-runner";
import { taskSetOperations } from "./task-sets";
import { taskOperations } from "./tasks";

export type { EcsSettings, SecretRead } from "./state";

/** A task of a service as it really is, whatever an answer of the API says. */
export interface RunningTask {
  /** Names of the cluster and the service. */
  readonly cluster: string;
  readonly service: string;
  readonly taskArn: string;
  /** Milliseconds since the epoch. */
  readonly createdAt: number;
  readonly deploymentId: string;
  readonly taskDefinitionArn: string;
  /** True from the moment it left the targets: it ends soon and gets no new work. */
  readonly draining: boolean;
  /** What was injected when it started. */
  readonly reads: readonly SecretRead[];
}

/** A service as it really is, whatever an answer of the API says. */
export interface StandingService {
  readonly cluster: string;
  readonly service: string;
  readonly desiredCount: number;
  /** Of its PRIMARY deployment. */
  readonly taskDefinitionArn: string;
  /** Its attempts to replace tasks, newest first. Milliseconds since the epoch; `finishedAt` is absent until the end. */
  readonly attempts: readonly {
    readonly arn: string;
    readonly createdAt: number;
    readonly finishedAt?: number;
    readonly status: string;
  }[];
}

/** Where a load balancer would send requests. */
export interface Target {
  readonly taskArn: string;
  /** The port that the task listens on, as its runtime says; 0 when it listens on none. */
  readonly port: number;
}

/** Amazon ECS: clusters, task definitions, services and the scheduler that keeps them. */
export class Ecs implements AwsService {
  readonly prefix = "ecs";
  readonly sdk = sdk;
  readonly operations: Readonly<Record<string, Operation>>;
  /** Timings and what AWS leaves open; may be changed at any time. */
  readonly settings: EcsSettings = defaultSettings();
  readonly #registry: Registry;
  readonly #scheduler: Scheduler;
  readonly #runner: TaskRunner;
  readonly #context: EcsContext;

  constructor(world: World) {
    this.#registry = new Registry(world);
    const context = {
      world,
      random: world.random.fork("ecs"),
      registry: this.#registry,
      settings: this.settings,
    } as { -readonly [K in keyof EcsContext]: EcsContext[K] };
    this.#context = context;
    context.scheduler = this.#scheduler = new Scheduler(context);
    context.runner = this.#runner = new TaskRunner(context, (task, outcome) =>
      this.#scheduler.taskChanged(task, outcome),
    );
    this.operations = {
      ...clusterOperations(context),
      ...taskDefinitionOperations(context),
      ...serviceOperations(context),
      ...taskOperations(context),
      ...serviceDeploymentOperations(context),
      ...taskSetOperations(context),
    };
  }

  /** The ECS of a world. */
  static of(world: World): Ecs {
    return world.serviceAs("ecs", Ecs);
  }

  /** The truth about what runs: every task of a service whose containers are up, draining ones included. */
  runningTasks(): RunningTask[] {
    return this.#services().flatMap((service) =>
      tasksOf(service)
        .filter((t) => t.startedAt !== undefined)
        .map((t) => ({
          cluster: service.cluster.name,
          service: service.name,
          taskArn: t.arn,
          createdAt: t.createdAt,
          deploymentId: t.deployment?.id ?? "",
          taskDefinitionArn: t.definition.definition.taskDefinitionArn,
          draining: t.desiredStatus === "STOPPED",
          reads: t.reads,
        })),
    );
  }

  /** The truth about every service. */
  standing(): StandingService[] {
    return this.#services().map((service) => ({
      cluster: service.cluster.name,
      service: service.name,
      desiredCount: service.desiredCount,
      taskDefinitionArn: service.deployments[0]?.rollout.taskDefinition.definition.taskDefinitionArn ?? "",
      attempts: service.serviceDeployments.map(({ arn, createdAt, finishedAt, status }) => ({
        arn,
        createdAt,
        finishedAt,
        status,
      })),
    }));
  }

  /** The healthy tasks of a service that take production traffic; names or ARNs. Empty for one that is unknown. */
  targets(cluster: string, service: string): Target[] {
    const found = this.#registry.clusters
      .get(this.#registry.clusterName(cluster))
      ?.services.get(service.slice(service.lastIndexOf("/") + 1));
    return found ? targetsOf(found) : [];
  }

  /** Makes a running task of a service fail its health check, as a hung process does. Throws for any other. */
  failHealthCheck(taskArn: string): void {
    const task = this.#services()
      .flatMap(tasksOf)
      .find((t) => t.arn === taskArn);
    if (!task || !isHealthy(task)) throw new Error(`no healthy task of a service has the ARN ${taskArn}`);
    failHealthCheck(this.#context, task);
  }

  /** Ends every task: no process is left. */
  async stop(): Promise<void> {
    this.#scheduler.halt();
    await this.#runner.stopAll();
  }

  #services(): ServiceRecord[] {
    return [...this.#registry.clusters.values()].flatMap((c) => [...c.services.values()]);
  }
}

function targetsOf(service: ServiceRecord): Target[] {
  return tasksOf(service)
    .filter((t) => isHealthy(t) && t.deployment?.traffic === true)
    .map((t) => ({ taskArn: t.arn, port: t.port ?? 0 }));
}
