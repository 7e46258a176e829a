/** What a service's deployments say about a change. Pure. Source of the statuses: Amazon ECS API Reference. */
import { latestBy, type ServiceDeployment } from "../facts";

/** Statuses of a deployment that ended without replacing the tasks. */
export const failedStatuses: readonly string[] = ["STOPPED", "ROLLBACK_SUCCESSFUL", "ROLLBACK_FAILED"];

/** True for a deployment that has ended. An unknown status counts as in progress. */
export function hasEnded({ status }: ServiceDeployment): boolean {
  return status === "SUCCESSFUL" || failedStatuses.includes(status);
}

/** The newest of them. */
export function newest(deployments: readonly ServiceDeployment[]): ServiceDeployment | undefined {
  return latestBy(deployments, ({ createdAtMs }) => createdAtMs);
}

/** The newest deployment in progress. */
export function running(deployments: readonly ServiceDeployment[]): ServiceDeployment | undefined {
  return newest(deployments.filter((deployment) => !hasEnded(deployment)));
}

/** True when a deployment created after this time succeeded. */
export function succeededAfter(deployments: readonly ServiceDeployment[], afterMs: number): boolean {
  return deployments.some(({ status, createdAtMs }) => status === "SUCCESSFUL" && createdAtMs > afterMs);
}

/**
 * The deployments created after this time that failed, newest first. One that a newer deployment stopped did not fail:
 * ECS stops the older one when a newer one begins.
 */
export function failedAfter(
  deployments: readonly ServiceDeployment[],
  afterMs: number,
): readonly ServiceDeployment[] {
  return deployments
    .filter(
      (deployment) =>
        failedStatuses.includes(deployment.status) &&
        deployment.createdAtMs > afterMs &&
        !(
          deployment.status === "STOPPED" &&
          deployments.some(
            ({ createdAtMs }) => createdAtMs > deployment.createdAtMs && isStopper(createdAtMs, deployment),
          )
        ),
    )
    .sort((one, other) => other.createdAtMs - one.createdAtMs);
}

/** How much later than the newer deployment's creation the end of the older one may be recorded. */
const stopMarginMs = 60_000;

function isStopper(createdAtMs: number, { finishedAtMs }: ServiceDeployment): boolean {
  return finishedAtMs === undefined || createdAtMs <= finishedAtMs + stopMarginMs;
}
