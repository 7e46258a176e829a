import assert from "node:assert/strict";
import {
  DeleteRuleCommand,
  DescribeRuleCommand,
  DisableRuleCommand,
  EnableRuleCommand,
  ListRulesCommand,
  ListTargetsByRuleCommand,
  ListTagsForResourceCommand,
  PutEventsCommand,
  PutRuleCommand,
  PutTargetsCommand,
  RemoveTargetsCommand,
  TestEventPatternCommand,
  type PutRuleRequest,
  type Target,
} from "@aws-sdk/client-eventbridge";
import { SetQueueAttributesCommand } from "@aws-sdk/client-sqs";
import { EventBridge } from "../../aws/eventbridge";
import type { BusEvent } from "../../aws/eventbridge/input";
import { noFaults } from "../../aws/eventbridge/faults";
import { Sqs } from "../../aws/sqs";
import type { StoredMessage } from "../../aws/sqs/queue";
import { Account } from "../support/account";
import native from "../../../events/examples/secret-label-updated.json";
import sweep from "../../../events/examples/sweep.json";

describe("EventBridge", () => {
  let account: Account;
  const pattern = JSON.stringify({ source: ["aws.secretsmanager"] });

  const putRule = (more: Partial<PutRuleRequest> = {}) =>
    account.run(
      account.clients.events.send(new PutRuleCommand({ Name: "rule", EventPattern: pattern, ...more })),
    );
  const putTarget = (target: Partial<Target> = {}) =>
    account.run(
      account.clients.events.send(
        new PutTargetsCommand({
          Rule: "rule",
          Targets: [
            {
              Id: "queue",
              Arn: account.arn("sqs", "q.fifo"),
              SqsParameters: { MessageGroupId: "all" },
              ...target,
            },
          ],
        }),
      ),
    );
  const allow = async (url: string, name: string, rule = "rule") =>
    account.run(
      account.clients.sqs.send(
        new SetQueueAttributesCommand({
          QueueUrl: url,
          Attributes: {
            Policy: JSON.stringify({
              Version: "2012-10-17",
              Statement: [
                {
                  Effect: "Allow",
                  Principal: { Service: "events.amazonaws.com" },
                  Action: "sqs:SendMessage",
                  Resource: account.arn("sqs", name),
                  Condition: { ArnEquals: { "aws:SourceArn": account.arn("events", `rule/${rule}`) } },
                },
              ],
            }),
          },
        }),
      ),
    );
  const messages = (name: string): readonly StoredMessage[] =>
    Sqs.of(account.world).queueByArn(account.arn("sqs", name))?.messages() ?? assert.fail(`no queue ${name}`);
  const emit = (more: object = {}) =>
    account.world.emit({
      source: native.source,
      "detail-type": native["detail-type"],
      resources: native.resources,
      detail: native.detail,
      ...more,
    });

  beforeEach(async () => {
    account = new Account();
    await allow(await account.queue("q.fifo"), "q.fifo");
    await putRule();
  });

  it("hands the whole event, in the canonical form, to a FIFO queue under the target's group", async () => {
    await putTarget();

    emit({ time: Date.parse("2026-02-06T16:43:48.987Z") });
    await account.pass(1);

    const [message] = messages("q.fifo");
    const event = JSON.parse(message!.body) as BusEvent;
    assert.deepEqual({ ...event, id: native.id }, native);
    assert.equal(message!.groupId, "all");
  });

  it("leaves out what the pattern does not match", async () => {
    await putTarget();

    emit({ source: "aws.ssm" });
    await account.pass(1);

    assert.deepEqual(messages("q.fifo"), []);
  });

  it("leaves out everything while the rule is disabled, and takes events again when it is enabled", async () => {
    await putTarget();
    await account.run(account.clients.events.send(new DisableRuleCommand({ Name: "rule" })));
    emit();
    await account.pass(1);
    const whileDisabled = messages("q.fifo").length;

    await account.run(account.clients.events.send(new EnableRuleCommand({ Name: "rule" })));
    emit();
    await account.pass(1);

    assert.deepEqual([whileDisabled, messages("q.fifo").length], [0, 1]);
  });

  it("sends to the dead-letter queue at once when the target's policy does not allow it", async () => {
    const dead = await account.queue("dead");
    await allow(dead, "dead");
    await account.queue("closed");
    await putTarget({
      Arn: account.arn("sqs", "closed"),
      SqsParameters: undefined,
      DeadLetterConfig: { Arn: account.arn("sqs", "dead") },
    });

    emit();
    await account.pass(1);

    const [letter] = messages("dead");
    assert.equal((JSON.parse(letter!.body) as BusEvent)["detail-type"], "Secret Label Updated");
    const attributes = Object.entries(letter!.attributes).map(([name, value]) => [name, value.StringValue]);
    const { ERROR_MESSAGE, ...rest } = Object.fromEntries(attributes) as Record<string, string>;
    assert.match(ERROR_MESSAGE!, /not authorized to perform: sqs:[Ss]end[Mm]essage/);
    assert.deepEqual(rest, {
      RULE_ARN: account.arn("events", "rule/rule"),
      TARGET_ARN: account.arn("sqs", "closed"),
      ERROR_CODE: "NO_PERMISSIONS",
      RETRY_ATTEMPTS: "0",
    });
  });

  it("names a queue that does not exist NO_RESOURCE in the dead letter", async () => {
    await allow(await account.queue("dead"), "dead");
    await putTarget({
      Arn: account.arn("sqs", "gone.fifo"),
      DeadLetterConfig: { Arn: account.arn("sqs", "dead") },
    });

    emit();
    await account.pass(1);

    // A resource policy cannot allow what is not there: AWS calls both a lack of permission.
    assert.match(messages("dead")[0]!.attributes.ERROR_CODE!.StringValue!, /^NO_(RESOURCE|PERMISSIONS)$/);
  });

  it("tries a target that is down again and again, and gives up after the retries of its policy", async () => {
    await allow(await account.queue("dead"), "dead");
    await putTarget({
      RetryPolicy: { MaximumRetryAttempts: 3 },
      DeadLetterConfig: { Arn: account.arn("sqs", "dead") },
    });
    EventBridge.of(account.world).faults = { ...noFaults, targetFailureProbability: 1 };

    emit();
    await account.pass(600);

    const attributes = messages("dead")[0]!.attributes;
    assert.equal(attributes.EXHAUSTED_RETRY_CONDITION?.StringValue, "MaximumRetryAttempts");
    assert.equal(attributes.RETRY_ATTEMPTS?.StringValue, "3");
    assert.equal(attributes.ERROR_CODE?.StringValue, "ERROR_FROM_TARGET");
  });

  it("delivers after all when a target comes back", async () => {
    await putTarget();
    const bridge = EventBridge.of(account.world);
    bridge.faults = { ...noFaults, targetFailureProbability: 1 };
    emit();
    await account.pass(10);

    bridge.faults = noFaults;
    await account.pass(600);

    assert.equal(messages("q.fifo").length, 1);
  });

  it("invokes a function asynchronously when the function's policy allows the rule", async () => {
    const seen: unknown[] = [];
    account = new Account({ f: () => async (event) => void seen.push(event) });
    await account.function("f");
    await account.world.asOperator("lambda", "AddPermission", {
      FunctionName: "f",
      StatementId: "rule",
      Action: "lambda:InvokeFunction",
      Principal: "events.amazonaws.com",
      SourceArn: account.arn("events", "rule/rule"),
    });
    await putRule();
    await putTarget({ Arn: account.arn("lambda", "function:f"), SqsParameters: undefined });

    emit();
    await account.pass(1);

    assert.equal((seen[0] as BusEvent).source, "aws.secretsmanager");
  });

  it("gives a target a part of the event, a constant or a template", async () => {
    await account.queue("plain", {});
    await allow(await account.queue("plain"), "plain");
    const plain = { Arn: account.arn("sqs", "plain"), SqsParameters: undefined };
    await putTarget({ Id: "part", ...plain, InputPath: "$.detail.name" });
    await putTarget({ Id: "constant", ...plain, Input: '{"ask":"status"}' });
    await putTarget({
      Id: "template",
      ...plain,
      InputTransformer: {
        InputPathsMap: { name: "$.detail.name", arns: "$.resources" },
        InputTemplate: '{"secret": "<name>", "all": <arns>, "rule": "<aws.events.rule-name>"}',
      },
    });

    emit();
    await account.pass(1);

    assert.deepEqual(
      messages("plain").map(({ body }) => JSON.parse(body) as unknown),
      [
        native.detail.name,
        { ask: "status" },
        { secret: native.detail.name, all: native.resources, rule: "rule" },
      ],
    );
  });

  describe("a schedule", () => {
    it("sends the canonical scheduled event once a period, beginning one period after the rule was put", async () => {
      const name = "ecs-secret-recycler-dev-sweep";
      await allow(await account.queue("q.fifo"), "q.fifo", name);
      await account.run(
        account.clients.events.send(
          new PutRuleCommand({ Name: name, ScheduleExpression: "rate(5 minutes)" }),
        ),
      );
      await account.run(
        account.clients.events.send(
          new PutTargetsCommand({
            Rule: name,
            Targets: [
              { Id: "q", Arn: account.arn("sqs", "q.fifo"), SqsParameters: { MessageGroupId: "all" } },
            ],
          }),
        ),
      );
      const start = account.clock.now();

      await account.pass(15 * 60);

      const events = messages("q.fifo").map(({ body }) => JSON.parse(body) as BusEvent);
      assert.deepEqual(
        events.map(({ time }) => Date.parse(time) - start),
        [300_000, 600_000, 900_000],
      );
      assert.deepEqual({ ...events[0], id: sweep.id, time: sweep.time }, sweep);
    });

    it("keeps to the clock when it is a cron expression", async () => {
      await putTarget();
      await putRule({ EventPattern: undefined, ScheduleExpression: "cron(30 13 * * ? *)" });

      await account.pass(86_400);

      const times = messages("q.fifo").map(({ body }) => (JSON.parse(body) as BusEvent).time);
      assert.deepEqual(times, ["2026-02-10T13:30:00Z"]);
    });

    it("stops with its rule", async () => {
      await putTarget();
      await putRule({ EventPattern: undefined, ScheduleExpression: "rate(1 minute)" });
      await account.run(
        account.clients.events.send(new RemoveTargetsCommand({ Rule: "rule", Ids: ["queue"] })),
      );
      await account.run(account.clients.events.send(new DeleteRuleCommand({ Name: "rule" })));

      assert.equal(account.clock.next(), undefined);
    });
  });

  describe("PutEvents", () => {
    it("puts an event of one's own on the bus and refuses one that says to be from AWS", async () => {
      await putRule({ EventPattern: JSON.stringify({ source: ["shop", "aws.secretsmanager"] }) });
      await putTarget();

      const answer = await account.run(
        account.clients.events.send(
          new PutEventsCommand({
            Entries: [
              { Source: "shop", DetailType: "t", Detail: "{}" },
              { Source: "aws.secretsmanager", DetailType: "t", Detail: "{}" },
              { Source: "shop", DetailType: "t", Detail: "[1]" },
            ],
          }),
        ),
      );
      await account.pass(1);

      assert.equal(answer.FailedEntryCount, 2);
      assert.deepEqual(
        answer.Entries?.map(({ ErrorCode }) => ErrorCode),
        [undefined, "NotAuthorizedForSourceException", "MalformedDetail"],
      );
      assert.equal(messages("q.fifo").length, 1);
    });
  });

  describe("TestEventPattern", () => {
    const test = (EventPattern: string, event: object) =>
      account.run(
        account.clients.events.send(
          new TestEventPatternCommand({ EventPattern, Event: JSON.stringify(event) }),
        ),
      );

    it("says whether a pattern matches an event", async () => {
      assert.equal((await test(pattern, native)).Result, true);
      assert.equal((await test('{"source":["aws.ssm"]}', native)).Result, false);
    });

    it("refuses a pattern that is none, and an event without its mandatory fields", async () => {
      await assert.rejects(test('{"source":"aws.ssm"}', native), { name: "InvalidEventPatternException" });
      await assert.rejects(test(pattern, { source: "aws.ssm" }), /mandatory fields id, account, time/);
    });
  });

  for (const [what, change, name] of [
    ["neither pattern nor schedule", { EventPattern: undefined }, "ValidationException"],
    ["a pattern that is no JSON", { EventPattern: "{" }, "InvalidEventPatternException"],
    [
      "a pattern above the quota",
      { EventPattern: `{"source":["${"x".repeat(2048)}"]}` },
      "LimitExceededException",
    ],
    ["a schedule that is none", { ScheduleExpression: "rate(5 minute)" }, "ValidationException"],
    ["a state that is none", { State: "ON" as "ENABLED" }, "ValidationException"],
    ["another bus", { EventBusName: "other" }, "ResourceNotFoundException"],
  ] as const)
    it(`refuses a rule with ${what}`, async () => {
      await assert.rejects(putRule(change), { name });
    });

  for (const [what, change] of [
    ["a FIFO queue without a group", { SqsParameters: undefined }],
    [
      "a FIFO queue for dead letters",
      { DeadLetterConfig: { Arn: "arn:aws:sqs:us-west-2:123456789012:d.fifo" } },
    ],
    ["two kinds of input", { Input: "{}", InputPath: "$.detail" }],
    ["too many retries", { RetryPolicy: { MaximumRetryAttempts: 186 } }],
    ["no ARN", { Arn: "queue" }],
  ] as const)
    it(`refuses a target with ${what}`, async () => {
      await assert.rejects(putTarget(change), { name: "ValidationException" });
    });

  it("keeps targets and tags of a rule that is put again, and shows it", async () => {
    await putRule({ Name: "tagged", Tags: [{ Key: "team", Value: "shop" }] });
    await putRule({ Name: "tagged", Description: "second" });

    const rule = await account.run(account.clients.events.send(new DescribeRuleCommand({ Name: "tagged" })));
    const tags = await account.run(
      account.clients.events.send(new ListTagsForResourceCommand({ ResourceARN: rule.Arn })),
    );

    assert.deepEqual([rule.Description, rule.State, rule.EventPattern], ["second", "ENABLED", pattern]);
    assert.deepEqual(tags.Tags, [{ Key: "team", Value: "shop" }]);
  });

  it("does not delete a rule that has targets", async () => {
    await putTarget();

    await assert.rejects(account.run(account.clients.events.send(new DeleteRuleCommand({ Name: "rule" }))), {
      name: "ValidationException",
    });
    const { Targets } = await account.run(
      account.clients.events.send(new ListTargetsByRuleCommand({ Rule: "rule" })),
    );
    assert.equal(Targets?.length, 1);
  });

  it("lists rules in pages", async () => {
    for (const Name of ["p1", "p2", "p3"]) await putRule({ Name });
    const list = (NextToken?: string) =>
      account.run(
        account.clients.events.send(new ListRulesCommand({ NamePrefix: "p", Limit: 2, NextToken })),
      );

    const first = await list();
    const second = await list(first.NextToken);

    assert.deepEqual(
      [first.Rules, second.Rules].map((rules) => rules?.map(({ Name }) => Name)),
      [["p1", "p2"], ["p3"]],
    );
  });

  describe("drawn faults", () => {
    const deliver = async (seed: string, faults: object): Promise<number[]> => {
      account = new Account({}, seed);
      await allow(await account.queue("plain"), "plain");
      await putRule();
      await putTarget({ Arn: account.arn("sqs", "plain"), SqsParameters: undefined });
      EventBridge.of(account.world).faults = { ...noFaults, ...faults };
      for (let n = 0; n < 50; n++) emit({ detail: { n } });
      await account.pass(60);
      return messages("plain").map(({ body }) => (JSON.parse(body) as { detail: { n: number } }).detail.n);
    };
    const inOrder = Array.from({ length: 50 }, (_, n) => n);

    it("lose no event, double none and keep the order when there are none", async () => {
      assert.deepEqual(await deliver("a", {}), inOrder);
    });

    it("lose some events", async () => {
      const got = await deliver("a", { lostProbability: 0.3 });

      assert.ok(got.length > 20 && got.length < 50, String(got.length));
    });

    it("deliver some events twice", async () => {
      const got = await deliver("a", { doubledProbability: 0.3 });

      assert.ok(got.length > 50 && new Set(got).size === 50, String(got.length));
    });

    it("deliver some events late and so in another order", async () => {
      const got = await deliver("a", { lateProbability: 0.5, lateMs: 20_000 });

      assert.notDeepEqual(got, inOrder);
      assert.deepEqual(
        [...got].sort((a, b) => a - b),
        inOrder,
      );
    });

    it("are the same for the same seed and others for another", async () => {
      const faults = { lostProbability: 0.2, doubledProbability: 0.2, lateProbability: 0.3, lateMs: 5000 };

      const [first, second, other] = [
        await deliver("a", faults),
        await deliver("a", faults),
        await deliver("b", faults),
      ];

      assert.deepEqual(first, second);
      assert.notDeepEqual(first, other);
    });
  });
});
