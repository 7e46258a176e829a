import type { Deployment, Service } from "@aws-sdk/client-ecs";
import { serviceReferences } from "../../aws-semantics/references";
import { ecsPackage } from "../clients";
import { caughtFault, type Fault } from "../errors";
import { unseen, type SeenService, type ServiceDeployment, type Unseen } from "../decision";
import { foundReads, noReads, type Reads } from "../readers";
import type { ObserveEnvironment } from "./environment";

/** A service, and what it reads besides its task definition. */
export interface ServiceLook {
  readonly seen: SeenService | Unseen;
  /** The log secrets of Service Connect. */
  readonly reads: Reads;
}

/** Services in one call of DescribeServices, at most (Amazon ECS API Reference). */
export const servicesPerCall = 10;

/** The names of a cluster's services. Throws a `Fault`. */
export async function listServices(environment: ObserveEnvironment, cluster: string): Promise<string[]> {
  const { ListServicesCommand } = ecsPackage();
  const names: string[] = [];
  let nextToken: string | undefined;
  do {
    const page = await environment.pace.call(`ListServices of ${cluster}`, () =>
      environment.clients.ecs.send(new ListServicesCommand({ cluster, maxResults: 100, nextToken })),
    );
    for (const arn of page.serviceArns ?? []) names.push(arn.slice(arn.lastIndexOf("/") + 1));
    nextToken = page.nextToken;
  } while (nextToken);
  return names;
}

/** Describes up to ten services of a cluster. A denied one does not hide the others. */
export async function describeServices(
  environment: ObserveEnvironment,
  cluster: string,
  names: readonly string[],
): Promise<ReadonlyMap<string, ServiceLook>> {
  const { DescribeServicesCommand } = ecsPackage();
  const looks = new Map<string, ServiceLook>();
  try {
    const answer = await environment.pace.call(`DescribeServices of ${cluster}`, () =>
      environment.clients.ecs.send(new DescribeServicesCommand({ cluster, services: [...names] })),
    );
    for (const service of answer.services ?? [])
      if (service.serviceName !== undefined) looks.set(service.serviceName, lookOf(service, environment));
    for (const failure of answer.failures ?? []) {
      const name = (failure.arn ?? "").slice((failure.arn ?? "").lastIndexOf("/") + 1);
      const reason = `DescribeServices: ${failure.reason ?? "no reason"} ${failure.detail ?? ""}`.trim();
      if (!looks.has(name)) looks.set(name, unseenLook(unseen("not-found", reason)));
    }
  } catch (error) {
    const failed = caughtFault(error);
    if (failed.code === "denied" && names.length > 1) {
      for (const name of names)
        for (const [key, look] of await describeServices(environment, cluster, [name])) looks.set(key, look);
    } else for (const name of names) looks.set(name, unseenLook(unseenOf(failed)));
  }
  for (const name of names)
    if (!looks.has(name))
      looks.set(name, unseenLook(unseen("not-found", `cluster ${cluster} has no service ${name}`)));
  return looks;
}

/** A service's deployments since a time, with their status. */
export async function listServiceDeployments(
  environment: ObserveEnvironment,
  cluster: string,
  service: string,
  sinceMs: number,
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
      for (const { createdAt, finishedAt, status, statusReason } of page.serviceDeployments ?? [])
        if (createdAt && status)
          found.push({
            createdAtMs: createdAt.getTime(),
            status,
            statusReason,
            finishedAtMs: finishedAt?.getTime(),
          });
      nextToken = page.nextToken;
    } while (nextToken);
    return found;
  } catch (error) {
    return unseenOf(caughtFault(error));
  }
}

/** A failed call, as `plan` takes it. */
export function unseenOf(failed: Fault): Unseen {
  return unseen(failed.code, failed.message);
}

function unseenLook(seen: Unseen): ServiceLook {
  return { seen, reads: noReads };
}

function lookOf(service: Service, environment: ObserveEnvironment): ServiceLook {
  if (service.status !== undefined && service.status !== "ACTIVE")
    return unseenLook(unseen("not-found", `the service is ${service.status}: it was deleted`));
  const controller = service.deploymentController?.type ?? "ECS";
  const deployments = service.deployments ?? [];
  const primary = deployments.find((deployment) => deployment.status === "PRIMARY");
  const taskSet = (service.taskSets ?? []).find((candidate) => candidate.status === "PRIMARY");
  const createdAt = primary?.createdAt ?? taskSet?.createdAt;
  const taskDefinition = primary?.taskDefinition ?? taskSet?.taskDefinition ?? service.taskDefinition;
  return {
    seen: {
      kind: "service",
      controller,
      strategy: service.deploymentConfiguration?.strategy ?? "ROLLING",
      desiredCount: service.desiredCount ?? 0,
      deploymentCreatedAtMs: createdAt?.getTime(),
      unfinished: isUnfinished(deployments),
      taskDefinition,
    },
    reads: foundReads(serviceReferences(primary ?? {}, environment.home)),
  };
}

/** `rolloutState` exists for one strategy only; the number of tasks exists for all. */
function isUnfinished(deployments: readonly Deployment[]): boolean {
  return deployments.some((deployment) =>
    deployment.status === "PRIMARY"
      ? (deployment.runningCount ?? 0) < (deployment.desiredCount ?? 0)
      : (deployment.runningCount ?? 0) + (deployment.pendingCount ?? 0) > 0,
  );
}
