import assert from "node:assert/strict";
import {
  DeleteAlarmsCommand,
  DescribeAlarmHistoryCommand,
  DescribeAlarmsCommand,
  GetDashboardCommand,
  GetMetricStatisticsCommand,
  ListMetricsCommand,
  PutDashboardCommand,
  PutMetricAlarmCommand,
  PutMetricDataCommand,
  type MetricDatum,
  type PutMetricAlarmInput,
} from "@aws-sdk/client-cloudwatch";
import { CreateKeyCommand, KMSClient } from "@aws-sdk/client-kms";
import { CreateTopicCommand, SetTopicAttributesCommand, SubscribeCommand } from "@aws-sdk/client-sns";
import { SendMessageCommand, ReceiveMessageCommand, DeleteMessageCommand } from "@aws-sdk/client-sqs";
import { operator } from "../../aws/caller";
import { evaluate } from "../../aws/cloudwatch/alarm";
import { clientConfig } from "../../aws/account/in-process";
import { Sns } from "../../aws/sns";
import { Account } from "../support/account";

describe("CloudWatch", () => {
  let account: Account;
  const cloudwatch = () => account.clients.cloudwatch;
  const put = (...data: MetricDatum[]) =>
    account.run(cloudwatch().send(new PutMetricDataCommand({ Namespace: "Shop", MetricData: data })));
  const alarm = (more: Partial<PutMetricAlarmInput> = {}) =>
    account.run(
      cloudwatch().send(
        new PutMetricAlarmCommand({
          AlarmName: "alarm",
          Namespace: "AWS/SQS",
          MetricName: "ApproximateNumberOfMessagesVisible",
          Dimensions: [{ Name: "QueueName", Value: "dead" }],
          Statistic: "Maximum",
          Period: 60,
          EvaluationPeriods: 1,
          Threshold: 0,
          ComparisonOperator: "GreaterThanThreshold",
          TreatMissingData: "notBreaching",
          ...more,
        }),
      ),
    );
  const state = async () => {
    const { MetricAlarms } = await account.run(
      cloudwatch().send(new DescribeAlarmsCommand({ AlarmNames: ["alarm"] })),
    );
    return MetricAlarms?.[0]?.StateValue;
  };
  const history = async () => {
    const { AlarmHistoryItems } = await account.run(
      cloudwatch().send(new DescribeAlarmHistoryCommand({ AlarmName: "alarm", HistoryItemType: "Action" })),
    );
    return AlarmHistoryItems?.map(({ HistorySummary }) => HistorySummary);
  };
  const topic = async (statements: object[], attributes: Record<string, string> = {}) => {
    const { TopicArn } = await account.run(
      account.clients.sns.send(new CreateTopicCommand({ Name: "alarms", Attributes: attributes })),
    );
    await account.run(
      account.clients.sns.send(
        new SetTopicAttributesCommand({
          TopicArn,
          AttributeName: "Policy",
          AttributeValue: JSON.stringify({ Version: "2012-10-17", Statement: statements }),
        }),
      ),
    );
    const { SubscriptionArn } = await account.run(
      account.clients.sns.send(
        new SubscribeCommand({
          TopicArn,
          Protocol: "email",
          Endpoint: "a@b.example",
          ReturnSubscriptionArn: true,
        }),
      ),
    );
    Sns.of(account.world).confirm(SubscriptionArn!);
    return TopicArn!;
  };
  const mayPublish = {
    Effect: "Allow",
    Principal: { Service: "cloudwatch.amazonaws.com" },
    Action: "sns:Publish",
    Resource: "*",
  };

  beforeEach(() => {
    account = new Account();
  });

  it("puts values together by period", async () => {
    const start = account.clock.now();
    await put({ MetricName: "m", Value: 1 }, { MetricName: "m", Values: [2, 5], Counts: [2, 1] });
    await account.pass(60);
    await put({ MetricName: "m", StatisticValues: { SampleCount: 4, Sum: 8, Minimum: 1, Maximum: 3 } });

    const { Datapoints } = await account.run(
      cloudwatch().send(
        new GetMetricStatisticsCommand({
          Namespace: "Shop",
          MetricName: "m",
          StartTime: new Date(start),
          EndTime: new Date(start + 120_000),
          Period: 60,
          Statistics: ["Sum", "SampleCount", "Minimum", "Maximum", "Average"],
        }),
      ),
    );

    assert.deepEqual(
      Datapoints?.map(({ Sum, SampleCount, Minimum, Maximum, Average }) => [
        Sum,
        SampleCount,
        Minimum,
        Maximum,
        Average,
      ]),
      [
        [10, 4, 1, 5, 2.5],
        [8, 4, 1, 3, 2],
      ],
    );
  });

  it("tells series apart by their dimensions, and lists them", async () => {
    await put(
      { MetricName: "m", Value: 1, Dimensions: [{ Name: "a", Value: "1" }] },
      { MetricName: "m", Value: 2, Dimensions: [{ Name: "a", Value: "2" }] },
    );

    const { Metrics } = await account.run(
      cloudwatch().send(new ListMetricsCommand({ Dimensions: [{ Name: "a", Value: "2" }] })),
    );

    assert.deepEqual(Metrics, [
      { Namespace: "Shop", MetricName: "m", Dimensions: [{ Name: "a", Value: "2" }] },
    ]);
  });

  it("refuses a namespace of AWS", async () => {
    await assert.rejects(
      account.run(
        cloudwatch().send(
          new PutMetricDataCommand({
            Namespace: "AWS/Lambda",
            MetricData: [{ MetricName: "Errors", Value: 1 }],
          }),
        ),
      ),
      { name: "InvalidParameterValueException" },
    );
  });

  it("raises an alarm while a queue is not empty, tells the topic, and ends it afterwards", async () => {
    const QueueUrl = await account.queue("dead");
    const arn = await topic([mayPublish]);
    await alarm({ AlarmActions: [arn] });
    await account.pass(61);
    const before = await state();

    await account.run(account.clients.sqs.send(new SendMessageCommand({ QueueUrl, MessageBody: "a" })));
    await account.pass(61);
    const during = await state();
    const { Messages } = await account.run(account.clients.sqs.send(new ReceiveMessageCommand({ QueueUrl })));
    await account.run(
      account.clients.sqs.send(
        new DeleteMessageCommand({ QueueUrl, ReceiptHandle: Messages![0]!.ReceiptHandle }),
      ),
    );
    await account.pass(61);

    assert.deepEqual([before, during, await state()], ["OK", "ALARM", "OK"]);
    const [mail, ...more] = Sns.of(account.world).mails;
    assert.equal(mail?.subject, 'ALARM: "alarm" in us-west-2');
    assert.deepEqual(more, []);
  });

  /** An alarm on silence: no value above 0 in two periods of five minutes. */
  const onSilence = (more: Partial<PutMetricAlarmInput> = {}) =>
    account.run(
      cloudwatch().send(
        new PutMetricAlarmCommand({
          AlarmName: "alarm",
          EvaluationPeriods: 2,
          Threshold: 1,
          ComparisonOperator: "LessThanThreshold",
          Metrics: [
            {
              Id: "m",
              MetricStat: { Metric: { Namespace: "Shop", MetricName: "orders" }, Period: 300, Stat: "Sum" },
              ReturnData: false,
            },
            { Id: "filled", Expression: "FILL(m, 0)", ReturnData: true },
          ],
          ...more,
        }),
      ),
    );

  it("fills the periods without data of a metric that has had some, and looks back from each minute", async () => {
    await onSilence();
    await account.pass(20 * 60);
    const before = await state();

    await put({ MetricName: "orders", Value: 1 });
    const states: (string | undefined)[] = [];
    for (const seconds of [61, 8 * 60, 2 * 60]) {
      await account.pass(seconds);
      states.push(await state());
    }

    assert.equal(before, "INSUFFICIENT_DATA");
    assert.deepEqual(states, ["OK", "OK", "ALARM"]);
  });

  it("refuses a metric beside an expression, and an expression that it does not know", async () => {
    await assert.rejects(onSilence({ Namespace: "Shop" }), { name: "InvalidParameterCombinationException" });
    await assert.rejects(onSilence({ Metrics: [{ Id: "a", Expression: "m + 1" }] }), /FILL/);
  });

  for (const [what, make] of [
    [
      "the topic's policy does not allow it",
      () => topic([{ ...mayPublish, Principal: { Service: "events.amazonaws.com" } }]),
    ],
    [
      "the topic is encrypted with the key that AWS manages",
      () => topic([mayPublish], { KmsMasterKeyId: "alias/aws/sns" }),
    ],
    [
      "the key's policy does not let CloudWatch in",
      async () => {
        const kms = new KMSClient(clientConfig(account.world, operator));
        const { KeyMetadata } = await account.run(kms.send(new CreateKeyCommand({})));
        return topic([mayPublish], { KmsMasterKeyId: KeyMetadata!.Arn! });
      },
    ],
  ] as const)
    it(`cannot tell the topic when ${what}, and its history says so`, async () => {
      await alarm({ TreatMissingData: "breaching", AlarmActions: [await make()] });

      await account.pass(61);

      assert.equal(await state(), "ALARM");
      assert.match((await history())?.[0] ?? "", /^Failed to execute action/);
      assert.deepEqual(Sns.of(account.world).mails, []);
    });

  it("tells the topic when the key's policy lets CloudWatch in", async () => {
    const kms = new KMSClient(clientConfig(account.world, operator));
    const Policy = JSON.stringify({
      Version: "2012-10-17",
      Statement: [
        {
          Effect: "Allow",
          Principal: { AWS: "arn:aws:iam::123456789012:root" },
          Action: "kms:*",
          Resource: "*",
        },
        {
          Effect: "Allow",
          Principal: { Service: "cloudwatch.amazonaws.com" },
          Action: ["kms:Decrypt", "kms:GenerateDataKey*"],
          Resource: "*",
        },
      ],
    });
    const { KeyMetadata } = await account.run(kms.send(new CreateKeyCommand({ Policy })));
    const arn = await topic([mayPublish], { KmsMasterKeyId: KeyMetadata!.Arn! });
    await alarm({ TreatMissingData: "breaching", AlarmActions: [arn] });

    await account.pass(61);

    assert.equal(Sns.of(account.world).mails.length, 1);
  });

  it("is evaluated no more once the alarm is deleted", async () => {
    await alarm();

    await account.run(cloudwatch().send(new DeleteAlarmsCommand({ AlarmNames: ["alarm"] })));

    assert.equal(account.clock.next(), undefined);
  });

  describe("evaluate", () => {
    const base = {
      ComparisonOperator: "GreaterThanThreshold",
      Threshold: 1,
      EvaluationPeriods: 3,
      DatapointsToAlarm: 2,
    } as const;
    for (const [periods, treat, expected] of [
      [[2, 2, 0], "missing", "ALARM"],
      [[2, 0, 0], "missing", "OK"],
      [[undefined, undefined, undefined], "missing", "INSUFFICIENT_DATA"],
      [[undefined, undefined, undefined], "notBreaching", "OK"],
      [[undefined, undefined, undefined], "breaching", "ALARM"],
      [[undefined, undefined, undefined], "ignore", "INSUFFICIENT_DATA"],
      [[2, undefined, undefined], "breaching", "ALARM"],
      [[2, undefined, undefined], "notBreaching", "OK"],
    ] as const)
      it(`comes to ${expected} for ${JSON.stringify(periods)} with missing data ${treat}`, () => {
        assert.equal(evaluate({ ...base, TreatMissingData: treat }, periods).state, expected);
      });
  });

  for (const [what, change, name] of [
    ["no period", { Period: undefined }, "MissingRequiredParameterException"],
    ["a period of 45 seconds", { Period: 45 }, "InvalidParameterValueException"],
    ["more datapoints than periods", { DatapointsToAlarm: 2 }, "InvalidParameterValueException"],
    ["two statistics", { ExtendedStatistic: "p90" }, "InvalidParameterCombinationException"],
  ] satisfies [string, Partial<PutMetricAlarmInput>, string][])
    it(`refuses an alarm with ${what}`, async () => {
      await assert.rejects(alarm(change), { name });
    });

  it("keeps dashboards that are JSON", async () => {
    const put = (DashboardBody: string) =>
      account.run(cloudwatch().send(new PutDashboardCommand({ DashboardName: "d", DashboardBody })));
    await put('{"widgets":[]}');

    const { DashboardBody } = await account.run(
      cloudwatch().send(new GetDashboardCommand({ DashboardName: "d" })),
    );

    assert.equal(DashboardBody, '{"widgets":[]}');
    await assert.rejects(put("widgets"), { name: "DashboardInvalidInputError" });
  });
});
