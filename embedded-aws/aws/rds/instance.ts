import type * as sdk from "@aws-sdk/client-rds";
import type { DatabaseHandle, DatabaseSpec } from "../runtime";
import { invalidValue } from "./errors";
import type { SubnetGroupRecord } from "./subnet-groups";

/** An instance as it is kept; its server, once it runs, is `handle`. */
export interface InstanceRecord {
  readonly identifier: string;
  readonly arn: string;
  readonly resourceId: string;
  readonly createdAt: Date;
  /** Members of the request that are shown as they were given. */
  given: sdk.CreateDBInstanceMessage;
  spec: DatabaseSpec;
  status: "creating" | "available" | "modifying" | "deleting" | "failed";
  failure?: string;
  readonly subnetGroup?: SubnetGroupRecord;
  securityGroupIds: string[];
  secretArn?: string;
  handle?: DatabaseHandle;
  readonly tags: sdk.Tag[];
}

/** An instance as DescribeDBInstances shows it; its password never. */
export function instanceView(
  instance: InstanceRecord,
  subnetGroup: sdk.DBSubnetGroup | undefined,
): sdk.DBInstance {
  const { given, handle, spec } = instance;
  return {
    DBInstanceIdentifier: instance.identifier,
    DBInstanceArn: instance.arn,
    DbiResourceId: instance.resourceId,
    DBInstanceClass: given.DBInstanceClass,
    Engine: spec.engine,
    EngineVersion: given.EngineVersion,
    DBInstanceStatus: instance.status,
    MasterUsername: spec.masterUsername,
    DBName: spec.databaseName,
    // The endpoint is there once the server runs; it is an address of this machine.
    Endpoint: handle ? { Address: handle.host, Port: handle.port } : undefined,
    AllocatedStorage: given.AllocatedStorage ?? 20,
    InstanceCreateTime: instance.createdAt,
    BackupRetentionPeriod: given.BackupRetentionPeriod ?? 1,
    VpcSecurityGroups: instance.securityGroupIds.map((id) => ({
      VpcSecurityGroupId: id,
      Status: "active",
    })),
    DBSubnetGroup: subnetGroup,
    AvailabilityZone: given.AvailabilityZone ?? instance.subnetGroup?.subnets[0]?.zone,
    MultiAZ: given.MultiAZ ?? false,
    PubliclyAccessible: given.PubliclyAccessible ?? false,
    StorageType: given.StorageType ?? "gp2",
    StorageEncrypted: given.StorageEncrypted ?? false,
    KmsKeyId: given.KmsKeyId,
    DeletionProtection: given.DeletionProtection ?? false,
    AutoMinorVersionUpgrade: given.AutoMinorVersionUpgrade ?? true,
    CopyTagsToSnapshot: given.CopyTagsToSnapshot ?? false,
    IAMDatabaseAuthenticationEnabled: given.EnableIAMDatabaseAuthentication ?? false,
    CACertificateIdentifier: given.CACertificateIdentifier ?? "rds-ca-rsa2048-g1",
    PendingModifiedValues: {},
    MasterUserSecret: instance.secretArn
      ? {
          SecretArn: instance.secretArn,
          SecretStatus: instance.status === "creating" ? "creating" : "active",
          KmsKeyId: given.MasterUserSecretKmsKeyId,
        }
      : undefined,
    StatusInfos: instance.failure
      ? [{ StatusType: "server", Normal: false, Status: "failed", Message: instance.failure }]
      : undefined,
    TagList: instance.tags,
  };
}

/** The instances that every filter of the request lets through. */
export function filtered(
  instances: readonly InstanceRecord[],
  filters: readonly sdk.Filter[] | undefined,
): InstanceRecord[] {
  const values: Readonly<Record<string, (i: InstanceRecord) => readonly string[]>> = {
    "db-instance-id": (i) => [i.identifier, i.arn],
    "dbi-resource-id": (i) => [i.resourceId],
    engine: (i) => [i.spec.engine],
    "db-cluster-id": () => [],
    domain: () => [],
  };
  return (filters ?? []).reduce<InstanceRecord[]>(
    (left, { Name = "", Values = [] }) => {
      if (!Object.hasOwn(values, Name)) throw invalidValue(`Unrecognized filter name: ${Name}`);
      return left.filter((i) => values[Name]!(i).some((v) => Values.includes(v)));
    },
    [...instances],
  );
}
