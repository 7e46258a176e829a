import type { World } from "../world";
import type {
  DeploymentRecord,
  HookRecord,
  ServiceDeploymentRecord,
  ServiceRecord,
  TaskRecord,
} from "./state";

/** The names of `ECS Deployment State Change` (Amazon ECS Developer Guide, "Amazon ECS service deployment state change events"). */
export type DeploymentEventName =
  "SERVICE_DEPLOYMENT_IN_PROGRESS" | "SERVICE_DEPLOYMENT_COMPLETED" | "SERVICE_DEPLOYMENT_FAILED";

/** Says on the event bus what became of a deployment, and keeps it among the service's own events. */
export function emitDeploymentEvent(
  world: World,
  service: ServiceRecord,
  deployment: DeploymentRecord,
  eventName: DeploymentEventName,
  reason = deployment.rolloutStateReason,
): void {
  world.emit({
    source: "aws.ecs",
    "detail-type": "ECS Deployment State Change",
    resources: [service.arn],
    detail: {
      eventType: eventName === "SERVICE_DEPLOYMENT_FAILED" ? "ERROR" : "INFO",
      eventName,
      clusterArn: service.cluster.arn,
      deploymentId: deployment.id,
      updatedAt: wholeSeconds(world.clock.now()),
      reason,
    },
  });
}

/** `ECS Hook State Change` (Developer Guide, "Amazon ECS service deployment hook state change events"). */
export function emitHookEvent(
  world: World,
  service: ServiceRecord,
  record: ServiceDeploymentRecord,
  hook: HookRecord,
): void {
  const failed = hook.status === "FAILED" || hook.status === "TIMED_OUT";
  world.emit({
    source: "aws.ecs",
    "detail-type": "ECS Hook State Change",
    resources: [record.arn],
    detail: {
      eventType: failed ? "ERROR" : "INFO",
      eventName: `HOOK_${hook.status}`,
      hookId: hook.id,
      hookType: "PAUSE",
      expiresAt: wholeSeconds(hook.expiresAt),
      lifecycleStage: hook.stage,
      clusterArn: service.cluster.arn,
      serviceArn: service.arn,
      serviceDeploymentArn: record.arn,
      updatedAt: wholeSeconds(world.clock.now()),
    },
  });
}

/** `ECS Task State Change`: the task as DescribeTasks shows it, dates as text. */
export function emitTaskEvent(world: World, task: TaskRecord, view: object): void {
  world.emit({
    source: "aws.ecs",
    "detail-type": "ECS Task State Change",
    resources: [task.arn],
    detail: JSON.parse(JSON.stringify(view)) as Record<string, unknown>,
  });
}

/** Adds to the service's event list, of which the newest 100 are shown. */
export function addServiceEvent(world: World, service: ServiceRecord, message: string): void {
  service.events.unshift({
    id: world.random.uuid(),
    createdAt: new Date(world.clock.now()),
    message: `(service ${service.name}) ${message}`,
  });
  service.events.length = Math.min(service.events.length, 100);
}

function wholeSeconds(ms: number): string {
  return new Date(ms).toISOString().replace(/\.\d{3}Z$/, "Z");
}
