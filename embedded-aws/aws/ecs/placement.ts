import type { EcsContext } from "./context";
import { addServiceEvent } from "./events";
import {
  isHealthy,
  isPending,
  isRunning,
  tasksOf,
  type DeploymentRecord,
  type ServiceRecord,
  type TaskRecord,
} from "./state";

/** Brings one deployment to `count` tasks, whatever the others have. */
export function fill(
  context: EcsContext,
  service: ServiceRecord,
  deployment: DeploymentRecord,
  count: number,
): void {
  const own = tasksOf(service).filter((t) => t.deployment === deployment);
  const tasks = [...own.filter(isPending), ...own.filter(isHealthy)];
  const unhealthy = own.filter((t) => isRunning(t) && !isHealthy(t));
  const replaced = own.filter(isHealthy).length >= count;
  const surplus = tasks.filter((t) => !isProtected(context, t)).slice(0, Math.max(0, tasks.length - count));
  stopTasks(context, service, [...surplus, ...(replaced ? unhealthy : [])], deployment);
  if (mayStart(context, deployment))
    startTasks(context, service, deployment, Math.max(0, count - tasks.length));
}

/** False for a deployment that failed, and for a while after one of its tasks failed. */
export function mayStart(context: EcsContext, deployment: DeploymentRecord): boolean {
  return deployment.rolloutState !== "FAILED" && deployment.notBefore <= context.world.clock.now();
}

/** Tasks that the service wants: one for each instance with DAEMON, none while it is drained. */
export function desiredTasks(context: EcsContext, service: ServiceRecord): number {
  if (service.status !== "ACTIVE") return 0;
  return service.schedulingStrategy === "DAEMON" ? context.settings.containerInstances : service.desiredCount;
}

/** Starts tasks of a deployment. */
export function startTasks(
  context: EcsContext,
  service: ServiceRecord,
  deployment: DeploymentRecord,
  count: number,
): void {
  for (let i = 0; i < count; i++)
    context.runner.start({
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
    addServiceEvent(context.world, service, `has started ${count} tasks.`);
  }
}

/** Whether scale-in protection keeps the task (Developer Guide, "Task scale-in protection"). */
export function isProtected(context: EcsContext, task: TaskRecord): boolean {
  return (task.protectedUntil ?? 0) > context.world.clock.now();
}

/** Drains and ends tasks; protected ones and those on their way out already are left alone. */
export function stopTasks(
  context: EcsContext,
  service: ServiceRecord,
  tasks: readonly TaskRecord[],
  primary: DeploymentRecord,
  reason = `Scaling activity initiated by deployment ${primary.id}`,
): void {
  const leaving = tasks.filter((t) => t.desiredStatus === "RUNNING" && !isProtected(context, t));
  for (const task of leaving) context.runner.stop(task, reason, "ServiceSchedulerInitiated");
  if (leaving.length > 0) {
    service.steady = false;
    addServiceEvent(context.world, service, `has stopped ${leaving.length} running tasks.`);
  }
}
