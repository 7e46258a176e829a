import type * as sdk from "@aws-sdk/client-ecs";
import { callerName } from "../caller";
import { operation, type Authorization, type Operation } from "../service";
import type { EcsContext } from "./context";
import { invalidParameter, serviceNotActive } from "./errors";
import { answersFor, page } from "./pages";
import { checkService, checkUpdate } from "./service-rules";
import { tasksOf, type DeploymentRecord, type Rollout, type ServiceRecord } from "./state";
import { checkInput, checkName, checkTags } from "./validation";
import { compact, serviceView } from "./views";

/** Members of a request that are kept and shown as they were given; the first group makes a new deployment. */
const rolloutMembers = [
  "capacityProviderStrategy",
  "networkConfiguration",
  "platformVersion",
  "loadBalancers",
  "serviceRegistries",
] as const;
const plainMembers = [
  "availabilityZoneRebalancing",
  "placementConstraints",
  "placementStrategy",
  "healthCheckGracePeriodSeconds",
  "enableExecuteCommand",
  "enableECSManagedTags",
  "propagateTags",
] as const;

/** Services: CreateService to DeleteService. */
export function serviceOperations(context: EcsContext): Record<string, Operation> {
  const { registry, world, settings, random, scheduler } = context;

  const onService = (input: {
    cluster?: string;
    service?: string;
    taskDefinition?: string;
  }): Authorization => ({
    resource: registry.serviceArn(input.cluster, input.service),
    context: {
      "ecs:cluster": registry.clusterArn(input.cluster),
      ...(input.taskDefinition === undefined
        ? {}
        : { "ecs:task-definition": registry.taskDefinitionArn(input.taskDefinition) }),
    },
  });

  /** Keeps the old answer for a while, where eventual consistency is drawn. */
  const remember = (service: ServiceRecord): void => {
    const { share, maxMs } = settings.staleAnswers;
    if (share > 0)
      service.before = {
        view: serviceView(service, true),
        untilMs: world.clock.now() + random.integer(0, maxMs),
      };
  };

  const answerOf = (service: ServiceRecord, withTags: boolean): sdk.Service => {
    const { before } = service;
    if (before && world.clock.now() < before.untilMs && random.chance(settings.staleAnswers.share))
      return withTags ? before.view : compact({ ...before.view, tags: undefined });
    return serviceView(service, withTags);
  };

  return {
    CreateService: operation<sdk.CreateServiceRequest, sdk.CreateServiceResponse>({
      access: "write",
      authorize: (input) => [
        onService({
          cluster: input.cluster,
          service: input.serviceName,
          taskDefinition: input.taskDefinition,
        }),
      ],
      handle: (input, call) => {
        checkInput(input);
        const cluster = registry.cluster(input.cluster);
        const name = input.serviceName ?? "";
        checkName(name, "Service name");
        checkTags(input.tags);
        const existing = cluster.services.get(name);
        if (existing?.status === "ACTIVE") {
          if (existing.clientToken !== undefined && existing.clientToken === input.clientToken)
            return { service: serviceView(existing, true) };
          throw invalidParameter("Creation of service was not idempotent.");
        }
        if (existing?.status === "DRAINING")
          throw invalidParameter("Unable to Start a service that is still Draining.");
        const definition =
          input.taskDefinition === undefined
            ? undefined
            : registry.activeTaskDefinition(input.taskDefinition);
        checkService(input, definition);
        const schedulingStrategy = input.schedulingStrategy ?? "REPLICA";
        const service: ServiceRecord = {
          name,
          arn: world.arn("ecs", `service/${cluster.name}/${name}`),
          cluster,
          status: "ACTIVE",
          createdAt: call.time,
          clientToken: input.clientToken,
          createdBy: callerName(call.caller, world.partition, world.account),
          controller: input.deploymentController?.type ?? "ECS",
          schedulingStrategy,
          desiredCount:
            schedulingStrategy === "DAEMON" ? settings.containerInstances : (input.desiredCount ?? 0),
          configuration: withDefaults(input.deploymentConfiguration ?? {}, schedulingStrategy),
          kept: compact({
            ...pick(input, [...rolloutMembers, ...plainMembers]),
            launchType: input.capacityProviderStrategy ? undefined : (input.launchType ?? "EC2"),
            roleArn: input.role,
          }),
          deployments: [],
          serviceDeployments: [],
          revisions: [],
          tasks: new Set(),
          tags: input.tags ?? [],
          events: [],
          steady: false,
        };
        cluster.services.set(name, service);
        if (definition) {
          const rollout = rolloutOf(service, { taskDefinition: definition }, input);
          if (service.controller === "ECS") scheduler.deploy(service, rollout);
          else {
            service.deployments.push(scheduler.newDeployment(service, rollout));
            scheduler.wake(service);
          }
        }
        return { service: serviceView(service, true) };
      },
    }),

    UpdateService: operation<sdk.UpdateServiceRequest, sdk.UpdateServiceResponse>({
      access: "write",
      authorize: onService,
      handle: (input) => {
        checkInput(input);
        const service = registry.service(registry.cluster(input.cluster), input.service!);
        if (service.status !== "ACTIVE") throw serviceNotActive();
        checkUpdate(service, input);
        const definition =
          input.taskDefinition === undefined
            ? undefined
            : registry.activeTaskDefinition(input.taskDefinition);
        const current = service.deployments.find((d) => d.status === "PRIMARY");
        const rollout = nextRollout(service, current, input, definition);
        remember(service);
        const undo = { ...service };
        if (input.desiredCount !== undefined) service.desiredCount = input.desiredCount;
        if (input.deploymentConfiguration)
          service.configuration = withDefaults(
            { ...service.configuration, ...compact(input.deploymentConfiguration) },
            service.schedulingStrategy,
          );
        service.kept = {
          ...service.kept,
          ...compact(pick(input, [...rolloutMembers, ...plainMembers])),
        };
        if (input.capacityProviderStrategy?.length) delete service.kept.launchType;
        if (rollout) {
          try {
            scheduler.deploy(service, rollout);
          } catch (error) {
            // Refused (the limit of five): nothing of the call stays.
            service.desiredCount = undo.desiredCount;
            service.configuration = undo.configuration;
            service.kept = undo.kept;
            throw error;
          }
        } else scheduler.wake(service);
        return { service: serviceView(service, true) };
      },
    }),

    DescribeServices: operation<sdk.DescribeServicesRequest, sdk.DescribeServicesResponse>({
      access: "read",
      authorize: (input) =>
        (input.services ?? []).map((service) => onService({ cluster: input.cluster, service })),
      handle: (input) => {
        checkInput(input);
        const names = input.services ?? [];
        if (names.length === 0) throw invalidParameter("Services cannot be empty.");
        if (names.length > 10) throw invalidParameter("Services cannot contain more than 10 elements.");
        for (const field of input.include ?? [])
          if (field !== "TAGS") throw invalidParameter("Invalid include: expected TAGS.");
        const cluster = registry.cluster(input.cluster);
        const { found, failures } = answersFor(
          names,
          (name) => registry.serviceArn(input.cluster, name),
          (name) => {
            const service = registry.findService(cluster, name);
            return service && answerOf(service, input.include?.includes("TAGS") === true);
          },
        );
        return { services: found, failures };
      },
    }),

    ListServices: operation<sdk.ListServicesRequest, sdk.ListServicesResponse>({
      access: "read",
      authorize: (input) => ({
        resource: "*",
        context: { "ecs:cluster": registry.clusterArn(input.cluster) },
      }),
      handle: (input) => {
        checkInput(input);
        const arns = [...registry.cluster(input.cluster).services.values()]
          .filter((s) => s.status !== "INACTIVE")
          .filter((s) => input.launchType === undefined || s.kept.launchType === input.launchType)
          .filter(
            (s) =>
              input.schedulingStrategy === undefined || s.schedulingStrategy === input.schedulingStrategy,
          )
          .map((s) => s.arn);
        const { items, nextToken } = page(arns, input, { fallback: 10, limit: 100 }, (arn) => arn);
        return { serviceArns: items, nextToken };
      },
    }),

    DeleteService: operation<sdk.DeleteServiceRequest, sdk.DeleteServiceResponse>({
      access: "write",
      authorize: onService,
      handle: (input) => {
        const service = registry.service(registry.cluster(input.cluster), input.service!);
        if (service.status === "INACTIVE") throw serviceNotActive();
        const scaledDown = service.desiredCount === 0 || service.schedulingStrategy === "DAEMON";
        if (!input.force && !scaledDown)
          throw invalidParameter("The service cannot be stopped while it is scaled above 0.");
        service.status = "DRAINING";
        service.desiredCount = 0;
        service.stage?.();
        for (const task of tasksOf(service))
          context.runner.stop(task, `Service ${service.name} was deleted`, "ServiceSchedulerInitiated");
        scheduler.wake(service);
        return { service: serviceView(service, true) };
      },
    }),
  };

  function nextRollout(
    service: ServiceRecord,
    current: DeploymentRecord | undefined,
    input: sdk.UpdateServiceRequest,
    definition: Rollout["taskDefinition"] | undefined,
  ): Rollout | undefined {
    if (service.controller !== "ECS" || !current) return undefined;
    const next = rolloutOf(
      { kept: { ...service.kept, ...compact(pick(input, rolloutMembers)) } },
      { ...current.rollout, ...(definition ? { taskDefinition: definition } : {}) },
      input,
    );
    const changed =
      next.taskDefinition !== current.rollout.taskDefinition ||
      rolloutMembers.some((m) => input[m] !== undefined && differ(input[m], service.kept[m])) ||
      (input.serviceConnectConfiguration !== undefined &&
        differ(input.serviceConnectConfiguration, current.rollout.serviceConnectConfiguration)) ||
      (input.volumeConfigurations !== undefined &&
        differ(input.volumeConfigurations, current.rollout.volumeConfigurations));
    return changed || input.forceNewDeployment ? next : undefined;
  }
}

/** What a deployment takes from the service as it is now. */
function rolloutOf(
  service: Pick<ServiceRecord, "kept">,
  base: Rollout,
  input: Pick<sdk.CreateServiceRequest, "serviceConnectConfiguration" | "volumeConfigurations">,
): Rollout {
  return compact({
    ...base,
    launchType: service.kept.capacityProviderStrategy?.length ? undefined : service.kept.launchType,
    platformVersion: service.kept.platformVersion,
    capacityProviderStrategy: service.kept.capacityProviderStrategy,
    networkConfiguration: service.kept.networkConfiguration,
    serviceConnectConfiguration: input.serviceConnectConfiguration ?? base.serviceConnectConfiguration,
    volumeConfigurations: input.volumeConfigurations ?? base.volumeConfigurations,
  });
}

/** Defaults of DeploymentConfiguration: 100 and 200 percent; 0 and 100 for DAEMON (API Reference). */
function withDefaults(given: sdk.DeploymentConfiguration, scheduling: string): sdk.DeploymentConfiguration {
  const daemon = scheduling === "DAEMON";
  return compact({
    ...given,
    deploymentCircuitBreaker: given.deploymentCircuitBreaker ?? { enable: false, rollback: false },
    maximumPercent: given.maximumPercent ?? (daemon ? 100 : 200),
    minimumHealthyPercent: given.minimumHealthyPercent ?? (daemon ? 0 : 100),
    strategy: given.strategy ?? "ROLLING",
    bakeTimeInMinutes: given.bakeTimeInMinutes ?? 0,
  });
}

function pick<T extends object, K extends keyof T>(from: T, members: readonly K[]): Pick<T, K> {
  return Object.fromEntries(members.map((m) => [m, from[m]])) as Pick<T, K>;
}

function differ(a: unknown, b: unknown): boolean {
  return JSON.stringify(a) !== JSON.stringify(b);
}
