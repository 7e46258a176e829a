import { strict as assert } from "node:assert";
import {
  CreateDBInstanceCommand,
  DescribeDBInstancesCommand,
  ModifyDBInstanceCommand,
  RDSClient,
} from "@aws-sdk/client-rds";
import {
  DescribeSecretCommand,
  GetSecretValueCommand,
  SecretsManagerClient,
} from "@aws-sdk/client-secrets-manager";
import { Client } from "pg";
import { operator } from "../../../aws/caller";
import { clientConfig } from "../../../aws/account/in-process";
import { Rds } from "../../../aws/rds";
import type { World } from "../../../aws/world";
import { PostgresRuntime } from "../../../runtime/postgres";
import { noRuntime, realWorld } from "../../support/world";

describe("Rds", () => {
  it("lets Secrets Manager rotate the master password of a real PostgreSQL, and leaves no trace in its log", async () => {
    const world = realWorld({ runtime: { ...noRuntime, databases: new PostgresRuntime() } });
    try {
      const config = clientConfig(world, operator);
      const [rds, secrets] = [new RDSClient(config), new SecretsManagerClient(config)];
      await rds.send(
        new CreateDBInstanceCommand({
          DBInstanceIdentifier: "shop",
          DBInstanceClass: "db.t4g.micro",
          Engine: "postgres",
          DBName: "shop",
          AllocatedStorage: 20,
          MasterUsername: "shop_admin",
          ManageMasterUserPassword: true,
        }),
      );
      const instance = await until(
        world,
        async () =>
          (await rds.send(new DescribeDBInstancesCommand({ DBInstanceIdentifier: "shop" }))).DBInstances![0]!,
        (i) => i.DBInstanceStatus !== "creating",
      );
      assert.equal(instance.DBInstanceStatus, "available", instance.StatusInfos?.[0]?.Message);
      const SecretId = instance.MasterUserSecret!.SecretArn!;
      const credential = async () => {
        const { SecretString } = await secrets.send(new GetSecretValueCommand({ SecretId }));
        return JSON.parse(SecretString!) as { username: string; password: string };
      };
      const login = async (user: string, password: string) => {
        const { Address: host, Port: port } = instance.Endpoint!;
        const client = new Client({ host, port, user, database: "shop", password });
        await client.connect();
        await client.end();
      };
      const before = await credential();
      await login(before.username, before.password);

      await rds.send(
        new ModifyDBInstanceCommand({
          DBInstanceIdentifier: "shop",
          RotateMasterUserPassword: true,
          ApplyImmediately: true,
        }),
      );
      const after = await until(world, credential, (c) => c.password !== before.password);

      await login(after.username, after.password);
      await assert.rejects(login(before.username, before.password), /password authentication failed/);
      const { OwningService, Name } = await secrets.send(new DescribeSecretCommand({ SecretId }));
      assert.equal(OwningService, "rds");
      assert.match(Name!, /^rds!db-/);
      const log = await Rds.of(world).serverLog("shop");
      for (const { password } of [before, after]) assert.ok(!log.includes(password));
    } finally {
      await world.stop();
    }
  });
});

/** Asks again every 20 ms until the answer is what is waited for; mocha's timeout ends a wait that is in vain. */
async function until<T>(world: World, ask: () => Promise<T>, done: (answer: T) => boolean): Promise<T> {
  for (;;) {
    const answer = await ask();
    if (done(answer)) return answer;
    await world.clock.sleep(20, "the next look");
  }
}
