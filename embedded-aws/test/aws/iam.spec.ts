import assert from "node:assert/strict";
import * as kmsSdk from "@aws-sdk/client-kms";
import * as sdk from "@aws-sdk/client-iam";
import * as stsSdk from "@aws-sdk/client-sts";
import { operator, type Caller } from "../../aws/caller";
import { Iam } from "../../aws/iam";
import { clientConfig } from "../../aws/account/in-process";
import type { World } from "../../aws/world";
import { virtualWorld } from "../support/world";

const trust = (Service: string) =>
  JSON.stringify({
    Version: "2012-10-17",
    Statement: [{ Effect: "Allow", Principal: { Service }, Action: "sts:AssumeRole" }],
  });

const allow = (Action: string | string[], Resource: string, more: object = {}) =>
  JSON.stringify({ Version: "2012-10-17", Statement: [{ Effect: "Allow", Action, Resource, ...more }] });

describe("embedded-aws/aws/iam", () => {
  let world: World;
  let iam: sdk.IAMClient;
  const roleArn = "arn:aws:iam::123456789012:role/worker";
  const worker: Caller = { kind: "role", roleArn, session: "one" };
  const asWorker = () => new sdk.IAMClient(clientConfig(world, worker));

  beforeEach(async () => {
    ({ world } = virtualWorld());
    iam = new sdk.IAMClient(clientConfig(world, operator));
    await iam.send(
      new sdk.CreateRoleCommand({
        RoleName: "worker",
        AssumeRolePolicyDocument: trust("lambda.amazonaws.com"),
      }),
    );
  });

  const put = (PolicyDocument: string, PolicyName = "inline") =>
    iam.send(new sdk.PutRolePolicyCommand({ RoleName: "worker", PolicyName, PolicyDocument }));

  it("answers with a role as it was made, its trust policy percent-encoded", async () => {
    const { Role } = await iam.send(new sdk.GetRoleCommand({ RoleName: "worker" }));

    assert.equal(Role?.Arn, roleArn);
    assert.match(Role.RoleId ?? "", /^AROA[A-Z2-7]{17}$/);
    assert.equal(decodeURIComponent(Role.AssumeRolePolicyDocument ?? ""), trust("lambda.amazonaws.com"));
    assert.deepEqual(Role.CreateDate, new Date("2026-02-10T12:00:00Z"));
  });

  it("throws NoSuchEntity as the SDK's own class for a role that does not exist", async () => {
    const sent = iam.send(new sdk.GetRoleCommand({ RoleName: "nobody" }));

    await assert.rejects(sent, (error: unknown) => error instanceof sdk.NoSuchEntityException);
  });

  it("refuses a second role of the same name", async () => {
    const sent = iam.send(
      new sdk.CreateRoleCommand({
        RoleName: "worker",
        AssumeRolePolicyDocument: trust("lambda.amazonaws.com"),
      }),
    );

    await assert.rejects(sent, (error: unknown) => error instanceof sdk.EntityAlreadyExistsException);
  });

  for (const [what, document] of [
    ["JSON that is none", "{"],
    ["a statement without an effect", JSON.stringify({ Statement: [{ Action: "ecs:*", Resource: "*" }] })],
    ["an action without a service", allow("UpdateService", "*")],
    ["a resource that is no ARN", allow("ecs:UpdateService", "service/web")],
    ["a principal in an identity policy", allow("ecs:*", "*", { Principal: "*" })],
  ] as const)
    it(`refuses a policy with ${what} as malformed`, async () => {
      await assert.rejects(
        put(document),
        (error: unknown) => error instanceof sdk.MalformedPolicyDocumentException,
      );
    });

  it("denies a role what no policy of it allows, in IAM's words", async () => {
    const sent = asWorker().send(new sdk.GetRoleCommand({ RoleName: "worker" }));

    await assert.rejects(sent, {
      name: "AccessDenied",
      message:
        "User: arn:aws:sts::123456789012:assumed-role/worker/one is not authorized to perform: iam:GetRole " +
        `on resource: ${roleArn} because no identity-based policy allows the iam:GetRole action`,
    });
  });

  it("allows what an inline policy allows, on that resource only", async () => {
    await put(allow("iam:GetRole", roleArn));

    const { Role } = await asWorker().send(new sdk.GetRoleCommand({ RoleName: "worker" }));
    const other = asWorker().send(new sdk.GetRoleCommand({ RoleName: "other" }));

    assert.equal(Role?.RoleName, "worker");
    await assert.rejects(other, { name: "AccessDenied" });
  });

  it("denies an action that takes no resource to a statement for one resource", async () => {
    await put(allow("kms:*", roleArn));

    const listed = new kmsSdk.KMSClient(clientConfig(world, worker)).send(new kmsSdk.ListKeysCommand({}));

    await assert.rejects(listed, { name: "AccessDeniedException" });
  });

  it("lets an explicit deny win over an allow", async () => {
    await put(allow("iam:*", "*"));
    await put(
      JSON.stringify({ Statement: [{ Effect: "Deny", Action: "iam:GetRole", Resource: "*" }] }),
      "deny",
    );

    const sent = asWorker().send(new sdk.GetRoleCommand({ RoleName: "worker" }));

    await assert.rejects(sent, {
      name: "AccessDenied",
      message: /with an explicit deny in an identity-based/,
    });
  });

  it("allows what an attached policy allows in its default version, and no longer once detached", async () => {
    const { Policy } = await iam.send(
      new sdk.CreatePolicyCommand({ PolicyName: "read", PolicyDocument: allow("iam:GetRole", "*") }),
    );
    const attachment = { RoleName: "worker", PolicyArn: Policy!.Arn! };
    await iam.send(new sdk.AttachRolePolicyCommand(attachment));

    const before = await asWorker().send(new sdk.GetRoleCommand({ RoleName: "worker" }));
    await iam.send(new sdk.DetachRolePolicyCommand(attachment));
    const after = asWorker().send(new sdk.GetRoleCommand({ RoleName: "worker" }));

    assert.equal(before.Role?.RoleName, "worker");
    await assert.rejects(after, { name: "AccessDenied" });
  });

  it("limits a role by its permissions boundary", async () => {
    await put(allow("iam:*", "*"));
    const { Policy } = await iam.send(
      new sdk.CreatePolicyCommand({ PolicyName: "boundary", PolicyDocument: allow("ecs:*", "*") }),
    );
    await iam.send(
      new sdk.PutRolePermissionsBoundaryCommand({ RoleName: "worker", PermissionsBoundary: Policy!.Arn! }),
    );

    const sent = asWorker().send(new sdk.GetRoleCommand({ RoleName: "worker" }));

    await assert.rejects(sent, { name: "AccessDenied", message: /because no permissions boundary allows/ });
  });

  it("denies everything to a role that is deleted while its session lasts", async () => {
    await put(allow("iam:*", "*"));
    await iam.send(new sdk.DeleteRolePolicyCommand({ RoleName: "worker", PolicyName: "inline" }));
    await iam.send(new sdk.DeleteRoleCommand({ RoleName: "worker" }));

    await assert.rejects(asWorker().send(new sdk.ListRolesCommand({})), { name: "AccessDenied" });
  });

  it("refuses to delete a role that still has a policy", async () => {
    await put(allow("iam:*", "*"));

    const sent = iam.send(new sdk.DeleteRoleCommand({ RoleName: "worker" }));

    await assert.rejects(sent, (error: unknown) => error instanceof sdk.DeleteConflictException);
  });

  it("counts what each statement has allowed, and shows the ones that allowed nothing", async () => {
    await put(allow("iam:GetRole", "*"), "used");
    await put(allow("iam:DeleteRole", "*"), "unused");

    await asWorker().send(new sdk.GetRoleCommand({ RoleName: "worker" }));

    const usage = Iam.of(world).usage();
    assert.deepEqual(
      usage.map(({ owner, policy, index, allowed }) => ({ owner, policy, index, allowed })),
      [
        { owner: roleArn, policy: "used", index: 0, allowed: [`iam:GetRole on ${roleArn}`] },
        { owner: roleArn, policy: "unused", index: 0, allowed: [] },
      ],
    );
  });

  it("allows a service what the resource's own policy allows it, for the source that it names", async () => {
    const kms = new kmsSdk.KMSClient(clientConfig(world, operator));
    const { KeyMetadata } = await kms.send(
      new kmsSdk.CreateKeyCommand({
        Policy: allow("kms:*", "*", {
          Principal: { Service: "events.amazonaws.com" },
          Condition: { ArnEquals: { "aws:SourceArn": "arn:aws:events:us-west-2:123456789012:rule/mine" } },
        }),
      }),
    );
    const as = (rule: string) =>
      world.call(
        "kms",
        "DescribeKey",
        { KeyId: KeyMetadata!.Arn! },
        {
          kind: "service",
          principal: "events.amazonaws.com",
          sourceArn: `arn:aws:events:us-west-2:123456789012:rule/${rule}`,
        },
      );

    const mine = await as("mine");

    assert.ok("KeyMetadata" in mine);
    await assert.rejects(as("other"), {
      name: "AccessDeniedException",
      message: /because no resource-based policy allows the kms:DescribeKey action/,
    });
  });

  it("trusts a service that the trust policy names, and no other", () => {
    assert.equal(Iam.of(world).trusts(roleArn, "lambda.amazonaws.com"), true);
    assert.equal(Iam.of(world).trusts(roleArn, "ecs-tasks.amazonaws.com"), false);
    assert.equal(Iam.of(world).trusts(`${roleArn}2`, "lambda.amazonaws.com"), false);
  });

  it("tells every caller who it is without asking a policy", async () => {
    const sts = new stsSdk.STSClient(clientConfig(world, worker));

    const { Arn, Account } = await sts.send(new stsSdk.GetCallerIdentityCommand({}));

    assert.equal(Arn, "arn:aws:sts::123456789012:assumed-role/worker/one");
    assert.equal(Account, "123456789012");
  });

  it("gives out credentials of a role that trusts the operator's account, and knows whose they are", async () => {
    await iam.send(
      new sdk.CreateRoleCommand({
        RoleName: "person",
        AssumeRolePolicyDocument: JSON.stringify({
          Statement: [
            {
              Effect: "Allow",
              Principal: { AWS: "arn:aws:iam::123456789012:root" },
              Action: "sts:AssumeRole",
            },
          ],
        }),
      }),
    );
    const sts = new stsSdk.STSClient(clientConfig(world, operator));
    const assume = (name: string) =>
      sts.send(
        new stsSdk.AssumeRoleCommand({
          RoleArn: `arn:aws:iam::123456789012:role/${name}`,
          RoleSessionName: "me",
        }),
      );

    const { Credentials } = await assume("person");

    assert.deepEqual(Iam.of(world).callerOf(Credentials!.AccessKeyId!), {
      kind: "role",
      roleArn: "arn:aws:iam::123456789012:role/person",
      session: "me",
    });
    await assert.rejects(assume("worker"), { name: "AccessDenied" });
  });
});
