import * as aws from "@pulumi/aws";
import * as pulumi from "@pulumi/pulumi";
import { network } from "../../examples/shop/network";
import { executionRole } from "../../examples/shop/roles";

// The least that a rotation can be measured on: a database of either engine, its secrets, one service.
const config = new pulumi.Config();
const engine = config.require("engine");
const { subnetIds, securityGroupId } = network();

const subnetGroup = new aws.rds.SubnetGroup("orders", { name: "orders", subnetIds });
const adminPassword = config.requireSecret("adminPassword");
const database = new aws.rds.Instance("orders", {
  identifier: "orders",
  engine,
  instanceClass: "db.t4g.micro",
  allocatedStorage: 20,
  dbName: "orders",
  username: "orders_admin",
  password: adminPassword,
  dbSubnetGroupName: subnetGroup.name,
  vpcSecurityGroupIds: [securityGroupId],
  skipFinalSnapshot: true,
});

function secret(name: string, username: string, password: pulumi.Input<string>): aws.secretsmanager.Secret {
  const container = new aws.secretsmanager.Secret(name, { name: `orders/${name}`, recoveryWindowInDays: 0 });
  const { address: host, port } = database;
  const secretString = pulumi.jsonStringify({ engine, host, port, dbname: "orders", username, password });
  new aws.secretsmanager.SecretVersion(
    name,
    { secretId: container.id, secretString },
    { ignoreChanges: ["secretString"] },
  );
  return container;
}

secret("database-admin", "orders_admin", adminPassword);
const user = secret("database", config.require("username"), config.requireSecret("userPassword"));

const cluster = new aws.ecs.Cluster("orders", { name: "orders" });
const taskDefinition = new aws.ecs.TaskDefinition("orders", {
  family: "orders",
  networkMode: "awsvpc",
  requiresCompatibilities: ["FARGATE"],
  cpu: "256",
  memory: "512",
  executionRoleArn: executionRole("orders", { secretArns: [user.arn] }).arn,
  containerDefinitions: pulumi.jsonStringify([
    {
      name: "orders",
      image: "registry.example.com/orders:1.0.0",
      essential: true,
      portMappings: [{ containerPort: 8080 }],
      environment: [{ name: "HISTORY", value: config.require("history") }],
      secrets: [{ name: "DATABASE", valueFrom: user.arn }],
    },
  ]),
});
new aws.ecs.Service("orders", {
  name: "orders",
  cluster: cluster.arn,
  taskDefinition: taskDefinition.arn,
  desiredCount: config.requireNumber("tasks"),
  launchType: "FARGATE",
  deploymentMinimumHealthyPercent: 100,
  deploymentMaximumPercent: 200,
  networkConfiguration: { subnets: subnetIds, securityGroups: [securityGroupId] },
  waitForSteadyState: true,
});
