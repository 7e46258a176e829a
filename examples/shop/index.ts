import * as aws from "@pulumi/aws";
import * as awsx from "@pulumi/awsx";
import * as pulumi from "@pulumi/pulumi";
import { network } from "./network";
import { executionRole, type Reads } from "./roles";

const config = new pulumi.Config();
// Either engine, and either place for the credential of the shop's own user.
const engine = config.get("engine", { allowedValues: ["postgres", "mariadb"] }) ?? "postgres";
const store = config.get("store", { allowedValues: ["secret", "parameter"] }) ?? "secret";
const { subnetIds, securityGroupId } = network();

// The database, its master user and the user of the shop. The rotation changes the latter's credential only.
const subnetGroup = new aws.rds.SubnetGroup("shop", { name: "shop", subnetIds });
const adminPassword = config.requireSecret("adminPassword");
const database = new aws.rds.Instance("shop", {
  identifier: "shop",
  engine,
  engineVersion: engine === "postgres" ? "18" : "10.11",
  instanceClass: "db.t4g.micro",
  allocatedStorage: 20,
  storageEncrypted: true,
  dbName: "shop",
  username: "shop_admin",
  password: adminPassword,
  dbSubnetGroupName: subnetGroup.name,
  vpcSecurityGroupIds: [securityGroupId],
  skipFinalSnapshot: true,
});

// What a rotation makes of a secret or a parameter later is not the program's business.
function secret(name: string, value: pulumi.Input<string>): aws.secretsmanager.SecretVersion {
  const container = new aws.secretsmanager.Secret(name, { name: `shop/${name}`, recoveryWindowInDays: 0 });
  return new aws.secretsmanager.SecretVersion(
    name,
    { secretId: container.id, secretString: value },
    { ignoreChanges: ["secretString"] },
  );
}

function secureParameter(name: string, value: pulumi.Input<string>): aws.ssm.Parameter {
  return new aws.ssm.Parameter(
    name,
    { name: `/shop/${name}`, type: "SecureString", value },
    { ignoreChanges: ["value"] },
  );
}

function credential(username: string, password: pulumi.Input<string>, more: object = {}) {
  const { address: host, port } = database;
  return pulumi.jsonStringify({
    engine,
    host,
    port,
    dbname: "shop",
    username,
    password,
    ...more,
  });
}

const databaseAdmin = secret("database-admin", credential("shop_admin", adminPassword));
const userCredential = credential("shop_user", config.requireSecret("databasePassword"), {
  masterarn: databaseAdmin.arn,
});
const databaseUser =
  store === "secret" ? secret("database", userCredential) : secureParameter("database", userCredential);
const databaseReads =
  store === "secret"
    ? { secretArns: [databaseUser.arn], parameterArns: [] }
    : { secretArns: [], parameterArns: [databaseUser.arn] };
const registry = secret(
  "registry",
  pulumi.jsonStringify({ username: "shop", password: config.requireSecret("registryPassword") }),
);
const logToken = secret("log-token", config.requireSecret("logToken"));
const partnerKey = secret("partner-key", config.requireSecret("partnerKey"));
const featureFlags = new aws.ssm.Parameter("feature-flags", {
  name: "/shop/feature-flags",
  type: "String",
  value: JSON.stringify({ giftWrapping: false }),
});

const cluster = new aws.ecs.Cluster("shop", { name: "shop" });

interface ServiceArgs {
  readonly desiredCount: number;
  readonly reads: Reads;
  readonly container: Partial<awsx.types.input.ecs.TaskDefinitionContainerDefinitionArgs>;
}

function service(name: string, { desiredCount, reads, container }: ServiceArgs): awsx.ecs.FargateService {
  return new awsx.ecs.FargateService(name, {
    name,
    cluster: cluster.arn,
    desiredCount,
    networkConfiguration: { subnets: subnetIds, securityGroups: [securityGroupId] },
    // Replaces tasks without downtime: new ones first.
    deploymentMinimumHealthyPercent: 100,
    deploymentMaximumPercent: 200,
    deploymentCircuitBreaker: { enable: true, rollback: true },
    taskDefinitionArgs: {
      family: `shop-${name}`,
      logGroup: { args: { name: `/shop/${name}`, retentionInDays: 7 } },
      executionRole: { roleArn: executionRole(name, reads).arn },
      taskRole: { skip: true },
      container: {
        name,
        image: `registry.example.com/shop/${name}:1.4.0`,
        essential: true,
        memory: 512,
        portMappings: [{ containerPort: 8080 }],
        ...container,
      },
    },
  });
}

// Two values, by full ARN, as most programs do it.
export const web = service("web", {
  desiredCount: 3,
  reads: { ...databaseReads, parameterArns: [...databaseReads.parameterArns, featureFlags.arn] },
  container: {
    secrets: [
      { name: "DATABASE", valueFrom: databaseUser.arn },
      { name: "FEATURE_FLAGS", valueFrom: featureFlags.arn },
    ],
  },
}).service.name;

// All three kinds of injection: the container, its log driver, the pull of its image. The parameter by name.
export const worker = service("worker", {
  desiredCount: 2,
  reads: {
    secretArns: [...databaseReads.secretArns, logToken.arn, registry.arn],
    parameterArns: [...databaseReads.parameterArns, featureFlags.arn],
  },
  container: {
    repositoryCredentials: { credentialsParameter: registry.arn },
    secrets: [
      { name: "DATABASE", valueFrom: databaseUser.arn },
      { name: "FEATURE_FLAGS", valueFrom: featureFlags.name },
    ],
    logConfiguration: {
      logDriver: "splunk",
      options: { "splunk-url": "https://logs.example.com", "splunk-source": "worker" },
      secretOptions: [{ name: "splunk-token", valueFrom: logToken.arn }],
    },
  },
}).service.name;

// Reads a secret that nothing else uses and is not covered: the settings exclude it.
export const reports = service("reports", {
  desiredCount: 2,
  reads: { secretArns: [partnerKey.arn] },
  container: { secrets: [{ name: "PARTNER_KEY", valueFrom: partnerKey.arn }] },
}).service.name;

export const clusterName = cluster.name;
export const databaseCredentialArn = databaseUser.arn;
