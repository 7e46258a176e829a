import type * as sdk from "@aws-sdk/client-ecs";
import type { EcsContext } from "./context";
import { emitHookEvent } from "./events";
import { failDeployment } from "./failures";
import type { DeploymentRecord, HookRecord, ServiceDeploymentRecord, ServiceRecord } from "./state";

/** What a pause hook waits for when its configuration does not say (API Reference, DeploymentLifecycleHook). */
const defaultTimeoutMinutes = 1_440;

/** The stages before the first new task; the first of them only where several revisions still run. */
export function stagesBeforeScaleUp(
  record: ServiceDeploymentRecord | undefined,
): sdk.DeploymentLifecycleHookStage[] {
  return [
    ...((record?.sourceRevisionArns.length ?? 0) > 1 ? (["RECONCILE_SERVICE"] as const) : []),
    "PRE_SCALE_UP",
  ];
}

/**
 * Whether a deployment may go past these stages, one after the other. At the first that has PAUSE hooks it waits
 * for all of them (Developer Guide, "Pause hooks"). A rollback and what has ended wait for none.
 */
export function mayPass(
  context: EcsContext,
  service: ServiceRecord,
  deployment: DeploymentRecord,
  stages: readonly sdk.DeploymentLifecycleHookStage[],
): boolean {
  const record = deployment.serviceDeployment;
  if (!record || record.finishedAt !== undefined || record.rollback) return true;
  return stages.every((stage) => {
    if (!record.hooks.some((hook) => hook.stage === stage))
      for (const hook of record.configuration.lifecycleHooks ?? [])
        if (hook.targetType === "PAUSE" && hook.lifecycleStages?.includes(stage))
          begin(context, service, deployment, record, hook, stage);
    const waits = record.hooks.some((hook) => hook.stage === stage && hook.status === "AWAITING_ACTION");
    // A service deployment has no stage PRE_PRODUCTION_TRAFFIC_SHIFT: a hook at it holds the shift.
    if (waits)
      record.lifecycleStage = stage === "PRE_PRODUCTION_TRAFFIC_SHIFT" ? "PRODUCTION_TRAFFIC_SHIFT" : stage;
    return !waits;
  });
}

function begin(
  context: EcsContext,
  service: ServiceRecord,
  deployment: DeploymentRecord,
  record: ServiceDeploymentRecord,
  { timeoutConfiguration }: sdk.DeploymentLifecycleHook,
  stage: sdk.DeploymentLifecycleHookStage,
): void {
  const { clock } = context.world;
  const timeoutMs = (timeoutConfiguration?.timeoutInMinutes ?? defaultTimeoutMinutes) * 60_000;
  const hook: HookRecord = {
    id: `ecs-pause-${context.random.text(43)}`,
    stage,
    status: "AWAITING_ACTION",
    expiresAt: clock.now() + timeoutMs,
    timeoutAction: timeoutConfiguration?.action ?? "ROLLBACK",
    cancel: clock.schedule(timeoutMs, `hook of ${record.arn} times out`, () =>
      settle(context, service, deployment, hook, "TIMED_OUT", hook.timeoutAction),
    ),
  };
  record.hooks.push(hook);
  record.updatedAt = clock.now();
  emitHookEvent(context.world, service, record, hook);
}

/** Ends the wait of a hook: the deployment goes on when no other hook of the stage waits, or is rolled back. */
export function settle(
  context: EcsContext,
  service: ServiceRecord,
  deployment: DeploymentRecord,
  hook: HookRecord,
  status: sdk.DeploymentLifecycleHookStatus,
  action: sdk.DeploymentLifecycleHookAction,
): void {
  hook.cancel();
  hook.status = status;
  emitHookEvent(context.world, service, deployment.serviceDeployment!, hook);
  if (action === "CONTINUE") return context.scheduler.wake(service);
  const timedOut = status === "TIMED_OUT";
  failDeployment(context, service, deployment, {
    cause: timedOut
      ? `${hook.stage} lifecycle hook(s) timed out. Lifecycle hook ${hook.id} was not continued before it expired`
      : `${hook.stage} lifecycle hook(s) failed. Lifecycle hook ${hook.id} was rolled back by ContinueServiceDeployment`,
    short: "ECS deployment lifecycle hook",
    failure: `${hook.stage} hook ${timedOut ? "timed out" : "was rolled back"}`,
    rollback: true,
  });
}
