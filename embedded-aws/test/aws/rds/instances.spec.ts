import { strict as assert } from "node:assert";
import {
  CreateDBInstanceCommand,
  CreateDBSubnetGroupCommand,
  DeleteDBInstanceCommand,
  DeleteDBSubnetGroupCommand,
  DescribeDBInstancesCommand,
  DescribeDBSubnetGroupsCommand,
  RDSClient,
  type CreateDBInstanceCommandInput,
} from "@aws-sdk/client-rds";
import { DescribeSubnetsCommand, EC2Client } from "@aws-sdk/client-ec2";
import { operator } from "../../../aws/caller";
import { clientConfig } from "../../../aws/account/in-process";
import type { DatabaseHandle, DatabaseSpec } from "../../../aws/runtime";
import { noRuntime, virtualWorld } from "../../support/world";

const input: CreateDBInstanceCommandInput = {
  DBInstanceIdentifier: "Shop",
  DBInstanceClass: "db.t4g.micro",
  Engine: "postgres",
  DBName: "shop",
  AllocatedStorage: 20,
  MasterUsername: "shop_admin",
  MasterUserPassword: "first-password",
};

describe("Rds", () => {
  /** A world whose databases are records, or fail as told. */
  function account(failure?: string) {
    const started: DatabaseSpec[] = [];
    const stopped: string[] = [];
    const start = (spec: DatabaseSpec): Promise<DatabaseHandle> => {
      if (failure !== undefined) return Promise.reject(new Error(failure));
      started.push(spec);
      return Promise.resolve({
        host: "127.0.0.1",
        port: 54_321,
        serverLog: () => Promise.resolve(`log of ${spec.identifier}`),
        stop: () => Promise.resolve(void stopped.push(spec.identifier)),
      });
    };
    const { world, clock } = virtualWorld({ runtime: { ...noRuntime, databases: { start } } });
    const config = clientConfig(world, operator);
    const rds = new RDSClient(config);
    const describe = async () =>
      (await rds.send(new DescribeDBInstancesCommand({ DBInstanceIdentifier: "shop" }))).DBInstances![0]!;
    const soon = () => clock.runUntil(clock.now() + 1_000);
    return { world, rds, ec2: new EC2Client(config), started, stopped, describe, soon };
  }

  it("starts a server for an instance and shows its endpoint once it runs", async () => {
    const a = account();

    const created = await a.rds.send(new CreateDBInstanceCommand(input));
    await a.soon();

    const shown = await a.describe();
    assert.equal(created.DBInstance!.DBInstanceStatus, "creating");
    assert.equal(created.DBInstance!.Endpoint, undefined);
    assert.equal(shown.DBInstanceStatus, "available");
    assert.deepEqual(shown.Endpoint, { Address: "127.0.0.1", Port: 54_321 });
    assert.equal(shown.DBInstanceArn, "arn:aws:rds:us-west-2:123456789012:db:shop");
    assert.deepEqual(a.started, [
      {
        identifier: "shop",
        engine: "postgres",
        databaseName: "shop",
        masterUsername: "shop_admin",
        masterPassword: "first-password",
      },
    ]);
  });

  it("never answers with the master password", async () => {
    const a = account();
    await a.rds.send(new CreateDBInstanceCommand(input));
    await a.soon();

    assert.doesNotMatch(JSON.stringify(await a.describe()), /first-password/);
  });

  it("shows why a server could not be started", async () => {
    const a = account("the binaries are missing");
    await a.rds.send(new CreateDBInstanceCommand(input));
    await a.soon();

    const shown = await a.describe();

    assert.equal(shown.DBInstanceStatus, "failed");
    assert.equal(shown.StatusInfos![0]!.Message, "the binaries are missing");
  });

  it("stops the server when the instance is deleted, and knows it no more", async () => {
    const a = account();
    await a.rds.send(new CreateDBInstanceCommand(input));
    await a.soon();

    await a.rds.send(new DeleteDBInstanceCommand({ DBInstanceIdentifier: "shop", SkipFinalSnapshot: true }));
    await a.soon();

    assert.deepEqual(a.stopped, ["shop"]);
    await assert.rejects(a.describe(), { name: "DBInstanceNotFoundFault" });
  });

  it("stops every server with the world", async () => {
    const a = account();
    await a.rds.send(new CreateDBInstanceCommand(input));
    await a.soon();

    await a.world.stop();

    assert.deepEqual(a.stopped, ["shop"]);
  });

  for (const [what, change, name] of [
    ["an identifier with two hyphens", { DBInstanceIdentifier: "a--b" }, "InvalidParameterValue"],
    ["an unknown engine", { Engine: "dbase" }, "InvalidParameterValue"],
    ["a password that is too short", { MasterUserPassword: "short" }, "InvalidParameterValue"],
    ["a password with a slash", { MasterUserPassword: "with/a/slash" }, "InvalidParameterValue"],
    ["no password", { MasterUserPassword: undefined }, "InvalidParameterCombination"],
    ["a password and a managed one", { ManageMasterUserPassword: true }, "InvalidParameterCombination"],
    ["a reserved user name", { MasterUsername: "admin" }, "InvalidParameterValue"],
    ["storage out of range", { AllocatedStorage: 1 }, "InvalidParameterValue"],
    ["an instance class that is none", { DBInstanceClass: "large" }, "InvalidParameterValue"],
    ["an engine that only AWS has", { Engine: "oracle-ee" }, "NotImplemented"],
    ["a subnet group that is not there", { DBSubnetGroupName: "none" }, "DBSubnetGroupNotFoundFault"],
  ] as const)
    it(`refuses ${what}`, async () => {
      const a = account();

      await assert.rejects(a.rds.send(new CreateDBInstanceCommand({ ...input, ...change })), { name });

      assert.deepEqual((await a.rds.send(new DescribeDBInstancesCommand({}))).DBInstances, []);
    });

  it("refuses a second instance of the same name", async () => {
    const a = account();
    await a.rds.send(new CreateDBInstanceCommand(input));

    await assert.rejects(a.rds.send(new CreateDBInstanceCommand(input)), {
      name: "DBInstanceAlreadyExistsFault",
    });
  });

  it("places an instance in the subnets of its group, of two zones at least", async () => {
    const a = account();
    const { Subnets } = await a.ec2.send(new DescribeSubnetsCommand({}));
    const ids = Subnets!.map((s) => s.SubnetId!);
    const group = (SubnetIds: string[]) =>
      a.rds.send(
        new CreateDBSubnetGroupCommand({
          DBSubnetGroupName: "shop",
          DBSubnetGroupDescription: "shop",
          SubnetIds,
        }),
      );

    await assert.rejects(group(ids.slice(0, 1)), { name: "DBSubnetGroupDoesNotCoverEnoughAZs" });
    await assert.rejects(group([...ids, "subnet-none"]), { name: "InvalidSubnet" });
    await group(ids);
    await a.rds.send(new CreateDBInstanceCommand({ ...input, DBSubnetGroupName: "shop" }));
    await a.soon();

    const shown = await a.describe();
    assert.equal(shown.DBSubnetGroup!.VpcId, Subnets![0]!.VpcId);
    await assert.rejects(a.rds.send(new DeleteDBSubnetGroupCommand({ DBSubnetGroupName: "shop" })), {
      name: "InvalidDBSubnetGroupStateFault",
    });
  });

  it("pages what it describes", async () => {
    const a = account();
    const { Subnets } = await a.ec2.send(new DescribeSubnetsCommand({}));
    const SubnetIds = Subnets!.map((s) => s.SubnetId!);
    for (let i = 0; i < 21; i++)
      await a.rds.send(
        new CreateDBSubnetGroupCommand({
          DBSubnetGroupName: `g${i}`,
          DBSubnetGroupDescription: "d",
          SubnetIds,
        }),
      );

    const first = await a.rds.send(new DescribeDBSubnetGroupsCommand({ MaxRecords: 20 }));
    const second = await a.rds.send(
      new DescribeDBSubnetGroupsCommand({ MaxRecords: 20, Marker: first.Marker }),
    );

    assert.deepEqual([first.DBSubnetGroups!.length, second.DBSubnetGroups!.length], [20, 1]);
  });

  it("shows the tags that it was made with", async () => {
    const a = account();
    const Tags = [{ Key: "team", Value: "shop" }];

    const { DBInstance } = await a.rds.send(new CreateDBInstanceCommand({ ...input, Tags }));

    assert.deepEqual(DBInstance!.TagList, Tags);
  });
});
