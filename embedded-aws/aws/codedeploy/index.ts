import * as sdk from "@aws-sdk/client-codedeploy";
import { page } from "../constraints";
import { notImplemented, ServiceError } from "../errors";
import { operation, type Authorization, type Operation, type Service } from "../service";
import type { World } from "../world";
import { parseAppSpec } from "./appspec";
import { Deployer } from "./deployer";
import { groupView, newGroup, unfinished, type DeploymentRecord, type GroupRecord } from "./groups";

interface Application {
  readonly info: sdk.ApplicationInfo;
  readonly groups: Map<string, GroupRecord>;
}

/** CodeDeploy, as far as it deploys ECS services: applications, groups of one service, blue/green deployments. */
export class CodeDeploy implements Service {
  readonly prefix = "codedeploy";
  readonly sdk = sdk;
  readonly operations: Readonly<Record<string, Operation>>;
  readonly #applications = new Map<string, Application>();
  readonly #deployments = new Map<string, { group: GroupRecord; deployment: DeploymentRecord }>();
  readonly #deployer: Deployer;
  readonly #random;

  constructor(private readonly world: World) {
    this.#random = world.random.fork("codedeploy");
    this.#deployer = new Deployer(world);
    this.operations = { ...this.#applicationOperations(), ...this.#deploymentOperations() };
  }

  #onApplication(input: { applicationName?: string }): Authorization {
    return { resource: this.world.arn("codedeploy", `application:${input.applicationName ?? "*"}`) };
  }

  #onGroup(input: { applicationName?: string; deploymentGroupName?: string }): Authorization {
    const { applicationName = "*", deploymentGroupName = "*" } = input;
    return {
      resource: this.world.arn("codedeploy", `deploymentgroup:${applicationName}/${deploymentGroupName}`),
    };
  }

  #onDeployment(input: { deploymentId?: string }): Authorization {
    const group = this.#deployments.get(input.deploymentId ?? "")?.group;
    return this.#onGroup({ applicationName: group?.application, deploymentGroupName: group?.name });
  }

  #applicationOperations(): Record<string, Operation> {
    return {
      CreateApplication: operation<sdk.CreateApplicationInput, sdk.CreateApplicationOutput>({
        access: "write",
        authorize: (input) => this.#onApplication(input),
        handle: (input) => {
          const name = input.applicationName ?? "";
          if (!/^[\w+=,.@-]{1,100}$/.test(name))
            throw new ServiceError("InvalidApplicationNameException", "Names have 1 to 100 characters.");
          const platform = input.computePlatform ?? "Server";
          if (!Object.values<string>(sdk.ComputePlatform).includes(platform))
            throw new ServiceError("InvalidComputePlatformException", `There is no platform ${platform}.`);
          if (platform !== "ECS") throw notImplemented(`codedeploy: platform ${platform}`);
          if (this.#applications.has(name))
            throw new ServiceError(
              "ApplicationAlreadyExistsException",
              `Application already exists: ${name}`,
            );
          const info = {
            applicationId: this.#random.uuid(),
            applicationName: name,
            createTime: new Date(this.world.clock.now()),
            computePlatform: platform,
          };
          this.#applications.set(name, { info, groups: new Map() });
          return { applicationId: info.applicationId };
        },
      }),
      CreateDeploymentGroup: operation<sdk.CreateDeploymentGroupInput, sdk.CreateDeploymentGroupOutput>({
        access: "write",
        authorize: (input) => [
          this.#onGroup(input),
          ...(input.serviceRoleArn?.startsWith("arn:")
            ? [{ action: "iam:PassRole", resource: input.serviceRoleArn }]
            : []),
        ],
        handle: (input) => {
          const { groups } = this.#application(input.applicationName);
          const group = newGroup(this.#random.uuid(), input);
          if (groups.has(group.name))
            throw new ServiceError(
              "DeploymentGroupAlreadyExistsException",
              `Deployment Group name already exists: ${group.name}`,
            );
          groups.set(group.name, group);
          return { deploymentGroupId: group.id };
        },
      }),
      GetDeploymentGroup: operation<sdk.GetDeploymentGroupInput, sdk.GetDeploymentGroupOutput>({
        access: "read",
        authorize: (input) => this.#onGroup(input),
        handle: (input) => ({ deploymentGroupInfo: groupView(this.#group(input)) }),
      }),
    };
  }

  #deploymentOperations(): Record<string, Operation> {
    return {
      CreateDeployment: operation<sdk.CreateDeploymentInput, sdk.CreateDeploymentOutput>({
        access: "write",
        authorize: (input) => this.#onGroup(input),
        handle: (input) => {
          const group = this.#group(input);
          parseAppSpec(input.revision);
          const active = group.deployments.find((d) => unfinished.includes(d.status));
          if (active)
            throw new ServiceError(
              "DeploymentLimitExceededException",
              `The Deployment Group '${group.name}' already has an active Deployment '${active.deploymentId}'`,
            );
          const deployment: DeploymentRecord = {
            deploymentId: `d-${this.#random.text(9, "ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789")}`,
            applicationName: group.application,
            deploymentGroupName: group.name,
            deploymentConfigName: input.deploymentConfigName ?? group.configName,
            description: input.description,
            revision: input.revision,
            previousRevision: group.deployments.find((d) => d.status === "Succeeded")?.revision,
            status: "Created",
            createTime: new Date(this.world.clock.now()),
            creator: "user",
            computePlatform: "ECS",
            deploymentStyle: { deploymentType: "BLUE_GREEN", deploymentOption: "WITH_TRAFFIC_CONTROL" },
            blueGreenDeploymentConfiguration: group.given.blueGreenDeploymentConfiguration,
            loadBalancerInfo: group.given.loadBalancerInfo,
          };
          group.deployments.unshift(deployment);
          this.#deployments.set(deployment.deploymentId, { group, deployment });
          this.#deployer.begin(group, deployment);
          return { deploymentId: deployment.deploymentId };
        },
      }),
      GetDeployment: operation<sdk.GetDeploymentInput, sdk.GetDeploymentOutput>({
        access: "read",
        authorize: (input) => this.#onDeployment(input),
        handle: (input) => ({ deploymentInfo: this.#find(input.deploymentId).deployment }),
      }),
      ListDeployments: operation<sdk.ListDeploymentsInput, sdk.ListDeploymentsOutput>({
        access: "read",
        authorize: (input) => this.#onGroup(input),
        handle: (input) => {
          for (const status of input.includeOnlyStatuses ?? [])
            if (!Object.values(sdk.DeploymentStatus).includes(status))
              throw new ServiceError("InvalidDeploymentStatusException", `There is no status ${status}.`);
          if (input.applicationName !== undefined) this.#application(input.applicationName);
          if (input.deploymentGroupName !== undefined) this.#group(input);
          const ids = [...this.#deployments.values()]
            .filter(({ group }) => (input.applicationName ?? group.application) === group.application)
            .filter(({ group }) => (input.deploymentGroupName ?? group.name) === group.name)
            .map(({ deployment }) => deployment)
            .filter((d) => !input.includeOnlyStatuses?.length || input.includeOnlyStatuses.includes(d.status))
            .filter((d) => d.createTime >= (input.createTimeRange?.start ?? d.createTime))
            .filter((d) => d.createTime <= (input.createTimeRange?.end ?? d.createTime))
            .map((d) => d.deploymentId)
            .reverse();
          const { items, nextToken } = page(ids, input.nextToken, undefined, 100, badToken);
          return { deployments: items, nextToken };
        },
      }),
      StopDeployment: operation<sdk.StopDeploymentInput, sdk.StopDeploymentOutput>({
        access: "write",
        authorize: (input) => this.#onDeployment(input),
        handle: async (input) => {
          const { group, deployment } = this.#find(input.deploymentId);
          if (!unfinished.includes(deployment.status))
            throw new ServiceError(
              "DeploymentAlreadyCompletedException",
              "The deployment has already completed.",
            );
          await this.#deployer.stop(group, deployment);
          return { status: "Succeeded", statusMessage: "The deployment was stopped." };
        },
      }),
    };
  }

  #application(name: string | undefined): Application {
    const found = this.#applications.get(name ?? "");
    if (!found)
      throw new ServiceError(
        "ApplicationDoesNotExistException",
        `No application found for name: ${name ?? ""}`,
      );
    return found;
  }

  #group(input: { applicationName?: string; deploymentGroupName?: string }): GroupRecord {
    const { groups } = this.#application(input.applicationName);
    if (input.deploymentGroupName === undefined)
      throw new ServiceError(
        "DeploymentGroupNameRequiredException",
        "The deployment group name was not specified.",
      );
    const found = groups.get(input.deploymentGroupName);
    if (!found)
      throw new ServiceError(
        "DeploymentGroupDoesNotExistException",
        `No Deployment Group found for name: ${input.deploymentGroupName}`,
      );
    return found;
  }

  #find(id: string | undefined): { group: GroupRecord; deployment: DeploymentRecord } {
    const found = this.#deployments.get(id ?? "");
    if (!found)
      throw new ServiceError(
        "DeploymentDoesNotExistException",
        `The deployment ${id ?? ""} could not be found`,
      );
    return found;
  }
}

const badToken = { code: "InvalidNextTokenException" } as const;
