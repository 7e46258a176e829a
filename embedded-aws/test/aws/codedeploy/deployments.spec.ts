import { strict as assert } from "node:assert";
import { readFileSync } from "node:fs";
import * as path from "node:path";
import {
  CodeDeployClient,
  CreateApplicationCommand,
  CreateDeploymentCommand,
  CreateDeploymentGroupCommand,
  GetDeploymentCommand,
  GetDeploymentGroupCommand,
  ListDeploymentsCommand,
  StopDeploymentCommand,
  type DeploymentStatus,
} from "@aws-sdk/client-codedeploy";
import { operator } from "../../../aws/caller";
import { CodeDeploy } from "../../../aws/codedeploy";
import { parseAppSpec } from "../../../aws/codedeploy/appspec";
import { clientConfig } from "../../../aws/account/in-process";
import { createRole, fleet } from "../../support/ecs";

const appSpec = (taskDefinition: string) => ({
  revisionType: "AppSpecContent" as const,
  appSpecContent: {
    content: JSON.stringify({
      version: 0,
      Resources: [
        {
          TargetService: {
            Type: "AWS::ECS::Service",
            Properties: {
              TaskDefinition: taskDefinition,
              LoadBalancerInfo: { ContainerName: "app", ContainerPort: 8080 },
            },
          },
        },
      ],
    }),
  },
});

describe("parseAppSpec", () => {
  it("reads YAML as well as JSON", () => {
    const content = [
      "version: 0.0",
      "Resources:",
      "  - TargetService:",
      "      Type: AWS::ECS::Service",
      "      Properties:",
      '        TaskDefinition: "arn:aws:ecs:us-west-2:123456789012:task-definition/api:1"',
      "        LoadBalancerInfo:",
      "          ContainerName: app",
      "          ContainerPort: 8080",
    ].join("\n");

    assert.deepEqual(parseAppSpec({ revisionType: "AppSpecContent", appSpecContent: { content } }), {
      taskDefinition: "arn:aws:ecs:us-west-2:123456789012:task-definition/api:1",
      containerName: "app",
      containerPort: 8080,
    });
  });

  it("refuses an AppSpec without a task definition", () => {
    const revision = { appSpecContent: { content: "Type: AWS::ECS::Service" } };

    assert.throws(() => parseAppSpec(revision), { code: "InvalidRevisionException" });
  });
});

describe("CodeDeploy", () => {
  async function deployed(actions: readonly string[] = ["ecs:*"]) {
    const f = await fleet({ services: [CodeDeploy] });
    await createRole(f.world, "codedeploy", "codedeploy.amazonaws.com");
    await f.world.asOperator("iam", "PutRolePolicy", {
      RoleName: "codedeploy",
      PolicyName: "ecs",
      PolicyDocument: JSON.stringify({
        Version: "2012-10-17",
        Statement: [{ Effect: "Allow", Action: actions, Resource: "*" }],
      }),
    });
    const service = await f.create({ deploymentController: { type: "CODE_DEPLOY" } });
    await f.clock.runUntil(f.clock.now() + 10_000);
    const client = new CodeDeployClient(clientConfig(f.world, operator));
    const names = { applicationName: "shop", deploymentGroupName: "checkout" };
    await client.send(new CreateApplicationCommand({ applicationName: "shop", computePlatform: "ECS" }));
    await client.send(
      new CreateDeploymentGroupCommand({
        ...names,
        serviceRoleArn: "arn:aws:iam::123456789012:role/codedeploy",
        ecsServices: [{ clusterName: "shop", serviceName: "api" }],
      }),
    );
    f.events.length = 0;
    const begin = async () => {
      const revision = appSpec(service.taskDefinition!);
      return (await client.send(new CreateDeploymentCommand({ ...names, revision }))).deploymentId!;
    };
    const state = async (deploymentId: string) =>
      (await client.send(new GetDeploymentCommand({ deploymentId }))).deploymentInfo!;
    return { f, client, names, begin, state };
  }

  it("lists the deployments of a group, by status where it is asked", async () => {
    const { f, client, names, begin } = await deployed();
    const listed = async (...includeOnlyStatuses: DeploymentStatus[]) =>
      (await client.send(new ListDeploymentsCommand({ ...names, includeOnlyStatuses }))).deployments;

    const first = await begin();
    await f.clock.runUntil(f.clock.now() + 60_000);
    const second = await begin();

    assert.deepEqual(await listed(), [second, first]);
    assert.deepEqual(await listed("Succeeded"), [first]);
  });

  it("replaces the task set of a service and moves its traffic", async () => {
    const { f, client, names, begin, state } = await deployed();
    const blue = f.ecs.targets("shop", "api").map((t) => t.taskArn);

    const id = await begin();
    await f.clock.runUntil(f.clock.now() + 60_000);

    assert.equal((await state(id)).status, "Succeeded");
    const service = await f.describe();
    assert.deepEqual(
      service.taskSets!.map((s) => [s.status, s.externalId]),
      [["PRIMARY", id]],
    );
    const green = f.ecs.targets("shop", "api").map((t) => t.taskArn);
    assert.ok(green.length === 2 && green.every((arn) => !blue.includes(arn)));
    const { deploymentGroupInfo } = await client.send(new GetDeploymentGroupCommand(names));
    assert.equal(deploymentGroupInfo!.lastSuccessfulDeployment!.deploymentId, id);
  });

  it("tells of its deployments as AWS writes it", async () => {
    const { f, begin } = await deployed();
    const file = path.join(__dirname, "../../../../events/examples/codedeploy-deployment.json");
    const canonical = JSON.parse(readFileSync(file, "utf8")) as {
      resources: string[];
      detail: Record<string, string>;
    };

    const id = await begin();
    await f.clock.runUntil(f.clock.now() + 60_000);

    const told = f.events.filter((e) => e.source === "aws.codedeploy");
    assert.deepEqual(
      told.map((e) => e.detail.state),
      ["START", "SUCCESS"],
    );
    const { instanceGroupId } = told[1]!.detail;
    assert.deepEqual(told[1]!.detail, { ...canonical.detail, deploymentId: id, instanceGroupId });
    assert.deepEqual(told[1]!.resources, canonical.resources);
  });

  it("refuses a second deployment while one is under way", async () => {
    const { begin } = await deployed();
    await begin();

    await assert.rejects(begin(), { name: "DeploymentLimitExceededException" });
  });

  it("leaves the old task set where it is when it is stopped", async () => {
    const { f, client, begin, state } = await deployed();
    const blue = f.ecs.targets("shop", "api");
    f.readable.denied = true;
    const id = await begin();
    await f.clock.runUntil(f.clock.now() + 60_000);

    await client.send(new StopDeploymentCommand({ deploymentId: id }));
    await f.clock.runUntil(f.clock.now() + 60_000);

    assert.equal((await state(id)).status, "Stopped");
    assert.deepEqual(f.ecs.targets("shop", "api"), blue);
    assert.equal((await f.describe()).taskSets!.length, 1);
  });

  it("fails when its role may not make a task set", async () => {
    const { f, begin, state } = await deployed(["ecs:Describe*"]);

    const id = await begin();
    await f.clock.runUntil(f.clock.now() + 60_000);

    const { status, errorInformation } = await state(id);
    assert.equal(status, "Failed");
    assert.equal(errorInformation!.code, "IAM_ROLE_PERMISSIONS");
  });

  it("fails when the new task set is not healthy within an hour", async () => {
    const { f, begin, state } = await deployed();
    f.readable.denied = true;

    const id = await begin();
    await f.clock.runUntil(f.clock.now() + 2 * 3_600_000);

    assert.equal((await state(id)).errorInformation!.code, "TIMEOUT");
  });
});
