import type * as sdk from "@aws-sdk/client-codedeploy";
import { notImplemented, ServiceError } from "../errors";

/** A deployment as it is kept and shown. */
export type DeploymentRecord = sdk.DeploymentInfo & {
  readonly deploymentId: string;
  readonly createTime: Date;
  status: sdk.DeploymentStatus;
};

/** A deployment group of the ECS platform. */
export interface GroupRecord {
  readonly id: string;
  readonly application: string;
  readonly name: string;
  readonly serviceRoleArn: string;
  readonly clusterName: string;
  readonly serviceName: string;
  readonly configName: string;
  readonly terminationWaitMs: number;
  readonly given: sdk.CreateDeploymentGroupInput;
  /** Newest first. */
  readonly deployments: DeploymentRecord[];
}

/** States in which a deployment is still under way. */
export const unfinished: readonly sdk.DeploymentStatus[] = [
  "Created",
  "Queued",
  "InProgress",
  "Baking",
  "Ready",
];

/** Checks a group's definition; only groups of one ECS service are kept here. */
export function newGroup(id: string, input: sdk.CreateDeploymentGroupInput): GroupRecord {
  const name = input.deploymentGroupName ?? "";
  if (name.length < 1 || name.length > 100)
    throw new ServiceError("InvalidDeploymentGroupNameException", "Names have 1 to 100 characters.");
  const [service, ...others] = input.ecsServices ?? [];
  if (!service || others.length > 0)
    throw notImplemented("codedeploy:CreateDeploymentGroup without exactly one ECS service");
  if (!service.serviceName || !service.clusterName)
    throw new ServiceError(
      "InvalidECSServiceException",
      "An ECS service has a serviceName and a clusterName.",
    );
  if (!/^arn:[^:]+:iam::\d{12}:role\/.+/.test(input.serviceRoleArn ?? ""))
    throw new ServiceError("InvalidRoleException", "The service role ARN is not valid.");
  const style = input.deploymentStyle;
  if (style && (style.deploymentType !== "BLUE_GREEN" || style.deploymentOption !== "WITH_TRAFFIC_CONTROL"))
    throw new ServiceError(
      "InvalidDeploymentStyleException",
      "For ECS deployment groups, deployment type can only be BLUE_GREEN and deployment option can only be WITH_TRAFFIC_CONTROL.",
    );
  const blueGreen = input.blueGreenDeploymentConfiguration;
  if (blueGreen?.deploymentReadyOption?.actionOnTimeout === "STOP_DEPLOYMENT")
    throw notImplemented("codedeploy: a deployment that waits for ContinueDeployment");
  const minutes = blueGreen?.terminateBlueInstancesOnDeploymentSuccess?.terminationWaitTimeInMinutes ?? 0;
  if (!Number.isInteger(minutes) || minutes < 0 || minutes > 2880)
    throw new ServiceError(
      "InvalidBlueGreenDeploymentConfigurationException",
      "terminationWaitTimeInMinutes must be between 0 and 2880.",
    );
  return {
    id,
    application: input.applicationName ?? "",
    name,
    serviceRoleArn: input.serviceRoleArn!,
    clusterName: service.clusterName,
    serviceName: service.serviceName,
    configName: input.deploymentConfigName ?? "CodeDeployDefault.ECSAllAtOnce",
    terminationWaitMs: minutes * 60_000,
    given: input,
    deployments: [],
  };
}

/** A group as GetDeploymentGroup shows it. */
export function groupView(group: GroupRecord): sdk.DeploymentGroupInfo {
  const { given } = group;
  const succeeded = group.deployments.find((d) => d.status === "Succeeded");
  return {
    applicationName: group.application,
    deploymentGroupId: group.id,
    deploymentGroupName: group.name,
    deploymentConfigName: group.configName,
    serviceRoleArn: group.serviceRoleArn,
    targetRevision: group.deployments[0]?.revision,
    alarmConfiguration: given.alarmConfiguration,
    autoRollbackConfiguration: given.autoRollbackConfiguration,
    deploymentStyle: { deploymentType: "BLUE_GREEN", deploymentOption: "WITH_TRAFFIC_CONTROL" },
    blueGreenDeploymentConfiguration: given.blueGreenDeploymentConfiguration,
    loadBalancerInfo: given.loadBalancerInfo,
    lastSuccessfulDeployment: lastView(succeeded),
    lastAttemptedDeployment: lastView(group.deployments[0]),
    computePlatform: "ECS",
    ecsServices: given.ecsServices,
  };
}

function lastView(deployment: DeploymentRecord | undefined): sdk.LastDeploymentInfo | undefined {
  return (
    deployment && {
      deploymentId: deployment.deploymentId,
      status: deployment.status,
      createTime: deployment.createTime,
      endTime: deployment.completeTime,
    }
  );
}
