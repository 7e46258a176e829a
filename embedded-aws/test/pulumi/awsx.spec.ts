import assert from "node:assert/strict";
import { join } from "node:path";
import type { DescribeTaskDefinitionResponse } from "@aws-sdk/client-ecs";
import type { GetBucketPolicyOutput } from "@aws-sdk/client-s3";
import type * as aws from "@pulumi/aws";
import { trailBucketPolicy } from "../../pulumi/awsx";
import { deploy } from "../../pulumi/mocks";
import { virtualWorld } from "../support/world";

const options = { project: "test", stack: "dev", config: {} };

describe("the expansion of awsx.cloudtrail.Trail", () => {
  it("declares the bucket's policy and the trail, and runs the component's transforms on them", async () => {
    const { world } = virtualWorld();

    const { outputs } = await deploy(world, join(__dirname, "programs", "trail"), options);

    assert.equal(outputs.trailArn, "arn:aws:cloudtrail:us-west-2:123456789012:trail/events");
    const { Policy } = await world.asOperator<GetBucketPolicyOutput>("s3", "GetBucketPolicy", {
      Bucket: "logs-of-the-account",
    });
    const { Statement } = JSON.parse(Policy!) as { Statement: { Sid: string }[] };
    assert.deepEqual(
      Statement.map(({ Sid }) => Sid),
      ["AWSCloudTrailAclCheck", "AWSCloudTrailWrite", "TlsOnly"],
    );
  });

  it("lets CloudTrail look at the bucket's ACL and write below it, and nobody else", () => {
    const { Statement } = trailBucketPolicy("arn:aws:s3:::b") as { Statement: aws.iam.PolicyStatement[] };

    assert.deepEqual(
      Statement.map(({ Principal, Action, Resource }) => [Principal, Action, Resource]),
      [
        [{ Service: "cloudtrail.amazonaws.com" }, ["s3:GetBucketAcl"], ["arn:aws:s3:::b"]],
        [{ Service: "cloudtrail.amazonaws.com" }, ["s3:PutObject"], ["arn:aws:s3:::b/*"]],
      ],
    );
  });
});

describe("the expansion of awsx.ecs.FargateService", () => {
  it("declares roles, log group, task definition and service, the smallest size that holds the container", async () => {
    const { world } = virtualWorld();

    const { outputs, resources } = await deploy(world, join(__dirname, "programs", "service"), options);

    const { taskDefinition } = await world.asOperator<DescribeTaskDefinitionResponse>(
      "ecs",
      "DescribeTaskDefinition",
      { taskDefinition: outputs.definitionArn },
    );
    const [container] = taskDefinition!.containerDefinitions!;
    assert.equal(taskDefinition!.cpu, "512");
    assert.equal(taskDefinition!.memory, "1024");
    assert.equal(container!.name, "web");
    assert.equal(container!.secrets!.length, 1);
    assert.equal(container!.logConfiguration!.logDriver, "awslogs");
    assert.match(taskDefinition!.executionRoleArn!, /role\/web-execution-/);
    assert.match(String(outputs.serviceName), /^web-/);
    assert.deepEqual(resources.map(({ type }) => type.split(":").at(-1)).sort(), [
      "Cluster",
      "LogGroup",
      "Role",
      "Role",
      "RolePolicyAttachment",
      "RolePolicyAttachment",
      "RolePolicyAttachment",
      "Service",
      "TaskDefinition",
    ]);
  });
});
