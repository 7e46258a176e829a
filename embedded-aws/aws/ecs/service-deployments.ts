import type {
  DescribeServiceDeploymentsRequest,
  DescribeServiceDeploymentsResponse,
  DescribeServiceRevisionsRequest,
  DescribeServiceRevisionsResponse,
  Failure,
  ListServiceDeploymentsRequest,
  ListServiceDeploymentsResponse,
  StopServiceDeploymentRequest,
  StopServiceDeploymentResponse,
} from "@aws-sdk/client-ecs";
import { ServiceError } from "../errors";
import { operation, type Authorization, type Operation } from "../service";
import type { EcsContext } from "./context";
import { clientException, invalidParameter } from "./errors";
import { failDeployment } from "./failures";
import { page } from "./pages";
import type { ServiceDeploymentRecord, ServiceRecord } from "./state";
import { checkInput } from "./validation";
import { serviceDeploymentBrief, serviceDeploymentView, serviceRevisionView } from "./views";

/** How long service deployments can be listed (Amazon ECS API Reference, ListServiceDeployments). */
const keptMs = 90 * 24 * 3_600_000;

/** ListServiceDeployments, DescribeServiceDeployments, DescribeServiceRevisions, StopServiceDeployment. */
export function serviceDeploymentOperations(context: EcsContext): Record<string, Operation> {
  const { registry, world } = context;

  /** `service-deployment/CLUSTER/SERVICE/ID` and `service-revision/...` belong to `service/CLUSTER/SERVICE`. */
  const serviceOf = (arn: string): ServiceRecord | undefined => {
    const [, cluster = "", service = ""] = arn.split("/");
    return registry.clusters.get(cluster)?.services.get(service);
  };
  const find = (arn: string): { service: ServiceRecord; record: ServiceDeploymentRecord } | undefined => {
    const service = serviceOf(arn);
    const record = service?.serviceDeployments.find((d) => d.arn === arn);
    return service && record && { service, record };
  };

  /** The service is asked about as well as its deployment or revision (Service Authorization Reference). */
  const onPart = (arn: string): Authorization[] => {
    const service = arn.replace(/:service-(deployment|revision)\//, ":service/").replace(/\/[^/]*$/, "");
    const cluster = service.replace(":service/", ":cluster/").replace(/\/[^/]*$/, "");
    return [
      { resource: service, context: { "ecs:cluster": cluster } },
      { resource: arn, context: { "ecs:cluster": cluster, "ecs:service": service } },
    ];
  };

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
      authorize: (input) => (input.serviceDeploymentArns ?? []).flatMap(onPart),
      handle: (input) => {
        checkInput(input);
        const { found, failures } = describe("deployment", input.serviceDeploymentArns, (arn) => {
          const one = find(arn);
          return one && serviceDeploymentView(one.service, one.record);
        });
        return { serviceDeployments: found, failures };
      },
    }),

    DescribeServiceRevisions: operation<DescribeServiceRevisionsRequest, DescribeServiceRevisionsResponse>({
      access: "read",
      authorize: (input) => (input.serviceRevisionArns ?? []).flatMap(onPart),
      handle: (input) => {
        const { found, failures } = describe("revision", input.serviceRevisionArns, (arn) => {
          const service = serviceOf(arn);
          const revision = service?.revisions.find((r) => r.arn === arn);
          return service && revision && serviceRevisionView(service, revision);
        });
        return { serviceRevisions: found, failures };
      },
    }),

    StopServiceDeployment: operation<StopServiceDeploymentRequest, StopServiceDeploymentResponse>({
      access: "write",
      authorize: (input) => onPart(input.serviceDeploymentArn ?? ""),
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

/** What there is of at most 20 ARNs, and a failure for each of the others. */
function describe<View>(
  what: string,
  arns: readonly string[] = [],
  view: (arn: string) => View | undefined,
): { found: View[]; failures: Failure[] } {
  if (arns.length === 0) throw invalidParameter(`Service ${what} ARNs cannot be empty.`);
  if (arns.length > 20) throw invalidParameter(`Too many service ${what} ARNs were specified: at most 20.`);
  const found: View[] = [];
  const failures: Failure[] = [];
  for (const arn of arns) {
    const one = view(arn);
    if (one) found.push(one);
    else failures.push({ arn, reason: "MISSING" });
  }
  return { found, failures };
}
