import type * as sdk from "@aws-sdk/client-ecs";
import { ServiceError } from "../errors";
import { operation, type Authorization, type Operation } from "../service";
import type { EcsContext } from "./context";
import { clientException, invalidParameter } from "./errors";
import { failDeployment } from "./failures";
import { settle } from "./hooks";
import { answersFor, page } from "./pages";
import type { ServiceDeploymentRecord, ServiceRecord } from "./state";
import { checkInput } from "./validation";
import { serviceDeploymentBrief, serviceDeploymentView, serviceRevisionView } from "./views";

/** How long service deployments can be listed (Amazon ECS API Reference, ListServiceDeployments). */
const keptMs = 90 * 24 * 3_600_000;

/** ListServiceDeployments, DescribeServiceDeployments, DescribeServiceRevisions, ContinueServiceDeployment, StopServiceDeployment. */
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

  const found = (arn: string) => {
    const one = find(arn);
    if (one) return one;
    throw new ServiceError("ServiceDeploymentNotFoundException", "The service deployment was not found.");
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
    ListServiceDeployments: operation<sdk.ListServiceDeploymentsRequest, sdk.ListServiceDeploymentsResponse>({
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
      sdk.DescribeServiceDeploymentsRequest,
      sdk.DescribeServiceDeploymentsResponse
    >({
      access: "read",
      authorize: (input) => (input.serviceDeploymentArns ?? []).flatMap(onPart),
      handle: (input) => {
        checkInput(input);
        const answer = describe("deployment", input.serviceDeploymentArns, (arn) => {
          const one = find(arn);
          return one && serviceDeploymentView(one.service, one.record);
        });
        return { serviceDeployments: answer.found, failures: answer.failures };
      },
    }),

    DescribeServiceRevisions: operation<
      sdk.DescribeServiceRevisionsRequest,
      sdk.DescribeServiceRevisionsResponse
    >({
      access: "read",
      authorize: (input) => (input.serviceRevisionArns ?? []).flatMap(onPart),
      handle: (input) => {
        const answer = describe("revision", input.serviceRevisionArns, (arn) => {
          const service = serviceOf(arn);
          const revision = service?.revisions.find((r) => r.arn === arn);
          return service && revision && serviceRevisionView(service, revision);
        });
        return { serviceRevisions: answer.found, failures: answer.failures };
      },
    }),

    ContinueServiceDeployment: operation<
      sdk.ContinueServiceDeploymentRequest,
      sdk.ContinueServiceDeploymentResponse
    >({
      access: "write",
      authorize: (input) => onPart(input.serviceDeploymentArn ?? ""),
      handle: (input) => {
        checkInput(input);
        const { service, record } = found(input.serviceDeploymentArn!);
        const deployment = service.deployments.find((d) => d.serviceDeployment === record);
        const hook = record.hooks.find((h) => h.id === input.hookId);
        if (!hook || !deployment)
          throw invalidParameter("The lifecycle hook was not found in the service deployment.");
        if (hook.status !== "AWAITING_ACTION")
          throw invalidParameter("The lifecycle hook is not awaiting an action.");
        const action = input.action ?? "CONTINUE";
        settle(context, service, deployment, hook, action === "CONTINUE" ? "SUCCEEDED" : "FAILED", action);
        return { serviceDeploymentArn: record.arn };
      },
    }),

    StopServiceDeployment: operation<sdk.StopServiceDeploymentRequest, sdk.StopServiceDeploymentResponse>({
      access: "write",
      authorize: (input) => onPart(input.serviceDeploymentArn ?? ""),
      handle: (input) => {
        checkInput(input);
        const { service, record } = found(input.serviceDeploymentArn!);
        const deployment = service.deployments.find((d) => d.serviceDeployment === record);
        if (record.finishedAt !== undefined || !deployment)
          throw clientException("The service deployment cannot be stopped: it has finished.");
        if (record.rollback)
          throw new ServiceError("ConflictException", "The service deployment is being rolled back already.");
        failDeployment(context, service, deployment, {
          cause: "a stop was requested",
          short: "ECS deployment stopped",
          failure: "a stop was requested",
          rollback: input.stopType !== "ABORT",
        });
        return { serviceDeploymentArn: record.arn };
      },
    }),
  };
}

/** What there is of at most 20 ARNs, and a failure for each of the others. */
function describe<View extends object>(
  what: string,
  arns: readonly string[] = [],
  view: (arn: string) => View | undefined,
) {
  if (arns.length === 0) throw invalidParameter(`Service ${what} ARNs cannot be empty.`);
  if (arns.length > 20) throw invalidParameter(`Too many service ${what} ARNs were specified: at most 20.`);
  return answersFor(arns, (arn) => arn, view);
}
