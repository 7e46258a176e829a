import assert from "node:assert/strict";
import { decide, statementsOf, type PolicyDocument } from "../../aws-semantics/iam-policy";
import { metricNames, metricNamespace, staleMinutesMetric } from "../../handler/log";
import { COMPUTED, runIndex, type Run } from "../support/declared";

const services = [{ cluster: "shop" }];
const ALARM = "aws:cloudwatch/metricAlarm:MetricAlarm";
const rotations = [{ secret: "db", rotator: { kind: "built-in", engine: "postgres", adminSecret: "admin" } }];

/** What each sweep finds again while its cause lasts: their alarms must not end between two sweeps. */
const swept = new Set<string>([
  "halted",
  "cannot-replace",
  "denied",
  "not-found",
  "unsupported",
  staleMinutesMetric,
  "TooManyDeployments",
]);

function alarmsOf(run: Run) {
  return run.resources.filter(({ type }) => type === ALARM);
}

describe("Alarms", () => {
  it("are not made when the settings name nobody to tell", async () => {
    const run = await runIndex({ services, trail: "none" });

    assert.deepEqual(alarmsOf(run), []);
  });

  it("watch both dead-letter queues, the function, rotations and services that stay on an old value", async () => {
    const run = await runIndex({ services, trail: "none", rotations, alarms: { email: "a@example.com" } });

    assert.deepEqual(
      alarmsOf(run)
        .map(
          ({ inputs }) =>
            `${String(inputs.namespace)} ${String(inputs.metricName)} ${JSON.stringify(inputs.dimensions)}`,
        )
        .sort(),
      [
        'AWS/Lambda Errors {"FunctionName":"ecs-secret-recycler-dev"}',
        'AWS/Lambda Errors {"FunctionName":"ecs-secret-recycler-dev-rotator-db"}',
        'AWS/SQS ApproximateNumberOfMessagesVisible {"QueueName":"ecs-secret-recycler-dev-dead-letters.fifo"}',
        'AWS/SQS ApproximateNumberOfMessagesVisible {"QueueName":"ecs-secret-recycler-dev-undelivered"}',
        'EcsSecretRecycler RotationFailed {"FunctionName":"ecs-secret-recycler-dev"}',
        'EcsSecretRecycler StaleMinutes {"FunctionName":"ecs-secret-recycler-dev"}',
        'EcsSecretRecycler TooManyDeployments {"FunctionName":"ecs-secret-recycler-dev"}',
        'EcsSecretRecycler cannot-replace {"FunctionName":"ecs-secret-recycler-dev"}',
        'EcsSecretRecycler denied {"FunctionName":"ecs-secret-recycler-dev"}',
        'EcsSecretRecycler halted {"FunctionName":"ecs-secret-recycler-dev"}',
        'EcsSecretRecycler not-found {"FunctionName":"ecs-secret-recycler-dev"}',
        'EcsSecretRecycler unsupported {"FunctionName":"ecs-secret-recycler-dev"}',
      ],
    );
    for (const { inputs } of alarmsOf(run)) {
      assert.deepEqual(inputs.alarmActions, [`${COMPUTED}alarms-topic.arn`]);
      assert.equal(inputs.comparisonOperator, "GreaterThanThreshold");
      assert.equal(inputs.threshold, inputs.metricName === staleMinutesMetric ? 30 : 0);
      assert.equal(inputs.evaluationPeriods, swept.has(String(inputs.metricName)) ? 15 : 1);
      assert.equal(inputs.datapointsToAlarm ?? 1, 1);
      if (inputs.namespace === metricNamespace)
        assert.ok(
          [...metricNames, staleMinutesMetric].some((name) => name === inputs.metricName),
          String(inputs.metricName),
        );
    }
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
