import { strict as assert } from "node:assert";
import type { ListDeploymentsOutput } from "@aws-sdk/client-codedeploy";
import { CodeDeploy } from "../../../aws/codedeploy";
import { createRole, fleet } from "../../support/ecs";
import { generatedCalls, knownTexts } from "../../support/generated-calls";

const content =
  "Type: AWS::ECS::Service\nTaskDefinition: api\nLoadBalancerInfo: {ContainerName: app, ContainerPort: 80}";
const revision = { revisionType: "AppSpecContent", appSpecContent: { content } };
const names = { applicationName: "shop", deploymentGroupName: "checkout" };
const group = {
  ...names,
  serviceRoleArn: "arn:aws:iam::123456789012:role/codedeploy",
  ecsServices: [{ clusterName: "shop", serviceName: "api" }],
  deploymentStyle: undefined,
  blueGreenDeploymentConfiguration: undefined,
};

describe("CodeDeploy and input drawn from its own schemas", () => {
  it("answers what the model allows or refuses with an error of the service, never anything else", async () => {
    const f = await fleet({ services: [CodeDeploy] });
    await f.create({ deploymentController: { type: "CODE_DEPLOY" } });
    await createRole(f.world, "codedeploy", "codedeploy.amazonaws.com");
    await f.world.asOperator("iam", "PutRolePolicy", {
      RoleName: "codedeploy",
      PolicyName: "ecs",
      PolicyDocument: JSON.stringify({
        Version: "2012-10-17",
        Statement: [{ Effect: "Allow", Action: "ecs:*", Resource: "*" }],
      }),
    });
    const live: Record<string, string[]> = {
      applicationName: ["shop"],
      deploymentGroupName: ["checkout"],
      computePlatform: ["ECS"],
    };
    const make = async (operation: string, input: object) =>
      f.world.asOperator("codedeploy", operation, input).catch(() => undefined);
    const refresh = async (): Promise<void> => {
      await make("CreateApplication", { applicationName: "shop", computePlatform: "ECS" });
      await make("CreateDeploymentGroup", group);
      const { deployments } = await f.world.asOperator<ListDeploymentsOutput>(
        "codedeploy",
        "ListDeployments",
        {},
      );
      live.deploymentId = live.deploymentIds = deployments!.slice(0, 2);
      await f.clock.runUntil(f.clock.now() + 100);
    };
    await refresh();

    const calls = await generatedCalls(f.world, "codedeploy", {
      seed: "generated-codedeploy",
      perOperation: 40,
      codes: /^(AccessDeniedException|SerializationException|ValidationException|NotImplemented)$/,
      fitting: {
        CreateApplication: { applicationName: "another", computePlatform: "ECS", tags: undefined },
        CreateDeploymentGroup: { ...group, deploymentGroupName: "another" },
        CreateDeployment: { ...names, revision },
        GetDeploymentGroup: names,
      },
      generate: {
        optional: 0.1,
        depth: 4,
        broken: 0.03,
        text: knownTexts(live),
      },
      between: refresh,
    });

    assert.deepEqual(calls.mistakes, []);
    assert.deepEqual(calls.silent, [], "every operation answers at least once");
  });
});
