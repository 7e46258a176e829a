import type * as sdk from "@aws-sdk/client-ecs";
import { ServiceError } from "../errors";
import { onAnything, operation, type Operation } from "../service";
import type { EcsContext } from "./context";
import { invalidParameter } from "./errors";
import { answersFor, page } from "./pages";
import { isPending, isRunning, type ClusterRecord } from "./state";
import { checkInput, checkName, checkTags } from "./validation";
import { clusterView } from "./views";

/** The capacity providers that every account has. */
const ownProviders = ["FARGATE", "FARGATE_SPOT"];

const everything = ["ATTACHMENTS", "CONFIGURATIONS", "SETTINGS", "STATISTICS", "TAGS"];

/** Clusters: CreateCluster to DeleteCluster. */
export function clusterOperations(context: EcsContext): Record<string, Operation> {
  const { registry, world } = context;
  const onCluster = (input: { cluster?: string }) => ({
    resource: registry.clusterArn(input.cluster),
  });

  return {
    CreateCluster: onAnything<sdk.CreateClusterRequest, sdk.CreateClusterResponse>("write", (input) => {
      checkInput(input);
      const name = input.clusterName ?? "default";
      checkName(name, "Cluster name");
      checkTags(input.tags);
      checkProviders(input.capacityProviders);
      const existing = registry.clusters.get(name);
      // CreateCluster answers with the cluster that is there: it may be repeated.
      if (existing?.status === "ACTIVE") return { cluster: clusterView(existing, everything) };
      const cluster: ClusterRecord = {
        name,
        arn: world.arn("ecs", `cluster/${name}`),
        status: "ACTIVE",
        settings: input.settings ?? [{ name: "containerInsights", value: "disabled" }],
        configuration: input.configuration,
        serviceConnectDefaults: serviceConnect(input.serviceConnectDefaults),
        capacityProviders: input.capacityProviders ?? [],
        defaultCapacityProviderStrategy: input.defaultCapacityProviderStrategy ?? [],
        tags: input.tags ?? [],
        services: new Map(),
        tasks: new Map(),
      };
      registry.clusters.set(name, cluster);
      return { cluster: clusterView(cluster, everything) };
    }),

    DescribeClusters: operation<sdk.DescribeClustersRequest, sdk.DescribeClustersResponse>({
      access: "read",
      authorize: (input) =>
        (input.clusters?.length ? input.clusters : ["default"]).map((cluster) => onCluster({ cluster })),
      handle: (input) => {
        checkInput(input);
        const names = input.clusters?.length ? input.clusters : ["default"];
        if (names.length > 100) throw invalidParameter("Clusters cannot contain more than 100 elements.");
        const { found, failures } = answersFor(
          names,
          (name) => registry.clusterArn(name),
          (name) => {
            const cluster = registry.clusters.get(registry.clusterName(name));
            return cluster?.arn === registry.clusterArn(name)
              ? clusterView(cluster, input.include)
              : undefined;
          },
        );
        return { clusters: found, failures };
      },
    }),

    ListClusters: onAnything<sdk.ListClustersRequest, sdk.ListClustersResponse>("read", (input) => {
      const arns = [...registry.clusters.values()].filter((c) => c.status === "ACTIVE").map((c) => c.arn);
      const { items, nextToken } = page(arns, input, { fallback: 100, limit: 100 }, (arn) => arn);
      return { clusterArns: items, nextToken };
    }),

    DeleteCluster: operation<sdk.DeleteClusterRequest, sdk.DeleteClusterResponse>({
      access: "write",
      authorize: onCluster,
      handle: (input) => {
        const cluster = registry.cluster(input.cluster);
        if ([...cluster.services.values()].some((s) => s.status !== "INACTIVE"))
          throw new ServiceError(
            "ClusterContainsServicesException",
            "The Cluster cannot be deleted while Services are active.",
          );
        if ([...cluster.tasks.values()].some((t) => isRunning(t) || isPending(t)))
          throw new ServiceError(
            "ClusterContainsTasksException",
            "The Cluster cannot be deleted while Tasks are active.",
          );
        cluster.status = "INACTIVE";
        return { cluster: clusterView(cluster, everything) };
      },
    }),
  };
}

function checkProviders(providers: readonly string[] | undefined): void {
  for (const provider of providers ?? [])
    if (!ownProviders.includes(provider))
      throw invalidParameter(
        `The specified capacity provider '${provider}' was not found. Specify a valid name or ARN and try again.`,
      );
}

function serviceConnect(request: sdk.CreateClusterRequest["serviceConnectDefaults"]) {
  return request?.namespace ? { namespace: request.namespace } : undefined;
}
