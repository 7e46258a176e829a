import type { EcsContext } from "./context";
import { desiredTasks, fill, stopTasks } from "./placement";
import { isHealthy, tasksOf, type DeploymentRecord, type ServiceRecord } from "./state";

/** BLUE_GREEN, LINEAR and CANARY: all of green, then the traffic, then the bake time, then blue goes. */
export function shiftTraffic(context: EcsContext, service: ServiceRecord, primary: DeploymentRecord): void {
  const { world } = context;
  const record = primary.serviceDeployment;
  fill(context, service, primary, desiredTasks(context, service));
  for (const other of service.deployments.filter((d) => d !== primary && d.traffic))
    // Blue keeps its tasks while it has the traffic.
    fill(context, service, other, desiredTasks(context, service));
  if (!record || record.finishedAt !== undefined) return;
  const up = tasksOf(service).filter((t) => t.deployment === primary && isHealthy(t)).length;
  const blue = service.deployments.some((d) => d !== primary);
  if (record.lifecycleStage === undefined || record.lifecycleStage === "SCALE_UP") {
    record.lifecycleStage = "SCALE_UP";
    if (up < desiredTasks(context, service)) return;
    primary.traffic = true;
    record.updatedAt = world.clock.now();
    record.lifecycleStage = blue ? "BAKE_TIME" : "CLEAN_UP";
    for (const other of service.deployments) if (other !== primary) other.traffic = false;
    context.trafficMoved(service);
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
