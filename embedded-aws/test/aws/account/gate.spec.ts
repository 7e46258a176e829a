import assert from "node:assert/strict";
import {
  CreateSecretCommand,
  DescribeSecretCommand,
  ListSecretVersionIdsCommand,
  GetSecretValueCommand,
  ListSecretsCommand,
  paginateListSecrets,
  SecretsManagerClient,
} from "@aws-sdk/client-secrets-manager";
import { operator } from "../../../aws/caller";
import { ServiceError } from "../../../aws/errors";
import { clientConfig } from "../../../aws/account/in-process";
import { serviceFailure } from "../../../aws/wire/refusals";
import type { Conduct } from "../../../aws/world";
import { startMs, virtualWorld } from "../../support/world";

describe("embedded-aws/aws/account/gate", () => {
  const make = (conduct: Conduct) => {
    const { world, clock } = virtualWorld({ conduct });
    return { world, clock, client: new SecretsManagerClient(clientConfig(world, operator)) };
  };

  it("throttles the call that is one too many, and lets calls through again as tokens come back", async () => {
    const { world, clock } = make({ throttling: true });
    await world.asOperator("secretsmanager", "CreateSecret", { Name: "s", SecretString: "x" });
    const describe = () => world.asOperator("secretsmanager", "ListSecretVersionIds", { SecretId: "s" });
    for (let i = 0; i < 50; i++) await describe();

    await assert.rejects(describe(), { code: "ThrottlingException", message: "Rate exceeded" });
    await clock.runUntil(startMs + 1000);

    await describe();
  });

  it("lets the client's own retries get through a throttled moment, on virtual time", async () => {
    const { world, clock, client } = make({ throttling: true });
    await world.asOperator("secretsmanager", "CreateSecret", { Name: "s", SecretString: "x" });
    for (let i = 0; i < 50; i++)
      await world.asOperator("secretsmanager", "ListSecretVersionIds", { SecretId: "s" });

    const answer = await clock.drive(client.send(new ListSecretVersionIdsCommand({ SecretId: "s" })));

    assert.equal(answer.Name, "s");
    assert.ok(clock.now() > startMs);
    assert.equal(world.ledger.find({ outcome: "ThrottlingException" }).length, 1);
  });

  it("never throttles where throttling is off", async () => {
    const { world } = make({});
    await world.asOperator("secretsmanager", "CreateSecret", { Name: "s", SecretString: "x" });

    for (let i = 0; i < 200; i++)
      await world.asOperator("secretsmanager", "DescribeSecret", { SecretId: "s" });

    assert.equal(world.ledger.find({ operation: "DescribeSecret", outcome: "ok" }).length, 200);
  });

  it("gives small pages, so that a reader of the first page alone is found out, and a paginator is not", async () => {
    const { client } = make({ pageSize: 2 });
    for (const Name of ["a", "b", "c", "d", "e"])
      await client.send(new CreateSecretCommand({ Name, SecretString: "x" }));

    const first = await client.send(new ListSecretsCommand({}));
    const all: (string | undefined)[] = [];
    for await (const { SecretList } of paginateListSecrets({ client, pageSize: 100 }, {}))
      all.push(...(SecretList ?? []).map(({ Name }) => Name));

    assert.equal(first.SecretList?.length, 2);
    assert.deepEqual(all.sort(), ["a", "b", "c", "d", "e"]);
  });

  it("passes a drawn error on as the service's own, which the client tries again", async () => {
    let failures = 1;
    const { client, clock, world } = make({
      fault: ({ operation }) => {
        if (operation === "DescribeSecret" && failures-- > 0) throw serviceFailure("secretsmanager");
      },
    });
    await client.send(new CreateSecretCommand({ Name: "s", SecretString: "x" }));

    const answer = await clock.drive(client.send(new DescribeSecretCommand({ SecretId: "s" })));

    assert.equal(answer.$metadata.attempts, 2);
    assert.equal(world.ledger.find({ outcome: "InternalServiceError" }).length, 1);
  });

  it("decides before a fault is drawn: a denied call is never carried out, nor is a faulty one", async () => {
    const { world } = make({
      fault: ({ operation }) => {
        if (operation === "CreateSecret") throw new ServiceError("InternalServiceError", "drawn", 500);
      },
    });

    const made = world.asOperator("secretsmanager", "CreateSecret", { Name: "s", SecretString: "x" });

    await assert.rejects(made, { code: "InternalServiceError" });
    const read = world.asOperator("secretsmanager", "GetSecretValue", { SecretId: "s" });
    await assert.rejects(read, { code: "ResourceNotFoundException" });
  });

  it("leaves a call open for ever when its caller is meant to die in it", async () => {
    const { client, clock } = make({
      fault: ({ operation }) =>
        operation === "GetSecretValue" ? new Promise<void>(() => undefined) : undefined,
    });
    await client.send(new CreateSecretCommand({ Name: "s", SecretString: "x" }));

    const read = client.send(new GetSecretValueCommand({ SecretId: "s" }));

    await assert.rejects(clock.drive(read), /nothing is scheduled/);
  });
});
