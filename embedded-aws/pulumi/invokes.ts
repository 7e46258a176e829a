import type { GetSecretValueResponse, DescribeSecretResponse } from "@aws-sdk/client-secrets-manager";
import type { GetParameterResult } from "@aws-sdk/client-ssm";
import type { DescribeDBInstancesCommandOutput } from "@aws-sdk/client-rds";
import type * as sdk from "@aws-sdk/client-ec2";
import type { DescribeTaskDefinitionResponse, DescribeClustersResponse } from "@aws-sdk/client-ecs";
import { text, type Account, type Properties } from "./types/resource-type";

/** A function of a provider: arguments in, properties out. */
type Invoke = (account: Account, args: Properties) => Promise<Properties> | Properties;

interface NamedFilter {
  readonly name: string;
  readonly values: readonly string[];
}

function filters(args: Properties): { Name: string; Values: readonly string[] }[] | undefined {
  const given = args.filters as readonly NamedFilter[] | undefined;
  return given?.map(({ name, values }) => ({ Name: name, Values: values }));
}

async function getVpc(account: Account, args: Properties): Promise<Properties> {
  const answer = await account.call<sdk.DescribeVpcsCommandOutput>("ec2", "DescribeVpcs", {
    VpcIds: args.id === undefined ? undefined : [args.id],
    Filters: args.default ? [{ Name: "is-default", Values: ["true"] }] : filters(args),
  });
  const vpc = answer.Vpcs?.[0];
  if (!vpc)
    throw new Error(
      "aws.ec2.getVpc: found no VPC; make one and name its id, or give the service a networkConfiguration",
    );
  return { id: vpc.VpcId, cidrBlock: vpc.CidrBlock, default: vpc.IsDefault ?? false, state: vpc.State };
}

/** Every function of `@pulumi/aws` that the embedded AWS can answer, by token. */
export const invokes: Readonly<Record<string, Invoke>> = {
  "aws:index/getCallerIdentity:getCallerIdentity": (account) => ({
    id: account.account,
    accountId: account.account,
    arn: `arn:${account.partition}:iam::${account.account}:user/operator`,
    userId: "AIDAOPERATOR",
  }),
  "aws:index/getRegion:getRegion": (account) => ({
    id: account.region,
    region: account.region,
    name: account.region,
    description: account.region,
    endpoint: `ec2.${account.region}.${dnsSuffix(account)}`,
  }),
  "aws:index/getPartition:getPartition": (account) => ({
    id: account.partition,
    partition: account.partition,
    dnsSuffix: dnsSuffix(account),
    reverseDnsPrefix: dnsSuffix(account).split(".").reverse().join("."),
  }),
  "aws:index/getDefaultTags:getDefaultTags": (account) => ({ id: "default", tags: account.defaultTags }),

  "aws:ec2/getVpc:getVpc": getVpc,
  "aws:ec2/getSubnets:getSubnets": async (account, args) => {
    const answer = await account.call<sdk.DescribeSubnetsCommandOutput>("ec2", "DescribeSubnets", {
      Filters: filters(args),
    });
    return { id: account.region, ids: (answer.Subnets ?? []).map((subnet) => subnet.SubnetId) };
  },
  "aws:ec2/getSecurityGroup:getSecurityGroup": async (account, args) => {
    const answer = await account.call<sdk.DescribeSecurityGroupsCommandOutput>(
      "ec2",
      "DescribeSecurityGroups",
      { GroupIds: args.id === undefined ? undefined : [args.id], Filters: filters(args) },
    );
    const group = answer.SecurityGroups?.[0];
    if (!group)
      throw new Error(`aws.ec2.getSecurityGroup: found no security group for ${JSON.stringify(args)}`);
    return { id: group.GroupId, name: group.GroupName, vpcId: group.VpcId, description: group.Description };
  },

  "aws:rds/getInstance:getInstance": async (account, args) => {
    const answer = await account.call<DescribeDBInstancesCommandOutput>("rds", "DescribeDBInstances", {
      DBInstanceIdentifier: text(args, "dbInstanceIdentifier"),
    });
    const instance = answer.DBInstances![0]!;
    return {
      id: instance.DBInstanceIdentifier,
      dbInstanceIdentifier: instance.DBInstanceIdentifier,
      dbInstanceArn: instance.DBInstanceArn,
      address: instance.Endpoint?.Address,
      port: instance.Endpoint?.Port,
      endpoint: `${instance.Endpoint?.Address}:${instance.Endpoint?.Port}`,
      engine: instance.Engine,
      engineVersion: instance.EngineVersion,
      dbName: instance.DBName,
      masterUsername: instance.MasterUsername,
      dbSubnetGroup: instance.DBSubnetGroup?.DBSubnetGroupName ?? "",
      vpcSecurityGroups: (instance.VpcSecurityGroups ?? []).map((group) => group.VpcSecurityGroupId),
      resourceId: instance.DbiResourceId,
    };
  },
  "aws:rds/getSubnetGroup:getSubnetGroup": async (account, args) => {
    const name = text(args, "name");
    const answer = await account.call<{
      DBSubnetGroups?: { VpcId?: string; Subnets?: { SubnetIdentifier?: string }[] }[];
    }>("rds", "DescribeDBSubnetGroups", { DBSubnetGroupName: name });
    const group = answer.DBSubnetGroups![0]!;
    return {
      id: name,
      name,
      vpcId: group.VpcId,
      subnetIds: (group.Subnets ?? []).map((subnet) => subnet.SubnetIdentifier),
    };
  },

  "aws:secretsmanager/getSecret:getSecret": async (account, args) => {
    const answer = await account.call<DescribeSecretResponse>("secretsmanager", "DescribeSecret", {
      SecretId: args.arn ?? args.name,
    });
    return {
      id: answer.ARN,
      arn: answer.ARN,
      name: answer.Name,
      description: answer.Description ?? "",
      kmsKeyId: answer.KmsKeyId ?? "",
      policy: "",
      tags: Object.fromEntries((answer.Tags ?? []).map((tag) => [tag.Key, tag.Value])),
    };
  },
  "aws:secretsmanager/getSecretVersion:getSecretVersion": async (account, args) => {
    const answer = await account.call<GetSecretValueResponse>("secretsmanager", "GetSecretValue", {
      SecretId: args.secretId,
      VersionId: args.versionId,
      VersionStage: args.versionStage,
    });
    return {
      id: `${answer.ARN}|${answer.VersionId}`,
      arn: answer.ARN,
      secretId: args.secretId,
      secretString: answer.SecretString,
      secretBinary: "",
      versionId: answer.VersionId,
      versionStage: args.versionStage ?? "AWSCURRENT",
      versionStages: answer.VersionStages,
    };
  },
  "aws:ssm/getParameter:getParameter": async (account, args) => {
    const { Parameter } = await account.call<GetParameterResult>("ssm", "GetParameter", {
      Name: args.name,
      WithDecryption: args.withDecryption ?? true,
    });
    return {
      id: Parameter!.Name,
      name: Parameter!.Name,
      arn: Parameter!.ARN,
      type: Parameter!.Type,
      value: Parameter!.Value,
      insecureValue: Parameter!.Type === "SecureString" ? "" : Parameter!.Value,
      version: Parameter!.Version,
    };
  },

  "aws:ecs/getCluster:getCluster": async (account, args) => {
    const answer = await account.call<DescribeClustersResponse>("ecs", "DescribeClusters", {
      clusters: [args.clusterName],
    });
    const cluster = answer.clusters?.[0];
    if (!cluster) throw new Error(`aws.ecs.getCluster: found no cluster ${String(args.clusterName)}`);
    return {
      id: cluster.clusterArn,
      arn: cluster.clusterArn,
      clusterName: cluster.clusterName,
      status: cluster.status,
    };
  },
  "aws:ecs/getTaskDefinition:getTaskDefinition": async (account, args) => {
    const { taskDefinition } = await account.call<DescribeTaskDefinitionResponse>(
      "ecs",
      "DescribeTaskDefinition",
      { taskDefinition: args.taskDefinition },
    );
    const arn = taskDefinition!.taskDefinitionArn!;
    return {
      id: arn,
      arn,
      arnWithoutRevision: arn.slice(0, arn.lastIndexOf(":")),
      taskDefinition: args.taskDefinition,
      family: taskDefinition!.family,
      revision: taskDefinition!.revision,
      containerDefinitions: JSON.stringify(taskDefinition!.containerDefinitions ?? []),
      executionRoleArn: taskDefinition!.executionRoleArn ?? "",
      taskRoleArn: taskDefinition!.taskRoleArn ?? "",
      networkMode: taskDefinition!.networkMode ?? "bridge",
      status: taskDefinition!.status,
    };
  },
};

/** The answer to an invoke; throws for one that is not in the table, naming it. */
export function invoke(account: Account, token: string, args: Properties): Promise<Properties> {
  const found = Object.hasOwn(invokes, token) ? invokes[token] : undefined;
  if (!found)
    throw new Error(
      `function ${token} is not known to the embedded AWS: wanted one of embedded-aws/pulumi/invokes.ts; add it there`,
    );
  return Promise.resolve(found(account, args));
}

function dnsSuffix(account: Account): string {
  return account.partition === "aws-cn" ? "amazonaws.com.cn" : "amazonaws.com";
}
