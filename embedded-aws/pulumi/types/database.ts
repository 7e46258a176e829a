import type * as aws from "@pulumi/aws";
import type * as sdk from "@aws-sdk/client-rds";
import type { Unwrap } from "@pulumi/pulumi";
import {
  allTags,
  defined,
  resourceType,
  tagList,
  type Account,
  type Properties,
  type ResourceType,
} from "./resource-type";

type Instance = Unwrap<aws.rds.InstanceArgs>;

/** How often the provider looks whether an instance is available, and when it gives up. */
const available = { pollMs: 20, timeoutMs: 40 * 60_000 };

async function waitForAvailable(account: Account, identifier: string): Promise<sdk.DBInstance> {
  for (let waitedMs = 0; waitedMs < available.timeoutMs; waitedMs += available.pollMs) {
    const answer = await account.call<sdk.DescribeDBInstancesCommandOutput>("rds", "DescribeDBInstances", {
      DBInstanceIdentifier: identifier,
    });
    const instance = answer.DBInstances?.[0];
    if (instance?.DBInstanceStatus === "available") return instance;
    if (instance?.DBInstanceStatus === "failed")
      throw new Error(
        `database instance ${identifier} failed to start: ${instance.StatusInfos?.map(({ Message }) => Message).join("; ")}`,
      );
    await account.sleep(available.pollMs);
  }
  throw new Error(
    `database instance ${identifier} was not available after ${available.timeoutMs / 60_000} minutes`,
  );
}

function instanceState(account: Account, inputs: Instance, instance: sdk.DBInstance): Properties {
  const address = instance.Endpoint?.Address;
  const port = instance.Endpoint?.Port;
  return {
    ...inputs,
    identifier: instance.DBInstanceIdentifier,
    arn: instance.DBInstanceArn,
    address,
    port,
    endpoint: `${address}:${port}`,
    resourceId: instance.DbiResourceId,
    status: instance.DBInstanceStatus,
    engine: instance.Engine,
    engineVersionActual: instance.EngineVersion,
    username: instance.MasterUsername,
    dbName: instance.DBName,
    masterUserSecrets: instance.MasterUserSecret
      ? [
          {
            secretArn: instance.MasterUserSecret.SecretArn,
            secretStatus: instance.MasterUserSecret.SecretStatus,
            kmsKeyId: instance.MasterUserSecret.KmsKeyId,
          },
        ]
      : [],
    vpcSecurityGroupIds: inputs.vpcSecurityGroupIds ?? [],
    tagsAll: allTags(account, inputs.tags),
  };
}

/** Amazon RDS: instances and the subnets they stand in. */
export const database: Readonly<Record<string, ResourceType>> = {
  "aws:rds/instance:Instance": resourceType<aws.rds.InstanceArgs>({
    computed: [
      "id",
      "arn",
      "identifier",
      "address",
      "port",
      "endpoint",
      "resourceId",
      "status",
      "engineVersionActual",
      "masterUserSecrets",
      "tagsAll",
    ],
    replaceOnChanges: ["identifier", "engine", "username", "dbName"],
    async create(account, inputs, logicalName) {
      const identifier =
        inputs.identifier ?? `${inputs.identifierPrefix ?? `${logicalName}-`}${account.suffix()}`;
      await account.call<sdk.CreateDBInstanceResult>("rds", "CreateDBInstance", {
        DBInstanceIdentifier: identifier,
        DBInstanceClass: inputs.instanceClass,
        Engine: inputs.engine,
        EngineVersion: inputs.engineVersion,
        DBName: inputs.dbName,
        AllocatedStorage: inputs.allocatedStorage,
        MasterUsername: inputs.username,
        MasterUserPassword: inputs.password ?? inputs.passwordWo,
        ManageMasterUserPassword: inputs.manageMasterUserPassword,
        DBSubnetGroupName: inputs.dbSubnetGroupName,
        VpcSecurityGroupIds: inputs.vpcSecurityGroupIds,
        MultiAZ: inputs.multiAz,
        StorageEncrypted: inputs.storageEncrypted,
        PubliclyAccessible: inputs.publiclyAccessible,
        Port: inputs.port,
        Tags: tagList(allTags(account, inputs.tags)),
      });
      const instance = await waitForAvailable(account, identifier);
      return { id: instance.DbiResourceId ?? identifier, state: instanceState(account, inputs, instance) };
    },
    async delete(account, _id, state) {
      await account.call("rds", "DeleteDBInstance", {
        DBInstanceIdentifier: state.identifier,
        SkipFinalSnapshot: state.skipFinalSnapshot ?? false,
        ...defined({ FinalDBSnapshotIdentifier: state.finalSnapshotIdentifier }),
      });
    },
  }),

  "aws:rds/subnetGroup:SubnetGroup": resourceType<aws.rds.SubnetGroupArgs>({
    computed: ["id", "arn", "name", "vpcId", "tagsAll"],
    replaceOnChanges: ["*"],
    async create(account, inputs, logicalName) {
      const name = inputs.name ?? `${inputs.namePrefix ?? `${logicalName}-`}${account.suffix()}`;
      const { DBSubnetGroup } = await account.call<sdk.CreateDBSubnetGroupResult>(
        "rds",
        "CreateDBSubnetGroup",
        {
          DBSubnetGroupName: name,
          DBSubnetGroupDescription: inputs.description ?? "Managed by Pulumi",
          SubnetIds: inputs.subnetIds,
          Tags: tagList(allTags(account, inputs.tags)),
        },
      );
      return {
        id: name,
        state: {
          description: "Managed by Pulumi",
          ...inputs,
          name,
          arn: DBSubnetGroup?.DBSubnetGroupArn,
          vpcId: DBSubnetGroup?.VpcId,
          tagsAll: allTags(account, inputs.tags),
        },
      };
    },
    async delete(account, name) {
      await account.call("rds", "DeleteDBSubnetGroup", { DBSubnetGroupName: name });
    },
  }),
};
