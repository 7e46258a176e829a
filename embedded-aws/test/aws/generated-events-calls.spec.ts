import assert from "node:assert/strict";
import { generatedCalls } from "../support/generated-calls";
import { ServiceModel } from "../../aws/wire/model";
import { Account } from "../support/account";

/** Codes of the front ends, which stand in no model of a service. */
const frontEnd =
  /^(ValidationException|ValidationError|SerializationException|MalformedInput|MalformedXML|MissingParameter|MissingRequiredParameterException|AccessDenied.*|InvalidParameter.*|ThrottlingException|NotImplemented)$/;
/** S3 models hardly any of its errors. */
const ofS3 =
  /^(NoSuch.*|Invalid.*|Malformed.*|BucketNotEmpty|.*NotFoundError|PreconditionFailed|KeyTooLongError|AccessControlListNotSupported|IllegalLocationConstraintException|NotFound|NotImplemented)$/;
const ROUNDS = 40;

/** Of members that fit several operations, those that each operation has. */
function membersOf(
  account: Account,
  prefix: string,
  fitting: Record<string, object>,
): Record<string, object> {
  const model = ServiceModel.of(account.world.service(prefix).sdk);
  return Object.fromEntries(
    Object.entries(fitting).map(([name, given]) => {
      const known = model.operation(name)!.input.members;
      return [name, Object.fromEntries(Object.entries(given).filter(([member]) => known.has(member)))];
    }),
  );
}

describe("calls with generated input", () => {
  for (const prefix of ["events", "sqs", "lambda", "logs", "cloudwatch", "sns", "s3", "cloudtrail"])
    it(`to ${prefix} get an answer of the model or an error of the service, never a mistake of ours`, async () => {
      const account = new Account({ "*": () => async () => undefined });
      const queue = await account.queue("queue");
      const arn = (service: string, resource: string) => account.arn(service, resource);
      await account.function("function");
      const bucket = { Bucket: "bucket" };
      await account.world.asOperator("s3", "CreateBucket", {
        ...bucket,
        CreateBucketConfiguration: { LocationConstraint: "us-west-2" },
      });
      await account.world.asOperator("s3", "PutObject", { ...bucket, Key: "key", Body: Buffer.from("body") });
      await account.world.asOperator("sns", "CreateTopic", { Name: "topic" });
      await account.world.asOperator("logs", "CreateLogGroup", { logGroupName: "group" });
      await account.world.asOperator("logs", "CreateLogStream", {
        logGroupName: "group",
        logStreamName: "stream",
      });
      await account.world.asOperator("events", "PutRule", { Name: "rule", EventPattern: '{"source":["a"]}' });
      const log = { logGroupName: "group", logStreamName: "stream", logGroupIdentifier: undefined };
      const token = { NextToken: undefined, nextToken: undefined, limit: 3, Limit: 3, MaxResults: 3 };
      const all: Record<string, Record<string, object>> = {
        events: {
          PutRule: {
            Name: "other",
            EventPattern: '{"source":["b"]}',
            EventBusName: undefined,
            State: "ENABLED",
          },
          DescribeRule: { Name: "rule", EventBusName: undefined },
          ListRules: { EventBusName: undefined, ...token },
          ListTargetsByRule: { Rule: "rule", EventBusName: undefined, ...token },
          PutTargets: {
            Rule: "rule",
            EventBusName: undefined,
            Targets: [{ Id: "t", Arn: arn("sqs", "queue") }],
          },
          PutEvents: { Entries: [{ Source: "a", DetailType: "t", Detail: "{}" }], EndpointId: undefined },
          ListTagsForResource: { ResourceARN: arn("events", "rule/rule") },
        },
        sqs: Object.fromEntries(
          ["SendMessage", "ReceiveMessage", "GetQueueAttributes", "ListQueueTags", "SetQueueAttributes"].map(
            (name) => [
              name,
              {
                QueueUrl: queue,
                MessageBody: "body",
                DelaySeconds: 1,
                WaitTimeSeconds: 0,
                VisibilityTimeout: 1,
                MaxNumberOfMessages: 5,
                AttributeNames: ["All"],
                MessageSystemAttributeNames: ["All"],
                MessageAttributes: undefined,
                MessageGroupId: undefined,
                MessageDeduplicationId: undefined,
                Attributes: { DelaySeconds: "1" },
              },
            ],
          ),
        ),
        lambda: {
          GetFunction: { FunctionName: "function", Qualifier: undefined },
          GetFunctionConfiguration: { FunctionName: "function", Qualifier: undefined },
          Invoke: {
            FunctionName: "function",
            Qualifier: undefined,
            Payload: Buffer.from("{}"),
            InvocationType: "Event",
            LogType: "None",
          },
          AddPermission: {
            FunctionName: "function",
            Qualifier: undefined,
            Principal: "s3.amazonaws.com",
            Action: "lambda:InvokeFunction",
            SourceAccount: "123456789012",
          },
        },
        logs: {
          PutLogEvents: { ...log, logEvents: [{ timestamp: account.clock.now(), message: "text" }] },
          GetLogEvents: { ...log, ...token },
          FilterLogEvents: {
            ...log,
            ...token,
            logStreamNames: undefined,
            logStreamNamePrefix: undefined,
            filterPattern: "text",
          },
          DescribeLogGroups: { ...token, logGroupNamePattern: undefined },
          DescribeLogStreams: { ...log, ...token, orderBy: "LogStreamName" },
        },
        cloudwatch: {
          PutMetricData: { Namespace: "Shop", MetricData: [{ MetricName: "m", Value: 1 }] },
          GetMetricStatistics: {
            StartTime: new Date(0),
            EndTime: new Date(account.clock.now()),
            Period: 60,
            Statistics: ["Sum"],
            ExtendedStatistics: ["p90"],
            Unit: undefined,
          },
          DescribeAlarms: {
            MaxRecords: 3,
            NextToken: undefined,
            StateValue: undefined,
            AlarmTypes: undefined,
          },
          ListMetrics: { NextToken: undefined, RecentlyActive: undefined },
        },
        sns: {
          Publish: {
            TopicArn: arn("sns", "topic"),
            Message: "text",
            Subject: "s",
            PhoneNumber: undefined,
            MessageStructure: undefined,
          },
          GetTopicAttributes: { TopicArn: arn("sns", "topic") },
          Subscribe: {
            TopicArn: arn("sns", "topic"),
            Protocol: "sqs",
            Endpoint: arn("sqs", "queue"),
            Attributes: undefined,
          },
          ListSubscriptionsByTopic: { TopicArn: arn("sns", "topic"), NextToken: undefined },
        },
        s3: {
          ...Object.fromEntries(
            ["GetObject", "HeadObject", "ListObjectsV2", "GetBucketEncryption", "HeadBucket"].map((name) => [
              name,
              {
                ...bucket,
                Key: "key",
                VersionId: undefined,
                Range: undefined,
                MaxKeys: 2,
                ContinuationToken: undefined,
              },
            ]),
          ),
          PutObject: {
            ...bucket,
            Key: "key",
            Body: Buffer.from("x"),
            ACL: undefined,
            StorageClass: undefined,
          },
          DeleteObject: { ...bucket, Key: "key", VersionId: undefined },
        },
        cloudtrail: {
          LookupEvents: {
            LookupAttributes: undefined,
            ...token,
            EventCategory: undefined,
            StartTime: undefined,
          },
          DescribeTrails: { trailNameList: undefined },
        },
      };

      const result = await generatedCalls(account.world, prefix, {
        seed: `generated ${prefix}`,
        perOperation: ROUNDS,
        codes: prefix === "s3" ? new RegExp(`${ofS3.source}|${frontEnd.source}`) : frontEnd,
        generate: { optional: 0.4, depth: 4, broken: 0.05 },
        fitting: membersOf(account, prefix, all[prefix] ?? {}),
        between: () => account.pass(1),
      });

      assert.deepEqual(result.mistakes.slice(0, 5), []);
      assert.ok(result.answers > 0 && result.refusals > 0);
      const silent = Object.keys(all[prefix] ?? {}).filter((name) => !result.answered.has(name));
      assert.deepEqual(silent, [], "operations that never answered although their input fits");
    });
});
