import type { EcsContext } from "./context";
import { mayPass, stagesBeforeScaleUp } from "./hooks";
import { desiredTasks, fill, stopTasks } from "./placement";
import { isHealthy, tasksOf, type DeploymentRecord, type ServiceRecord } from "./state";

/** BLUE_GREEN, LINEAR and CANARY: all of green, then the traffic, then the bake time, then blue goes. */
export function shiftTraffic(context: EcsContext, service: ServiceRecord, primary: DeploymentRecord): void {
  const { world } = context;
  const record = primary.serviceDeployment;
  const desired = desiredTasks(context, service);
  for (const other of service.deployments.filter((d) => d !== primary && d.traffic))
    // Blue keeps its tasks while it has the traffic.
    fill(context, service, other, desired);
  if (!mayPass(context, service, primary, stagesBeforeScaleUp(record))) return;
  fill(context, service, primary, desired);
  if (!record || record.finishedAt !== undefined) return;
  const up = tasksOf(service).filter((t) => t.deployment === primary && isHealthy(t)).length;
  const blue = service.deployments.some((d) => d !== primary);
  const shifted = ["POST_PRODUCTION_TRAFFIC_SHIFT", "BAKE_TIME", "CLEAN_UP"];
  if (!shifted.includes(record.lifecycleStage ?? "")) {
    if (up < desired) record.lifecycleStage = "SCALE_UP";
    const stages = ["POST_SCALE_UP", "POST_TEST_TRAFFIC_SHIFT", "PRE_PRODUCTION_TRAFFIC_SHIFT"] as const;
    if (up < desired || !mayPass(context, service, primary, stages)) return;
    primary.traffic = true;
    record.updatedAt = world.clock.now();
    record.lifecycleStage = "POST_PRODUCTION_TRAFFIC_SHIFT";
    for (const other of service.deployments) if (other !== primary) other.traffic = false;
  }
  if (record.lifecycleStage === "POST_PRODUCTION_TRAFFIC_SHIFT") {
    if (!mayPass(context, service, primary, ["POST_PRODUCTION_TRAFFIC_SHIFT"])) return;
    record.lifecycleStage = blue ? "BAKE_TIME" : "CLEAN_UP";
    if (blue)
      service.stage = world.clock.schedule(
        (service.configuration.bakeTimeInMinutes ?? 0) * 60_000,
        `bake time of ${service.arn}`,
        () => {
          record.lifecycleStage = "CLEAN_UP";
          context.scheduler.wake(service);
        },
      );
  }
  if (record.lifecycleStage === "CLEAN_UP")
    stopTasks(
      context,
      service,
      tasksOf(service).filter((t) => t.deployment !== primary),
      primary,
    );
}
