/** A service's deployments. Sources: Amazon ECS API Reference, `ListServiceDeployments`, `DescribeServiceDeployments`, `DescribeServiceRevisions`. */
import { ecsPackage } from "../clients";
import { caughtFault } from "../errors";
import { unseenOf, type ServiceDeployment, type Unseen } from "../facts";
import { running } from "../plan/deployments";
import type { ObserveEnvironment } from "./environment";

/**
 * A service's deployments since a time, with their status.
 * @param pauses true where the service has pause hooks: then the deployment in progress is asked whether it waits
 */
export async function listServiceDeployments(
  environment: ObserveEnvironment,
  cluster: string,
  service: string,
  sinceMs: number,
  pauses: boolean,
): Promise<readonly ServiceDeployment[] | Unseen> {
  const { ListServiceDeploymentsCommand } = ecsPackage();
  const found: ServiceDeployment[] = [];
  try {
    let nextToken: string | undefined;
    do {
      const page = await environment.pace.call(`ListServiceDeployments of ${cluster}/${service}`, () =>
        environment.clients.ecs.send(
          new ListServiceDeploymentsCommand({
            cluster,
            service,
            createdAt: { after: new Date(sinceMs) },
            maxResults: 100,
            nextToken,
          }),
        ),
      );
      for (const one of page.serviceDeployments ?? [])
        if (one.createdAt && one.status)
          found.push({
            arn: one.serviceDeploymentArn ?? "",
            createdAtMs: one.createdAt.getTime(),
            status: one.status,
            statusReason: one.statusReason,
            finishedAtMs: one.finishedAt?.getTime(),
            revision: one.targetServiceRevisionArn,
          });
      nextToken = page.nextToken;
    } while (nextToken);
    const current = pauses ? running(found) : undefined;
    return current ? await withPause(environment, found, current) : found;
  } catch (error) {
    return unseenOf(caughtFault(error));
  }
}

/** The deployments, with what the one in progress waits for. */
async function withPause(
  { clients, pace }: ObserveEnvironment,
  found: readonly ServiceDeployment[],
  current: ServiceDeployment,
): Promise<readonly ServiceDeployment[]> {
  const { DescribeServiceDeploymentsCommand } = ecsPackage();
  const { serviceDeployments = [] } = await pace.call(`DescribeServiceDeployments of ${current.arn}`, () =>
    clients.ecs.send(new DescribeServiceDeploymentsCommand({ serviceDeploymentArns: [current.arn] })),
  );
  const hook = serviceDeployments[0]?.lifecycleHookDetails?.find(
    ({ targetType, status }) => targetType === "PAUSE" && status === "AWAITING_ACTION",
  );
  if (hook === undefined) return found;
  const { hookId = "", expiresAt, timeoutAction } = hook;
  const pause = { hookId, untilMs: expiresAt?.getTime(), then: timeoutAction };
  return found.map((one) => (one === current ? { ...one, pause } : one));
}

/** The task definition of each revision. */
export async function definitionsOf(
  { clients, pace }: ObserveEnvironment,
  revisions: readonly string[],
): Promise<ReadonlyMap<string, string> | Unseen> {
  const { DescribeServiceRevisionsCommand } = ecsPackage();
  try {
    const { serviceRevisions = [] } = await pace.call("DescribeServiceRevisions", () =>
      clients.ecs.send(new DescribeServiceRevisionsCommand({ serviceRevisionArns: [...revisions] })),
    );
    return new Map(
      serviceRevisions.map(({ serviceRevisionArn = "", taskDefinition = "" }) => [
        serviceRevisionArn,
        taskDefinition,
      ]),
    );
  } catch (error) {
    return unseenOf(caughtFault(error));
  }
}
