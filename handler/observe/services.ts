import type { Deployment, Service } from "@aws-sdk/client-ecs";
import { serviceReferences } from "../../aws-semantics/references";
import { ecsPackage } from "../clients";
import { caughtFault } from "../errors";
import { unseen, unseenOf, type SeenService, type Unseen } from "../facts";
import { foundReads, type Reads } from "../readers";
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

function unseenLook(seen: Unseen): ServiceLook {
  return { seen, reads: foundReads([]) };
}

function lookOf(service: Service, environment: ObserveEnvironment): ServiceLook {
  if (service.status !== undefined && service.status !== "ACTIVE")
    return unseenLook(unseen("not-found", `the service is ${service.status}: it was deleted`));
  const controller = service.deploymentController?.type ?? "ECS";
  const deployments = service.deployments ?? [];
  const taskSets = service.taskSets ?? [];
  const isPrimary = ({ status }: { readonly status?: string }): boolean => status === "PRIMARY";
  const deployment = deployments.find(isPrimary);
  const primary = deployment ?? taskSets.find(isPrimary);
  const definitions = [primary, service, ...deployments, ...taskSets].flatMap(
    (one) => one?.taskDefinition ?? [],
  );
  const hooks = service.deploymentConfiguration?.lifecycleHooks ?? [];
  return {
    seen: {
      kind: "service",
      controller,
      strategy: service.deploymentConfiguration?.strategy ?? "ROLLING",
      desiredCount: service.desiredCount ?? 0,
      runningCount: service.runningCount ?? 0,
      bounds: boundsOf(service),
      primary:
        primary?.id !== undefined && primary.createdAt
          ? { id: primary.id, createdAtMs: primary.createdAt.getTime() }
          : undefined,
      currentDeployment: service.currentServiceDeployment,
      unfinished: isUnfinished(deployments),
      definitions: [...new Set(definitions)],
      pauses: hooks.some(({ targetType }) => targetType === "PAUSE"),
    },
    reads: foundReads(serviceReferences(deployment ?? {}, environment.home)),
  };
}

/**
 * How many tasks must stay healthy and how many may run during a rolling deployment. Source: Amazon ECS API Reference,
 * `DeploymentConfiguration`: the minimum is rounded up, the maximum down; a daemon's defaults are 0 and 100.
 */
function boundsOf({
  desiredCount = 0,
  deploymentConfiguration,
  schedulingStrategy,
}: Service): SeenService["bounds"] {
  const daemon = schedulingStrategy === "DAEMON";
  const { minimumHealthyPercent = daemon ? 0 : 100, maximumPercent = daemon ? 100 : 200 } =
    deploymentConfiguration ?? {};
  return {
    lower: Math.ceil((desiredCount * minimumHealthyPercent) / 100),
    upper: Math.floor((desiredCount * maximumPercent) / 100),
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
