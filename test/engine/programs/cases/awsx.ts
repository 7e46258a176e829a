import * as aws from "@pulumi/aws";
import * as awsx from "@pulumi/awsx";
import * as pulumi from "@pulumi/pulumi";
import type { Case } from "../../../policy-pack/cases";
import { cluster, reads, recycler, secretArn } from "../../../support/policy-programs";

const refused = "mandatory ecs-service-secrets-covered";
const rolesUnknown = "advisory execution-role-reads-secrets";

type Container = awsx.types.input.ecs.TaskDefinitionContainerDefinitionArgs;

const container = (more: object): Container => ({
  name: "app",
  image: "registry.example.com/checkout:1.4.0",
  memory: 512,
  essential: true,
  ...more,
});
const replaced = {
  deploymentMinimumHealthyPercent: 100,
  deploymentMaximumPercent: 200,
  deploymentCircuitBreaker: { enable: true, rollback: true },
};
const role = { roleArn: "arn:aws:iam::123456789012:role/checkout-execution" };

function fargate(more: object, logGroup: object = { skip: true }): void {
  new awsx.ecs.FargateService("checkout", {
    ...replaced,
    name: "checkout",
    cluster: cluster().arn,
    networkConfiguration: { subnets: ["subnet-0a1b2c3d"] },
    taskDefinitionArgs: { container: container(more), executionRole: role, logGroup },
  });
}

function ec2(more: object): void {
  new awsx.ecs.EC2Service("checkout", {
    ...replaced,
    name: "checkout",
    cluster: cluster().arn,
    networkConfiguration: { subnets: ["subnet-0a1b2c3d"] },
    taskDefinitionArgs: {
      container: container(more),
      executionRole: role,
      logGroup: { skip: true },
    },
  });
}

const newSecret = () => new aws.secretsmanager.Secret("database", { name: "shop/database" }).arn;

/** Services of `@pulumi/awsx`: only the engine runs its components. */
export const awsxCases: readonly Case[] = [
  {
    title: "awsx.ecs.FargateService, covered: a new secret",
    program: () => (recycler(), fargate(reads(newSecret()))),
    preview: [],
  },
  {
    title: "awsx.ecs.FargateService, nobody covers: a new secret",
    program: () => fargate(reads(newSecret())),
    preview: [refused],
  },
  {
    title: "awsx.ecs.FargateService, nobody covers: a literal ARN",
    program: () => fargate(reads(secretArn("shop/database"))),
    preview: [rolesUnknown, refused],
  },
  {
    title: "awsx.ecs.FargateService, nobody covers: its own log group makes the definition unknown",
    program: () => fargate({}, {}),
    preview: [refused],
  },
  {
    title: "awsx.ecs.FargateService, covered with a list: another new secret",
    program: () => (
      recycler({ coverage: [{ service: "checkout", secrets: ["shop/other"] }] }),
      fargate(reads(newSecret()))
    ),
    preview: ["advisory ecs-service-secrets-covered", refused],
  },
  {
    title: "awsx.ecs.EC2Service, covered: interpolate over a new secret",
    program: () => (recycler(), ec2(reads(pulumi.interpolate`${newSecret()}:password::`))),
    preview: [],
  },
  {
    title: "awsx.ecs.EC2Service, nobody covers: a new secret",
    program: () => ec2(reads(newSecret())),
    preview: [refused],
  },
];
