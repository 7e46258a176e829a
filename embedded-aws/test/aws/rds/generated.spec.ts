import { strict as assert } from "node:assert";
import { generatedCalls, knownTexts } from "../../support/generated-calls";
import { noRuntime, virtualWorld } from "../../support/world";

describe("RDS and input drawn from its own schemas", () => {
  it("answers what the model allows or refuses with an error of the service, never anything else", async () => {
    const start = () =>
      Promise.resolve({
        host: "127.0.0.1",
        port: 1,
        serverLog: () => Promise.resolve(""),
        stop: () => Promise.resolve(),
      });
    const { world, clock } = virtualWorld({ runtime: { ...noRuntime, databases: { start } } });
    const { Subnets } = await world.asOperator<{ Subnets: { SubnetId: string }[] }>(
      "ec2",
      "DescribeSubnets",
      {},
    );
    const SubnetIds = Subnets.map((s) => s.SubnetId);
    const names: Readonly<Record<string, readonly string[]>> = {
      DBInstanceIdentifier: ["shop", "other"],
      DBSubnetGroupName: ["shop", "other"],
      ResourceName: [
        "arn:aws:rds:us-west-2:123456789012:db:shop",
        "arn:aws:rds:us-west-2:123456789012:subgrp:shop",
      ],
      SubnetIds,
      Engine: ["postgres", "mysql"],
      DBInstanceClass: ["db.t4g.micro"],
      MasterUsername: ["owner"],
      MasterUserPassword: ["long-enough"],
    };

    const calls = await generatedCalls(world, "rds", {
      seed: "generated-rds",
      perOperation: 80,
      codes:
        /^(AccessDenied|InvalidParameterValue|InvalidParameterCombination|ValidationError|MalformedInput|NotImplemented)$/,
      fitting: {
        CreateDBInstance: {
          DBInstanceIdentifier: "shop",
          MasterUserPassword: "long-enough",
          MasterUsername: "owner",
          Engine: "postgres",
          AllocatedStorage: 20,
          ManageMasterUserPassword: false,
          DBSubnetGroupName: undefined,
          DBName: undefined,
          Port: undefined,
          BackupRetentionPeriod: 1,
          DeletionProtection: false,
        },
        CreateDBSubnetGroup: { SubnetIds },
        ModifyDBInstance: {
          DBInstanceIdentifier: "shop",
          MasterUserPassword: undefined,
          ManageMasterUserPassword: undefined,
          RotateMasterUserPassword: undefined,
          AllocatedStorage: 30,
          BackupRetentionPeriod: 2,
          DeletionProtection: false,
        },
        DeleteDBInstance: { DBInstanceIdentifier: "shop", SkipFinalSnapshot: true },
      },
      generate: {
        optional: 0.15,
        depth: 3,
        broken: 0.03,
        text: knownTexts(names),
      },
      between: () => clock.runUntil(clock.now() + 100),
    });

    assert.deepEqual(calls.mistakes, []);
    assert.deepEqual(calls.silent, [], "every operation answers at least once");
  });
});
