import type * as sdk from "@aws-sdk/client-ecs";
import { failureThreshold } from "./circuit-breaker";
import {
  isPending,
  isRunning,
  tasksOf,
  type ClusterRecord,
  type DeploymentRecord,
  type RevisionRecord,
  type ServiceDeploymentRecord,
  type ServiceRecord,
  type TaskRecord,
} from "./state";

/** Drops members that are undefined, so that an answer holds what AWS would send and nothing else. */
export function compact<T extends object>(shape: T): T {
  return Object.fromEntries(Object.entries(shape).filter(([, value]) => value !== undefined)) as T;
}

/** A cluster as DescribeClusters shows it; parts of it only when `include` asks for them. */
export function clusterView(cluster: ClusterRecord, include: readonly string[] = []): sdk.Cluster {
  const tasks = [...cluster.tasks.values()];
  return compact<sdk.Cluster>({
    clusterArn: cluster.arn,
    clusterName: cluster.name,
    status: cluster.status,
    registeredContainerInstancesCount: 0,
    runningTasksCount: tasks.filter(isRunning).length,
    pendingTasksCount: tasks.filter(isPending).length,
    activeServicesCount: [...cluster.services.values()].filter((s) => s.status === "ACTIVE").length,
    statistics: [],
    tags: include.includes("TAGS") ? cluster.tags : [],
    settings: include.includes("SETTINGS") ? cluster.settings : [],
    configuration: include.includes("CONFIGURATIONS") ? cluster.configuration : undefined,
    capacityProviders: cluster.capacityProviders,
    defaultCapacityProviderStrategy: cluster.defaultCapacityProviderStrategy,
    serviceConnectDefaults: cluster.serviceConnectDefaults,
  });
}

/** A service as DescribeServices shows it. */
export function serviceView(service: ServiceRecord, withTags: boolean): sdk.Service {
  const tasks = tasksOf(service);
  const controlledByEcs = service.controller === "ECS";
  const primary = service.deployments.find((d) => d.status === "PRIMARY");
  const current = service.serviceDeployments.find((d) => d.finishedAt === undefined);
  return compact<sdk.Service>({
    ...service.kept,
    serviceArn: service.arn,
    serviceName: service.name,
    clusterArn: service.cluster.arn,
    loadBalancers: service.kept.loadBalancers ?? [],
    serviceRegistries: service.kept.serviceRegistries ?? [],
    status: service.status,
    desiredCount: service.desiredCount,
    runningCount: tasks.filter(isRunning).length,
    pendingCount: tasks.filter(isPending).length,
    taskDefinition:
      controlledByEcs || primary ? primary?.rollout.taskDefinition.definition.taskDefinitionArn : undefined,
    deploymentConfiguration: service.configuration,
    deployments: controlledByEcs ? service.deployments.map((d) => deploymentView(service, d)) : [],
    taskSets: controlledByEcs ? undefined : service.deployments.map((d) => taskSetView(service, d)),
    events: [...service.events],
    createdAt: new Date(service.createdAt),
    createdBy: service.createdBy,
    currentServiceDeployment: current?.arn,
    currentServiceRevisions: controlledByEcs
      ? service.deployments.map((d) => ({
          arn: d.serviceRevisionArn,
          requestedTaskCount: d.status === "PRIMARY" ? service.desiredCount : 0,
          runningTaskCount: tasks.filter((t) => t.deployment === d && isRunning(t)).length,
          pendingTaskCount: tasks.filter((t) => t.deployment === d && isPending(t)).length,
        }))
      : undefined,
    placementConstraints: service.kept.placementConstraints ?? [],
    placementStrategy: service.kept.placementStrategy ?? [],
    schedulingStrategy: service.schedulingStrategy,
    deploymentController: { type: service.controller },
    tags: withTags ? [...service.tags] : undefined,
  });
}

function deploymentView(service: ServiceRecord, deployment: DeploymentRecord): sdk.Deployment {
  const tasks = tasksOf(service).filter((t) => t.deployment === deployment);
  const rolling = (service.configuration.strategy ?? "ROLLING") === "ROLLING";
  const classic = (service.kept.loadBalancers ?? []).some((b) => b.loadBalancerName !== undefined);
  const { taskDefinition, ...rollout } = deployment.rollout;
  return compact<sdk.Deployment>({
    id: deployment.id,
    status: deployment.status,
    taskDefinition: taskDefinition.definition.taskDefinitionArn,
    desiredCount: deployment.status === "PRIMARY" ? service.desiredCount : 0,
    pendingCount: tasks.filter(isPending).length,
    runningCount: tasks.filter(isRunning).length,
    failedTasks: deployment.failedTasks,
    createdAt: new Date(deployment.createdAt),
    updatedAt: new Date(deployment.updatedAt),
    ...rollout,
    // Only for the rolling strategy, and not behind a Classic Load Balancer (API Reference, Deployment).
    rolloutState: rolling && !classic ? deployment.rolloutState : undefined,
    rolloutStateReason: rolling && !classic ? deployment.rolloutStateReason : undefined,
  });
}

/** A task set as CODE_DEPLOY and EXTERNAL services show it. */
export function taskSetView(service: ServiceRecord, deployment: DeploymentRecord): sdk.TaskSet {
  const tasks = tasksOf(service).filter((t) => t.deployment === deployment);
  const { rollout } = deployment;
  const computed = computedDesiredCount(service, deployment);
  const steady = tasks.filter(isRunning).length === computed && tasks.length === computed;
  return compact<sdk.TaskSet>({
    id: deployment.id,
    taskSetArn: taskSetArn(service, deployment),
    serviceArn: service.arn,
    clusterArn: service.cluster.arn,
    startedBy: service.controller === "CODE_DEPLOY" ? "CODE_DEPLOY" : undefined,
    externalId: deployment.externalId,
    status: deployment.status,
    taskDefinition: rollout.taskDefinition.definition.taskDefinitionArn,
    computedDesiredCount: computed,
    pendingCount: tasks.filter(isPending).length,
    runningCount: tasks.filter(isRunning).length,
    createdAt: new Date(deployment.createdAt),
    updatedAt: new Date(deployment.updatedAt),
    launchType: rollout.launchType,
    platformVersion: rollout.platformVersion,
    capacityProviderStrategy: rollout.capacityProviderStrategy,
    networkConfiguration: rollout.networkConfiguration,
    loadBalancers: service.kept.loadBalancers ?? [],
    serviceRegistries: service.kept.serviceRegistries ?? [],
    scale: { value: deployment.scalePercent ?? 100, unit: "PERCENT" },
    stabilityStatus: steady ? "STEADY_STATE" : "STABILIZING",
    stabilityStatusAt: new Date(deployment.updatedAt),
    tags: deployment.tags ?? [],
  });
}

/** ARN of a task set. */
export function taskSetArn(service: ServiceRecord, deployment: DeploymentRecord): string {
  return `${service.arn.replace(":service/", ":task-set/")}/${deployment.id}`;
}

/** Tasks that a task set runs: its share of the desired count, rounded up. */
export function computedDesiredCount(service: ServiceRecord, deployment: DeploymentRecord): number {
  return Math.ceil((service.desiredCount * (deployment.scalePercent ?? 100)) / 100);
}

/** A service deployment as ListServiceDeployments shows it. */
export function serviceDeploymentBrief(
  service: ServiceRecord,
  record: ServiceDeploymentRecord,
): sdk.ServiceDeploymentBrief {
  return compact<sdk.ServiceDeploymentBrief>({
    serviceDeploymentArn: record.arn,
    serviceArn: service.arn,
    clusterArn: service.cluster.arn,
    startedAt: date(record.startedAt),
    createdAt: new Date(record.createdAt),
    finishedAt: date(record.finishedAt),
    targetServiceRevisionArn: record.targetRevisionArn,
    status: record.status,
    statusReason: record.statusReason,
  });
}

/** A service deployment as DescribeServiceDeployments shows it. */
export function serviceDeploymentView(
  service: ServiceRecord,
  record: ServiceDeploymentRecord,
): sdk.ServiceDeployment {
  const breaker = record.configuration.deploymentCircuitBreaker;
  const countsOf = (arn: string): sdk.ServiceRevisionSummary =>
    record.countsAtEnd?.find((counts) => counts.arn === arn) ?? revisionSummary(service, arn);
  return compact<sdk.ServiceDeployment>({
    serviceDeploymentArn: record.arn,
    serviceArn: service.arn,
    clusterArn: service.cluster.arn,
    createdAt: new Date(record.createdAt),
    startedAt: date(record.startedAt),
    finishedAt: date(record.finishedAt),
    stoppedAt: date(record.stoppedAt),
    updatedAt: new Date(record.updatedAt),
    sourceServiceRevisions: record.sourceRevisionArns.map(countsOf),
    targetServiceRevision: countsOf(record.targetRevisionArn),
    status: record.status,
    statusReason: record.statusReason,
    lifecycleStage: record.lifecycleStage,
    lifecycleHookDetails: record.hooks.map(({ id, status, expiresAt, timeoutAction }) => ({
      ...{ hookId: id, targetType: "PAUSE" as const, status, timeoutAction },
      expiresAt: new Date(expiresAt),
    })),
    deploymentConfiguration: record.configuration,
    rollback: record.rollback,
    deploymentCircuitBreaker: {
      status: !breaker?.enable
        ? "DISABLED"
        : record.breakerTriggered
          ? "TRIGGERED"
          : record.finishedAt === undefined
            ? "MONITORING"
            : "MONITORING_COMPLETE",
      failureCount: record.failureCount,
      threshold: failureThreshold(breaker, service.desiredCount),
    },
  });
}

/** How many tasks of a revision are wanted, on their way and running now. */
export function revisionSummary(service: ServiceRecord, arn: string): sdk.ServiceRevisionSummary {
  const deployment = service.deployments.find((d) => d.serviceRevisionArn === arn);
  const tasks = tasksOf(service).filter((t) => deployment !== undefined && t.deployment === deployment);
  return {
    arn,
    requestedTaskCount: deployment?.status === "PRIMARY" ? service.desiredCount : 0,
    runningTaskCount: tasks.filter(isRunning).length,
    pendingTaskCount: tasks.filter(isPending).length,
  };
}

/** A service revision as DescribeServiceRevisions shows it. There are no image registries here: no digests. */
export function serviceRevisionView(service: ServiceRecord, revision: RevisionRecord): sdk.ServiceRevision {
  const { taskDefinition, ...rollout } = revision.rollout;
  return compact<sdk.ServiceRevision>({
    serviceRevisionArn: revision.arn,
    serviceArn: service.arn,
    clusterArn: service.cluster.arn,
    taskDefinition: taskDefinition.definition.taskDefinitionArn,
    ...rollout,
    loadBalancers: revision.kept.loadBalancers ?? [],
    serviceRegistries: revision.kept.serviceRegistries ?? [],
    containerImages: (taskDefinition.definition.containerDefinitions ?? []).map(({ name, image }) => ({
      containerName: name,
      image,
    })),
    guardDutyEnabled: false,
    createdAt: new Date(revision.createdAt),
  });
}

/** The scale-in protection of a task as GetTaskProtection shows it. */
export function protectionView(task: TaskRecord, now: number): sdk.ProtectedTask {
  const until = task.protectedUntil ?? 0;
  return {
    taskArn: task.arn,
    protectionEnabled: until > now,
    ...(until > now ? { expirationDate: new Date(until) } : {}),
  };
}

/** A task as DescribeTasks shows it. */
export function taskView(task: TaskRecord, withTags = false): sdk.Task {
  const { definition } = task.definition;
  return compact<sdk.Task>({
    taskArn: task.arn,
    clusterArn: task.cluster.arn,
    taskDefinitionArn: definition.taskDefinitionArn,
    group: task.group,
    startedBy: task.startedBy,
    launchType: task.launchType,
    attachments: [],
    attributes: [],
    availabilityZone: undefined,
    connectivity: task.startedAt === undefined ? undefined : "CONNECTED",
    connectivityAt: date(task.startedAt),
    containers: (definition.containerDefinitions ?? []).map((c): sdk.Container =>
      compact<sdk.Container>({
        containerArn: `${task.arn.replace(":task/", ":container/")}/${c.name}`,
        taskArn: task.arn,
        name: c.name,
        image: c.image,
        lastStatus: task.lastStatus,
        exitCode: task.lastStatus === "STOPPED" ? task.exitCode : undefined,
        networkBindings: [],
        networkInterfaces: [],
        healthStatus: task.unhealthy ? "UNHEALTHY" : "UNKNOWN",
        cpu: String(c.cpu ?? 0),
      }),
    ),
    cpu: definition.cpu,
    memory: definition.memory,
    createdAt: new Date(task.createdAt),
    desiredStatus: task.desiredStatus,
    lastStatus: task.lastStatus,
    healthStatus: task.unhealthy ? "UNHEALTHY" : "UNKNOWN",
    overrides: { containerOverrides: [], inferenceAcceleratorOverrides: [] },
    pullStartedAt: date(task.pullStartedAt),
    startedAt: date(task.startedAt),
    stoppingAt: date(task.stoppingAt),
    stoppedAt: date(task.stoppedAt),
    stoppedReason: task.stoppedReason,
    stopCode: task.stopCode,
    tags: withTags ? [...task.tags] : [],
    version: task.version,
  });
}

function date(ms: number | undefined): Date | undefined {
  return ms === undefined ? undefined : new Date(ms);
}
