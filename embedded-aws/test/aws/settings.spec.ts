import assert from "node:assert/strict";
import type { World } from "../../aws/world";
import { virtualWorld } from "../support/world";

type Answer = Record<string, unknown>;

/** What can be set, read and taken away, where no other test does it: each as the operator, through the world. */
describe("settings of resources in the embedded AWS", () => {
  let world: World;
  const call = (prefix: string, operation: string, input: object) =>
    world.asOperator<Answer>(prefix, operation, input);

  beforeEach(() => {
    ({ world } = virtualWorld());
  });

  describe("tags", () => {
    it("of a key", async () => {
      const { KeyMetadata } = await call("kms", "CreateKey", { Tags: [{ TagKey: "a", TagValue: "1" }] });
      const { Arn: KeyId } = KeyMetadata as { Arn: string };
      await call("kms", "TagResource", { KeyId, Tags: [{ TagKey: "b", TagValue: "2" }] });
      await call("kms", "UntagResource", { KeyId, TagKeys: ["a"] });

      const { Tags } = await call("kms", "ListResourceTags", { KeyId });

      assert.deepEqual(Tags, [{ TagKey: "b", TagValue: "2" }]);
    });

    it("of a secret", async () => {
      await call("secretsmanager", "CreateSecret", { Name: "s", Tags: [{ Key: "a", Value: "1" }] });
      await call("secretsmanager", "TagResource", { SecretId: "s", Tags: [{ Key: "b", Value: "2" }] });
      await call("secretsmanager", "UntagResource", { SecretId: "s", TagKeys: ["a"] });

      const { Tags } = await call("secretsmanager", "DescribeSecret", { SecretId: "s" });

      assert.deepEqual(Tags, [{ Key: "b", Value: "2" }]);
    });

    it("of a parameter", async () => {
      const parameter = { ResourceType: "Parameter", ResourceId: "/p" };
      await call("ssm", "PutParameter", { Name: "/p", Value: "v", Type: "String" });
      await call("ssm", "AddTagsToResource", { ...parameter, Tags: [{ Key: "a", Value: "1" }] });
      await call("ssm", "AddTagsToResource", { ...parameter, Tags: [{ Key: "b", Value: "2" }] });
      await call("ssm", "RemoveTagsFromResource", { ...parameter, TagKeys: ["a"] });

      const { TagList } = await call("ssm", "ListTagsForResource", parameter);

      assert.deepEqual(TagList, [{ Key: "b", Value: "2" }]);
    });

    it("of a rule", async () => {
      const { RuleArn: ResourceARN } = await call("events", "PutRule", {
        Name: "r",
        ScheduleExpression: "rate(1 day)",
        Tags: [{ Key: "a", Value: "1" }],
      });
      await call("events", "TagResource", { ResourceARN, Tags: [{ Key: "b", Value: "2" }] });
      await call("events", "UntagResource", { ResourceARN, TagKeys: ["a"] });

      const { Tags } = await call("events", "ListTagsForResource", { ResourceARN });

      assert.deepEqual(Tags, [{ Key: "b", Value: "2" }]);
    });

    it("of a topic", async () => {
      const { TopicArn: ResourceArn } = await call("sns", "CreateTopic", { Name: "t" });
      await call("sns", "TagResource", { ResourceArn, Tags: [{ Key: "a", Value: "1" }] });
      await call("sns", "TagResource", { ResourceArn, Tags: [{ Key: "b", Value: "2" }] });
      await call("sns", "UntagResource", { ResourceArn, TagKeys: ["a"] });

      const { Tags } = await call("sns", "ListTagsForResource", { ResourceArn });

      assert.deepEqual(Tags, [{ Key: "b", Value: "2" }]);
    });

    it("of a log group", async () => {
      await call("logs", "CreateLogGroup", { logGroupName: "g", tags: { a: "1" } });
      const resourceArn = world.arn("logs", "log-group:g");
      await call("logs", "TagResource", { resourceArn, tags: { b: "2" } });
      await call("logs", "UntagResource", { resourceArn, tagKeys: ["a"] });

      const { tags } = await call("logs", "ListTagsForResource", { resourceArn });

      assert.deepEqual(tags, { b: "2" });
    });

    it("of a bucket", async () => {
      const Bucket = "tagged-bucket";
      await call("s3", "CreateBucket", {
        Bucket,
        CreateBucketConfiguration: { LocationConstraint: world.region },
      });
      const TagSet = [{ Key: "a", Value: "1" }];
      await call("s3", "PutBucketTagging", { Bucket, Tagging: { TagSet } });
      assert.deepEqual(await call("s3", "GetBucketTagging", { Bucket }), { TagSet });

      await call("s3", "DeleteBucketTagging", { Bucket });

      await assert.rejects(call("s3", "GetBucketTagging", { Bucket }), { name: "NoSuchTagSet" });
    });
  });

  it("a key is enabled again, rotates, and loses its alias", async () => {
    const { KeyMetadata } = await call("kms", "CreateKey", {});
    const { Arn: KeyId } = KeyMetadata as { Arn: string };
    await call("kms", "CreateAlias", { AliasName: "alias/a", TargetKeyId: KeyId });
    await call("kms", "DisableKey", { KeyId });
    await call("kms", "EnableKey", { KeyId });
    await call("kms", "EnableKeyRotation", { KeyId });
    await call("kms", "DeleteAlias", { AliasName: "alias/a" });

    const described = await call("kms", "DescribeKey", { KeyId });

    assert.equal((described.KeyMetadata as { KeyState: string }).KeyState, "Enabled");
    const { NextRotationDate, ...rotation } = await call("kms", "GetKeyRotationStatus", { KeyId });
    assert.deepEqual(rotation, { KeyId, KeyRotationEnabled: true, RotationPeriodInDays: 365 });
    assert.ok(NextRotationDate instanceof Date);
    assert.deepEqual((await call("kms", "ListAliases", { KeyId })).Aliases, []);
    assert.equal(((await call("kms", "ListKeys", {})).Keys as object[]).length, 1);
    await assert.rejects(call("kms", "DeleteAlias", { AliasName: "alias/a" }), { name: "NotFoundException" });
  });

  it("a secret loses its policy and its replicas", async () => {
    const SecretId = "s";
    await call("secretsmanager", "CreateSecret", { Name: SecretId });
    const { ARN } = await call("secretsmanager", "DescribeSecret", { SecretId });
    const Statement = [
      {
        Effect: "Allow",
        Principal: { AWS: "arn:aws:iam::123456789012:root" },
        Action: "secretsmanager:*",
        Resource: ARN,
      },
    ];
    const ResourcePolicy = JSON.stringify({ Version: "2012-10-17", Statement });
    await call("secretsmanager", "PutResourcePolicy", { SecretId, ResourcePolicy });
    const policy = async () =>
      (await call("secretsmanager", "GetResourcePolicy", { SecretId })).ResourcePolicy;
    assert.equal(await policy(), ResourcePolicy);
    const AddReplicaRegions = [{ Region: "eu-west-1" }, { Region: "eu-west-2" }];
    await call("secretsmanager", "ReplicateSecretToRegions", { SecretId, AddReplicaRegions });

    await call("secretsmanager", "DeleteResourcePolicy", { SecretId });
    const { ReplicationStatus } = await call("secretsmanager", "RemoveRegionsFromReplication", {
      SecretId,
      RemoveReplicaRegions: ["eu-west-1"],
    });

    assert.equal(await policy(), undefined);
    assert.deepEqual(
      (ReplicationStatus as { Region: string }[]).map(({ Region }) => Region),
      ["eu-west-2"],
    );
  });

  it("the account has the default bus only", async () => {
    const { Name, Arn } = await call("events", "DescribeEventBus", {});
    const { EventBuses } = await call("events", "ListEventBuses", {});

    assert.equal(Name, "default");
    assert.equal(Arn, world.arn("events", "event-bus/default"));
    assert.deepEqual(
      (EventBuses as { Name: string }[]).map((bus) => bus.Name),
      ["default"],
    );
    await assert.rejects(call("events", "DescribeEventBus", { Name: "other" }), {
      name: "ResourceNotFoundException",
    });
  });

  it("a subscription shows its attributes, and a topic its own", async () => {
    const { TopicArn } = await call("sns", "CreateTopic", { Name: "t" });
    const { SubscriptionArn } = await call("sns", "Subscribe", {
      TopicArn,
      Protocol: "email",
      Endpoint: "someone@example.com",
      ReturnSubscriptionArn: true,
    });
    await call("sns", "SetSubscriptionAttributes", {
      SubscriptionArn,
      AttributeName: "FilterPolicyScope",
      AttributeValue: "MessageBody",
    });

    const { Attributes } = await call("sns", "GetSubscriptionAttributes", { SubscriptionArn });
    const { Subscriptions } = await call("sns", "ListSubscriptions", {});
    const topic = await call("sns", "GetTopicAttributes", { TopicArn });
    const { Topics } = await call("sns", "ListTopics", {});

    assert.equal((Attributes as Answer).FilterPolicyScope, "MessageBody");
    assert.equal((Attributes as Answer).PendingConfirmation, "true");
    assert.deepEqual(
      (Subscriptions as Answer[]).map((one) => [one.SubscriptionArn, one.Endpoint]),
      [["PendingConfirmation", "someone@example.com"]],
    );
    assert.equal((topic.Attributes as Answer).SubscriptionsPending, "1");
    assert.deepEqual(Topics, [{ TopicArn }]);
  });

  it("a deleted log stream is gone, and its group stays", async () => {
    const stream = { logGroupName: "g", logStreamName: "s" };
    await call("logs", "CreateLogGroup", { logGroupName: "g" });
    await call("logs", "CreateLogStream", stream);

    await call("logs", "DeleteLogStream", stream);

    assert.deepEqual((await call("logs", "DescribeLogStreams", { logGroupName: "g" })).logStreams, []);
    await assert.rejects(call("logs", "DeleteLogStream", stream), { name: "ResourceNotFoundException" });
  });

  it("task definitions are listed by family and status, in both orders", async () => {
    const containerDefinitions = [{ name: "c", image: "i", memory: 128 }];
    for (const family of ["a", "a", "b"])
      await call("ecs", "RegisterTaskDefinition", { family, containerDefinitions });
    await call("ecs", "DeregisterTaskDefinition", { taskDefinition: "a:1" });
    const listed = async (input: object) =>
      ((await call("ecs", "ListTaskDefinitions", input)).taskDefinitionArns as string[]).map((arn) =>
        arn.slice(arn.lastIndexOf("/") + 1),
      );

    assert.deepEqual(await listed({}), ["a:2", "b:1"]);
    assert.deepEqual(await listed({ sort: "DESC" }), ["b:1", "a:2"]);
    assert.deepEqual(await listed({ familyPrefix: "a", status: "INACTIVE" }), ["a:1"]);
  });

  it("a log group keeps its events for ever again, and goes", async () => {
    const group = { logGroupName: "g" };
    await call("logs", "CreateLogGroup", group);
    await call("logs", "PutRetentionPolicy", { ...group, retentionInDays: 7 });

    await call("logs", "DeleteRetentionPolicy", group);

    const { logGroups } = await call("logs", "DescribeLogGroups", {});
    assert.equal((logGroups as Answer[])[0]!.retentionInDays, undefined);
    await call("logs", "DeleteLogGroup", group);
    assert.deepEqual((await call("logs", "DescribeLogGroups", {})).logGroups, []);
  });

  it("a role gets another trust policy, and a policy goes only when no role has it", async () => {
    const trust = (Service: string) =>
      JSON.stringify({
        Version: "2012-10-17",
        Statement: [{ Effect: "Allow", Principal: { Service }, Action: "sts:AssumeRole" }],
      });
    const RoleName = "worker";
    await call("iam", "CreateRole", { RoleName, AssumeRolePolicyDocument: trust("ecs.amazonaws.com") });
    const { Policy } = await call("iam", "CreatePolicy", {
      PolicyName: "p",
      Description: "d",
      PolicyDocument: JSON.stringify({ Statement: [{ Effect: "Allow", Action: "sqs:*", Resource: "*" }] }),
    });
    const { Arn: PolicyArn } = Policy as { Arn: string };
    await call("iam", "AttachRolePolicy", { RoleName, PolicyArn });
    await call("iam", "UpdateAssumeRolePolicy", { RoleName, PolicyDocument: trust("lambda.amazonaws.com") });

    const { Roles } = await call("iam", "ListRoles", {});
    const [role] = Roles as { AssumeRolePolicyDocument: string }[];
    assert.equal(decodeURIComponent(role!.AssumeRolePolicyDocument), trust("lambda.amazonaws.com"));
    const shown = await call("iam", "GetPolicy", { PolicyArn });
    assert.equal((shown.Policy as Answer).AttachmentCount, 1);
    assert.equal((shown.Policy as Answer).Description, "d");
    await assert.rejects(call("iam", "DeletePolicy", { PolicyArn }), { name: "DeleteConflictException" });

    await call("iam", "DetachRolePolicy", { RoleName, PolicyArn });
    await call("iam", "DeletePolicy", { PolicyArn });

    await assert.rejects(call("iam", "GetPolicy", { PolicyArn }), { name: "NoSuchEntityException" });
  });

  it("a VPC goes after its subnets and security groups", async () => {
    const { Vpc } = await call("ec2", "CreateVpc", { CidrBlock: "10.0.0.0/16" });
    const { VpcId } = Vpc as { VpcId: string };
    const { Subnet } = await call("ec2", "CreateSubnet", { VpcId, CidrBlock: "10.0.1.0/24" });
    const { SubnetId } = Subnet as { SubnetId: string };
    const group = { VpcId, GroupName: "g", Description: "d" };
    const { GroupId } = await call("ec2", "CreateSecurityGroup", group);
    const remove = () => call("ec2", "DeleteVpc", { VpcId });

    await assert.rejects(remove(), { name: "DependencyViolation" });
    await call("ec2", "DeleteSubnet", { SubnetId });
    await assert.rejects(remove(), { name: "DependencyViolation" });
    await call("ec2", "DeleteSecurityGroup", { GroupId });
    await remove();

    await assert.rejects(call("ec2", "DescribeVpcs", { VpcIds: [VpcId] }), { name: "InvalidVpcID.NotFound" });
  });
});
