import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { gunzipSync } from "node:zlib";
import {
  CreateTrailCommand,
  DeleteTrailCommand,
  DescribeTrailsCommand,
  GetEventSelectorsCommand,
  GetTrailStatusCommand,
  ListTagsCommand,
  LookupEventsCommand,
  PutEventSelectorsCommand,
  StartLoggingCommand,
  StopLoggingCommand,
  UpdateTrailCommand,
  type EventSelector,
  type LookupEventsCommandInput,
} from "@aws-sdk/client-cloudtrail";
import { PutRuleCommand, PutTargetsCommand } from "@aws-sdk/client-eventbridge";
import {
  CreateBucketCommand,
  GetObjectCommand,
  ListObjectsV2Command,
  PutBucketPolicyCommand,
} from "@aws-sdk/client-s3";
import {
  CreateSecretCommand,
  DeleteSecretCommand,
  PutSecretValueCommand,
  ReplicateSecretToRegionsCommand,
  RestoreSecretCommand,
  RotateSecretCommand,
  TagResourceCommand,
  UpdateSecretCommand,
  UpdateSecretVersionStageCommand,
} from "@aws-sdk/client-secrets-manager";
import { SetQueueAttributesCommand } from "@aws-sdk/client-sqs";
import { CloudTrail } from "../../aws/cloudtrail";
import type { TrailRecord } from "../../aws/cloudtrail/record";
import type { BusEvent } from "../../aws/eventbridge/input";
import { Sqs } from "../../aws/sqs";
import { Account, clientsOf } from "../support/account";

const secretName = "/development/credentials/test.json";
const bucketName = "trail-bucket";

function fixture(name: string): BusEvent {
  const file = join(__dirname, "..", "..", "..", "events", "examples", `${name}.json`);
  return JSON.parse(readFileSync(file, "utf8")) as BusEvent;
}

/** What an event is made of: its names and the types below them, without the values. */
function structure(value: unknown): unknown {
  if (Array.isArray(value)) return value.length === 0 ? [] : [structure(value[0])];
  if (typeof value !== "object" || value === null) return value === null ? null : typeof value;
  return Object.fromEntries(
    Object.entries(value)
      .sort(([a], [b]) => (a < b ? -1 : 1))
      .map(([key, member]) => [key, structure(member)]),
  );
}

describe("CloudTrail", () => {
  let account: Account;
  let arn: string;

  const policy = (statements: object[]) => JSON.stringify({ Version: "2012-10-17", Statement: statements });
  const service = { Service: "cloudtrail.amazonaws.com" };
  const mayLook = {
    Effect: "Allow",
    Principal: service,
    Action: "s3:GetBucketAcl",
    Resource: `arn:aws:s3:::${bucketName}`,
  };
  const mayWrite = {
    Effect: "Allow",
    Principal: service,
    Action: "s3:PutObject",
    Resource: `arn:aws:s3:::${bucketName}/AWSLogs/123456789012/*`,
    Condition: {
      StringEquals: {
        "s3:x-amz-acl": "bucket-owner-full-control",
        "aws:SourceArn": "arn:aws:cloudtrail:us-west-2:123456789012:trail/trail",
      },
    },
  };
  const makeBucket = async (statements: object[] = [mayLook, mayWrite]) => {
    await account.run(
      account.clients.s3.send(
        new CreateBucketCommand({
          Bucket: bucketName,
          CreateBucketConfiguration: { LocationConstraint: "us-west-2" },
        }),
      ),
    );
    await account.run(
      account.clients.s3.send(new PutBucketPolicyCommand({ Bucket: bucketName, Policy: policy(statements) })),
    );
  };
  const createTrail = () =>
    account.run(
      account.clients.cloudtrail.send(
        new CreateTrailCommand({ Name: "trail", S3BucketName: bucketName, EnableLogFileValidation: true }),
      ),
    );
  const select = (selector: EventSelector) =>
    account.run(
      account.clients.cloudtrail.send(
        new PutEventSelectorsCommand({ TrailName: "trail", EventSelectors: [selector] }),
      ),
    );
  const logging = async () => {
    await makeBucket();
    await createTrail();
    await select({ ReadWriteType: "WriteOnly", IncludeManagementEvents: true });
    await account.run(account.clients.cloudtrail.send(new StartLoggingCommand({ Name: "trail" })));
  };
  /** A queue that gets every event of Secrets Manager. */
  const listen = async () => {
    const QueueUrl = await account.queue("events");
    await account.run(
      account.clients.sqs.send(
        new SetQueueAttributesCommand({
          QueueUrl,
          Attributes: {
            Policy: policy([
              {
                Effect: "Allow",
                Principal: { Service: "events.amazonaws.com" },
                Action: "sqs:SendMessage",
                Resource: account.arn("sqs", "events"),
              },
            ]),
          },
        }),
      ),
    );
    await account.run(
      account.clients.events.send(
        new PutRuleCommand({ Name: "all", EventPattern: '{"source":["aws.secretsmanager"]}' }),
      ),
    );
    await account.run(
      account.clients.events.send(
        new PutTargetsCommand({ Rule: "all", Targets: [{ Id: "q", Arn: account.arn("sqs", "events") }] }),
      ),
    );
  };
  const events = (eventName?: string): BusEvent[] =>
    (Sqs.of(account.world).queueByArn(account.arn("sqs", "events"))?.messages() ?? [])
      .map(({ body }) => JSON.parse(body) as BusEvent)
      .filter((event) => eventName === undefined || event.detail.eventName === eventName);
  const createSecret = async () => {
    const { ARN } = await account.run(
      account.clients.secrets.send(
        new CreateSecretCommand({ Name: secretName, SecretString: "first value" }),
      ),
    );
    arn = ARN!;
  };
  const put = (more: object = {}) =>
    account.run(
      account.clients.secrets.send(
        new PutSecretValueCommand({ SecretId: arn, SecretString: "second value", ...more }),
      ),
    );

  beforeEach(() => {
    account = new Account({ rotator: () => async () => undefined });
  });

  describe("the event of a call", () => {
    beforeEach(async () => {
      await logging();
      await listen();
    });

    const send = {
      "create-secret": () => Promise.resolve(),
      "put-secret-value-by-arn": () => put(),
      "put-secret-value-pending": () => put({ VersionStages: ["AWSPENDING"] }),
      "put-secret-value-custom-stage": () => put({ VersionStages: ["BLUE"] }),
      "update-secret": () =>
        account.run(
          account.clients.secrets.send(
            new UpdateSecretCommand({ SecretId: secretName, Description: "database" }),
          ),
        ),
      "update-secret-version-stage": async () => {
        const { VersionId: old } = await put();
        const { VersionId } = await put({ VersionStages: ["AWSPENDING"] });
        await account.run(
          account.clients.secrets.send(
            new UpdateSecretVersionStageCommand({
              SecretId: arn,
              VersionStage: "AWSCURRENT",
              MoveToVersionId: VersionId,
              RemoveFromVersionId: old,
            }),
          ),
        );
      },
      "tag-secret": () =>
        account.run(
          account.clients.secrets.send(
            new TagResourceCommand({ SecretId: arn, Tags: [{ Key: "team", Value: "shop" }] }),
          ),
        ),
      "delete-secret": () =>
        account.run(
          account.clients.secrets.send(
            new DeleteSecretCommand({ SecretId: secretName, RecoveryWindowInDays: 30 }),
          ),
        ),
      "restore-secret": async () => {
        await account.run(account.clients.secrets.send(new DeleteSecretCommand({ SecretId: secretName })));
        await account.run(account.clients.secrets.send(new RestoreSecretCommand({ SecretId: secretName })));
      },
      "replicate-secret": () =>
        account.run(
          account.clients.secrets.send(
            new ReplicateSecretToRegionsCommand({
              SecretId: secretName,
              AddReplicaRegions: [{ Region: "eu-west-1" }],
              ForceOverwriteReplicaSecret: false,
            }),
          ),
        ),
      "rotate-secret": async () => {
        await account.function("rotator");
        await account.world.asOperator("lambda", "AddPermission", {
          FunctionName: "rotator",
          StatementId: "s",
          Action: "lambda:InvokeFunction",
          Principal: "secretsmanager.amazonaws.com",
        });
        await account.run(
          account.clients.secrets.send(
            new RotateSecretCommand({
              SecretId: arn,
              RotationLambdaARN: account.arn("lambda", "function:rotator"),
              RotationRules: { ScheduleExpression: "rate(30 days)" },
              RotateImmediately: false,
            }),
          ),
        );
        await account.pass(10);
        await account.run(account.clients.secrets.send(new RotateSecretCommand({ SecretId: arn })));
      },
    };
    for (const [name, call] of Object.entries(send))
      it(`has the structure of the canonical ${name}`, async () => {
        const canonical = fixture(name);
        await createSecret();

        await call();
        await account.pass(10);

        const event = events(canonical.detail.eventName as string).at(-1);
        assert.deepEqual(structure(event), structure(canonical));
        assert.equal(event?.["detail-type"], canonical["detail-type"]);
        assert.equal(event?.detail.eventTime, event?.time);
      });

    for (const name of ["put-secret-value-by-name", "put-secret-value-no-response"])
      it(`has the structure of the canonical ${name} when the answer is left out`, async () => {
        await createSecret();
        CloudTrail.of(account.world).answerLeftOutProbability = 1;
        const secretId = name.endsWith("by-name") ? secretName : arn;
        const role = await account.role("rotator", "lambda.amazonaws.com", [
          { Effect: "Allow", Action: "secretsmanager:*", Resource: "*" },
        ]);
        const byRole = clientsOf(account.world, { kind: "role", roleArn: role, session: "rotator" });

        if (name.endsWith("by-name")) await put({ SecretId: secretId });
        else
          await account.run(
            byRole.secrets.send(
              new PutSecretValueCommand({
                SecretId: secretId,
                SecretString: "x",
                VersionStages: ["AWSCURRENT"],
              }),
            ),
          );
        await account.pass(10);

        assert.deepEqual(structure(events("PutSecretValue").at(-1)), structure(fixture(name)));
      });

    it("has the structure of the canonical put-secret-value-pending-by-function when a role makes the call", async () => {
      await createSecret();
      const role = await account.role("rotator", "lambda.amazonaws.com", [
        { Effect: "Allow", Action: "secretsmanager:*", Resource: "*" },
      ]);
      const { secrets } = clientsOf(account.world, { kind: "role", roleArn: role, session: "rotator" });

      await account.run(
        secrets.send(
          new PutSecretValueCommand({ SecretId: arn, SecretString: "x", VersionStages: ["AWSPENDING"] }),
        ),
      );
      await account.pass(10);

      const canonical = fixture("put-secret-value-pending-by-function");
      const [event] = events("PutSecretValue");
      assert.deepEqual(structure(event), structure(canonical));
      const { arn: caller, sessionContext } = event?.detail.userIdentity as TrailRecord["userIdentity"];
      assert.equal(caller, "arn:aws:sts::123456789012:assumed-role/rotator/rotator");
      assert.equal((sessionContext as { sessionIssuer: { arn: string } }).sessionIssuer.arn, role);
    });

    it("has the structure of the canonical put-secret-value-failed when the call is refused", async () => {
      await createSecret();

      await assert.rejects(put({ SecretId: "other" }), { name: "ResourceNotFoundException" });
      await account.pass(10);

      const [event] = events("PutSecretValue");
      assert.deepEqual(structure(event), structure(fixture("put-secret-value-failed")));
      assert.equal(event?.detail.errorCode, "ResourceNotFoundException");
    });

    it("calls a call that IAM refuses AccessDenied", async () => {
      await createSecret();
      const role = await account.role("nobody", "lambda.amazonaws.com", []);
      const { secrets } = clientsOf(account.world, { kind: "role", roleArn: role, session: "s" });

      await assert.rejects(
        account.run(secrets.send(new PutSecretValueCommand({ SecretId: arn, SecretString: "x" }))),
        { name: "AccessDeniedException" },
      );
      await account.pass(10);

      const [event] = events("PutSecretValue");
      assert.equal(event?.detail.errorCode, "AccessDenied");
      assert.match(
        String(event?.detail.errorMessage),
        /not authorized to perform: secretsmanager:PutSecretValue/,
      );
    });

    for (const name of ["rotation-started", "rotation-succeeded", "rotation-failed", "rotation-abandoned"])
      it(`has the structure of the canonical ${name} when a service says so`, async () => {
        const canonical = fixture(name);
        const { eventName, additionalEventData, requestID, errorMessage } =
          canonical.detail as never as TrailRecord;

        account.world.recordServiceEvent({
          eventSource: "secretsmanager.amazonaws.com",
          eventName,
          additionalEventData: additionalEventData as Record<string, unknown>,
          requestID,
          errorMessage,
        });
        await account.pass(10);

        assert.deepEqual(structure(events(eventName)[0]), structure(canonical));
      });

    it("never holds a value, neither on the bus nor in the history nor in a log file", async () => {
      await createSecret();
      await put();
      await account.pass(400);

      const { Contents } = await account.run(
        account.clients.s3.send(new ListObjectsV2Command({ Bucket: bucketName })),
      );
      const { Body } = await account.run(
        account.clients.s3.send(new GetObjectCommand({ Bucket: bucketName, Key: Contents?.[0]?.Key })),
      );
      const file = gunzipSync(await Body!.transformToByteArray()).toString();
      const all = JSON.stringify([events(), CloudTrail.of(account.world).records, file]);
      assert.match(file, /"PutSecretValue"/);
      assert.doesNotMatch(all, /first value|second value/);
    });

    it("reaches the bus after the delay and not before", async () => {
      await createSecret();
      await account.pass(10);
      CloudTrail.of(account.world).eventDelayMs = 17_000;
      await put();

      await account.pass(16);
      const early = events("PutSecretValue").length;
      await account.pass(1);

      assert.deepEqual([early, events("PutSecretValue").length], [0, 1]);
    });

    it("does not come from a call that only reads, nor after logging was stopped", async () => {
      await createSecret();
      await account.world.asOperator("secretsmanager", "DescribeSecret", { SecretId: arn });
      await account.run(account.clients.cloudtrail.send(new StopLoggingCommand({ Name: "trail" })));
      await put();

      await account.pass(60);

      const names = events().map(({ detail }) => detail.eventName ?? "native");
      assert.deepEqual(new Set(names), new Set(["CreateSecret", "native"]));
    });

    it("does not come while the trail logs reads only", async () => {
      await createSecret();
      await account.pass(10);
      await select({ ReadWriteType: "ReadOnly", IncludeManagementEvents: true });

      await put();
      await account.pass(10);

      assert.deepEqual(events("PutSecretValue"), []);
    });
  });

  it("puts nothing on the bus without a trail, and keeps the event history all the same", async () => {
    await listen();
    await createSecret();

    await account.pass(700);

    assert.deepEqual(events("CreateSecret"), []);
    const found = await account.run(
      account.clients.cloudtrail.send(
        new LookupEventsCommand({
          LookupAttributes: [{ AttributeKey: "EventName", AttributeValue: "CreateSecret" }],
        }),
      ),
    );
    assert.equal(found.Events?.length, 1);
  });

  it("changes a trail, lists its tags and deletes it", async () => {
    await makeBucket();
    const { cloudtrail } = account.clients;
    const TagsList = [{ Key: "a", Value: "1" }];
    const { TrailARN } = await account.run(
      cloudtrail.send(new CreateTrailCommand({ Name: "trail", S3BucketName: bucketName, TagsList })),
    );
    const changed = await account.run(
      cloudtrail.send(new UpdateTrailCommand({ Name: "trail", EnableLogFileValidation: true })),
    );
    const { ResourceTagList } = await account.run(
      cloudtrail.send(new ListTagsCommand({ ResourceIdList: [TrailARN!] })),
    );

    assert.equal(changed.LogFileValidationEnabled, true);
    assert.equal(changed.S3BucketName, bucketName);
    assert.deepEqual(ResourceTagList, [{ ResourceId: TrailARN, TagsList }]);

    await account.run(cloudtrail.send(new DeleteTrailCommand({ Name: "trail" })));

    assert.deepEqual((await account.run(cloudtrail.send(new DescribeTrailsCommand({})))).trailList, []);
  });

  describe("CreateTrail", () => {
    it("needs a bucket whose policy lets CloudTrail look and write", async () => {
      await assert.rejects(createTrail(), { name: "S3BucketDoesNotExistException" });
      await makeBucket([mayLook]);

      await assert.rejects(createTrail(), { name: "InsufficientS3BucketPolicyException" });
    });

    it("needs a policy for this very trail when it names one", async () => {
      await makeBucket([
        mayLook,
        {
          ...mayWrite,
          Condition: {
            StringEquals: { "aws:SourceArn": "arn:aws:cloudtrail:us-west-2:123456789012:trail/x" },
          },
        },
      ]);

      await assert.rejects(createTrail(), { name: "InsufficientS3BucketPolicyException" });
    });

    it("makes a trail that does not log yet, and logs everything that is management when it does", async () => {
      await makeBucket();
      await createTrail();

      const status = await account.run(
        account.clients.cloudtrail.send(new GetTrailStatusCommand({ Name: "trail" })),
      );
      const { EventSelectors } = await account.run(
        account.clients.cloudtrail.send(new GetEventSelectorsCommand({ TrailName: "trail" })),
      );
      const { trailList } = await account.run(account.clients.cloudtrail.send(new DescribeTrailsCommand({})));

      assert.equal(status.IsLogging, false);
      assert.deepEqual(
        EventSelectors?.map(({ ReadWriteType }) => ReadWriteType),
        ["All"],
      );
      assert.deepEqual(
        trailList?.map(({ Name, LogFileValidationEnabled }) => [Name, LogFileValidationEnabled]),
        [["trail", true]],
      );
      await assert.rejects(createTrail(), { name: "TrailAlreadyExistsException" });
    });
  });

  it("writes a log file through the bucket's policy, and says so when the policy was taken away", async () => {
    await logging();
    await createSecret();
    await account.pass(301);
    const status = () =>
      account.run(account.clients.cloudtrail.send(new GetTrailStatusCommand({ Name: "trail" })));
    const before = await status();
    await account.run(
      account.clients.s3.send(new PutBucketPolicyCommand({ Bucket: bucketName, Policy: policy([mayLook]) })),
    );

    await put();
    await account.pass(301);

    assert.ok(before.LatestDeliveryTime);
    assert.equal(before.LatestDeliveryError, undefined);
    assert.match((await status()).LatestDeliveryError ?? "", /AccessDenied/);
  });

  describe("LookupEvents", () => {
    const lookUp = (more: Partial<LookupEventsCommandInput> = {}) =>
      account.run(account.clients.cloudtrail.send(new LookupEventsCommand(more)));
    const byName = (AttributeValue: string): LookupEventsCommandInput => ({
      LookupAttributes: [{ AttributeKey: "EventName", AttributeValue }],
    });

    beforeEach(createSecret);

    it("finds an event only some time after its call", async () => {
      const early = await lookUp(byName("CreateSecret"));
      await account.pass(601);
      const late = await lookUp(byName("CreateSecret"));

      assert.deepEqual([early.Events?.length, late.Events?.length], [0, 1]);
      const record = JSON.parse(late.Events![0]!.CloudTrailEvent!) as TrailRecord;
      assert.equal(record.responseElements && (record.responseElements as { arn: string }).arn, arn);
    });

    it("forgets an event after ninety days", async () => {
      await account.pass(90 * 86_400 + 1);

      assert.deepEqual((await lookUp(byName("CreateSecret"))).Events, []);
    });

    it("gives the newest first, in pages, within a time range", async () => {
      for (let i = 0; i < 3; i++) {
        await account.pass(60);
        await put();
      }
      await account.pass(601);

      const first = await lookUp({ ...byName("PutSecretValue"), MaxResults: 2 });
      const second = await lookUp({ ...byName("PutSecretValue"), MaxResults: 2, NextToken: first.NextToken });
      await account.pass(1);
      const newest = await lookUp({ ...byName("PutSecretValue"), StartTime: first.Events![0]!.EventTime });

      assert.deepEqual([first.Events?.length, second.Events?.length, second.NextToken], [2, 1, undefined]);
      assert.ok(first.Events![0]!.EventTime! > first.Events![1]!.EventTime!);
      assert.equal(newest.Events?.length, 1);
    });

    it("answers two calls a second and no third", async () => {
      const call = () => account.world.asOperator("cloudtrail", "LookupEvents", {});
      await call();
      await call();

      await assert.rejects(call(), { name: "ThrottlingException" });
      await account.pass(1);
      await assert.doesNotReject(call());
    });

    for (const [what, input, name] of [
      [
        "two attributes",
        { LookupAttributes: [...byName("a").LookupAttributes!, ...byName("b").LookupAttributes!] },
        "InvalidLookupAttributesException",
      ],
      ["more than fifty results", { MaxResults: 51 }, "InvalidMaxResultsException"],
      [
        "a range that ends before it starts",
        { StartTime: new Date(2), EndTime: new Date(1) },
        "InvalidTimeRangeException",
      ],
      ["a token that is none", { NextToken: "?" }, "InvalidNextTokenException"],
    ] satisfies [string, Partial<LookupEventsCommandInput>, string][])
      it(`refuses ${what}`, async () => {
        await assert.rejects(lookUp(input), { name });
      });
  });
});
