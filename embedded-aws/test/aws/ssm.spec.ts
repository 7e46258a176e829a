import assert from "node:assert/strict";
import {
  AddTagsToResourceCommand,
  DeleteParameterCommand,
  DescribeParametersCommand,
  GetParameterCommand,
  GetParameterHistoryCommand,
  GetParametersByPathCommand,
  GetParametersCommand,
  LabelParameterVersionCommand,
  ParameterAlreadyExists,
  ParameterNotFound,
  PutParameterCommand,
  SSMClient,
  type ParameterStringFilter,
  type PutParameterRequest,
} from "@aws-sdk/client-ssm";
import type { CreateSecretResponse } from "@aws-sdk/client-secrets-manager";
import { CreateKeyCommand, KMSClient } from "@aws-sdk/client-kms";
import { operator, type Caller } from "../../aws/caller";
import type { VirtualClock } from "../../aws/clock";
import { clientConfig } from "../../aws/account/in-process";
import { Ssm } from "../../aws/ssm";
import type { AwsEvent, World } from "../../aws/world";
import { startMs, virtualWorld } from "../support/world";

describe("embedded-aws/aws/ssm", () => {
  let world: World;
  let clock: VirtualClock;
  let client: SSMClient;
  let events: AwsEvent[];

  beforeEach(() => {
    ({ world, clock } = virtualWorld());
    client = new SSMClient(clientConfig(world, operator));
    events = [];
    world.onEvent((event) => events.push(event));
  });

  const put = (Name: string, Value: string, more: Partial<PutParameterRequest> = {}) =>
    client.send(new PutParameterCommand({ Name, Value, Type: "SecureString", ...more }));
  const get = async (Name: string) =>
    (await client.send(new GetParameterCommand({ Name, WithDecryption: true }))).Parameter;

  it("gives a new parameter version 1 and says so on the bus, as AWS does", async () => {
    const { Version } = await put("/shop/key", "one");

    assert.equal(Version, 1);
    assert.deepEqual(events, [
      {
        source: "aws.ssm",
        "detail-type": "Parameter Store Change",
        resources: ["arn:aws:ssm:us-west-2:123456789012:parameter/shop/key"],
        detail: { name: "/shop/key", type: "SecureString", operation: "Create" },
      },
    ]);
  });

  it("reads the secret that a parameter stands for, as the caller, with decryption only", async () => {
    const secret = await world.asOperator<CreateSecretResponse>("secretsmanager", "CreateSecret", {
      Name: "shop/db",
      SecretString: "one",
    });
    const Name = "/aws/reference/secretsmanager/shop/db";
    const absent = "/aws/reference/secretsmanager/shop/none";

    const parameter = await get(Name);
    const several = await client.send(
      new GetParametersCommand({ Names: [Name, absent], WithDecryption: true }),
    );

    assert.deepEqual(
      [parameter?.ARN, parameter?.Name, parameter?.Type, parameter?.Value, parameter?.Version],
      [secret.ARN, Name, "SecureString", "one", 0],
    );
    assert.equal(
      (JSON.parse(parameter?.SourceResult ?? "{}") as { VersionId?: string }).VersionId,
      secret.VersionId,
    );
    assert.deepEqual(
      several.Parameters?.map(({ Value }) => Value),
      ["one"],
    );
    assert.deepEqual(several.InvalidParameters, [absent]);
    await assert.rejects(get(absent), (error) => error instanceof ParameterNotFound);
    await assert.rejects(client.send(new GetParameterCommand({ Name })), /WithDecryption flag must be True/);
    const nobody: Caller = { kind: "role", roleArn: "arn:aws:iam::123456789012:role/none", session: "s" };
    await assert.rejects(
      new SSMClient(clientConfig(world, nobody)).send(
        new GetParameterCommand({ Name, WithDecryption: true }),
      ),
      { name: "AccessDeniedException" },
    );
  });

  it("overwrites only where that is asked for, and moves the version, the date and the truth", async () => {
    await put("/shop/key", "one");
    await assert.rejects(put("/shop/key", "two"), (error) => error instanceof ParameterAlreadyExists);
    await clock.runUntil(startMs + 5000);

    await put("/shop/key", "two", { Overwrite: true });

    const parameter = await get("/shop/key");
    assert.equal(parameter?.Value, "two");
    assert.equal(parameter.Version, 2);
    assert.deepEqual(parameter.LastModifiedDate, new Date(startMs + 5000));
    assert.deepEqual(
      Ssm.of(world).moves.map(({ versionId, time }) => [versionId, time]),
      [
        ["1", startMs],
        ["2", startMs + 5000],
      ],
    );
    assert.equal(events.at(-1)?.detail.operation, "Update");
  });

  it("never shows a SecureString to who does not ask for decryption", async () => {
    await put("/shop/key", "the-value");

    const { Parameter } = await client.send(new GetParameterCommand({ Name: "/shop/key" }));

    assert.ok(Parameter?.Value);
    assert.doesNotMatch(Parameter.Value + Buffer.from(Parameter.Value, "base64").toString(), /the-value/);
  });

  it("finds a parameter by name, by ARN, by version and by label", async () => {
    await put("plain", "one");
    await put("plain", "two", { Overwrite: true });
    await client.send(
      new LabelParameterVersionCommand({ Name: "plain", ParameterVersion: 1, Labels: ["blue"] }),
    );

    const found = await Promise.all(
      ["plain", "arn:aws:ssm:us-west-2:123456789012:parameter/plain", "plain:1", "plain:blue"].map(get),
    );

    assert.deepEqual(
      found.map((parameter) => parameter?.Value),
      ["two", "two", "one", "one"],
    );
    assert.equal(found[2]?.Selector, ":1");
  });

  it("leaves the date alone when a tag or a label is set", async () => {
    await put("/shop/key", "one");
    await clock.runUntil(startMs + 5000);

    await client.send(
      new AddTagsToResourceCommand({
        ResourceType: "Parameter",
        ResourceId: "/shop/key",
        Tags: [{ Key: "a", Value: "b" }],
      }),
    );
    await client.send(new LabelParameterVersionCommand({ Name: "/shop/key", Labels: ["blue"] }));

    assert.deepEqual((await get("/shop/key"))?.LastModifiedDate, new Date(startMs));
    assert.equal(events.at(-1)?.detail.operation, "LabelParameterVersion");
  });

  it("says a deletion, and does not find the parameter any more", async () => {
    await put("/shop/key", "one");

    await client.send(new DeleteParameterCommand({ Name: "/shop/key" }));

    assert.equal(events.at(-1)?.detail.operation, "Delete");
    await assert.rejects(get("/shop/key"), (error) => error instanceof ParameterNotFound);
  });

  it("tells of many at once which names it does not have", async () => {
    await put("/a", "one");

    const { Parameters, InvalidParameters } = await client.send(
      new GetParametersCommand({ Names: ["/a", "/b"], WithDecryption: true }),
    );

    assert.deepEqual(
      Parameters?.map(({ Value }) => Value),
      ["one"],
    );
    assert.deepEqual(InvalidParameters, ["/b"]);
  });

  it("gives a path's own level, or all below it", async () => {
    for (const name of ["/shop/a", "/shop/deep/b", "/shopping/c"]) await put(name, "x");
    const names = async (Recursive: boolean) =>
      (await client.send(new GetParametersByPathCommand({ Path: "/shop", Recursive }))).Parameters?.map(
        ({ Name }) => Name,
      );

    assert.deepEqual(await names(false), ["/shop/a"]);
    assert.deepEqual(await names(true), ["/shop/a", "/shop/deep/b"]);
  });

  describe("DescribeParameters", () => {
    const names = async (ParameterFilters: ParameterStringFilter[]) =>
      (await client.send(new DescribeParametersCommand({ ParameterFilters }))).Parameters?.map(
        ({ Name }) => Name,
      );

    it("takes up to 50 names in one filter, and refuses 51", async () => {
      for (let n = 0; n < 51; n++) await put(`/n/${n}`, "x");
      const Values = Array.from({ length: 51 }, (_, n) => `/n/${n}`);

      const found = await names([{ Key: "Name", Option: "Equals", Values: Values.slice(0, 50) }]);

      assert.equal(found?.length, 50);
      await assert.rejects(names([{ Key: "Name", Option: "Equals", Values }]), {
        name: "ValidationException",
      });
    });

    it("tells version and date, never a value, and gives pages of 50", async () => {
      for (let n = 0; n < 51; n++) await put(`/n/${n}`, `value-${n}`);

      const first = await client.send(new DescribeParametersCommand({}));
      const second = await client.send(new DescribeParametersCommand({ NextToken: first.NextToken }));

      assert.equal(first.Parameters?.length, 50);
      assert.equal(second.Parameters?.length, 1);
      assert.equal(first.Parameters[0]?.Version, 1);
      assert.doesNotMatch(JSON.stringify(first), /value-/);
    });

    it("refuses a filter key and an option that AWS does not have", async () => {
      await assert.rejects(names([{ Key: "Colour", Values: ["x"] }]), { name: "InvalidFilterKey" });
      await assert.rejects(names([{ Key: "Name", Option: "EndsWith", Values: ["x"] }]), {
        name: "InvalidFilterOption",
      });
    });
  });

  for (const [what, name, code] of [
    ["begins with aws", "/aws/thing", "ValidationException"],
    ["has levels but no leading slash", "a/b", "ValidationException"],
    ["has a character that is not allowed", "/a b", "ValidationException"],
    ["has more than 15 levels", "/a".repeat(16), "HierarchyLevelLimitExceededException"],
  ] as const)
    it(`refuses a name that ${what}`, async () => {
      await assert.rejects(put(name, "x"), { name: code });
    });

  it("keeps the history with the labels of each version", async () => {
    await put("/shop/key", "one");
    await client.send(new LabelParameterVersionCommand({ Name: "/shop/key", Labels: ["blue"] }));
    await put("/shop/key", "two", { Overwrite: true });

    const { Parameters } = await client.send(
      new GetParameterHistoryCommand({ Name: "/shop/key", WithDecryption: true }),
    );

    assert.deepEqual(
      Parameters?.map(({ Version, Value, Labels }) => [Version, Value, Labels]),
      [
        [1, "one", ["blue"]],
        [2, "two", []],
      ],
    );
  });

  it("asks KMS on behalf of the reader when a key of one's own encrypts the value", async () => {
    const kms = new KMSClient(clientConfig(world, operator));
    const { KeyMetadata } = await kms.send(new CreateKeyCommand({}));
    await put("/shop/key", "one", { KeyId: KeyMetadata!.Arn! });
    const roleArn = "arn:aws:iam::123456789012:role/reader";
    const allow = (Action: string) => ({ Effect: "Allow", Action, Resource: "*" });
    const policy = (...Statement: object[]) =>
      world.asOperator("iam", "PutRolePolicy", {
        RoleName: "reader",
        PolicyName: "p",
        PolicyDocument: JSON.stringify({ Statement }),
      });
    await world.asOperator("iam", "CreateRole", {
      RoleName: "reader",
      AssumeRolePolicyDocument: JSON.stringify({
        Statement: [
          { Effect: "Allow", Principal: { Service: "ecs-tasks.amazonaws.com" }, Action: "sts:AssumeRole" },
        ],
      }),
    });
    const reader: Caller = { kind: "role", roleArn, session: "s" };
    const asReader = new SSMClient(clientConfig(world, reader));
    const read = () => asReader.send(new GetParameterCommand({ Name: "/shop/key", WithDecryption: true }));

    await policy(allow("ssm:GetParameter"));
    await assert.rejects(read(), { name: "AccessDeniedException", message: /kms:Decrypt/ });
    await policy(allow("ssm:GetParameter"), allow("kms:Decrypt"));

    assert.equal((await read()).Parameter?.Value, "one");
  });
});
