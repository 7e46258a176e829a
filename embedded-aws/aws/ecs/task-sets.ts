import type * as sdk from "@aws-sdk/client-ecs";
import { ServiceError } from "../errors";
import { operation, type Operation } from "../service";
import type { EcsContext } from "./context";
import { invalidParameter, serviceNotActive } from "./errors";
import { answersFor } from "./pages";
import { stopTasks } from "./placement";
import { tasksOf, type DeploymentRecord, type ServiceRecord } from "./state";
import { checkInput, checkTags } from "./validation";
import { compact, taskSetArn, taskSetView } from "./views";

/** Task sets: how CodeDeploy and other deployers run a service whose controller is not ECS. */
export function taskSetOperations(context: EcsContext): Record<string, Operation> {
  const { registry, scheduler } = context;
  const onSet = (input: { cluster?: string; service?: string; taskSet?: string }) => ({
    resource: registry
      .serviceArn(input.cluster, input.service)
      .replace(":service/", ":task-set/")
      .concat(`/${idOf(input.taskSet ?? "*")}`),
    context: {
      "ecs:cluster": registry.clusterArn(input.cluster),
      "ecs:service": registry.serviceArn(input.cluster, input.service),
    },
  });

  const serviceOf = (input: { cluster?: string; service?: string }): ServiceRecord => {
    const service = registry.service(registry.cluster(input.cluster), input.service!);
    if (service.status !== "ACTIVE") throw serviceNotActive();
    if (service.controller === "ECS")
      throw new ServiceError(
        "UnsupportedFeatureException",
        "Task sets are only for services with a CODE_DEPLOY or EXTERNAL deployment controller.",
      );
    return service;
  };
  const find = (service: ServiceRecord, reference: string): DeploymentRecord => {
    const set = service.deployments.find((d) => d.id === idOf(reference));
    if (!set) throw new ServiceError("TaskSetNotFoundException", "The specified task set was not found.");
    return set;
  };

  return {
    CreateTaskSet: operation<sdk.CreateTaskSetRequest, sdk.CreateTaskSetResponse>({
      access: "write",
      authorize: onSet,
      handle: (input) => {
        checkInput(input);
        checkTags(input.tags);
        const service = serviceOf(input);
        const taskDefinition = registry.activeTaskDefinition(input.taskDefinition!);
        const scalePercent = percent(input.scale) ?? 100;
        if (service.deployments.length >= 5)
          throw new ServiceError("LimitExceededException", "A service can have at most 5 task sets.");
        const rollout = compact({
          taskDefinition,
          launchType: input.capacityProviderStrategy?.length
            ? undefined
            : (input.launchType ?? service.kept.launchType),
          platformVersion: input.platformVersion,
          capacityProviderStrategy: input.capacityProviderStrategy,
          networkConfiguration: input.networkConfiguration,
        });
        const set = scheduler.newDeployment(service, rollout, input.externalId);
        set.scalePercent = scalePercent;
        set.tags = input.tags ?? [];
        set.status = "ACTIVE";
        set.traffic = false;
        service.deployments.push(set);
        scheduler.wake(service);
        return { taskSet: taskSetView(service, set) };
      },
    }),

    DescribeTaskSets: operation<sdk.DescribeTaskSetsRequest, sdk.DescribeTaskSetsResponse>({
      access: "read",
      authorize: (input) =>
        (input.taskSets?.length ? input.taskSets : ["*"]).map((taskSet) => onSet({ ...input, taskSet })),
      handle: (input) => {
        checkInput(input);
        const service = serviceOf(input);
        const { found, failures } = answersFor(
          input.taskSets ?? service.deployments.map((d) => d.id),
          (reference) => reference,
          (reference) => {
            const set = service.deployments.find((d) => d.id === idOf(reference));
            return set && taskSetView(service, set);
          },
        );
        return { taskSets: found, failures };
      },
    }),

    UpdateServicePrimaryTaskSet: operation<
      sdk.UpdateServicePrimaryTaskSetRequest,
      sdk.UpdateServicePrimaryTaskSetResponse
    >({
      access: "write",
      authorize: (input) => ({
        resource: registry.serviceArn(input.cluster, input.service),
        context: { "ecs:cluster": registry.clusterArn(input.cluster) },
      }),
      handle: (input) => {
        checkInput(input);
        const service = serviceOf(input);
        const primary = find(service, input.primaryTaskSet!);
        for (const set of service.deployments) {
          set.status = set === primary ? "PRIMARY" : "ACTIVE";
          set.traffic = set === primary;
        }
        primary.updatedAt = context.world.clock.now();
        return { taskSet: taskSetView(service, primary) };
      },
    }),

    DeleteTaskSet: operation<sdk.DeleteTaskSetRequest, sdk.DeleteTaskSetResponse>({
      access: "write",
      authorize: onSet,
      handle: (input) => {
        checkInput(input);
        const service = serviceOf(input);
        const set = find(service, input.taskSet!);
        if (!input.force && set.scalePercent !== 0)
          throw invalidParameter("The task set must be scaled to 0 percent, or be deleted with force.");
        if (set.status === "PRIMARY" && !input.force)
          throw invalidParameter("The primary task set cannot be deleted.");
        const shown = taskSetView(service, set);
        service.deployments = service.deployments.filter((d) => d !== set);
        const tasks = tasksOf(service).filter((t) => t.deployment === set);
        stopTasks(context, service, tasks, set, `Task set ${set.id} was deleted`);
        return { taskSet: { ...shown, taskSetArn: taskSetArn(service, set), status: "DRAINING" } };
      },
    }),
  };
}

function idOf(reference: string): string {
  return reference.startsWith("arn:") ? reference.slice(reference.indexOf("ecs-svc/")) : reference;
}

/** The share of the desired count that a task set runs, 0 to 100 percent. */
function percent(scale: sdk.Scale | undefined): number | undefined {
  if (scale?.value === undefined) return undefined;
  if (!(scale.value >= 0 && scale.value <= 100))
    throw invalidParameter("The scale of a task set must be between 0 and 100 percent.");
  return scale.value;
}
