import type * as sdk from "@aws-sdk/client-ecs";
import { ServiceError } from "../errors";
import type { World } from "../world";
import { parseAppSpec } from "./appspec";
import { unfinished, type DeploymentRecord, type GroupRecord } from "./groups";

/** How often CodeDeploy looks whether the new task set is steady, and how long it waits for that. */
const steady = { pollMs: 1_000, withinMs: 60 * 60_000 };

/** Carries a deployment out, in the service role of its group: a new task set, the traffic, the end of the old one. */
export class Deployer {
  constructor(private readonly world: World) {}

  begin(group: GroupRecord, deployment: DeploymentRecord): void {
    this.world.clock.schedule(0, `deployment ${deployment.deploymentId}`, () => this.#run(group, deployment));
  }

  /** Ends a deployment that is under way; its new task set goes. */
  async stop(group: GroupRecord, deployment: DeploymentRecord): Promise<void> {
    this.#finish(group, deployment, "Stopped", "STOP");
    deployment.errorInformation = { code: "MANUAL_STOP", message: "The deployment was stopped by a user." };
    const green = (await this.#taskSets(group)).find((s) => s.externalId === deployment.deploymentId);
    if (green && green.status !== "PRIMARY")
      await this.#ecs(group, "DeleteTaskSet", { ...service(group), taskSet: green.id, force: true });
  }

  async #run(group: GroupRecord, deployment: DeploymentRecord): Promise<void> {
    if (deployment.status !== "Created") return;
    deployment.status = "InProgress";
    deployment.startTime = new Date(this.world.clock.now());
    this.#emit(group, deployment, "START");
    try {
      const old = await this.#taskSets(group);
      const green = await this.#createTaskSet(group, deployment);
      await this.#waitUntilSteady(group, deployment, green);
      if (deployment.status !== "InProgress") return;
      await this.#ecs(group, "UpdateServicePrimaryTaskSet", { ...service(group), primaryTaskSet: green });
      await this.world.clock.sleep(group.terminationWaitMs, `blue of ${deployment.deploymentId} may go`);
      for (const { id } of old)
        await this.#ecs(group, "DeleteTaskSet", { ...service(group), taskSet: id, force: true });
      if (deployment.status === "InProgress") this.#finish(group, deployment, "Succeeded", "SUCCESS");
    } catch (error) {
      if (!(error instanceof ServiceError)) throw error;
      const denied = error.code === "AccessDeniedException";
      deployment.errorInformation = {
        code: denied ? "IAM_ROLE_PERMISSIONS" : error.code === "Timeout" ? "TIMEOUT" : "ECS_UPDATE_ERROR",
        message: error.message,
      };
      if (unfinished.includes(deployment.status)) this.#finish(group, deployment, "Failed", "FAILURE");
    }
  }

  async #createTaskSet(group: GroupRecord, deployment: DeploymentRecord): Promise<string> {
    const { taskDefinition } = parseAppSpec(deployment.revision);
    const { services } = await this.#ecs<sdk.DescribeServicesResponse>(group, "DescribeServices", {
      cluster: group.clusterName,
      services: [group.serviceName],
    });
    const primary = services?.[0]?.taskSets?.find((s) => s.status === "PRIMARY");
    const request = {
      ...service(group),
      taskDefinition,
      externalId: deployment.deploymentId,
      ...(primary?.launchType ? { launchType: primary.launchType } : {}),
      ...(primary?.networkConfiguration ? { networkConfiguration: primary.networkConfiguration } : {}),
      scale: { value: 100, unit: "PERCENT" },
    };
    const { taskSet } = await this.#ecs<sdk.CreateTaskSetResponse>(group, "CreateTaskSet", request);
    return taskSet!.id!;
  }

  async #waitUntilSteady(group: GroupRecord, deployment: DeploymentRecord, id: string): Promise<void> {
    const deadline = this.world.clock.now() + steady.withinMs;
    while (deployment.status === "InProgress") {
      const set = (await this.#taskSets(group)).find((s) => s.id === id);
      if (set?.stabilityStatus === "STEADY_STATE") return;
      if (this.world.clock.now() >= deadline)
        throw new ServiceError("Timeout", "The replacement task set was not healthy within 60 minutes.");
      await this.world.clock.sleep(steady.pollMs, `look at the task set of ${deployment.deploymentId}`);
    }
  }

  async #taskSets(group: GroupRecord): Promise<sdk.TaskSet[]> {
    const answer = await this.#ecs<sdk.DescribeTaskSetsResponse>(group, "DescribeTaskSets", service(group));
    return answer.taskSets ?? [];
  }

  #ecs<Output extends object>(group: GroupRecord, operationName: string, input: object): Promise<Output> {
    const caller = { kind: "role" as const, roleArn: group.serviceRoleArn, session: "codedeploy" };
    return this.world.call<Output>("ecs", operationName, input, caller);
  }

  #finish(
    group: GroupRecord,
    deployment: DeploymentRecord,
    status: "Succeeded" | "Failed" | "Stopped",
    state: string,
  ): void {
    deployment.status = status;
    deployment.completeTime = new Date(this.world.clock.now());
    this.#emit(group, deployment, state);
  }

  #emit(group: GroupRecord, deployment: DeploymentRecord, state: string): void {
    this.world.emit({
      source: "aws.codedeploy",
      "detail-type": "CodeDeploy Deployment State-change Notification",
      resources: [
        this.world.arn("codedeploy", `application:${group.application}`),
        this.world.arn("codedeploy", `deploymentgroup:${group.application}/${group.name}`),
      ],
      detail: {
        instanceGroupId: group.id,
        region: this.world.region,
        application: group.application,
        deploymentId: deployment.deploymentId,
        state,
        deploymentGroup: group.name,
      },
    });
  }
}

function service(group: GroupRecord): { cluster: string; service: string } {
  return { cluster: group.clusterName, service: group.serviceName };
}
