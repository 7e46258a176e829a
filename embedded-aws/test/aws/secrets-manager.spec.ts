import assert from "node:assert/strict";
import {
  CancelRotateSecretCommand,
  CreateSecretCommand,
  DeleteSecretCommand,
  DescribeSecretCommand,
  type Filter,
  GetSecretValueCommand,
  BatchGetSecretValueCommand,
  InvalidParameterException,
  InvalidRequestException,
  ListSecretsCommand,
  ListSecretVersionIdsCommand,
  PutResourcePolicyCommand,
  PutSecretValueCommand,
  ResourceExistsException,
  ResourceNotFoundException,
  RestoreSecretCommand,
  SecretsManagerClient,
  TagResourceCommand,
  UpdateSecretCommand,
  UpdateSecretVersionStageCommand,
} from "@aws-sdk/client-secrets-manager";
import { operator } from "../../aws/caller";
import type { VirtualClock } from "../../aws/clock";
import { clientConfig } from "../../aws/account/in-process";
import { SecretsManager } from "../../aws/secrets-manager";
import type { AwsEvent, World } from "../../aws/world";
import { startMs, virtualWorld } from "../support/world";

const token = (n: number) => `00000000-0000-4000-8000-${String(n).padStart(12, "0")}`;

describe("embedded-aws/aws/secrets-manager", () => {
  let world: World;
  let clock: VirtualClock;
  let client: SecretsManagerClient;
  let events: AwsEvent[];
  let arn: string;

  beforeEach(async () => {
    ({ world, clock } = virtualWorld());
    client = new SecretsManagerClient(clientConfig(world, operator));
    events = [];
    world.onEvent((event) => events.push(event));
    const made = await client.send(
      new CreateSecretCommand({ Name: "shop/db", SecretString: "one", ClientRequestToken: token(1) }),
    );
    arn = made.ARN!;
  });

  const put = (n: number, value: string, VersionStages?: string[]) =>
    client.send(
      new PutSecretValueCommand({
        SecretId: arn,
        SecretString: value,
        ClientRequestToken: token(n),
        VersionStages,
      }),
    );
  const stages = async () =>
    (await client.send(new DescribeSecretCommand({ SecretId: arn }))).VersionIdsToStages;
  const value = async (VersionStage?: string) =>
    (await client.send(new GetSecretValueCommand({ SecretId: arn, VersionStage }))).SecretString;
  const labelEvents = () =>
    events
      .filter((event) => event["detail-type"] === "Secret Label Updated")
      .map(({ detail }) => [detail.labelUpdated, detail.versionId]);

  describe("versions and staging labels", () => {
    it("gives the first version AWSCURRENT and the secret an ARN with six random characters", async () => {
      assert.match(arn, /^arn:aws:secretsmanager:us-west-2:123456789012:secret:shop\/db-[A-Za-z0-9]{6}$/);
      assert.deepEqual(await stages(), { [token(1)]: ["AWSCURRENT"] });
    });

    it("moves AWSCURRENT to a new version and AWSPREVIOUS behind it", async () => {
      await put(2, "two");
      await put(3, "three");

      assert.deepEqual(await stages(), { [token(2)]: ["AWSPREVIOUS"], [token(3)]: ["AWSCURRENT"] });
      assert.equal(await value(), "three");
      assert.equal(await value("AWSPREVIOUS"), "two");
    });

    it("says natively that AWSCURRENT moved, with name, label and version", async () => {
      events.length = 0;

      await put(2, "two");

      assert.deepEqual(events, [
        {
          source: "aws.secretsmanager",
          "detail-type": "Secret Label Updated",
          resources: [arn],
          detail: { name: "shop/db", labelUpdated: "AWSCURRENT", versionId: token(2) },
        },
      ]);
    });

    it("says nothing of AWSPENDING and AWSPREVIOUS, but does of a label of one's own", async () => {
      events.length = 0;

      await put(2, "two", ["AWSPENDING"]);
      await put(3, "three", ["BLUE"]);

      assert.deepEqual(labelEvents(), [["BLUE", token(3)]]);
      assert.equal(await value(), "one");
    });

    it("does nothing for the same token with the same value, and refuses another value", async () => {
      await put(2, "two");
      const { LastChangedDate } = await client.send(new DescribeSecretCommand({ SecretId: arn }));
      await clock.runUntil(startMs + 60_000);

      await put(2, "two");
      const again = await client.send(new DescribeSecretCommand({ SecretId: arn }));

      assert.deepEqual(again.LastChangedDate, LastChangedDate);
      await assert.rejects(put(2, "other"), (error) => error instanceof ResourceExistsException);
    });

    it("moves AWSCURRENT back by UpdateSecretVersionStage, with AWSPREVIOUS behind it", async () => {
      await put(2, "two");

      await client.send(
        new UpdateSecretVersionStageCommand({
          SecretId: arn,
          VersionStage: "AWSCURRENT",
          MoveToVersionId: token(1),
          RemoveFromVersionId: token(2),
        }),
      );

      assert.deepEqual(await stages(), { [token(1)]: ["AWSCURRENT"], [token(2)]: ["AWSPREVIOUS"] });
      assert.equal(await value(), "one");
    });

    it("refuses to move a label that another version has unless that version is named", async () => {
      await put(2, "two");

      const sent = client.send(
        new UpdateSecretVersionStageCommand({
          SecretId: arn,
          VersionStage: "AWSCURRENT",
          MoveToVersionId: token(1),
        }),
      );

      await assert.rejects(sent, (error) => error instanceof InvalidParameterException);
    });

    it("refuses to take AWSCURRENT away without giving it to a version", async () => {
      const sent = client.send(
        new UpdateSecretVersionStageCommand({
          SecretId: arn,
          VersionStage: "AWSCURRENT",
          RemoveFromVersionId: token(1),
        }),
      );

      await assert.rejects(sent, (error) => error instanceof InvalidParameterException);
    });

    it("takes any number of values in a row, and keeps a hundred versions without a label", async () => {
      for (let n = 2; n <= 131; n++) await put(n, `value ${n}`);

      let kept = 0;
      let NextToken: string | undefined;
      do {
        const page = await client.send(
          new ListSecretVersionIdsCommand({ SecretId: arn, IncludeDeprecated: true, NextToken }),
        );
        kept += page.Versions?.length ?? 0;
        NextToken = page.NextToken;
      } while (NextToken !== undefined);
      assert.equal(kept, 102);
      assert.deepEqual(await stages(), { [token(130)]: ["AWSPREVIOUS"], [token(131)]: ["AWSCURRENT"] });
    });

    it("takes AWSPENDING off a current version that a new value replaces", async () => {
      await put(2, "two", ["AWSPENDING"]);
      await client.send(
        new UpdateSecretVersionStageCommand({
          SecretId: arn,
          VersionStage: "AWSCURRENT",
          RemoveFromVersionId: token(1),
          MoveToVersionId: token(2),
        }),
      );

      await put(3, "three");

      assert.deepEqual(await stages(), { [token(2)]: ["AWSPREVIOUS"], [token(3)]: ["AWSCURRENT"] });
    });

    it("shows versions without a label only where deprecated ones are asked for", async () => {
      await put(2, "two");
      await put(3, "three");
      const list = (IncludeDeprecated: boolean) =>
        client.send(new ListSecretVersionIdsCommand({ SecretId: arn, IncludeDeprecated }));

      const labelled = await list(false);
      const all = await list(true);

      assert.deepEqual(
        labelled.Versions?.map(({ VersionId }) => VersionId),
        [token(2), token(3)],
      );
      assert.equal(all.Versions?.length, 3);
    });

    it("keeps every move as the truth: which value a reader of a label gets since when", async () => {
      await clock.runUntil(startMs + 1000);
      await put(2, "two", ["AWSPENDING"]);
      await clock.runUntil(startMs + 2000);

      await client.send(
        new UpdateSecretVersionStageCommand({
          SecretId: arn,
          VersionStage: "AWSCURRENT",
          MoveToVersionId: token(2),
          RemoveFromVersionId: token(1),
        }),
      );

      assert.deepEqual(SecretsManager.of(world).moves, [
        { subjectArn: arn, label: "AWSCURRENT", versionId: token(1), time: startMs },
        { subjectArn: arn, label: "AWSPENDING", versionId: token(2), time: startMs + 1000 },
        { subjectArn: arn, label: "AWSCURRENT", versionId: token(2), time: startMs + 2000 },
        { subjectArn: arn, label: "AWSPREVIOUS", versionId: token(1), time: startMs + 2000 },
      ]);
    });
  });

  describe("finding a secret", () => {
    for (const [what, id] of [
      ["its name", () => "shop/db"],
      ["its complete ARN", () => arn],
      ["its ARN without the random characters", () => arn.slice(0, -7)],
    ] as const)
      it(`takes ${what}`, async () => {
        const { Name } = await client.send(new DescribeSecretCommand({ SecretId: id() }));

        assert.equal(Name, "shop/db");
      });

    for (const [what, id] of [
      ["a part of its name", () => "shop"],
      ["an ARN with other random characters", () => `${arn.slice(0, -6)}AAAAAA`],
      ["an ARN of another account", () => arn.replace("123456789012", "999999999999")],
    ] as const)
      it(`does not take ${what}`, async () => {
        const sent = client.send(new DescribeSecretCommand({ SecretId: id() }));

        await assert.rejects(sent, (error) => error instanceof ResourceNotFoundException);
      });
  });

  describe("dates", () => {
    it("moves LastChangedDate with a tag, a description and AWSPENDING, though no value moved", async () => {
      const changed = async () =>
        (await client.send(new DescribeSecretCommand({ SecretId: arn }))).LastChangedDate?.getTime();
      const edits = [
        () => client.send(new TagResourceCommand({ SecretId: arn, Tags: [{ Key: "team", Value: "shop" }] })),
        () => client.send(new UpdateSecretCommand({ SecretId: arn, Description: "the database" })),
        () => put(2, "two", ["AWSPENDING"]),
      ];

      for (const [index, edit] of edits.entries()) {
        const at = startMs + (index + 1) * 1000;
        await clock.runUntil(at);
        await edit();
        assert.equal(await changed(), at);
      }

      assert.equal(SecretsManager.of(world).moves.filter(({ label }) => label === "AWSCURRENT").length, 1);
    });

    it("tells only the day of the last read", async () => {
      await value();

      const { LastAccessedDate } = await client.send(new DescribeSecretCommand({ SecretId: arn }));

      assert.deepEqual(LastAccessedDate, new Date("2026-02-10T00:00:00Z"));
    });
  });

  describe("deletion", () => {
    it("hides the value during the recovery window and gives it back on restoration", async () => {
      await client.send(new DeleteSecretCommand({ SecretId: arn, RecoveryWindowInDays: 7 }));
      await assert.rejects(value(), (error) => error instanceof InvalidRequestException);

      await client.send(new RestoreSecretCommand({ SecretId: arn }));

      assert.equal(await value(), "one");
    });

    it("refuses a new secret of the same name until the window has passed", async () => {
      await client.send(new DeleteSecretCommand({ SecretId: arn, RecoveryWindowInDays: 7 }));
      const create = () => client.send(new CreateSecretCommand({ Name: "shop/db", SecretString: "new" }));
      await assert.rejects(create(), (error) => error instanceof InvalidRequestException);

      await clock.runUntil(startMs + 7 * 86_400_000);
      const made = await create();

      assert.notEqual(made.ARN, arn);
    });

    it("deletes by force at once, and again without an error", async () => {
      const remove = () =>
        client.send(new DeleteSecretCommand({ SecretId: arn, ForceDeleteWithoutRecovery: true }));
      await remove();

      await assert.rejects(value(), (error) => error instanceof ResourceNotFoundException);
      await remove();
    });
  });

  describe("lists", () => {
    beforeEach(async () => {
      for (const Name of ["shop/api", "bank/db"])
        await client.send(new CreateSecretCommand({ Name, SecretString: "x", Description: `for ${Name}` }));
    });

    const names = async (Filters: Filter[]) =>
      (
        await client.send(new ListSecretsCommand({ Filters, SortBy: "name", SortOrder: "asc" }))
      ).SecretList?.map(({ Name }) => Name);

    it("filters names by their beginning, and leaves out what an exclamation mark names", async () => {
      assert.deepEqual(await names([{ Key: "name", Values: ["shop/"] }]), ["shop/api", "shop/db"]);
      assert.deepEqual(await names([{ Key: "name", Values: ["!shop/"] }]), ["bank/db"]);
      assert.deepEqual(await names([{ Key: "description", Values: ["bank"] }]), ["bank/db"]);
    });

    it("finds in a description the beginnings of words, and each word of a value", async () => {
      for (const [Name, Description] of Object.entries({
        a: "a secret",
        an: "an secret",
        as: "asecret",
        the: "thesecret",
      }))
        await client.send(new CreateSecretCommand({ Name, Description }));
      const described = async (value: string) =>
        ((await names([{ Key: "description", Values: [value] }])) ?? [])
          .filter((name) => !name?.includes("/"))
          .sort();

      assert.deepEqual(await described("a"), ["a", "an", "as"]);
      assert.deepEqual(await described("!a"), ["the"]);
      assert.deepEqual(await described("a secret"), ["a", "an"]);
      assert.deepEqual(await described("!c"), ["a", "an", "as", "the"]);
    });

    it("gives pages, and refuses a token that it did not give out", async () => {
      const first = await client.send(new ListSecretsCommand({ MaxResults: 2 }));
      const second = await client.send(new ListSecretsCommand({ MaxResults: 2, NextToken: first.NextToken }));

      assert.equal(first.SecretList?.length, 2);
      assert.equal(second.SecretList?.length, 1);
      assert.equal(second.NextToken, undefined);
      await assert.rejects(client.send(new ListSecretsCommand({ NextToken: "made up" })), {
        name: "InvalidNextTokenException",
      });
    });

    it("reads several values at once, and says for each that it cannot read why", async () => {
      const answer = await client.send(
        new BatchGetSecretValueCommand({ SecretIdList: ["shop/db", "nothing"] }),
      );

      assert.deepEqual(
        answer.SecretValues?.map(({ SecretString }) => SecretString),
        ["one"],
      );
      assert.equal(answer.Errors?.[0]?.ErrorCode, "ResourceNotFoundException");
    });
  });

  it("reads for a caller whom only the secret's own policy names", async () => {
    const roleArn = "arn:aws:iam::123456789012:role/reader";
    await world.asOperator("iam", "CreateRole", {
      RoleName: "reader",
      AssumeRolePolicyDocument: JSON.stringify({
        Statement: [
          { Effect: "Allow", Principal: { Service: "ecs-tasks.amazonaws.com" }, Action: "sts:AssumeRole" },
        ],
      }),
    });
    const reader = new SecretsManagerClient(clientConfig(world, { kind: "role", roleArn, session: "s" }));
    const read = () => reader.send(new GetSecretValueCommand({ SecretId: arn }));
    await assert.rejects(read(), { name: "AccessDeniedException" });

    await client.send(
      new PutResourcePolicyCommand({
        SecretId: arn,
        ResourcePolicy: JSON.stringify({
          Statement: [
            {
              Effect: "Allow",
              Principal: { AWS: roleArn },
              Action: "secretsmanager:GetSecretValue",
              Resource: "*",
            },
          ],
        }),
      }),
    );

    assert.equal((await read()).SecretString, "one");
  });

  it("answers a stale describe with the state before the write, where staleness is drawn", async () => {
    const stale = virtualWorld({ conduct: { staleness: { chance: 1, longestMs: 1 } } });
    const other = new SecretsManagerClient(clientConfig(stale.world, operator));
    await other.send(
      new CreateSecretCommand({ Name: "s", SecretString: "one", ClientRequestToken: token(1) }),
    );
    await stale.clock.runUntil(startMs + 10_000);
    await other.send(
      new PutSecretValueCommand({ SecretId: "s", SecretString: "two", ClientRequestToken: token(2) }),
    );

    const seen = new Set<string>();
    for (let i = 0; i < 20; i++) {
      const { VersionIdsToStages } = await other.send(new DescribeSecretCommand({ SecretId: "s" }));
      seen.add(Object.keys(VersionIdsToStages ?? {}).join());
    }

    assert.deepEqual([...seen].sort(), [token(1), `${token(1)},${token(2)}`]);
  });

  it("refuses to cancel a rotation of a secret that does not exist", async () => {
    await assert.rejects(client.send(new CancelRotateSecretCommand({ SecretId: "nothing" })), {
      name: "ResourceNotFoundException",
    });
  });
});
