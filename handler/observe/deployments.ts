/** A service's deployments. Sources: Amazon ECS API Reference, `ListServiceDeployments`, `DescribeServiceDeployments`, `DescribeServiceRevisions`. */
import type {
  ServiceDeployment as DescribedDeployment,
  ServiceDeploymentBrief as ListedDeployment,
} from "@aws-sdk/client-ecs";
import { ecsPackage } from "../clients";
import { caughtFault } from "../errors";
import { unseenOf, type SeenService, type ServiceDeployment, type Unseen } from "../facts";
import { running } from "../plan/deployments";
import type { ObserveEnvironment } from "./environment";

/**
 * A service's deployments since a time, with their status, and the current one: a rollback in progress may have begun
 * before that time. The deployment in progress is asked whether it waits where the service has pause hooks.
 */
export async function listServiceDeployments(
  environment: ObserveEnvironment,
  cluster: string,
  service: string,
  sinceMs: number,
  { pauses, currentDeployment }: Pick<SeenService, "pauses" | "currentDeployment">,
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
        found.push(...deploymentOf(one, one.targetServiceRevisionArn));
      nextToken = page.nextToken;
    } while (nextToken);
    if (currentDeployment !== undefined && !found.some(({ arn }) => arn === currentDeployment)) {
      const current = await describeDeployment(environment, currentDeployment);
      if (current) found.push(...deploymentOf(current, current.targetServiceRevision?.arn));
    }
    const current = pauses ? running(found) : undefined;
    return current ? await withPause(environment, found, current) : found;
  } catch (error) {
    return unseenOf(caughtFault(error));
  }
}

/** A deployment as ECS lists or describes it; nothing for one without a date or a status. */
function deploymentOf(
  one: Pick<
    ListedDeployment,
    "serviceDeploymentArn" | "createdAt" | "status" | "statusReason" | "finishedAt"
  >,
  revision: string | undefined,
): readonly ServiceDeployment[] {
  const { serviceDeploymentArn: arn = "", createdAt, status, statusReason, finishedAt } = one;
  if (!createdAt || !status) return [];
  const finishedAtMs = finishedAt?.getTime();
  return [{ arn, createdAtMs: createdAt.getTime(), status, statusReason, finishedAtMs, revision }];
}

async function describeDeployment(
  { clients, pace }: ObserveEnvironment,
  arn: string,
): Promise<DescribedDeployment | undefined> {
  const { DescribeServiceDeploymentsCommand } = ecsPackage();
  const { serviceDeployments = [] } = await pace.call(`DescribeServiceDeployments of ${arn}`, () =>
    clients.ecs.send(new DescribeServiceDeploymentsCommand({ serviceDeploymentArns: [arn] })),
  );
  return serviceDeployments[0];
}

/** The deployments, with what the one in progress waits for. */
async function withPause(
  environment: ObserveEnvironment,
  found: readonly ServiceDeployment[],
  current: ServiceDeployment,
): Promise<readonly ServiceDeployment[]> {
  const described = await describeDeployment(environment, current.arn);
  const hook = described?.lifecycleHookDetails?.find(
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
