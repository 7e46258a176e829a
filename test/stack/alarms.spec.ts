import assert from "node:assert/strict";
import { decide, statementsOf, type PolicyDocument } from "../../aws-semantics/iam-policy";
import { metricNames, metricNamespace, staleMinutesMetric } from "../../handler/log";
import { COMPUTED, runIndex, type Declared, type Run } from "../support/declared";

const services = [{ cluster: "shop" }];
const ALARM = "aws:cloudwatch/metricAlarm:MetricAlarm";
const rotations = [{ secret: "db", rotator: { kind: "built-in", engine: "postgres", adminSecret: "admin" } }];

function alarmsOf(run: Run) {
  return run.resources.filter(({ type }) => type === ALARM);
}

type Inputs = Declared["inputs"];

interface Metric {
  readonly namespace: string;
  readonly metricName: string;
  readonly dimensions: Readonly<Record<string, string>>;
  readonly period: number;
}

function metricOf(inputs: Inputs): Metric {
  const [query] = (inputs.metricQueries as readonly { metric: Metric }[] | undefined) ?? [];
  return query?.metric ?? (inputs as unknown as Metric);
}

/** Key, metric, condition, and what stands for missing data. */
function shown({ inputs }: Declared): string[] {
  const { namespace, metricName, period } = metricOf(inputs);
  const metric = `${namespace} ${metricName}`;
  const comparison = inputs.comparisonOperator === "LessThanThreshold" ? "<" : ">";
  const periods = `${String(inputs.datapointsToAlarm)} of ${String(inputs.evaluationPeriods)} x ${period} s`;
  return [
    String(inputs.name).replace("ecs-secret-recycler-dev-", ""),
    inputs.metricQueries ? `FILL(${metric}, 0)` : metric,
    `${periods} ${comparison} ${String(inputs.threshold)}`,
    String(inputs.treatMissingData),
  ];
}

describe("Alarms", () => {
  it("are not made when the settings name nobody to tell", async () => {
    const run = await runIndex({ services, trail: "none" });

    assert.deepEqual(alarmsOf(run), []);
  });

  it("watch what each is for, and each treats a period without data as its metric wants", async () => {
    const run = await runIndex({ services, trail: "none", rotations, alarms: { email: "a@example.com" } });

    const own = "EcsSecretRecycler";
    assert.deepEqual(
      alarmsOf(run)
        .map(shown)
        .sort((a, b) => (a[0]! < b[0]! ? -1 : 1)),
      [
        ["cannot-replace", `${own} cannot-replace`, "1 of 15 x 60 s > 0", "notBreaching"],
        ["dead-letters", "AWS/SQS ApproximateNumberOfMessagesVisible", "1 of 1 x 60 s > 0", "ignore"],
        ["deferred", `${own} deferred`, "2 of 2 x 1200 s > 0", "notBreaching"],
        ["denied", `${own} denied`, "1 of 15 x 60 s > 0", "notBreaching"],
        ["function-errors", "AWS/Lambda Errors", "1 of 15 x 60 s > 0", "notBreaching"],
        ["halted", `${own} halted`, "1 of 15 x 60 s > 0", "notBreaching"],
        ["invalid-events", `${own} InvalidEvents`, "1 of 15 x 60 s > 0", "notBreaching"],
        ["no-sweep", "FILL(AWS/Events Invocations, 0)", "4 of 4 x 300 s < 1", "missing"],
        ["no-wake-up", "FILL(AWS/Lambda Invocations, 0)", "4 of 4 x 300 s < 1", "missing"],
        ["not-found", `${own} not-found`, "1 of 15 x 60 s > 0", "notBreaching"],
        ["queue-age", "AWS/SQS ApproximateAgeOfOldestMessage", "1 of 1 x 60 s > 615", "notBreaching"],
        ["replacing", `${own} replacing`, "2 of 2 x 1200 s > 0", "notBreaching"],
        ["rotation-failed", `${own} RotationFailed`, "1 of 15 x 60 s > 0", "notBreaching"],
        ["rotator-db-errors", "AWS/Lambda Errors", "1 of 15 x 60 s > 0", "notBreaching"],
        ["stale", `${own} StaleMinutes`, "1 of 15 x 60 s > 30", "ignore"],
        ["throttled", "AWS/Lambda Throttles", "2 of 15 x 60 s > 0", "notBreaching"],
        ["too-many-deployments", `${own} TooManyDeployments`, "1 of 15 x 60 s > 0", "notBreaching"],
        ["unconfirmed", `${own} Unconfirmed`, "1 of 1 x 1200 s > 10", "notBreaching"],
        ["undelivered", "AWS/SQS ApproximateNumberOfMessagesVisible", "1 of 1 x 60 s > 0", "ignore"],
        ["unknown", `${own} unknown`, "2 of 2 x 1200 s > 0", "notBreaching"],
        ["unsupported", `${own} unsupported`, "1 of 15 x 60 s > 0", "notBreaching"],
      ],
    );
    for (const { inputs } of alarmsOf(run)) {
      assert.deepEqual(inputs.alarmActions, [`${COMPUTED}alarms-topic.arn`]);
      assert.deepEqual(inputs.okActions, inputs.alarmActions);
    }
  });

  it("look at the dimensions of this stack's own queues, rule and functions", async () => {
    const run = await runIndex({ services, trail: "none", rotations, alarms: { email: "a@example.com" } });

    const prefix = "ecs-secret-recycler-dev";
    const dimensions = Object.fromEntries(
      alarmsOf(run).map((alarm) => [shown(alarm)[0]!, metricOf(alarm.inputs).dimensions]),
    );
    const {
      "dead-letters": dead,
      undelivered,
      "queue-age": age,
      "no-sweep": sweep,
      ...functions
    } = dimensions;
    assert.deepEqual(dead, { QueueName: `${prefix}-dead-letters.fifo` });
    assert.deepEqual(undelivered, { QueueName: `${prefix}-undelivered` });
    assert.deepEqual(age, { QueueName: `${prefix}.fifo` });
    assert.deepEqual(sweep, { RuleName: `${prefix}-sweep` });
    for (const [key, found] of Object.entries(functions))
      assert.deepEqual(found, {
        FunctionName: key === "rotator-db-errors" ? `${prefix}-rotator-db` : prefix,
      });
  });

  it("watch metrics that the recycler writes", async () => {
    const run = await runIndex({ services, trail: "none", alarms: { email: "a@example.com" } });

    const watched = alarmsOf(run).flatMap(({ inputs }) =>
      inputs.namespace === metricNamespace ? [inputs.metricName] : [],
    );
    const written: readonly unknown[] = [...metricNames, staleMinutesMetric];
    assert.ok(watched.length > 8);
    assert.deepEqual(
      watched.filter((name) => !written.includes(name)),
      [],
    );
  });

  it("say what happened, where to look, what to do and where more stands", async () => {
    const run = await runIndex({ services, trail: "none", rotations, alarms: { email: "a@example.com" } });

    for (const { inputs } of alarmsOf(run)) {
      const text = String(inputs.alarmDescription);
      assert.match(text, /^[A-Z].{20,}\. Look: .{10,}\. Do: .{10,}\. More: docs\/operations\.md#[a-z-]+$/);
      assert.ok(text.length <= 1024, text);
    }
  });

  it("are silent about silence while mode is off, and about it alone", async () => {
    const keys = async (mode: string) =>
      alarmsOf(await runIndex({ services, trail: "none", mode, alarms: { email: "a@example.com" } })).map(
        (alarm) => shown(alarm)[0]!,
      );

    const [off, dryRun] = [await keys("off"), await keys("dry-run")];
    assert.deepEqual(dryRun.filter((key) => !off.includes(key)).sort(), [
      "no-sweep",
      "no-wake-up",
      "queue-age",
    ]);
  });

  it("can publish to the topic that is made for an address, and another account's cannot", async () => {
    const run = await runIndex({ services, trail: "none", alarms: { email: "a@example.com" } });

    const topic = run.resources.find(({ name }) => name === "alarms-topic")?.inputs ?? {};
    const subscription = run.resources.find(({ name }) => name === "alarms-email")?.inputs;
    const statements = statementsOf(JSON.parse(topic.policy as string) as PolicyDocument);
    const publish = (account: string, secure = "true") =>
      decide(statements, {
        action: "sns:Publish",
        resource: "arn:aws:sns:us-west-2:123456789012:ecs-secret-recycler-dev-alarms",
        principal: { service: "cloudwatch.amazonaws.com" },
        context: {
          "aws:SourceAccount": account,
          "aws:SourceArn": `arn:aws:cloudwatch:us-west-2:${account}:alarm:ecs-secret-recycler-dev-halted`,
          "aws:SecureTransport": secure,
        },
      });
    assert.equal(publish("123456789012"), "Allowed");
    assert.equal(publish("210987654321"), "ImplicitlyDenied");
    assert.equal(publish("123456789012", "false"), "ExplicitlyDenied");
    assert.equal(topic.kmsMasterKeyId, undefined, "alarms could not publish with the AWS-managed key of SNS");
    assert.equal(subscription?.protocol, "email");
    assert.equal(subscription.endpoint, "a@example.com");
  });

  it("go to a topic that exists, and none is made", async () => {
    const topic = "arn:aws:sns:us-west-2:123456789012:operations";

    const run = await runIndex({ services, trail: "none", alarms: { topic } });

    assert.equal(run.resources.filter(({ type }) => type.startsWith("aws:sns/")).length, 0);
    for (const { inputs } of alarmsOf(run)) assert.deepEqual(inputs.alarmActions, [topic]);
  });
});
