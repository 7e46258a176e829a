import type {
  DescribeServiceDeploymentsRequest,
  DescribeServiceDeploymentsResponse,
  Failure,
  ListServiceDeploymentsRequest,
  ListServiceDeploymentsResponse,
  ServiceDeployment,
  ServiceDeploymentStatus,
  StopServiceDeploymentRequest,
  StopServiceDeploymentResponse,
} from "@aws-sdk/client-ecs";
import { ServiceError } from "../errors";
import { operation, type Operation } from "../service";
import type { EcsContext } from "./context";
import { clientException, invalidParameter } from "./errors";
import { failDeployment } from "./failures";
import { page } from "./pages";
import type { DeploymentRecord, ServiceDeploymentRecord, ServiceRecord } from "./state";
import { checkInput } from "./validation";
import { serviceDeploymentBrief, serviceDeploymentView } from "./views";

/** How long service deployments can be listed (Amazon ECS API Reference, ListServiceDeployments). */
const keptMs = 90 * 24 * 3_600_000;

/** The record of a deployment that begins. It is PENDING until the scheduler takes it up. */
export function newServiceDeployment(
  { world, random }: EcsContext,
  service: ServiceRecord,
  deployment: DeploymentRecord,
  before: DeploymentRecord | undefined,
): ServiceDeploymentRecord {
  return {
    arn: `${service.arn.replace(":service/", ":service-deployment/")}/${random.text(21)}`,
    createdAt: world.clock.now(),
    updatedAt: world.clock.now(),
    status: "PENDING",
    targetRevisionArn: deployment.serviceRevisionArn,
    sourceRevisionArns: before ? [before.serviceRevisionArn] : [],
    configuration: service.configuration,
    breakerTriggered: false,
    failureCount: 0,
  };
}

/** Ends a service deployment; it never changes again. */
export function finish(
  { world }: EcsContext,
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
}

/** ListServiceDeployments, DescribeServiceDeployments, StopServiceDeployment. */
export function serviceDeploymentOperations(context: EcsContext): Record<string, Operation> {
  const { registry, world } = context;

  const find = (arn: string): { service: ServiceRecord; record: ServiceDeploymentRecord } | undefined => {
    for (const cluster of registry.clusters.values())
      for (const service of cluster.services.values())
        for (const record of service.serviceDeployments) if (record.arn === arn) return { service, record };
    return undefined;
  };

  /** `service-deployment/CLUSTER/SERVICE/ID` belongs to `service/CLUSTER/SERVICE`. */
  const serviceArnOf = (arn: string): string =>
    arn.replace(":service-deployment/", ":service/").replace(/\/[^/]*$/, "");

  return {
    ListServiceDeployments: operation<ListServiceDeploymentsRequest, ListServiceDeploymentsResponse>({
      access: "read",
      authorize: (input) => ({
        resource: registry.serviceArn(input.cluster, input.service),
        context: { "ecs:cluster": registry.clusterArn(input.cluster) },
      }),
      handle: (input) => {
        checkInput(input);
        const service = registry.service(registry.cluster(input.cluster), input.service!);
        const after = input.createdAt?.after?.getTime() ?? Number.NEGATIVE_INFINITY;
        const before = input.createdAt?.before?.getTime() ?? Number.POSITIVE_INFINITY;
        const oldest = world.clock.now() - keptMs;
        const wanted = service.serviceDeployments.filter(
          (d) =>
            d.createdAt >= Math.max(after, oldest) &&
            d.createdAt <= before &&
            (!input.status?.length || input.status.includes(d.status)),
        );
        const { items, nextToken } = page(wanted, input, { fallback: 20, limit: 100 }, (d) => d.arn);
        return { serviceDeployments: items.map((d) => serviceDeploymentBrief(service, d)), nextToken };
      },
    }),

    DescribeServiceDeployments: operation<
      DescribeServiceDeploymentsRequest,
      DescribeServiceDeploymentsResponse
    >({
      access: "read",
      authorize: (input) =>
        (input.serviceDeploymentArns ?? []).flatMap((arn) => [
          { resource: serviceArnOf(arn) },
          { resource: arn },
        ]),
      handle: (input) => {
        checkInput(input);
        const arns = input.serviceDeploymentArns ?? [];
        if (arns.length === 0) throw invalidParameter("Service deployment ARNs cannot be empty.");
        if (arns.length > 20)
          throw invalidParameter("Too many service deployment ARNs were specified: at most 20.");
        const serviceDeployments: ServiceDeployment[] = [];
        const failures: Failure[] = [];
        for (const arn of arns) {
          const found = find(arn);
          if (found) serviceDeployments.push(serviceDeploymentView(found.service, found.record));
          else failures.push({ arn, reason: "MISSING" });
        }
        return { serviceDeployments, failures };
      },
    }),

    StopServiceDeployment: operation<StopServiceDeploymentRequest, StopServiceDeploymentResponse>({
      access: "write",
      authorize: (input) => [
        { resource: serviceArnOf(input.serviceDeploymentArn ?? "") },
        { resource: input.serviceDeploymentArn ?? "" },
      ],
      handle: (input) => {
        checkInput(input);
        const found = find(input.serviceDeploymentArn!);
        if (!found)
          throw new ServiceError(
            "ServiceDeploymentNotFoundException",
            "The service deployment was not found.",
          );
        const { service, record } = found;
        const deployment = service.deployments.find((d) => d.serviceDeployment === record);
        if (record.finishedAt !== undefined || !deployment)
          throw clientException("The service deployment cannot be stopped: it has finished.");
        if (record.rollback)
          throw new ServiceError("ConflictException", "The service deployment is being rolled back already.");
        failDeployment(context, service, deployment, {
          cause: "a stop was requested",
          short: "ECS deployment stopped",
          rollback: input.stopType !== "ABORT",
        });
        return { serviceDeploymentArn: record.arn };
      },
    }),
  };
}
