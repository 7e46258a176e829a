import type { Target } from "@aws-sdk/client-eventbridge";
import type { InProcessFactory } from "../../../embedded-aws/runtime/function-in-process";
import { place, type Requests, type Session } from "../session";

const detail = { command: "update-account", payload: { acc_id: "0a787ecb-4015", sf_id: "baz" } };
const kind = "core.update-account-command";
const pattern = { source: [kind], "detail-type": [kind], detail: { command: ["update-account"] } };
const anyDetail = { source: [kind], "detail-type": [kind] };

/** What the function of a test was invoked with. */
let invoked: unknown[] = [];
export const functions: Readonly<Record<string, InProcessFactory>> = {
  recorded: () => (event) => Promise.resolve(invoked.push(event)),
};

/** A queue that rules may send to, and its ARN. */
async function queue(
  { aws, call }: Session,
  QueueName = "recorded-queue",
): Promise<[url: string, arn: string]> {
  const arn = `arn:aws:sqs:${place.region}:${place.account}:${QueueName}`;
  const Policy = JSON.stringify({
    Version: "2012-10-17",
    Statement: [
      {
        Effect: "Allow",
        Principal: { Service: "events.amazonaws.com" },
        Action: "sqs:SendMessage",
        Resource: arn,
      },
    ],
  });
  const { QueueUrl } = await call(aws.sqs.createQueue({ QueueName, Attributes: { Policy } }));
  return [QueueUrl!, arn];
}

/** A bus with one rule and one target. */
async function route(
  { aws: { events }, call }: Session,
  target: Omit<Target, "Id">,
  EventPattern: object = pattern,
  EventBusName = "recorded-bus",
  Name = "recorded-rule",
): Promise<void> {
  const { EventBuses = [] } = await call(events.listEventBuses({ NamePrefix: EventBusName }));
  if (EventBuses.length === 0) await call(events.createEventBus({ Name: EventBusName }));
  await call(events.putRule({ Name, EventBusName, EventPattern: JSON.stringify(EventPattern) }));
  await call(events.putTargets({ Rule: Name, EventBusName, Targets: [{ Id: "t", ...target }] }));
}

async function put(
  { aws: { events }, call, pass }: Session,
  given: object = detail,
  Source = kind,
  EventBusName = "recorded-bus",
): Promise<void> {
  const Detail = JSON.stringify(given);
  await call(events.putEvents({ Entries: [{ EventBusName, Source, DetailType: kind, Detail }] }));
  await pass(1);
}

/** Compares the messages that lie in a queue. */
async function messages({ aws: { sqs }, see }: Session, label: string, QueueUrl: string): Promise<void> {
  await see(label, sqs.receiveMessage({ QueueUrl, MaxNumberOfMessages: 10, WaitTimeSeconds: 1 }), (answer) =>
    (answer.Messages as { Body: string }[] | undefined)?.map((message) => ({
      ...message,
      // A date within a text was replaced before it was recorded.
      Body: message.Body.startsWith('"')
        ? message.Body.replace(/\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ/g, "date")
        : message.Body,
    })),
  );
}

/** A function that any rule may invoke; gives its ARN. */
async function lambda({ aws, call }: Session): Promise<string> {
  const { Role } = await call(
    aws.iam.createRole({
      RoleName: "recorded-function",
      AssumeRolePolicyDocument: JSON.stringify({
        Version: "2012-10-17",
        Statement: [
          { Effect: "Allow", Principal: { Service: "lambda.amazonaws.com" }, Action: "sts:AssumeRole" },
        ],
      }),
    }),
  );
  const { FunctionArn } = await call(
    aws.lambda.createFunction({
      FunctionName: "recorded",
      Role: Role?.Arn,
      Runtime: "nodejs24.x",
      Handler: "index.handler",
      // An empty archive.
      Code: { ZipFile: Buffer.from("PK\x05\x06".padEnd(22, "\0"), "latin1") },
    }),
  );
  await call(
    aws.lambda.addPermission({
      FunctionName: "recorded",
      StatementId: "rules",
      Action: "lambda:InvokeFunction",
      Principal: "events.amazonaws.com",
    }),
  );
  invoked = [];
  return FunctionArn!;
}

/** One event for a function. */
function toFunction(EventPattern: object, given: object): Requests {
  return async (session) => {
    await route(session, { Arn: await lambda(session) }, EventPattern);
    await put(session, given);
    session.given("events", invoked, "events:PutEvents");
  };
}

const automation = {
  id: "123",
  actions: [
    {
      id: "321",
      type: "SEND_NOTIFICATION",
      settings: { message: "", recipientEmails: [], subject: "", type: "SEND_NOTIFICATION" },
    },
  ],
};
const payload = (automations: object[]): object => ({
  payload: {
    userId: 10,
    businessId: 3,
    channelId: 6,
    card: { foo: "bar" },
    targetEntity: true,
    entityAuditTrailEvent: { foo: "bar" },
    automations,
  },
});
const hasAutomation = { detail: { payload: { automations: { id: [{ exists: true }] } } } };

const transformed = {
  InputPathsMap: { "detail-type": "$.detail-type", timestamp: "$.time", command: "$.detail.command" },
  InputTemplate: '{"detailType": <detail-type>,  "time": <timestamp>, "command": <command>}',
};

/** Two rules whose targets have the same id and ARN. */
function sameTarget(secondPath: string): Requests {
  return async (session) => {
    const { aws, see } = session;
    const [, Arn] = await queue(session, "target-arn");
    const paths = { one: "$.detail", two: secondPath };
    for (const [rule, InputPath] of Object.entries(paths)) {
      await route(session, { Id: "target-id", Arn, InputPath } as Target, pattern, "default", `rule-${rule}`);
    }
    for (const rule of Object.keys(paths))
      await see(
        `list-targets-rule-${rule}`,
        aws.events.listTargetsByRule({ Rule: `rule-${rule}` }),
        (answer) => ({
          ...answer,
          Targets: (answer.Targets as Target[]).map((target) => ({
            ...target,
            Arn: target.Arn?.replace(Arn, "target-arn"),
          })),
        }),
      );
  };
}

/** A refused entry of PutEvents. */
function entry(given: { Source?: string; Detail?: string }): Requests {
  return async ({ aws: { events }, see }) => {
    await see("put-events", events.putEvents({ Entries: [{ DetailType: kind, ...given }] }));
  };
}

async function refusedTarget(
  session: Session,
  label: string,
  target: Pick<Target, "InputTransformer" | "InputPath">,
): Promise<void> {
  const [, Arn] = await queue(session);
  await route(session, { Arn });
  await session.see(
    label,
    session.aws.events.putTargets({
      Rule: "recorded-rule",
      EventBusName: "recorded-bus",
      Targets: [{ Id: "t", Arn, ...target }],
    }),
  );
}

async function schedule({ aws: { events }, see }: Session, parameters: string): Promise<void> {
  const ScheduleExpression = parameters || "cron(0 20 * * ? *)";
  await see("put-rule", events.putRule({ Name: "recorded-rule", ScheduleExpression }));
  await see("list-rules", events.listRules({ NamePrefix: "recorded-rule" }));
}

const connections = "events:CreateConnection";

export const requests: Readonly<Record<string, Requests | string>> = {
  test_put_events_without_source: entry({ Detail: JSON.stringify(detail) }),
  test_put_event_without_detail: entry({ Source: kind }),
  test_put_event_malformed_detail: (session, parameters) => {
    const details: Readonly<Record<string, string>> = {
      STRING: "NotJSON",
      ARRAY: "[]",
      MALFORMED_JSON: "{{}",
      SERIALIZED_STRING: '"NotJSON"',
    };
    return entry({ Source: kind, Detail: details[parameters] })(session, "");
  },

  async test_create_list_describe_delete_custom_event_buses(session, parameters) {
    const { see } = session;
    const Name = "test-bus-recorded";
    const Description = parameters.startsWith("True") ? "test bus" : undefined;
    const regions = ["us-east-1", ...(parameters.endsWith("1") ? ["us-west-1", "eu-central-1"] : [])];
    // One placeholder stands for all Regions: the buses of each are made and deleted before the next.
    for (const region of regions) {
      const { events } = session.aws;
      await see(`create-custom-event-bus-${region}`, events.createEventBus({ Name, Description }));
      await see(`list-event-buses-after-create-${region}`, events.listEventBuses({ NamePrefix: Name }));
      await see(`describe-custom-event-bus-${region}`, events.describeEventBus({ Name }));
      await see(`delete-custom-event-bus-${region}`, events.deleteEventBus({ Name }));
      await see(`list-event-buses-after-delete-${region}`, events.listEventBuses({ NamePrefix: Name }));
    }
  },

  async test_describe_delete_not_existing_event_bus({ aws: { events }, see, call }) {
    const Name = "does-not-exist";
    await see("describe-not-existing-event-bus-error", events.describeEventBus({ Name }));
    await call(events.deleteEventBus({ Name }));
    // This test recorded the error of the first call a second time.
    await see("delete-not-existing-event-bus", events.describeEventBus({ Name }));
  },

  async test_delete_default_event_bus({ aws: { events }, see }) {
    await see("delete-default-event-bus-error", events.deleteEventBus({ Name: "default" }));
  },

  async test_list_event_buses_with_prefix({ aws: { events }, see, call }) {
    for (const Name of ["unique-prefix-1", "no-prefix-match"]) await call(events.createEventBus({ Name }));
    await see(
      "list-event-buses-prefix-complete-name",
      events.listEventBuses({ NamePrefix: "unique-prefix-1" }),
    );
    await see("list-event-buses-prefix", events.listEventBuses({ NamePrefix: "unique" }));
  },

  test_put_permission_non_existing_event_bus: "events:PutPermission",
  test_remove_permission: "events:PutPermission",
  test_remove_permission_non_existing_sid: "events:PutPermission",

  async test_put_events_to_default_eventbus_for_custom_eventbus({ aws: { events }, see, given }) {
    const { EventBusArn } = await see(
      "create-custom-event-bus",
      events.createEventBus({ Name: "custom-bus" }),
    );
    const EventPattern = JSON.stringify({ source: ["aws.s3"] });
    await see("create-rule-1", events.putRule({ Name: "default-rule", EventPattern }));
    await see(
      "create-rule-2",
      events.putRule({ Name: "custom-rule", EventBusName: "custom-bus", EventPattern }),
    );
    await see(
      "put-target-1",
      events.putTargets({ Rule: "default-rule", Targets: [{ Id: "bus", Arn: EventBusArn }] }),
    );
    await see(
      "put-target-2",
      events.putTargets({
        Rule: "custom-rule",
        EventBusName: "custom-bus",
        Targets: [{ Id: "queue", Arn: `arn:aws:sqs:${place.region}:${place.account}:q` }],
      }),
    );
    given("get-events", undefined, "s3:PutBucketNotificationConfiguration");
  },

  async test_put_events_nonexistent_event_bus(session) {
    const { aws, see, pass } = session;
    const [url, Arn] = await queue(session);
    await route(session, { Arn }, { source: ["MySource"], "detail-type": ["CustomType"] }, "default");
    const common = { Source: "MySource", DetailType: "CustomType" };
    await see(
      "put-events",
      aws.events.putEvents({
        Entries: [
          { ...common, Detail: JSON.stringify({ message: "for the default event bus" }) },
          { ...common, Detail: JSON.stringify({ message: "for the custom one" }), EventBusName: "nothing" },
        ],
      }),
    );
    await pass(1);
    await messages(session, "get-events", url);
    await see("non-existent-bus-error", aws.events.describeEventBus({ Name: "nothing" }));
  },

  async test_describe_nonexistent_rule({ aws: { events }, see }) {
    await see("describe-not-existing-rule-error", events.describeRule({ Name: "does-not-exist" }));
  },

  async test_disable_re_enable_rule({ aws: { events }, see, call }, parameters) {
    const EventBusName = parameters === "custom" ? "bus-recorded" : "default";
    if (parameters === "custom") await call(events.createEventBus({ Name: EventBusName }));
    const rule = { Name: "recorded-rule", EventBusName };
    await call(events.putRule({ ...rule, EventPattern: JSON.stringify(pattern) }));
    await see("disable-rule", events.disableRule(rule));
    await see("describe-rule-disabled", events.describeRule(rule));
    await see("enable-rule", events.enableRule(rule));
    await see("describe-rule-enabled", events.describeRule(rule));
  },

  async test_update_rule_with_targets(session) {
    const { aws, see } = session;
    const [, Arn] = await queue(session);
    await route(session, { Arn }, pattern, "default");
    const targets = () => aws.events.listTargetsByRule({ Rule: "recorded-rule" });
    await see("list-targets", targets());
    const EventPattern = JSON.stringify(pattern);
    await see("update-rule", aws.events.putRule({ Name: "recorded-rule", EventPattern }));
    await see("list-targets-after-update", targets());
  },

  async test_process_to_multiple_matching_rules_single_target(session) {
    const Arn = await lambda(session);
    for (const rule of ["rule-0", "rule-1"]) await route(session, { Arn }, anyDetail, undefined, rule);
    await put(session);
    session.given("events", invoked, "events:PutEvents");
  },

  async test_process_to_single_matching_rules_single_target(session) {
    const Arn = await lambda(session);
    const sources = ["source-one", "source-two", "source-three"];
    for (const source of sources) await route(session, { Arn }, { source: [source] }, undefined, source);
    for (const source of sources) {
      await put(session, detail, source);
      session.given(`events-${source}`, [...invoked], "events:PutEvents");
    }
  },

  async test_process_pattern_to_single_matching_rules_single_target(session) {
    const Arn = await lambda(session);
    const rules = {
      "detail-payload-with-id": { payload: { id: [{ exists: true }] } },
      "detail-with-id": { id: [{ exists: true }] },
    };
    for (const [name, wanted] of Object.entries(rules)) {
      const InputTransformer = {
        InputPathsMap: { detail: "$.detail" },
        InputTemplate: `{"${name}": <detail>}`,
      };
      await route(session, { Arn, InputTransformer }, { detail: wanted }, undefined, name);
    }
    for (const [i, given] of [{ payload: { id: "123" } }, { id: "123" }].entries()) {
      await put(session, given);
      session.given(`events-${i + 1}`, [...invoked], "events:PutEvents");
    }
  },

  test_put_multiple_targets_with_same_id_across_different_rules: sameTarget("$.notexisting"),
  test_put_multiple_targets_with_same_arn_across_different_rules: sameTarget("$.doesnotexist"),

  test_put_events_with_target_events: "events:PutPermission",
  test_put_events_with_target_firehose: "firehose:PutRecord",
  test_put_events_with_target_lambda: toFunction(pattern, detail),
  test_put_events_with_target_lambda_list_entry: toFunction(hasAutomation, payload([automation])),
  test_put_events_with_target_lambda_list_entries_partial_match: toFunction(
    hasAutomation,
    payload([{ foo: "bar" }, automation, { bar: "foo" }]),
  ),

  async test_put_events_with_target_sqs(session) {
    const [url, Arn] = await queue(session);
    await route(session, { Arn });
    await put(session);
    await messages(session, "message", url);
  },

  async test_put_events_with_target_sqs_event_detail_match(session) {
    const [url, Arn] = await queue(session);
    await route(session, { Arn, InputPath: "$.detail" }, { detail: { EventType: ["0", "1"] } });
    for (const EventType of ["1", "2"]) await put(session, { EventType });
    await messages(session, "messages", url);
  },

  test_put_events_with_target_cloudwatch_logs: "logs:PutResourcePolicy",

  tests_put_rule_with_schedule_cron: schedule,

  async tests_schedule_rate_custom_input_target_sqs(session) {
    const { aws, see, call, pass } = session;
    const [url, Arn] = await queue(session);
    await call(aws.events.putRule({ Name: "recorded-rule", ScheduleExpression: "rate(1 minute)" }));
    const Input = JSON.stringify({ "custom-value": "somecustominput" });
    await call(aws.events.putTargets({ Rule: "recorded-rule", Targets: [{ Id: "t", Arn, Input }] }));
    await see("list-targets", aws.events.listTargetsByRule({ Rule: "recorded-rule" }));
    await pass(60);
    await messages(session, "messages", url);
  },

  async test_put_events_with_input_path_multiple_targets(session) {
    const { aws, call } = session;
    const [first, Arn] = await queue(session, "first");
    const [second, other] = await queue(session, "second");
    await route(session, { Arn, InputPath: "$.detail" });
    await call(
      aws.events.putTargets({
        Rule: "recorded-rule",
        EventBusName: "recorded-bus",
        Targets: [{ Id: "other", Arn: other }],
      }),
    );
    await put(session);
    await messages(session, "message-queue-1", first);
    await messages(session, "message-queue-2", second);
  },

  async test_put_events_with_input_transformer_input_template_json(session) {
    const { InputPathsMap, InputTemplate } = transformed;
    for (const [suffix, command] of [
      ["", "$.detail.command"],
      ["not-", "$.detail.notinmessage"],
    ] as const) {
      const bus = `bus-${suffix}x`;
      const [url, Arn] = await queue(session, `queue-${suffix}x`);
      const InputTransformer = { InputPathsMap: { ...InputPathsMap, command }, InputTemplate };
      await route(session, { Arn, InputTransformer }, pattern, bus);
      await put(session, detail, kind, bus);
      await messages(session, `custom-variables-${suffix}match-all`, url);
    }
  },

  async test_put_events_with_input_transformer_missing_keys(session) {
    const InputTemplate = '"Event of <detail-type> type, with not defined key <notdefinedkey>"';
    const InputTransformer = { ...transformed, InputTemplate };
    await refusedTarget(session, "missing-key-exception-error", { InputTransformer });
  },

  async test_put_event_input_path_and_input_transformer(session) {
    await refusedTarget(session, "duplicated-input-operations-error", {
      InputTransformer: transformed,
      InputPath: "$.detail",
    });
  },

  async test_input_transformer_predefined_variables(session, InputTemplate) {
    const [url, Arn] = await queue(session);
    await route(session, { Arn, InputTransformer: { InputTemplate } });
    await put(session);
    await messages(session, "messages", url);
  },

  async test_put_rule_with_tags({ aws: { events }, see }) {
    const Tags = [
      { Key: "tag1", Value: "value1" },
      { Key: "tag2", Value: "value2" },
    ];
    const EventPattern = JSON.stringify(pattern);
    const { RuleArn } = await see("put_rule_with_tags", events.putRule({ Name: "rule", EventPattern, Tags }));
    await see("list_tags_for_rule", events.listTagsForResource({ ResourceARN: RuleArn }));
  },

  async test_create_event_bus_with_tags({ aws: { events }, see }) {
    const Tags = [
      { Key: "tag1", Value: "value1" },
      { Key: "tag2", Value: "value2" },
    ];
    const { EventBusArn } = await see(
      "create_event_bus_with_tags",
      events.createEventBus({ Name: "bus", Tags }),
    );
    await see("list_tags_for_event_bus", events.listTagsForResource({ ResourceARN: EventBusArn }));
  },

  async test_list_tags_for_deleted_event_bus({ aws: { events }, see, call }) {
    const { EventBusArn } = await call(events.createEventBus({ Name: "bus" }));
    await call(events.deleteEventBus({ Name: "bus" }));
    await see("list_tags_for_deleted_rule_error", events.listTagsForResource({ ResourceARN: EventBusArn }));
  },

  test_create_connection_with_auth: connections,
  test_delete_connection: connections,
  test_create_connection_invalid_parameters: connections,
  test_connection_secrets: connections,
  test_create_api_destination_invalid_parameters: connections,
  test_create_api_destination_name_validation: connections,
};
