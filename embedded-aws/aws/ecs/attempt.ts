import type { ServiceDeploymentStatus } from "@aws-sdk/client-ecs";
import type { EcsContext } from "./context";
import type { DeploymentRecord, ServiceDeploymentRecord, ServiceRecord } from "./state";
import { revisionSummary } from "./views";

/** The record of a deployment that begins, before it is listed. It is PENDING until the scheduler takes it up. */
export function newServiceDeployment(
  { world, random }: EcsContext,
  service: ServiceRecord,
  deployment: DeploymentRecord,
): ServiceDeploymentRecord {
  return {
    arn: `${service.arn.replace(":service/", ":service-deployment/")}/${random.text(21)}`,
    createdAt: world.clock.now(),
    updatedAt: world.clock.now(),
    status: "PENDING",
    targetRevisionArn: deployment.serviceRevisionArn,
    sourceRevisionArns: [...new Set(service.deployments.map((d) => d.serviceRevisionArn))],
    hooks: [],
    configuration: service.configuration,
    breakerTriggered: false,
    failureCount: 0,
  };
}

/** Ends a service deployment; it never changes again, and its task counts stay as they are now. */
export function finish(
  { world }: EcsContext,
  service: ServiceRecord,
  record: ServiceDeploymentRecord,
  status: ServiceDeploymentStatus,
  reason: string | undefined,
): void {
  const now = world.clock.now();
  record.startedAt ??= now;
  record.finishedAt = now;
  record.updatedAt = now;
  record.status = status;
  if (status === "STOPPED") record.stoppedAt = now;
  if (reason !== undefined) record.statusReason = reason;
  for (const hook of record.hooks.filter((h) => h.status === "AWAITING_ACTION")) {
    hook.cancel();
    hook.status = "FAILED";
  }
  record.countsAtEnd = [...record.sourceRevisionArns, record.targetRevisionArn].map((arn) =>
    revisionSummary(service, arn),
  );
}
