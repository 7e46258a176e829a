import type * as sdk from "@aws-sdk/client-ecs";
import { invalidParameter } from "./errors";
import type { ServiceRecord, TaskDefinitionRecord } from "./state";

/** What ECS refuses of a new service, as far as the embedded one looks. */
export function checkService(
  input: sdk.CreateServiceRequest,
  definition: TaskDefinitionRecord | undefined,
): void {
  const controller = input.deploymentController?.type ?? "ECS";
  if (!definition && controller !== "EXTERNAL") throw invalidParameter("TaskDefinition can not be blank.");
  if (input.launchType && input.capacityProviderStrategy?.length)
    throw invalidParameter(
      "Specifying both a launch type and capacity provider strategy is not supported. Remove one and try again.",
    );
  if (input.schedulingStrategy === "DAEMON") checkDaemon(input, controller);
  else if (input.desiredCount === undefined && controller !== "EXTERNAL")
    throw invalidParameter("The desired count must be specified for the REPLICA scheduling strategy.");
  const fargate =
    input.launchType === "FARGATE" ||
    input.capacityProviderStrategy?.some((i) => i.capacityProvider?.startsWith("FARGATE"));
  const awsvpc = definition?.definition.networkMode === "awsvpc";
  if (fargate && definition && !awsvpc)
    throw invalidParameter(
      "The provided launch type is not compatible with the task definition: FARGATE needs network mode awsvpc.",
    );
  if (awsvpc && !input.networkConfiguration?.awsvpcConfiguration)
    throw invalidParameter("Network Configuration must be provided when networkMode 'awsvpc' is specified.");
  checkLoadBalancers(input, definition);
  checkConfiguration(input.deploymentConfiguration ?? {});
}

function checkDaemon(input: sdk.CreateServiceRequest, controller: string): void {
  if (controller !== "ECS")
    throw invalidParameter(
      `The daemon scheduling strategy does not support the ${controller} deployment controller.`,
    );
  if (input.launchType === "FARGATE")
    throw invalidParameter("The daemon scheduling strategy is not supported on AWS Fargate.");
  if (input.desiredCount)
    throw invalidParameter(
      "The daemon scheduling strategy does not support a desired count for services. Remove the desired count value and try again.",
    );
}

function checkLoadBalancers(
  input: Pick<sdk.CreateServiceRequest, "loadBalancers">,
  definition: TaskDefinitionRecord | undefined,
): void {
  for (const { containerName, containerPort } of input.loadBalancers ?? []) {
    const container = definition?.definition.containerDefinitions?.find((c) => c.name === containerName);
    if (definition && !container)
      throw invalidParameter(`The container ${containerName ?? ""} does not exist in the task definition.`);
    if (container && !container.portMappings?.some((p) => p.containerPort === containerPort))
      throw invalidParameter(
        `The container ${containerName ?? ""} did not have a container port ${containerPort ?? ""} defined.`,
      );
  }
}

function checkConfiguration(configuration: sdk.DeploymentConfiguration): void {
  const { minimumHealthyPercent: minimum = 100, maximumPercent: maximum = 200 } = configuration;
  // 100 and 100 leave a deployment nothing to do.
  if (minimum >= 100 && maximum <= 100)
    throw invalidParameter(
      "Both maximumPercent and minimumHealthyPercent cannot be 100 as this will block deployments.",
    );
  for (const hook of configuration.lifecycleHooks ?? []) checkHook(hook);
  const early = configuration.earlySuccessCriteria;
  if (!early?.enable) return;
  if ((configuration.strategy ?? "ROLLING") !== "ROLLING")
    throw invalidParameter("earlySuccessCriteria is supported only for the ROLLING deployment strategy.");
  if (early.healthyPercent === undefined || early.sourceServiceRevisionCleanup === undefined)
    throw invalidParameter(
      "healthyPercent and sourceServiceRevisionCleanup must be specified when earlySuccessCriteria is enabled.",
    );
  if (early.healthyPercent < minimum)
    throw invalidParameter("healthyPercent must be at least minimumHealthyPercent.");
}

function checkHook({ targetType, hookTargetArn, lifecycleStages }: sdk.DeploymentLifecycleHook): void {
  if (!lifecycleStages?.length)
    throw invalidParameter("lifecycleStages must be specified for a lifecycle hook.");
  if (targetType !== "PAUSE" && !hookTargetArn)
    throw invalidParameter("hookTargetArn must be specified for an AWS_LAMBDA lifecycle hook.");
  const shifting = lifecycleStages.find((stage) => /^(TEST|PRODUCTION)_TRAFFIC_SHIFT$/.test(stage));
  if (targetType === "PAUSE" && shifting)
    throw invalidParameter(`PAUSE lifecycle hooks cannot be configured at the ${shifting} stage.`);
}

/** What ECS refuses of a change; most of it is the deployment controller's business. */
export function checkUpdate(service: ServiceRecord, input: sdk.UpdateServiceRequest): void {
  if (service.controller !== "ECS") {
    const hint =
      service.controller === "CODE_DEPLOY" ? " Use AWS CodeDeploy to trigger a new deployment." : "";
    const on = `on services with a ${service.controller} deployment controller.${hint}`;
    if (input.forceNewDeployment) throw invalidParameter(`Cannot force a new deployment ${on}`);
    if (input.taskDefinition !== undefined) throw invalidParameter(`Unable to update task definition ${on}`);
    if (input.networkConfiguration) throw invalidParameter(`Unable to update network parameters ${on}`);
    if (input.platformVersion !== undefined)
      throw invalidParameter(`Unable to update platform version ${on}`);
    if (input.loadBalancers) throw invalidParameter(`Unable to update load balancers ${on}`);
  }
  if (service.schedulingStrategy === "DAEMON" && input.desiredCount !== undefined)
    throw invalidParameter("The daemon scheduling strategy does not support a desired count for services.");
  const given = Object.entries(input.deploymentConfiguration ?? {}).filter(
    ([, value]) => value !== undefined,
  );
  checkConfiguration({ ...service.configuration, ...Object.fromEntries(given) });
}
