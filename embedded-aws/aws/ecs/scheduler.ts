import { finish, newServiceDeployment } from "./attempt";
import type { EcsContext } from "./context";
import { addServiceEvent, emitDeploymentEvent } from "./events";
import { invalidParameter } from "./errors";
import { failHealthCheck, taskFailed } from "./failures";
import { mayPass, stagesBeforeScaleUp } from "./hooks";
import { desiredTasks, fill, isProtected, mayStart, startTasks, stopTasks } from "./placement";
import { bounds, earlySuccess, rollingStep } from "./rolling";
import {
  isHealthy,
  isPending,
  isRunning,
  tasksOf,
  type DeploymentRecord,
  type Rollout,
  type ServiceRecord,
  type TaskRecord,
} from "./state";
import { shiftTraffic } from "./traffic-shift";
import { computedDesiredCount } from "./views";

/** Unfinished deployments that a service may have (Amazon ECS service quotas). */
const maxActiveDeployments = 5;

const failedHealthChecks = "Task failed container health checks";

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
      finish(
        this.context,
        service,
        unfinished,
        "STOPPED",
        "Service deployment was stopped by a newer deployment.",
      );
    service.stage?.();
    if (before) before.status = "ACTIVE";
    deployment.traffic = strategyOf(service) === "ROLLING" || before === undefined;
    deployment.serviceDeployment = newServiceDeployment(this.context, service, deployment);
    service.serviceDeployments.unshift(deployment.serviceDeployment);
    service.deployments.unshift(deployment);
    service.revisions.push({
      arn: deployment.serviceRevisionArn,
      createdAt: deployment.createdAt,
      rollout,
      kept: { loadBalancers: service.kept.loadBalancers, serviceRegistries: service.kept.serviceRegistries },
    });
    this.#drawUnhealthy(service);
    emitDeploymentEvent(this.context.world, service, deployment, "SERVICE_DEPLOYMENT_IN_PROGRESS");
    this.wake(service);
    return deployment;
  }

  /** While a deployment is under way, old tasks may fail their health checks. */
  #drawUnhealthy(service: ServiceRecord): void {
    const { random, settings, world } = this.context;
    const { share, withinMs } = settings.unhealthyOldTasks;
    if (share === 0) return;
    for (const task of tasksOf(service).filter(isHealthy))
      if (random.chance(share))
        world.clock.schedule(random.integer(0, withinMs), `task ${task.arn} becomes unhealthy`, () =>
          failHealthCheck(this.context, task),
        );
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
      lost: 0,
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
    if (outcome === "failed") taskFailed(this.context, service, deployment, task);
    const lost = outcome === "draining" && task.stopCode !== "ServiceSchedulerInitiated" && !task.unhealthy;
    if ((lost || outcome === "failed") && deployment.status !== "PRIMARY") deployment.lost += 1;
    this.wake(service);
  }

  #reset(service: ServiceRecord, deployment: DeploymentRecord): void {
    deployment.notBefore = 0;
    if (service.configuration.deploymentCircuitBreaker?.resetOnHealthyTask === false) return;
    deployment.failedTasks = 0;
  }

  #look(service: ServiceRecord): void {
    if (this.#halted || service.status === "INACTIVE") return;
    if (service.controller === "ECS") this.#lookAtDeployments(service);
    else this.#lookAtTaskSets(service);
    if (service.status === "DRAINING" && tasksOf(service).length === 0) {
      service.status = "INACTIVE";
      service.deployments = [];
    }
  }

  #lookAtTaskSets(service: ServiceRecord): void {
    for (const set of service.deployments)
      fill(this.context, service, set, computedDesiredCount(service, set));
    // Protected tasks outlive their task set.
    for (const task of tasksOf(service))
      if (task.deployment && !service.deployments.includes(task.deployment))
        stopTasks(this.context, service, [task], task.deployment);
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
    else shiftTraffic(this.context, service, primary);
    this.#dropEmpty(service, primary);
    this.#completeWhenSteady(service, primary);
  }

  #roll(service: ServiceRecord, primary: DeploymentRecord): void {
    const { context } = this;
    const tasks = tasksOf(service);
    const desired = desiredTasks(context, service);
    const underWay = primary.rolloutState !== "COMPLETED";
    // What worked before keeps its tasks until the newer deployment has replaced them.
    const keeping = service.deployments.filter(
      (d) => underWay && d !== primary && d.rolloutState === "COMPLETED",
    );
    const isNew = (t: TaskRecord): boolean => t.deployment === primary;
    const isKept = (t: TaskRecord): boolean => t.deployment !== undefined && keeping.includes(t.deployment);
    const newPending = tasks.filter((t) => isNew(t) && isPending(t));
    const newRunning = tasks.filter((t) => isNew(t) && isHealthy(t));
    const oldPending = tasks.filter((t) => !isNew(t) && isPending(t));
    const oldRunning = tasks.filter((t) => !isNew(t) && isHealthy(t));
    const unhealthy = tasks.filter((t) => isRunning(t) && !isHealthy(t));
    const unwanted = oldPending.filter((t) => !isKept(t));
    const replaceable = keeping.filter((d) => mayStart(context, d));
    const early = earlySuccess(service.configuration, desired);
    const paused = !mayPass(context, service, primary, stagesBeforeScaleUp(primary.serviceDeployment));
    const scaledUp = underWay && newRunning.length >= (early?.required ?? desired);
    const waits = scaledUp && !mayPass(context, service, primary, ["POST_SCALE_UP"]);
    const limits = bounds(
      desired,
      service.configuration.minimumHealthyPercent ?? 100,
      service.configuration.maximumPercent ?? 200,
    );
    const step = rollingStep({
      desired,
      ...limits,
      newPending: newPending.length,
      newRunning: newRunning.length,
      oldPending: unwanted.length,
      oldRunning: oldRunning.length,
      oldStarting: oldPending.length - unwanted.length,
      lost: replaceable.reduce((sum, d) => sum + d.lost, 0),
      unhealthy: unhealthy.length,
      healthyEnough: unhealthy.some(isNew) ? desired : Math.min(limits.lower, desired),
      old: waits ? "kept" : this.#oldTasks(primary, early, scaledUp),
      mayStart: !paused && mayStart(context, primary),
    });
    const free = (list: readonly TaskRecord[]): TaskRecord[] => list.filter((t) => !isProtected(context, t));
    // Tasks of a deployment that failed go before those of one that worked.
    const oldInOrder = [
      ...free(oldRunning).filter((t) => t.deployment?.rolloutState === "FAILED"),
      ...free(oldRunning).filter((t) => t.deployment?.rolloutState !== "FAILED"),
    ];
    stopTasks(
      context,
      service,
      [
        ...newPending.slice(0, step.stopNewPending),
        ...free(newRunning).slice(0, step.stopNewRunning),
        ...unwanted,
        ...oldInOrder.slice(0, step.stopOldRunning),
      ],
      primary,
    );
    stopTasks(context, service, unhealthy.slice(0, step.stopUnhealthy), primary, failedHealthChecks);
    startTasks(context, service, primary, step.start);
    let replacements = step.replaceLost;
    for (const deployment of replaceable) {
      const count = Math.min(deployment.lost, replacements);
      deployment.lost -= count;
      replacements -= count;
      startTasks(context, service, deployment, count);
    }
  }

  /** With early success criteria old tasks stay until the deployment has succeeded, and perhaps longer. */
  #oldTasks(
    primary: DeploymentRecord,
    early: ReturnType<typeof earlySuccess>,
    scaledUp: boolean,
  ): "kept" | "replaced" | "unwanted" {
    if (!early || primary.serviceDeployment?.rollback) return "replaced";
    if (!early.deferred) return scaledUp ? "unwanted" : "replaced";
    if (primary.rolloutState !== "COMPLETED") return "kept";
    return this.context.world.clock.now() < (primary.cleanUpAt ?? 0) ? "kept" : "unwanted";
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
    const { world, random, settings } = this.context;
    const tasks = tasksOf(service);
    const desired = desiredTasks(this.context, service);
    const isNew = (t: TaskRecord): boolean => t.deployment === primary;
    const steady = tasks.every((t) => isNew(t) && isHealthy(t)) && tasks.length === desired;
    if (steady && !service.steady) {
      service.steady = true;
      addServiceEvent(world, service, "has reached a steady state.");
    }
    const record = primary.serviceDeployment;
    if (primary.rolloutState !== "IN_PROGRESS" || service.status !== "ACTIVE") return;
    const early = earlySuccess(service.configuration, desired);
    const enough = early && tasks.filter((t) => isNew(t) && isHealthy(t)).length >= early.required;
    if (!steady && !(enough && (early.deferred || tasks.every(isNew)))) return;
    const rolling = strategyOf(service) === "ROLLING" || record?.rollback !== undefined;
    const passed = rolling
      ? mayPass(this.context, service, primary, [...stagesBeforeScaleUp(record), "POST_SCALE_UP"])
      : record?.lifecycleStage === "CLEAN_UP";
    if (!passed) return;
    if (early?.deferred) {
      const afterMs = random.integer(settings.deferredCleanUpMs.low, settings.deferredCleanUpMs.high);
      primary.cleanUpAt = world.clock.now() + afterMs;
      this.wake(service, afterMs);
    }
    primary.rolloutState = "COMPLETED";
    primary.rolloutStateReason = `ECS deployment ${primary.id} completed.`;
    primary.updatedAt = world.clock.now();
    service.lastCompleted = primary;
    if (record && record.finishedAt === undefined)
      finish(
        this.context,
        service,
        record,
        record.rollback ? "ROLLBACK_SUCCESSFUL" : "SUCCESSFUL",
        record.rollback ? record.statusReason : undefined,
      );
    emitDeploymentEvent(world, service, primary, "SERVICE_DEPLOYMENT_COMPLETED");
    addServiceEvent(world, service, `(deployment ${primary.id}) deployment completed.`);
  }
}

function strategyOf(service: ServiceRecord): string {
  return service.configuration.strategy ?? "ROLLING";
}

function digits19(random: EcsContext["random"]): string {
  return random.text(1, "123456789") + random.text(18, "0123456789");
}
