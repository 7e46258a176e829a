import type * as aws from "@pulumi/aws";
import type * as sdk from "@aws-sdk/client-ecs";
import type { Unwrap } from "@pulumi/pulumi";
import {
  allTags,
  defined,
  physicalName,
  policyText,
  resourceType,
  text,
  type Account,
  type Properties,
  type ResourceType,
} from "./resource-type";

type TaskDefinition = Unwrap<aws.ecs.TaskDefinitionArgs>;
type Service = Unwrap<aws.ecs.ServiceArgs>;

/** How often the provider looks whether a service is steady, and when it gives up (its own default). */
const steadyState = { pollMs: 20, timeoutMs: 20 * 60_000 };

function tags(account: Account, own: Record<string, string> | undefined): { key: string; value: string }[] {
  return Object.entries(allTags(account, own)).map(([key, value]) => ({ key, value }));
}

function volumes(definition: TaskDefinition): object[] | undefined {
  return definition.volumes?.map(({ hostPath, ...volume }) =>
    defined({ ...volume, host: hostPath === undefined ? undefined : { sourcePath: hostPath } }),
  );
}

/** Members that CreateService and UpdateService share. */
function settings(service: Service): object {
  const rollback = service.deploymentCircuitBreaker;
  const strategy = service.deploymentConfiguration;
  return defined({
    taskDefinition: service.taskDefinition,
    desiredCount: service.schedulingStrategy === "DAEMON" ? undefined : (service.desiredCount ?? 1),
    deploymentConfiguration: defined({
      maximumPercent:
        service.deploymentMaximumPercent ?? (service.schedulingStrategy === "DAEMON" ? undefined : 200),
      minimumHealthyPercent:
        service.deploymentMinimumHealthyPercent ??
        (service.schedulingStrategy === "DAEMON" ? undefined : 100),
      deploymentCircuitBreaker: rollback && { enable: rollback.enable, rollback: rollback.rollback },
      strategy: strategy?.strategy,
      bakeTimeInMinutes:
        strategy?.bakeTimeInMinutes === undefined ? undefined : Number(strategy.bakeTimeInMinutes),
      alarms: service.alarms && {
        alarmNames: service.alarms.alarmNames,
        enable: service.alarms.enable,
        rollback: service.alarms.rollback,
      },
    }),
    networkConfiguration: service.networkConfiguration && {
      awsvpcConfiguration: defined({
        subnets: service.networkConfiguration.subnets,
        securityGroups: service.networkConfiguration.securityGroups,
        assignPublicIp: service.networkConfiguration.assignPublicIp ? "ENABLED" : "DISABLED",
      }),
    },
    platformVersion: service.platformVersion,
    capacityProviderStrategy: service.capacityProviderStrategies,
    healthCheckGracePeriodSeconds: service.healthCheckGracePeriodSeconds,
    enableExecuteCommand: service.enableExecuteCommand,
    loadBalancers: service.loadBalancers,
    placementConstraints: service.placementConstraints,
    serviceConnectConfiguration: service.serviceConnectConfiguration,
  });
}

function serviceState(account: Account, service: Service, arn: string, name: string): Properties {
  return {
    schedulingStrategy: "REPLICA",
    waitForSteadyState: false,
    ...service,
    name,
    arn,
    tagsAll: allTags(account, service.tags),
  };
}

async function waitForSteadyState(account: Account, cluster: string | undefined, arn: string): Promise<void> {
  for (let waitedMs = 0; waitedMs < steadyState.timeoutMs; waitedMs += steadyState.pollMs) {
    const answer = await account.call<sdk.DescribeServicesResponse>("ecs", "DescribeServices", {
      cluster,
      services: [arn],
    });
    const service = answer.services?.[0];
    if (service && service.deployments?.length === 1 && service.runningCount === service.desiredCount) return;
    await account.sleep(steadyState.pollMs);
  }
  throw new Error(`service ${arn} was not steady after ${steadyState.timeoutMs / 60_000} minutes`);
}

/** A service drains before it is gone, and its cluster cannot be deleted until then: the provider waits. */
async function waitUntilInactive(account: Account, cluster: object, arn: string): Promise<void> {
  for (let waitedMs = 0; waitedMs < steadyState.timeoutMs; waitedMs += steadyState.pollMs) {
    const answer = await account.call<sdk.DescribeServicesResponse>("ecs", "DescribeServices", {
      ...cluster,
      services: [arn],
    });
    if (!answer.services?.some(({ status }) => status !== "INACTIVE")) return;
    await account.sleep(steadyState.pollMs);
  }
  throw new Error(`service ${arn} was not inactive after ${steadyState.timeoutMs / 60_000} minutes`);
}

/** Amazon ECS: clusters, task definitions and services. */
export const ecs: Readonly<Record<string, ResourceType>> = {
  "aws:ecs/cluster:Cluster": resourceType<aws.ecs.ClusterArgs>({
    computed: ["id", "arn", "name", "tagsAll"],
    replaceOnChanges: ["name"],
    async create(account, inputs, logicalName) {
      const name = physicalName(account, logicalName, { name: inputs.name });
      const { cluster } = await account.call<sdk.CreateClusterResponse>("ecs", "CreateCluster", {
        clusterName: name,
        settings: inputs.settings,
        tags: tags(account, inputs.tags),
      });
      const arn = cluster!.clusterArn!;
      return { id: arn, state: { ...inputs, name, arn, tagsAll: allTags(account, inputs.tags) } };
    },
    async delete(account, arn) {
      await account.call("ecs", "DeleteCluster", { cluster: arn });
    },
  }),

  "aws:ecs/taskDefinition:TaskDefinition": resourceType<aws.ecs.TaskDefinitionArgs>({
    computed: ["id", "arn", "arnWithoutRevision", "revision", "tagsAll"],
    replaceOnChanges: ["*"],
    async create(account, inputs) {
      const { taskDefinition } = await account.call<sdk.RegisterTaskDefinitionResponse>(
        "ecs",
        "RegisterTaskDefinition",
        {
          family: inputs.family,
          containerDefinitions: JSON.parse(policyText(inputs.containerDefinitions)) as object[],
          cpu: inputs.cpu,
          memory: inputs.memory,
          networkMode: inputs.networkMode,
          executionRoleArn: inputs.executionRoleArn,
          taskRoleArn: inputs.taskRoleArn,
          requiresCompatibilities: inputs.requiresCompatibilities,
          runtimePlatform: inputs.runtimePlatform,
          ephemeralStorage: inputs.ephemeralStorage,
          pidMode: inputs.pidMode,
          ipcMode: inputs.ipcMode,
          placementConstraints: inputs.placementConstraints,
          volumes: volumes(inputs),
          tags:
            Object.keys(allTags(account, inputs.tags)).length > 0 ? tags(account, inputs.tags) : undefined,
        },
      );
      const arn = taskDefinition!.taskDefinitionArn!;
      return {
        id: taskDefinition!.family!,
        state: {
          ...inputs,
          arn,
          arnWithoutRevision: arn.slice(0, arn.lastIndexOf(":")),
          revision: taskDefinition!.revision,
          tagsAll: allTags(account, inputs.tags),
        },
      };
    },
    async delete(account, _family, state) {
      await account.call("ecs", "DeregisterTaskDefinition", { taskDefinition: state.arn });
    },
  }),

  "aws:ecs/service:Service": resourceType<aws.ecs.ServiceArgs>({
    computed: ["id", "arn", "name", "tagsAll"],
    replaceOnChanges: ["name", "cluster", "launchType", "schedulingStrategy", "deploymentController"],
    async create(account, inputs, logicalName) {
      const name = physicalName(account, logicalName, { name: inputs.name });
      const { service } = await account.call<sdk.CreateServiceResponse>("ecs", "CreateService", {
        ...settings(inputs),
        cluster: inputs.cluster,
        serviceName: name,
        launchType: inputs.launchType,
        schedulingStrategy: inputs.schedulingStrategy,
        deploymentController: inputs.deploymentController,
        propagateTags: inputs.propagateTags,
        enableECSManagedTags: inputs.enableEcsManagedTags,
        tags: tags(account, inputs.tags),
      });
      const arn = service!.serviceArn!;
      if (inputs.waitForSteadyState) await waitForSteadyState(account, inputs.cluster, arn);
      return { id: arn, state: serviceState(account, inputs, arn, name) };
    },
    async update(account, arn, olds, inputs) {
      await account.call("ecs", "UpdateService", {
        ...settings(inputs),
        cluster: inputs.cluster,
        service: arn,
        forceNewDeployment: inputs.forceNewDeployment,
      });
      if (inputs.waitForSteadyState) await waitForSteadyState(account, inputs.cluster, arn);
      return serviceState(account, inputs, arn, text(olds, "name"));
    },
    async read(account, arn, state) {
      const answer = await account.call<sdk.DescribeServicesResponse>("ecs", "DescribeServices", {
        ...clusterOf(state),
        services: [arn],
      });
      const service = answer.services?.find(({ status }) => status === "ACTIVE");
      if (!service) return undefined;
      const { maximumPercent, minimumHealthyPercent } = service.deploymentConfiguration ?? {};
      const now: Record<string, unknown> = {
        taskDefinition: service.taskDefinition,
        desiredCount: service.desiredCount,
        deploymentMaximumPercent: maximumPercent,
        deploymentMinimumHealthyPercent: minimumHealthyPercent,
      };
      // What the program leaves to a default is not its input, and no change when it is read.
      return { ...state, ...Object.fromEntries(Object.entries(now).filter(([key]) => key in state)) };
    },
    async delete(account, arn, state) {
      const where = clusterOf(state);
      await account.call("ecs", "DeleteService", { ...where, service: arn, force: true });
      await waitUntilInactive(account, where, arn);
    },
  }),
};

function clusterOf(state: Properties): object {
  return defined({ cluster: state.cluster });
}
