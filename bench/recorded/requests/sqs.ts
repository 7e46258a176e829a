import type { SendMessageBatchRequestEntry, SQS } from "@aws-sdk/client-sqs";
import type { Requests, Session } from "../session";

/** The same call in both protocols: the parameters of a test begin with `sqs` or `sqs_query`. */
function both(test: (session: Session, sqs: SQS, parameters: string) => Promise<void>): Requests {
  return (session, parameters) =>
    test(session, parameters.startsWith("sqs_query") ? session.aws.sqsQuery : session.aws.sqs, parameters);
}

/** A queue of its own, made through the JSON protocol as the tests make theirs. */
async function queue(
  { aws, call }: Session,
  Attributes: Record<string, string> = {},
  name = "recorded-queue",
): Promise<string> {
  const QueueName = Attributes.FifoQueue === undefined ? name : `${name}.fifo`;
  return (await call(aws.sqs.createQueue({ QueueName, Attributes }))).QueueUrl!;
}

const fifo = { FifoQueue: "true", ContentBasedDeduplication: "true" };
/** A message attribute of eight bytes. */
const attribute = { k: { DataType: "String", StringValue: "x" } } as const;
const attributeBytes = "k".length + "String".length + "x".length;

/** Sends one message after another in other groups, and reads after each. */
async function sendAndRead(
  session: Session,
  sqs: SQS,
  QueueUrl: string,
  MessageDeduplicationId: string | undefined,
  bodies: readonly string[],
): Promise<void> {
  const { see, call } = session;
  for (const [i, MessageBody] of bodies.entries()) {
    const MessageGroupId = `group${i + 1}`;
    await call(sqs.sendMessage({ QueueUrl, MessageBody, MessageGroupId, MessageDeduplicationId }));
    const { Messages } = await see(`same-dedup-different-grp-${i + 1}`, sqs.receiveMessage({ QueueUrl }));
    if (i === 0) await call(sqs.deleteMessage({ QueueUrl, ReceiptHandle: Messages?.[0]?.ReceiptHandle }));
  }
}

/** Reads with the one or the other name of the parameter for system attributes. */
function systemAttributes(member: "AttributeNames" | "MessageSystemAttributeNames"): Requests {
  return both(async (session, sqs) => {
    const { see, call } = session;
    const QueueUrl = await queue(session, { VisibilityTimeout: "0" });
    await call(
      sqs.sendMessage({
        QueueUrl,
        MessageBody: "msg",
        MessageAttributes: { Foo: { DataType: "String", StringValue: "Bar" } },
      }),
    );
    const read = (
      label: string,
      names: ("All" | "SenderId" | "SequenceNumber")[],
      MessageAttributeNames = [""],
    ) =>
      see(
        label,
        sqs.receiveMessage({
          QueueUrl,
          WaitTimeSeconds: 5,
          [member]: names,
          MessageAttributeNames: MessageAttributeNames.filter((name) => name !== ""),
        }),
      );
    await read("all_attributes", ["All"]);
    await read("all_system_and_message_attributes", ["All"], ["All"]);
    await read("single_attribute", ["SenderId"]);
    await read("multiple_attributes", ["SenderId", "SequenceNumber"]);
  });
}

export const requests: Readonly<Record<string, Requests | string>> = {
  test_send_receive_max_number_of_messages: both(async (session, sqs) => {
    const QueueUrl = await queue(session);
    await session.see(
      "send_max_number_of_messages",
      sqs.receiveMessage({ QueueUrl, MaxNumberOfMessages: 11 }),
    );
  }),

  test_send_message_with_updated_maximum_message_size: both(async (session, sqs) => {
    const QueueUrl = await queue(session);
    await session.call(sqs.setQueueAttributes({ QueueUrl, Attributes: { MaximumMessageSize: "1024" } }));
    await session.call(sqs.sendMessage({ QueueUrl, MessageBody: "a".repeat(1024) }));
    await session.see(
      "send_oversized_message",
      sqs.sendMessage({
        QueueUrl,
        MessageBody: "a".repeat(1024 - attributeBytes + 1),
        MessageAttributes: attribute,
      }),
    );
  }),

  test_send_message_batch_with_oversized_contents: both(async (session, sqs) => {
    const QueueUrl = await queue(session);
    const Entries = [
      { Id: "1", MessageBody: "a".repeat(1_048_576 - attributeBytes), MessageAttributes: attribute },
      { Id: "2", MessageBody: "a" },
    ];
    await session.see("send_oversized_message_batch", sqs.sendMessageBatch({ QueueUrl, Entries }));
  }),

  test_send_message_batch_with_oversized_contents_with_updated_maximum_message_size: both(
    async (session, sqs) => {
      const QueueUrl = await queue(session);
      await session.call(sqs.setQueueAttributes({ QueueUrl, Attributes: { MaximumMessageSize: "2048" } }));
      const Entries = [
        { Id: "1", MessageBody: "a".repeat(2048 - attributeBytes), MessageAttributes: attribute },
        { Id: "2", MessageBody: "a" },
      ];
      await session.see("send_oversized_message_batch", sqs.sendMessageBatch({ QueueUrl, Entries }));
    },
  ),

  test_tag_untag_queue: both(async (session, sqs) => {
    const { see, call } = session;
    const QueueUrl = await queue(session);
    await call(sqs.tagQueue({ QueueUrl, Tags: { tag1: "value1", tag2: "value2", tag3: "" } }));
    await see("get-tag-1", sqs.listQueueTags({ QueueUrl }));
    await call(sqs.untagQueue({ QueueUrl, TagKeys: ["tag1", "tag3"] }));
    await see("get-tag-2", sqs.listQueueTags({ QueueUrl }));
    await call(sqs.untagQueue({ QueueUrl, TagKeys: ["tag2"] }));
    await see("get-tag-after-untag", sqs.listQueueTags({ QueueUrl }));
  }),

  async test_create_fifo_queue_with_different_attributes_raises_error(session) {
    await queue(session, fifo);
    const Attributes = { ...fifo, ContentBasedDeduplication: "false" };
    await session.see(
      "queue-already-exists",
      session.aws.sqs.createQueue({ QueueName: "recorded-queue.fifo", Attributes }),
    );
  },

  test_create_and_update_queue_attributes: both(async (session, sqs) => {
    const QueueUrl = await queue(session, {
      MessageRetentionPeriod: "604800",
      ReceiveMessageWaitTimeSeconds: "10",
      VisibilityTimeout: "20",
    });
    const all = () => sqs.getQueueAttributes({ QueueUrl, AttributeNames: ["All"] });
    await session.see("get_queue_attributes", all());
    await session.call(
      sqs.setQueueAttributes({
        QueueUrl,
        Attributes: { MaximumMessageSize: "2048", VisibilityTimeout: "69", DelaySeconds: "420" },
      }),
    );
    await session.see("get_updated_queue_attributes", all());
  }),

  test_change_message_visibility_after_visibility_timeout_expiration: both(async (session, sqs) => {
    const { see, call, pass } = session;
    const QueueUrl = await queue(session, { VisibilityTimeout: "1" });
    await call(sqs.sendMessage({ QueueUrl, MessageBody: "test" }));
    const { Messages } = await call(sqs.receiveMessage({ QueueUrl }));
    await pass(2);
    await see(
      "visibility_timeout_expired",
      sqs.changeMessageVisibility({
        QueueUrl,
        ReceiptHandle: Messages?.[0]?.ReceiptHandle,
        VisibilityTimeout: 2,
      }),
    );
  }),

  test_fifo_queue_send_message_with_delay_seconds_fails: both(async (session, sqs) => {
    const QueueUrl = await queue(session, fifo);
    await session.see(
      "send_message",
      sqs.sendMessage({ QueueUrl, MessageBody: "message-1", MessageGroupId: "1", DelaySeconds: 2 }),
    );
  }),

  test_fifo_message_attributes: both(async (session, sqs) => {
    const QueueUrl = await queue(session, {
      ...fifo,
      VisibilityTimeout: "0",
      DeduplicationScope: "messageGroup",
      FifoThroughputLimit: "perMessageGroupId",
    });
    await session.see(
      "send_message",
      sqs.sendMessage({
        QueueUrl,
        MessageBody: "message-body-1",
        MessageGroupId: "group-1",
        MessageDeduplicationId: "dedup-1",
      }),
    );
    for (const i of [0, 1])
      await session.see(
        `receive_message_${i}`,
        sqs.receiveMessage({ QueueUrl, AttributeNames: ["All"], WaitTimeSeconds: 10 }),
      );
  }),

  test_fifo_set_content_based_deduplication_strategy: both(async (session, sqs) => {
    const QueueUrl = await queue(session, { ...fifo, SqsManagedSseEnabled: "true" });
    const all = () => sqs.getQueueAttributes({ QueueUrl, AttributeNames: ["All"] });
    await session.see("before-update", all());
    await session.call(
      sqs.setQueueAttributes({ QueueUrl, Attributes: { ContentBasedDeduplication: "false" } }),
    );
    await session.see("after-update", all());
  }),

  test_invalid_batch_id: both(async (session, sqs) => {
    const QueueUrl = await queue(session);
    const Entries = [{ Id: "message:1", MessageBody: "messageBody-1" }];
    await session.see("test_invalid_batch_id", sqs.sendMessageBatch({ QueueUrl, Entries }));
  }),

  test_send_batch_missing_deduplication_id_for_fifo_queue: both(async (session, sqs) => {
    const QueueUrl = await queue(session, { ...fifo, ContentBasedDeduplication: "false" });
    const entry = { MessageBody: "messageBody", MessageGroupId: "test-group" };
    const Entries = [
      { ...entry, Id: "message-1", MessageDeduplicationId: "dedup-1" },
      { ...entry, Id: "message-2" },
    ];
    await session.see(
      "test_missing_deduplication_id_for_fifo_queue",
      sqs.sendMessageBatch({ QueueUrl, Entries }),
    );
  }),

  test_send_batch_missing_message_group_id_for_fifo_queue: both(async (session, sqs) => {
    const QueueUrl = await queue(session, { ...fifo, ContentBasedDeduplication: "false" });
    const Entries: SendMessageBatchRequestEntry[] = [
      {
        Id: "message-1",
        MessageBody: "messageBody",
        MessageGroupId: "test-group",
        MessageDeduplicationId: "dedup-1",
      },
      { Id: "message-2", MessageBody: "messageBody", MessageDeduplicationId: "dedup-2" },
    ];
    await session.see(
      "test_missing_message_group_id_for_fifo_queue",
      sqs.sendMessageBatch({ QueueUrl, Entries }),
    );
  }),

  test_delete_message_batch_with_too_large_batch: both(async (session, sqs) => {
    const { see, call } = session;
    const QueueUrl = await queue(session);
    const ten = Array.from({ length: 10 }, (_, i) => ({ Id: `message-${i}`, MessageBody: `body ${i}` }));
    const handles: (string | undefined)[] = [];
    for (const Entries of [ten, ten]) {
      await call(sqs.sendMessageBatch({ QueueUrl, Entries }));
      const { Messages = [] } = await call(sqs.receiveMessage({ QueueUrl, MaxNumberOfMessages: 10 }));
      handles.push(...Messages.map(({ ReceiptHandle }) => ReceiptHandle));
    }
    const Entries = handles.map((ReceiptHandle, i) => ({ Id: String(i), ReceiptHandle }));
    await see("error_response", sqs.deleteMessageBatch({ QueueUrl, Entries }), ({ Error, ...answer }) => {
      // This test took the empty detail of the query protocol away before it recorded.
      const { Detail: _, ...error } = Error as Record<string, unknown>;
      return { ...answer, Error: error };
    });
  }),

  test_send_message_with_binary_attributes: both(async (session, sqs) => {
    const QueueUrl = await queue(session);
    const BinaryValue = Buffer.from(
      "traceparent\x1e00-774062d6c37081a5a0b9b5b88e30627c-2d2482211f6489da-01",
      "latin1",
    );
    await session.call(
      sqs.sendMessage({
        QueueUrl,
        MessageBody: "test",
        MessageAttributes: { attr1: { DataType: "Binary", BinaryValue } },
      }),
    );
    await session.see("binary-attrs-msg", sqs.receiveMessage({ QueueUrl, MessageAttributeNames: ["All"] }));
  }),

  test_set_unsupported_attribute_fifo: both(async (session, sqs) => {
    const set = (QueueUrl: string, FifoQueue: string) =>
      sqs.setQueueAttributes({ QueueUrl, Attributes: { FifoQueue } });
    const standard = await queue(session);
    await session.see("invalid-attr-name-1", set(standard, "true"));
    const ordered = await queue(session, { FifoQueue: "true" });
    await session.call(set(ordered, "true"));
    await session.see("invalid-attr-name-2", set(ordered, "false"));
  }),

  test_fifo_deduplication_arrives_once_after_delete: both(async (session, sqs, parameters) => {
    const { see, call } = session;
    const byContent = parameters.endsWith("True");
    const QueueUrl = await queue(session, byContent ? fifo : { FifoQueue: "true" });
    const send = () =>
      call(
        sqs.sendMessage({
          QueueUrl,
          MessageBody: '{"foo": "bar"}',
          MessageGroupId: "group-1",
          MessageDeduplicationId: byContent ? undefined : "dedup1",
        }),
      );
    await send();
    const { Messages } = await see("get-messages", sqs.receiveMessage({ QueueUrl, WaitTimeSeconds: 3 }));
    await call(sqs.deleteMessage({ QueueUrl, ReceiptHandle: Messages?.[0]?.ReceiptHandle }));
    await send();
    await see("get-messages-duplicate", sqs.receiveMessage({ QueueUrl, WaitTimeSeconds: 1 }));
  }),

  test_successive_purge_calls_fail: both(async (session, sqs) => {
    const QueueUrl = await queue(session);
    await session.call(sqs.purgeQueue({ QueueUrl }));
    await session.see("purge_queue_error", sqs.purgeQueue({ QueueUrl }));
  }),

  test_sqs_fifo_same_dedup_id_different_message_groups: both(async (session, sqs) => {
    const QueueUrl = await queue(session, { FifoQueue: "True", ContentBasedDeduplication: "False" });
    await sendAndRead(session, sqs, QueueUrl, "same-dedup", ["Test", "Test"]);
  }),

  test_fifo_high_throughput_ordering: both(async (session, sqs) => {
    const QueueUrl = await queue(session, {
      FifoQueue: "True",
      ContentBasedDeduplication: "False",
      DeduplicationScope: "messageGroup",
      FifoThroughputLimit: "perMessageGroupId",
    });
    await sendAndRead(session, sqs, QueueUrl, "same-dedup", ["Test1", "Test2"]);
  }),

  test_sqs_fifo_message_group_scope_no_throughput_setting: both(async (session, sqs) => {
    const QueueUrl = await queue(session, {
      FifoQueue: "True",
      ContentBasedDeduplication: "True",
      DeduplicationScope: "messageGroup",
    });
    await sendAndRead(session, sqs, QueueUrl, undefined, ["Test", "Test"]);
  }),

  test_fifo_change_to_high_throughput_after_creation: both(async (session, sqs) => {
    const { see, call } = session;
    const QueueUrl = await queue(session, {
      FifoQueue: "True",
      ContentBasedDeduplication: "False",
      DeduplicationScope: "queue",
    });
    const send = (n: number, MessageDeduplicationId: string) =>
      call(
        sqs.sendMessage({
          QueueUrl,
          MessageBody: `Test${n}`,
          MessageGroupId: `group${n}`,
          MessageDeduplicationId,
        }),
      );
    const readAndDelete = async (label: string) => {
      const { Messages } = await see(label, sqs.receiveMessage({ QueueUrl }));
      await call(sqs.deleteMessage({ QueueUrl, ReceiptHandle: Messages?.[0]?.ReceiptHandle }));
    };
    await send(1, "same-dedup");
    await readAndDelete("same-dedup-different-grp-1");
    await send(2, "same-dedup");
    await see("same-dedup-different-grp-2", sqs.receiveMessage({ QueueUrl, VisibilityTimeout: 0 }));
    await call(
      sqs.setQueueAttributes({
        QueueUrl,
        Attributes: { DeduplicationScope: "messageGroup", FifoThroughputLimit: "perMessageGroupId" },
      }),
    );
    await see("set-to-high-throughput", sqs.getQueueAttributes({ QueueUrl, AttributeNames: ["All"] }));
    await see("same-dedup-different-grp-high-throughput", sqs.receiveMessage({ QueueUrl }));
    await send(3, "same-dedup");
    await see("same-dedup-different-grp-high-throughput-2", sqs.receiveMessage({ QueueUrl }));
    await send(4, "dedup_2");
    await readAndDelete("new-dedup2-high-throughput");
    await send(5, "dedup_2");
    await see("same-dedup2-high-throughput", sqs.receiveMessage({ QueueUrl }));
  }),

  test_fifo_change_to_regular_throughput_after_creation: both(async (session, sqs) => {
    const { see, call } = session;
    const QueueUrl = await queue(session, {
      FifoQueue: "True",
      ContentBasedDeduplication: "False",
      DeduplicationScope: "messageGroup",
      FifoThroughputLimit: "perMessageGroupId",
    });
    for (const n of [1, 2, 3]) {
      if (n === 3) {
        await call(
          sqs.setQueueAttributes({
            QueueUrl,
            Attributes: { DeduplicationScope: "queue", FifoThroughputLimit: "perQueue" },
          }),
        );
        await see("set-to-regular-throughput", sqs.getQueueAttributes({ QueueUrl, AttributeNames: ["All"] }));
      }
      await call(
        sqs.sendMessage({
          QueueUrl,
          MessageBody: `Test${n}`,
          MessageGroupId: `group${n}`,
          MessageDeduplicationId: "same-dedup",
        }),
      );
      const { Messages } = await see(
        `same-dedup-different-grp-${n === 3 ? "regular-throughput" : n}`,
        sqs.receiveMessage({ QueueUrl }),
      );
      if (n < 3) await call(sqs.deleteMessage({ QueueUrl, ReceiptHandle: Messages?.[0]?.ReceiptHandle }));
    }
  }),

  test_sse_queue_attributes: both(async (session, sqs) => {
    const settings = {
      sse_kms_attributes: {
        KmsMasterKeyId: "testKeyId",
        KmsDataKeyReusePeriodSeconds: "6000",
        SqsManagedSseEnabled: "false",
      },
      sse_sqs_attributes: { SqsManagedSseEnabled: "true" },
    };
    for (const [label, Attributes] of Object.entries(settings)) {
      const QueueUrl = await queue(session, {}, label);
      await session.call(sqs.setQueueAttributes({ QueueUrl, Attributes }));
      await session.see(
        label,
        sqs.getQueueAttributes({
          QueueUrl,
          AttributeNames: ["KmsMasterKeyId", "KmsDataKeyReusePeriodSeconds", "SqsManagedSseEnabled"],
        }),
      );
    }
  }),

  test_receive_message_message_attribute_names_filters: both(async (session, sqs) => {
    const { see } = session;
    const QueueUrl = await queue(session, { VisibilityTimeout: "0" });
    await see(
      "send_message_response",
      sqs.sendMessage({
        QueueUrl,
        MessageBody: "msg",
        MessageAttributes: {
          "Help.Me": { DataType: "String", StringValue: "Me" },
          Hello: { DataType: "String", StringValue: "There" },
          General: { DataType: "String", StringValue: "Kenobi" },
        },
      }),
    );
    const read = (label: string, MessageAttributeNames: string[], whole = false) =>
      see(label, sqs.receiveMessage({ QueueUrl, WaitTimeSeconds: 5, MessageAttributeNames }), (answer) =>
        whole ? answer : (answer.Messages as unknown[])[0],
      );
    await read("empty_filter", [], true);
    await read("all_name", ["All"], true);
    await read("all_wildcard_asterisk", ["*"]);
    await read("all_wildcard", [".*"]);
    await read("only_non_existing_names", ["Foo", "Help"]);
    await read("only_existing", ["Hello", "General"]);
    await read("existing_and_non_existing", ["Foo", "Hello"]);
    await read("prefix_filter", ["Hel.*"]);
    await read("illegal_name_1", ["AWS."], true);
    await read("illegal_name_2", ["..foo"], true);
  }),

  test_receive_message_attribute_names_filters: systemAttributes("AttributeNames"),
  test_receive_message_message_system_attribute_names_filters: systemAttributes(
    "MessageSystemAttributeNames",
  ),

  test_sqs_permission_lifecycle: "sqs:AddPermission",

  async test_send_message_via_queue_url_with_json_protocol(session) {
    const QueueUrl = await queue(session);
    const { sqs } = session.clients({ endpoint: QueueUrl });
    await session.see("receive-json-on-queue-url", sqs.receiveMessage({ QueueUrl, WaitTimeSeconds: 1 }));
  },

  test_send_receive_wait_time_seconds: both(async (session, sqs) => {
    const { see, call } = session;
    const QueueUrl = await queue(session);
    for (const MessageBody of ["message", "message"]) await call(sqs.sendMessage({ QueueUrl, MessageBody }));
    await see("recieve_message_error_too_large", sqs.receiveMessage({ QueueUrl, WaitTimeSeconds: 21 }));
    await see("recieve_message_error_too_small", sqs.receiveMessage({ QueueUrl, WaitTimeSeconds: -1 }));
    await see("empty_short_poll_by_default_resp", sqs.receiveMessage({ QueueUrl, MaxNumberOfMessages: 1 }));
    await see(
      "empty_short_poll_explicit_resp",
      sqs.receiveMessage({ QueueUrl, MaxNumberOfMessages: 1, WaitTimeSeconds: 0 }),
    );
  }),

  test_receive_empty_queue: both(async (session, sqs) => {
    const QueueUrl = await queue(session);
    const read = (label: string, WaitTimeSeconds?: number, MaxNumberOfMessages?: number) =>
      session.see(label, sqs.receiveMessage({ QueueUrl, WaitTimeSeconds, MaxNumberOfMessages }));
    await read("empty_short_poll_resp_no_param");
    await read("empty_short_poll_resp", undefined, 1);
    await read("empty_long_poll_resp", 1, 1);
  }),

  test_send_empty_message: both(async (session, sqs) => {
    const QueueUrl = await queue(session);
    await session.see("send_empty_message", sqs.sendMessage({ QueueUrl, MessageBody: "" }));
  }),

  test_send_message_to_standard_queue_with_invalid_message_group_id: async (session, parameters) => {
    const QueueUrl = await queue(session);
    const ids: Readonly<Record<string, string>> = {
      empty: "",
      too_long: "a".repeat(129),
      spaces: "group 123",
    };
    await session.see(
      "error-response",
      session.aws.sqs.sendMessage({ QueueUrl, MessageBody: "message", MessageGroupId: ids[parameters] }),
    );
  },

  test_fifo_queue_send_message_with_zero_delay_defaults_to_queue_delay: both(async (session, sqs) => {
    const { see, pass } = session;
    const QueueUrl = await queue(session, { ...fifo, DelaySeconds: "2" });
    await see(
      "send_message_result",
      sqs.sendMessage({ QueueUrl, MessageBody: "message-1", MessageGroupId: "1", DelaySeconds: 0 }),
    );
    await see("receive_message_initial_result", sqs.receiveMessage({ QueueUrl, WaitTimeSeconds: 1 }));
    await pass(3);
    await see("receive_message_after_delay_result", sqs.receiveMessage({ QueueUrl, MaxNumberOfMessages: 1 }));
  }),

  test_fifo_delete_after_visibility_timeout_extended: both(async (session, sqs) => {
    const { see, call, pass } = session;
    const QueueUrl = await queue(session, {
      VisibilityTimeout: "1",
      FifoQueue: "True",
      ContentBasedDeduplication: "True",
    });
    await call(sqs.sendMessage({ QueueUrl, MessageBody: "foobar", MessageGroupId: "1" }));
    const { Messages } = await see(
      "received_sqs_message",
      sqs.receiveMessage({ QueueUrl, WaitTimeSeconds: 5 }),
    );
    const ReceiptHandle = Messages?.[0]?.ReceiptHandle;
    await call(sqs.changeMessageVisibility({ QueueUrl, ReceiptHandle, VisibilityTimeout: 5 }));
    await pass(1.5);
    await call(sqs.deleteMessage({ QueueUrl, ReceiptHandle }));
    await see("delete_after_timeout_fifo_extended", sqs.receiveMessage({ QueueUrl }));
  }),
};
