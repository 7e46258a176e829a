import { failureThreshold } from "./circuit-breaker";
import type { EcsContext } from "./context";
import { addServiceEvent, emitDeploymentEvent } from "./events";
import { invalidParameter } from "./errors";
import { bounds, rollingStep } from "./rolling";
import { finish, newServiceDeployment } from "./service-deployments";
import {
  isPending,
  isRunning,
  tasksOf,
  type DeploymentRecord,
  type Rollout,
  type ServiceRecord,
  type TaskRecord,
} from "./state";
import { computedDesiredCount } from "./views";

/** Unfinished deployments that a service may have (Amazon ECS service quotas). */
const maxActiveDeployments = 5;

/**
 * The service scheduler: brings the tasks of each service to what its deployments ask for. It looks at a
 * service shortly after anything that concerns it, and keeps no plan between two looks.
 */
export class Scheduler {
  #halted = false;

  constructor(private readonly context: EcsContext) {}

  /** Starts no task and takes no step any more. */
  halt(): void {
    this.#halted = true;
  }

  /** Makes a deployment PRIMARY: by CreateService, by a change of the service, or forced. */
  deploy(service: ServiceRecord, rollout: Rollout): DeploymentRecord {
    const active = service.deployments.filter((d) => d.rolloutState !== "FAILED").length;
    if (active >= maxActiveDeployments)
      throw invalidParameter(`${active} active deployments exist, unable to create new deployment.`);
    const deployment = this.newDeployment(service, rollout);
    const before = service.deployments.find((d) => d.status === "PRIMARY");
    const unfinished = service.serviceDeployments.find((d) => d.finishedAt === undefined);
    if (unfinished)
      finish(this.context, unfinished, "STOPPED", "Service deployment was stopped by a newer deployment.");
    service.stage?.();
    if (before) before.status = "ACTIVE";
    deployment.traffic = strategyOf(service) === "ROLLING" || before === undefined;
    deployment.serviceDeployment = newServiceDeployment(this.context, service, deployment, before);
    service.serviceDeployments.unshift(deployment.serviceDeployment);
    service.deployments.unshift(deployment);
    emitDeploymentEvent(
      this.context.world,
      service,
      deployment,
      "SERVICE_DEPLOYMENT_IN_PROGRESS",
      deployment.rolloutStateReason,
    );
    this.wake(service);
    return deployment;
  }

  /** A deployment that belongs to the service but is not listed yet; also what a task set is. */
  newDeployment(service: ServiceRecord, rollout: Rollout, externalId?: string): DeploymentRecord {
    const { random, world } = this.context;
    const id = `ecs-svc/${digits19(random)}`;
    const now = world.clock.now();
    return {
      id,
      status: "PRIMARY",
      rollout,
      createdAt: now,
      updatedAt: now,
      rolloutState: "IN_PROGRESS",
      rolloutStateReason: `ECS deployment ${id} in progress.`,
      failedTasks: 0,
      notBefore: 0,
      serviceRevisionArn: `${service.arn.replace(":service/", ":service-revision/")}/${digits19(random)}`,
      traffic: true,
      externalId,
    };
  }

  /** Looks at the service again soon. */
  wake(service: ServiceRecord, delayMs = this.context.settings.schedulerDelayMs): void {
    if (this.#halted) return;
    if (delayMs === this.context.settings.schedulerDelayMs) {
      if (service.reconcile) return;
      service.reconcile = this.context.world.clock.schedule(delayMs, `scheduler of ${service.arn}`, () => {
        service.reconcile = undefined;
        this.#look(service);
      });
    } else
      this.context.world.clock.schedule(delayMs, `scheduler of ${service.arn}, later`, () =>
        this.wake(service),
      );
  }

  /** What the runner says of a task. */
  taskChanged(task: TaskRecord, outcome: "healthy" | "failed" | "draining" | "stopped"): void {
    const { service, deployment } = task;
    if (!service || !deployment) return;
    if (outcome === "healthy") this.#reset(service, deployment);
    if (outcome === "failed") this.#taskFailed(service, deployment, task);
    this.wake(service);
  }

  #reset(service: ServiceRecord, deployment: DeploymentRecord): void {
    deployment.notBefore = 0;
    if (service.configuration.deploymentCircuitBreaker?.resetOnHealthyTask === false) return;
    deployment.failedTasks = 0;
  }

  #taskFailed(service: ServiceRecord, deployment: DeploymentRecord, task: TaskRecord): void {
    const { world, settings } = this.context;
    deployment.failedTasks += 1;
    deployment.updatedAt = world.clock.now();
    const { first, limit } = settings.restartBackoffMs;
    const backoffMs = Math.min(limit, first * 2 ** Math.min(30, deployment.failedTasks - 1));
    deployment.notBefore = world.clock.now() + backoffMs;
    this.wake(service, backoffMs + settings.schedulerDelayMs + 1);
    addServiceEvent(world, service, `was unable to place or start a task: ${task.stoppedReason ?? ""}`);
    const record = deployment.serviceDeployment;
    if (record) record.failureCount = deployment.failedTasks;
    const breaker = service.configuration.deploymentCircuitBreaker;
    const unfinished = record !== undefined && record.finishedAt === undefined;
    if (deployment.status !== "PRIMARY" || !unfinished || !breaker?.enable) return;
    if (deployment.failedTasks < failureThreshold(breaker, service.desiredCount)) return;
    if (record.rollback) {
      finish(this.context, record, "ROLLBACK_FAILED", "Service deployment rollback failed.");
      return;
    }
    record.breakerTriggered = true;
    this.fail(service, deployment, {
      cause: "the circuit breaker threshold was exceeded",
      short: "ECS deployment circuit breaker",
      rollback: breaker.rollback === true,
    });
  }

  /** Ends a deployment as FAILED, and goes back to the last one that completed when that is asked for. */
  fail(
    service: ServiceRecord,
    failed: DeploymentRecord,
    why: { cause: string; short: string; rollback: boolean },
  ): void {
    const { world } = this.context;
    const now = world.clock.now();
    failed.rolloutState = "FAILED";
    failed.rolloutStateReason = `${why.short}: tasks failed to start.`;
    failed.updatedAt = now;
    service.stage?.();
    emitDeploymentEvent(
      world,
      service,
      failed,
      "SERVICE_DEPLOYMENT_FAILED",
      `${why.short}: task failed to start.`,
    );
    addServiceEvent(world, service, `(deployment ${failed.id}) deployment failed: tasks failed to start.`);
    const record = failed.serviceDeployment!;
    const target = service.lastCompleted;
    if (!why.rollback)
      finish(this.context, record, "STOPPED", `Service deployment stopped because ${why.cause}.`);
    else if (!target)
      finish(
        this.context,
        record,
        "ROLLBACK_FAILED",
        `Service deployment rolled back because ${why.cause}. No rollback candidate was found to run the rollback.`,
      );
    else this.#rollBack(service, failed, target, why);
    this.wake(service);
  }

  /**
   * AWS's sources disagree on what is PRIMARY after a rollback: the old deployment with its old `createdAt`, or
   * a new one with the old revision. Which of them is drawn, so that nothing can depend on it.
   */
  #rollBack(
    service: ServiceRecord,
    failed: DeploymentRecord,
    target: DeploymentRecord,
    why: { cause: string; short: string },
  ): void {
    const { world, random, settings } = this.context;
    const now = world.clock.now();
    const listed = service.deployments.includes(target);
    const keepsOld = listed && random.chance(settings.oldPrimaryAfterRollback);
    const primary = keepsOld ? target : this.newDeployment(service, target.rollout);
    const reason = `${why.short}: rolling back to deploymentId ${target.id}.`;
    failed.status = "ACTIVE";
    Object.assign(primary, {
      status: "PRIMARY",
      rolloutState: "IN_PROGRESS",
      rolloutStateReason: reason,
      updatedAt: now,
      failedTasks: 0,
      notBefore: 0,
      traffic: true,
      serviceDeployment: failed.serviceDeployment,
    });
    // The tasks of the old revision stay: they count for whichever deployment is PRIMARY now.
    for (const task of tasksOf(service)) if (task.deployment === target) task.deployment = primary;
    service.deployments = [primary, ...service.deployments.filter((d) => d !== target && d !== primary)];
    for (const other of service.deployments) if (other !== primary) other.traffic = false;
    const record = failed.serviceDeployment!;
    record.status = "ROLLBACK_IN_PROGRESS";
    record.statusReason = `Service deployment rolled back because ${why.cause}.`;
    record.updatedAt = now;
    record.rollback = {
      reason: record.statusReason,
      startedAt: new Date(now),
      serviceRevisionArn: target.serviceRevisionArn,
    };
    emitDeploymentEvent(world, service, failed, "SERVICE_DEPLOYMENT_IN_PROGRESS", reason);
  }

  #look(service: ServiceRecord): void {
    if (this.#halted || service.status === "INACTIVE") return;
    if (service.controller === "ECS") this.#lookAtDeployments(service);
    else for (const set of service.deployments) this.#fill(service, set, computedDesiredCount(service, set));
    if (service.status === "DRAINING" && tasksOf(service).length === 0) {
      service.status = "INACTIVE";
      service.deployments = [];
    }
  }

  #lookAtDeployments(service: ServiceRecord): void {
    const primary = service.deployments.find((d) => d.status === "PRIMARY");
    if (!primary) return;
    const record = primary.serviceDeployment;
    if (record?.status === "PENDING") {
      record.status = "IN_PROGRESS";
      record.startedAt = record.updatedAt = this.context.world.clock.now();
    }
    if (strategyOf(service) === "ROLLING" || record?.rollback) this.#roll(service, primary);
    else this.#shift(service, primary);
    this.#dropEmpty(service, primary);
    this.#completeWhenSteady(service, primary);
  }

  #roll(service: ServiceRecord, primary: DeploymentRecord): void {
    const tasks = tasksOf(service);
    const isNew = (t: TaskRecord): boolean => t.deployment === primary;
    const newPending = tasks.filter((t) => isNew(t) && isPending(t));
    const newRunning = tasks.filter((t) => isNew(t) && isRunning(t));
    const oldPending = tasks.filter((t) => !isNew(t) && isPending(t));
    const oldRunning = tasks.filter((t) => !isNew(t) && isRunning(t));
    const desired = this.#desired(service);
    const step = rollingStep({
      desired,
      ...bounds(
        desired,
        service.configuration.minimumHealthyPercent ?? 100,
        service.configuration.maximumPercent ?? 200,
      ),
      newPending: newPending.length,
      newRunning: newRunning.length,
      oldPending: oldPending.length,
      oldRunning: oldRunning.length,
      mayStart: this.#mayStart(primary),
    });
    // Tasks of a deployment that failed go before those of one that worked.
    const oldInOrder = [
      ...oldRunning.filter((t) => t.deployment?.rolloutState === "FAILED"),
      ...oldRunning.filter((t) => t.deployment?.rolloutState !== "FAILED"),
    ];
    this.#stop(
      service,
      [
        ...newPending.slice(0, step.stopNewPending),
        ...newRunning.slice(0, step.stopNewRunning),
        ...oldPending.slice(0, step.stopOldPending),
        ...oldInOrder.slice(0, step.stopOldRunning),
      ],
      primary,
    );
    this.#start(service, primary, step.start);
  }

  /** BLUE_GREEN, LINEAR and CANARY: all of green, then the traffic, then the bake time, then blue goes. */
  #shift(service: ServiceRecord, primary: DeploymentRecord): void {
    const { world } = this.context;
    const record = primary.serviceDeployment;
    this.#fill(service, primary, this.#desired(service));
    for (const other of service.deployments.filter((d) => d !== primary && d.traffic))
      this.#keep(service, other);
    if (!record || record.finishedAt !== undefined) return;
    const up = tasksOf(service).filter((t) => t.deployment === primary && isRunning(t)).length;
    const blue = service.deployments.some((d) => d !== primary);
    if (record.lifecycleStage === undefined || record.lifecycleStage === "SCALE_UP") {
      record.lifecycleStage = "SCALE_UP";
      if (up < this.#desired(service)) return;
      primary.traffic = true;
      record.updatedAt = world.clock.now();
      record.lifecycleStage = blue ? "BAKE_TIME" : "CLEAN_UP";
      for (const other of service.deployments) if (other !== primary) other.traffic = false;
      this.context.trafficMoved(service);
      if (blue)
        service.stage = world.clock.schedule(
          (service.configuration.bakeTimeInMinutes ?? 0) * 60_000,
          `bake time of ${service.arn}`,
          () => {
            record.lifecycleStage = "CLEAN_UP";
            this.wake(service);
          },
        );
    }
    if (record.lifecycleStage === "CLEAN_UP")
      this.#stop(
        service,
        tasksOf(service).filter((t) => t.deployment !== primary),
        primary,
      );
  }

  /** Keeps blue at the desired count while it has the traffic. */
  #keep(service: ServiceRecord, deployment: DeploymentRecord): void {
    this.#fill(service, deployment, this.#desired(service));
  }

  /** Brings one deployment to `count` tasks, whatever the others have. */
  #fill(service: ServiceRecord, deployment: DeploymentRecord, count: number): void {
    const tasks = tasksOf(service).filter(
      (t) => t.deployment === deployment && (isPending(t) || isRunning(t)),
    );
    const pendingFirst = [...tasks.filter(isPending), ...tasks.filter(isRunning)];
    this.#stop(service, pendingFirst.slice(0, Math.max(0, tasks.length - count)), deployment);
    if (this.#mayStart(deployment)) this.#start(service, deployment, Math.max(0, count - tasks.length));
  }

  #mayStart(deployment: DeploymentRecord): boolean {
    return deployment.rolloutState !== "FAILED" && deployment.notBefore <= this.context.world.clock.now();
  }

  #desired(service: ServiceRecord): number {
    if (service.status !== "ACTIVE") return 0;
    return service.schedulingStrategy === "DAEMON"
      ? this.context.settings.containerInstances
      : service.desiredCount;
  }

  #start(service: ServiceRecord, deployment: DeploymentRecord, count: number): void {
    for (let i = 0; i < count; i++)
      this.context.runner.start({
        cluster: service.cluster,
        definition: deployment.rollout.taskDefinition,
        service,
        deployment,
        group: `service:${service.name}`,
        startedBy: deployment.id,
        launchType: deployment.rollout.launchType,
      });
    if (count > 0) {
      service.steady = false;
      addServiceEvent(this.context.world, service, `has started ${count} tasks.`);
    }
  }

  #stop(service: ServiceRecord, tasks: readonly TaskRecord[], primary: DeploymentRecord): void {
    const leaving = tasks.filter((t) => t.desiredStatus === "RUNNING");
    for (const task of leaving)
      this.context.runner.stop(
        task,
        `Scaling activity initiated by deployment ${primary.id}`,
        "ServiceSchedulerInitiated",
      );
    if (leaving.length > 0) {
      service.steady = false;
      addServiceEvent(this.context.world, service, `has stopped ${leaving.length} running tasks.`);
    }
  }

  /** A deployment that was replaced leaves with its last task; a FAILED one stays to be seen for a while. */
  #dropEmpty(service: ServiceRecord, primary: DeploymentRecord): void {
    const { settings, random, world } = this.context;
    for (const deployment of service.deployments) {
      if (deployment === primary || tasksOf(service).some((t) => t.deployment === deployment)) continue;
      const remove = (): void => {
        service.deployments = service.deployments.filter((d) => d !== deployment || d.status === "PRIMARY");
      };
      if (deployment.rolloutState !== "FAILED") remove();
      else if (!this.#leaving.has(deployment)) {
        this.#leaving.add(deployment);
        const { low, high } = settings.failedEntryMs;
        world.clock.schedule(random.integer(low, high), `failed ${deployment.id} leaves`, remove);
      }
    }
  }
  readonly #leaving = new WeakSet<DeploymentRecord>();

  #completeWhenSteady(service: ServiceRecord, primary: DeploymentRecord): void {
    const { world } = this.context;
    const tasks = tasksOf(service);
    const steady =
      tasks.every((t) => t.deployment === primary && isRunning(t)) && tasks.length === this.#desired(service);
    if (!steady) return;
    if (!service.steady) {
      service.steady = true;
      addServiceEvent(world, service, "has reached a steady state.");
    }
    if (primary.rolloutState !== "IN_PROGRESS" || service.status !== "ACTIVE") return;
    const record = primary.serviceDeployment;
    primary.rolloutState = "COMPLETED";
    primary.rolloutStateReason = `ECS deployment ${primary.id} completed.`;
    primary.updatedAt = world.clock.now();
    service.lastCompleted = primary;
    if (record && record.finishedAt === undefined)
      finish(
        this.context,
        record,
        record.rollback ? "ROLLBACK_SUCCESSFUL" : "SUCCESSFUL",
        record.rollback ? record.statusReason : undefined,
      );
    emitDeploymentEvent(world, service, primary, "SERVICE_DEPLOYMENT_COMPLETED", primary.rolloutStateReason);
    addServiceEvent(world, service, `(deployment ${primary.id}) deployment completed.`);
  }
}

function strategyOf(service: ServiceRecord): string {
  return service.configuration.strategy ?? "ROLLING";
}

function digits19(random: EcsContext["random"]): string {
  return random.text(1, "123456789") + random.text(18, "0123456789");
}
