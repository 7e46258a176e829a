import { finish } from "./attempt";
import { failureThreshold } from "./circuit-breaker";
import type { EcsContext } from "./context";
import { addServiceEvent, emitDeploymentEvent } from "./events";
import { isHealthy, tasksOf, type DeploymentRecord, type ServiceRecord, type TaskRecord } from "./state";

/** Counts a task that failed; the circuit breaker decides whether its deployment has failed with it. */
export function taskFailed(
  context: EcsContext,
  service: ServiceRecord,
  deployment: DeploymentRecord,
  task: TaskRecord,
): void {
  const { world, settings } = context;
  deployment.failedTasks += 1;
  deployment.updatedAt = world.clock.now();
  const { first, limit } = settings.restartBackoffMs;
  const backoffMs = Math.min(limit, first * 2 ** Math.min(30, deployment.failedTasks - 1));
  deployment.notBefore = world.clock.now() + backoffMs;
  context.scheduler.wake(service, backoffMs + settings.schedulerDelayMs + 1);
  addServiceEvent(world, service, `was unable to place or start a task: ${task.stoppedReason ?? ""}`);
  const record = deployment.serviceDeployment;
  if (record) record.failureCount = deployment.failedTasks;
  const breaker = service.configuration.deploymentCircuitBreaker;
  const unfinished = record !== undefined && record.finishedAt === undefined;
  if (deployment.status !== "PRIMARY" || !unfinished || !breaker?.enable) return;
  if (deployment.failedTasks < failureThreshold(breaker, service.desiredCount)) return;
  if (record.rollback) {
    finish(context, service, record, "ROLLBACK_FAILED", "Service deployment rollback failed.");
    return;
  }
  record.breakerTriggered = true;
  failDeployment(context, service, deployment, {
    cause: "the circuit breaker threshold was exceeded",
    short: "ECS deployment circuit breaker",
    rollback: breaker.rollback === true,
  });
}

/** A running task of a service fails its health check: it leaves the targets and is replaced. */
export function failHealthCheck(context: EcsContext, task: TaskRecord): void {
  const { service, deployment } = task;
  if (!service || !deployment || !isHealthy(task)) return;
  task.unhealthy = true;
  if (deployment.status !== "PRIMARY") deployment.lost += 1;
  addServiceEvent(context.world, service, `(task ${task.id}) failed container health checks.`);
  context.scheduler.wake(service);
}

/**
 * Ends a deployment as FAILED, and goes back to the last one that completed when that is asked for.
 * @param why `cause` for the service deployment, `short` and `failure` for events; no failure: its tasks failed
 */
export function failDeployment(
  context: EcsContext,
  service: ServiceRecord,
  failed: DeploymentRecord,
  why: { cause: string; short: string; failure?: string; rollback: boolean },
): void {
  const { world } = context;
  const now = world.clock.now();
  const failure = why.failure ?? "tasks failed to start";
  failed.rolloutState = "FAILED";
  failed.rolloutStateReason = `${why.short}: ${failure}.`;
  failed.updatedAt = now;
  service.stage?.();
  const reason = `${why.short}: ${why.failure ?? "task failed to start"}.`;
  emitDeploymentEvent(world, service, failed, "SERVICE_DEPLOYMENT_FAILED", reason);
  addServiceEvent(world, service, `(deployment ${failed.id}) deployment failed: ${failure}.`);
  const record = failed.serviceDeployment!;
  const target = service.lastCompleted;
  if (!why.rollback)
    finish(context, service, record, "STOPPED", `Service deployment stopped because ${why.cause}.`);
  else if (!target) finish(context, service, record, "ROLLBACK_FAILED", noCandidate(why.cause));
  else rollBack(context, service, failed, target, why);
  context.scheduler.wake(service);
}

function noCandidate(cause: string): string {
  return `Service deployment rolled back because ${cause}. No rollback candidate was found to run the rollback.`;
}

/**
 * AWS's sources disagree on what is PRIMARY after a rollback: the old deployment with its old `createdAt`, or
 * a new one with the old revision. Which of them is drawn, so that nothing can depend on it.
 */
function rollBack(
  context: EcsContext,
  service: ServiceRecord,
  failed: DeploymentRecord,
  target: DeploymentRecord,
  why: { cause: string; short: string },
): void {
  const { world, random, settings } = context;
  const now = world.clock.now();
  const listed = service.deployments.includes(target);
  const keepsOld = listed && random.chance(settings.oldPrimaryAfterRollback);
  const primary = keepsOld ? target : context.scheduler.newDeployment(service, target.rollout);
  const reason = `${why.short}: rolling back to deploymentId ${target.id}.`;
  failed.status = "ACTIVE";
  Object.assign(primary, {
    status: "PRIMARY",
    rolloutState: "IN_PROGRESS",
    rolloutStateReason: reason,
    updatedAt: now,
    failedTasks: 0,
    lost: 0,
    notBefore: 0,
    traffic: true,
    // The revision is the old one, whichever deployment brings it back.
    serviceRevisionArn: target.serviceRevisionArn,
    serviceDeployment: failed.serviceDeployment,
  });
  // Where the tasks of the old revision stay, they count for whichever deployment is PRIMARY now.
  const share = settings.oldTasksAfterRollback;
  const stay = primary === target || share === 1 || random.chance(share);
  if (stay) for (const task of tasksOf(service)) if (task.deployment === target) task.deployment = primary;
  const others = service.deployments.filter((d) => d !== primary && (d !== target || !stay));
  service.deployments = [primary, ...others];
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
