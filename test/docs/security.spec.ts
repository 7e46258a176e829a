import assert from "node:assert/strict";
import type { Statement } from "../../aws-semantics/iam-policy";
import { physicalNames } from "../../stack/context";
import { recyclerStatements } from "../../stack/role-statements";
import { rotatorStatements } from "../../stack/rotator-statements";
import { runIndex, type Declared } from "../support/declared";
import { page } from "../support/pages";
import { settingsOfStack } from "../support/stack-file";

const place = { partition: "aws", region: "us-west-2", account: "123456789012" };

/** The rows of the table below a heading, without its head. */
function tableBelow(heading: string): string[][] {
  const { prose } = page("docs/security.md");
  const from = prose.findIndex(({ text }) => text === `## ${heading}`);
  assert.ok(from >= 0, heading);
  const section = prose.slice(from + 1);
  const end = section.findIndex(({ text }) => text.startsWith("## "));
  return section
    .slice(0, end < 0 ? undefined : end)
    .filter(({ text }) => text.startsWith("|"))
    .slice(2)
    .map(({ text }) =>
      text
        .split("|")
        .slice(1, -1)
        .map((cell) => cell.trim()),
    );
}

function actionsOf(statements: readonly Statement[]): string[] {
  return [...new Set(statements.flatMap(({ Action }) => Action ?? []))].sort();
}

/** The actions of a table; each row says on what and for what. */
function actionsBelow(heading: string): string[] {
  const rows = tableBelow(heading);
  for (const row of rows) assert.ok(row.length === 3 && row.every((cell) => cell !== ""), row.join(" | "));
  return rows.map(([action]) => action!.replaceAll("`", "")).sort();
}

describe("docs/security.md", () => {
  it("lists every action of the recycler's role, and no other", () => {
    const statements = recyclerStatements(place, physicalNames("ecs-secret-recycler", "dev"), ["shop"]);

    assert.deepEqual(actionsBelow("What the recycler's role may do"), actionsOf(statements));
  });

  it("lists every action of every kind of rotation function, and no other", () => {
    const credentials = [
      { kind: "secret", id: "a", name: "a" },
      { kind: "parameter", id: "/a", name: "/a", arn: "arn:aws:ssm:us-west-2:123456789012:parameter/a" },
    ] as const;
    const statements = credentials.flatMap((credential) =>
      rotatorStatements(place, {
        credential,
        strategy: "single-user",
        adminSecret: "admin",
        kmsKeyArn: "arn:aws:kms:us-west-2:123456789012:key/1",
        adminKmsKeyArn: "arn:aws:kms:us-west-2:123456789012:key/2",
        inVpc: true,
        logGroup: "/aws/lambda/a",
      }),
    );

    assert.deepEqual(actionsBelow("What a rotation function's role may do"), actionsOf(statements));
  });

  it("tells the state of each control as the production settings declare it", async () => {
    const run = await runIndex(settingsOfStack("prod"));
    const of = (type: string): Declared[] => run.resources.filter((one) => one.type === type);
    const every = (type: string, holds: (inputs: Declared["inputs"]) => unknown): boolean => {
      const found = of(type);
      assert.ok(found.length > 0, type);
      return found.every(({ inputs }) => Boolean(holds(inputs)));
    };
    const [trail] = of("awsx:cloudtrail:Trail");
    const alarm = "aws:cloudwatch/metricAlarm:MetricAlarm";
    const fn = "aws:lambda/function:Function";
    const queue = "aws:sqs/queue:Queue";
    const topic = "aws:sns/topic:Topic";
    const encryption =
      "aws:s3/bucketServerSideEncryptionConfiguration:BucketServerSideEncryptionConfiguration";
    const isTagged = ({ tags }: Declared["inputs"]): boolean => Object.keys(tags as object).length > 0;
    /** No statement allows everybody without a condition. */
    const isClosed = ({ policy }: Declared["inputs"]): boolean =>
      (JSON.parse(policy as string) as { Statement: Statement[] }).Statement.every(
        ({ Effect, Principal, Condition }) =>
          Effect === "Deny" || (Principal !== "*" && Condition !== undefined),
      );
    const met: Readonly<Record<string, boolean>> = {
      "CloudTrail.2": trail?.inputs.kmsKeyId !== undefined,
      "CloudTrail.4": trail?.inputs.enableLogFileValidation === true,
      "CloudTrail.5": (trail?.inputs.cloudWatchLogsGroup as { enable: boolean }).enable,
      "CloudTrail.9": isTagged(trail!.inputs),
      "CloudWatch.15": every(alarm, ({ alarmActions }) => (alarmActions as unknown[]).length > 0),
      "CloudWatch.16": every("aws:cloudwatch/logGroup:LogGroup", (log) => Number(log.retentionInDays) >= 365),
      "CloudWatch.17": every(alarm, ({ actionsEnabled = true }) => actionsEnabled),
      "Lambda.2": every(fn, ({ runtime }) => runtime === "nodejs24.x"),
      "Lambda.3": every(fn, ({ vpcConfig }) => vpcConfig),
      "Lambda.6": every(fn, isTagged),
      "Lambda.7": every(fn, ({ tracingConfig }) => tracingConfig),
      // The bucket's policy is hardened by a transform of the trail (test/stack/trail.spec.ts).
      "S3.5": trail?.transforms.length === 1,
      "S3.8": every("aws:s3/bucketPublicAccessBlock:BucketPublicAccessBlock", (block) =>
        [
          block.blockPublicAcls,
          block.blockPublicPolicy,
          block.ignorePublicAcls,
          block.restrictPublicBuckets,
        ].every(Boolean),
      ),
      "S3.9": of("aws:s3/bucketLogging:BucketLogging").length > 0,
      "S3.13": every(
        "aws:s3/bucketLifecycleConfiguration:BucketLifecycleConfiguration",
        ({ rules }) => rules,
      ),
      "S3.14": of("aws:s3/bucketVersioning:BucketVersioning").length > 0,
      "S3.17": every(encryption, ({ rules }) => JSON.stringify(rules).includes("aws:kms")),
      "SNS.1": every(topic, ({ kmsMasterKeyId }) => kmsMasterKeyId),
      "SNS.4": every(topic, isClosed),
      "SQS.1": every(queue, ({ sqsManagedSseEnabled }) => sqsManagedSseEnabled),
      "SQS.2": every(queue, isTagged),
      "SQS.3": every(queue, isClosed),
    };

    const rows = tableBelow("Security Hub");
    assert.deepEqual(
      rows.map(([control, , state]) => [control, state]),
      Object.entries(met).map(([control, holds]) => [control, holds ? "met" : "not met"]),
    );
    for (const [control, , state, why] of rows) if (state === "not met") assert.notEqual(why, "", control);
  });
});
