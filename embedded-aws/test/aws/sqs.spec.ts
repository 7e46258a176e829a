import assert from "node:assert/strict";
import {
  ChangeMessageVisibilityCommand,
  CreateQueueCommand,
  DeleteMessageBatchCommand,
  DeleteMessageCommand,
  GetQueueAttributesCommand,
  ListMessageMoveTasksCommand,
  ListQueuesCommand,
  ListQueueTagsCommand,
  PurgeQueueCommand,
  ReceiveMessageCommand,
  SendMessageBatchCommand,
  SendMessageCommand,
  SetQueueAttributesCommand,
  StartMessageMoveTaskCommand,
  TagQueueCommand,
  UntagQueueCommand,
  type Message,
} from "@aws-sdk/client-sqs";
import { Account } from "../support/account";

describe("Sqs", () => {
  let account: Account;
  const send = (QueueUrl: string, MessageBody: string, more: object = {}) =>
    account.run(account.clients.sqs.send(new SendMessageCommand({ QueueUrl, MessageBody, ...more })));
  const receive = async (QueueUrl: string, more: object = {}): Promise<Message[]> => {
    const { Messages } = await account.run(
      account.clients.sqs.send(
        new ReceiveMessageCommand({ QueueUrl, MaxNumberOfMessages: 10, AttributeNames: ["All"], ...more }),
      ),
    );
    return Messages ?? [];
  };
  const remove = (QueueUrl: string, { ReceiptHandle }: Message) =>
    account.run(account.clients.sqs.send(new DeleteMessageCommand({ QueueUrl, ReceiptHandle })));
  const bodies = (messages: Message[]) => messages.map(({ Body }) => Body);

  beforeEach(() => {
    account = new Account();
  });

  describe("a standard queue", () => {
    it("hides a received message for the visibility timeout and shows it again when nobody deleted it", async () => {
      const url = await account.queue("q", { VisibilityTimeout: "30" });
      await send(url, "a");

      const first = await receive(url);
      const hidden = await receive(url);
      await account.pass(30);
      const again = await receive(url);

      assert.deepEqual([bodies(first), bodies(hidden), bodies(again)], [["a"], [], ["a"]]);
      assert.equal(again[0]?.Attributes?.ApproximateReceiveCount, "2");
    });

    it("holds a message back for the delay that its sender or the queue asks for", async () => {
      const url = await account.queue("q", { DelaySeconds: "10" });
      await send(url, "queue's delay");
      await send(url, "own delay", { DelaySeconds: 2 });

      await account.pass(2);
      const early = await receive(url);
      await account.pass(8);
      const late = await receive(url);

      assert.deepEqual([bodies(early), bodies(late)], [["own delay"], ["queue's delay"]]);
    });

    it("answers a long poll as soon as a message can be received", async () => {
      const url = await account.queue("q");
      const started = account.clock.now();
      account.clock.schedule(7000, "sender", async () => {
        await account.world.asOperator("sqs", "SendMessage", { QueueUrl: url, MessageBody: "late" });
      });

      const messages = await receive(url, { WaitTimeSeconds: 20 });

      assert.deepEqual(bodies(messages), ["late"]);
      assert.equal(account.clock.now() - started, 7000);
    });

    it("answers a long poll with nothing when its time is over", async () => {
      const url = await account.queue("q");
      const started = account.clock.now();

      const messages = await receive(url, { WaitTimeSeconds: 20 });

      assert.deepEqual(messages, []);
      assert.equal(account.clock.now() - started, 20_000);
    });

    it("shows a message at once when its visibility timeout is set to zero", async () => {
      const url = await account.queue("q");
      await send(url, "a");
      const [message] = await receive(url);

      await account.run(
        account.clients.sqs.send(
          new ChangeMessageVisibilityCommand({
            QueueUrl: url,
            ReceiptHandle: message!.ReceiptHandle,
            VisibilityTimeout: 0,
          }),
        ),
      );

      assert.deepEqual(bodies(await receive(url)), ["a"]);
    });

    it("carries message attributes whose digest the client verifies", async () => {
      const url = await account.queue("q");
      await send(url, "a", {
        MessageAttributes: {
          text: { DataType: "String", StringValue: "x" },
          bytes: { DataType: "Binary", BinaryValue: Uint8Array.of(1, 2, 3) },
        },
      });

      const [message] = await receive(url, { MessageAttributeNames: ["All"] });

      assert.equal(message?.MessageAttributes?.text?.StringValue, "x");
      assert.deepEqual([...(message?.MessageAttributes?.bytes?.BinaryValue ?? [])], [1, 2, 3]);
    });

    it("drops a message when its retention is over", async () => {
      const url = await account.queue("q", { MessageRetentionPeriod: "60" });
      await send(url, "a");

      await account.pass(60);

      assert.deepEqual(await receive(url), []);
    });
  });

  describe("a FIFO queue", () => {
    it("serves one group in order and nothing of it while one of its messages is in flight", async () => {
      const url = await account.queue("q.fifo", { VisibilityTimeout: "30" });
      for (const body of ["a1", "a2", "a3"]) await send(url, body, { MessageGroupId: "a" });
      await send(url, "b1", { MessageGroupId: "b" });

      const first = await receive(url, { MaxNumberOfMessages: 1 });
      const second = await receive(url);
      await remove(url, first[0]!);
      const third = await receive(url);

      assert.deepEqual([bodies(first), bodies(second), bodies(third)], [["a1"], ["b1"], ["a2", "a3"]]);
    });

    it("gives a message again in its old place after the visibility timeout, before later ones", async () => {
      const url = await account.queue("q.fifo", { VisibilityTimeout: "30" });
      await send(url, "1", { MessageGroupId: "g" });
      await receive(url);
      await send(url, "2", { MessageGroupId: "g" });

      await account.pass(30);

      assert.deepEqual(bodies(await receive(url)), ["1", "2"]);
    });

    it("takes the same body once in five minutes, and again afterwards", async () => {
      const url = await account.queue("q.fifo");
      const first = await send(url, "same", { MessageGroupId: "g" });
      await account.pass(299);

      const doubled = await send(url, "same", { MessageGroupId: "g" });
      await account.pass(1);
      const later = await send(url, "same", { MessageGroupId: "g" });

      assert.equal(doubled.MessageId, first.MessageId);
      assert.equal(doubled.SequenceNumber, first.SequenceNumber);
      assert.notEqual(later.MessageId, first.MessageId);
      assert.equal((await receive(url)).length, 2);
    });

    it("holds every message back for the queue's delay and refuses a delay of the sender's", async () => {
      const url = await account.queue("q.fifo", { DelaySeconds: "10" });
      await send(url, "a", { MessageGroupId: "g" });

      await account.pass(9);
      const early = await receive(url);
      await account.pass(1);

      assert.deepEqual([bodies(early), bodies(await receive(url))], [[], ["a"]]);
      await assert.rejects(send(url, "b", { MessageGroupId: "g", DelaySeconds: 1 }), {
        name: "InvalidParameterValue",
      });
    });

    it("refuses a message without a group", async () => {
      const url = await account.queue("q.fifo");

      await assert.rejects(send(url, "a"), { name: "MissingParameter" });
    });

    it("refuses a receipt handle whose visibility timeout is over", async () => {
      const url = await account.queue("q.fifo", { VisibilityTimeout: "30" });
      await send(url, "a", { MessageGroupId: "g" });
      const [message] = await receive(url);

      await account.pass(30);

      await assert.rejects(remove(url, message!), /receipt handle has expired/);
    });
  });

  describe("a dead-letter queue", () => {
    const redrive = (name: string) =>
      JSON.stringify({ deadLetterTargetArn: account.arn("sqs", name), maxReceiveCount: 3 });

    it("gets a FIFO message that was received three times, and its group goes on", async () => {
      const dead = await account.queue("dead.fifo");
      const url = await account.queue("q.fifo", {
        VisibilityTimeout: "30",
        RedrivePolicy: redrive("dead.fifo"),
      });
      await send(url, "bad", { MessageGroupId: "g" });
      await send(url, "good", { MessageGroupId: "g" });
      for (let i = 0; i < 3; i++) {
        await receive(url, { MaxNumberOfMessages: 1 });
        await account.pass(30);
      }

      const rest = await receive(url);
      const [letter] = await receive(dead);

      assert.deepEqual(bodies(rest), ["good"]);
      assert.equal(letter?.Body, "bad");
      assert.equal(letter?.Attributes?.MessageGroupId, "g");
      assert.equal(letter?.Attributes?.DeadLetterQueueSourceArn, account.arn("sqs", "q.fifo"));
    });

    it("must be of the same type as its source", async () => {
      await account.queue("dead");

      await assert.rejects(
        account.queue("q.fifo", { RedrivePolicy: redrive("dead") }),
        /must be of the same type/,
      );
    });

    it("gives its messages back to where they came from by a move task", async () => {
      const dead = await account.queue("dead");
      const url = await account.queue("q", { VisibilityTimeout: "0", RedrivePolicy: redrive("dead") });
      await send(url, "a");
      for (let i = 0; i < 4; i++) await receive(url);

      await account.run(
        account.clients.sqs.send(new StartMessageMoveTaskCommand({ SourceArn: account.arn("sqs", "dead") })),
      );
      await account.pass(1);
      const { Results } = await account.run(
        account.clients.sqs.send(new ListMessageMoveTasksCommand({ SourceArn: account.arn("sqs", "dead") })),
      );

      assert.deepEqual(
        [Results?.[0]?.Status, Results?.[0]?.ApproximateNumberOfMessagesMoved],
        ["COMPLETED", 1],
      );
      assert.deepEqual(bodies(await receive(dead)), []);
      assert.deepEqual(bodies(await receive(url)), ["a"]);
    });

    it("cannot be moved from when it is nobody's dead-letter queue", async () => {
      await account.queue("q");

      await assert.rejects(
        account.run(
          account.clients.sqs.send(new StartMessageMoveTaskCommand({ SourceArn: account.arn("sqs", "q") })),
        ),
        /must be configured as a Dead Letter Queue/,
      );
    });
  });

  it("keeps the good entries of a batch and names the bad ones", async () => {
    const url = await account.queue("q");

    const { Successful, Failed } = await account.run(
      account.clients.sqs.send(
        new SendMessageBatchCommand({
          QueueUrl: url,
          Entries: [
            { Id: "1", MessageBody: "a" },
            { Id: "2", MessageBody: "b", DelaySeconds: 901 },
          ],
        }),
      ),
    );

    assert.deepEqual(
      Successful?.map(({ Id }) => Id),
      ["1"],
    );
    assert.deepEqual(
      Failed?.map(({ Id, Code, SenderFault }) => [Id, Code, SenderFault]),
      [["2", "InvalidParameterValue", true]],
    );
  });

  for (const [what, ids, name] of [
    ["without entries", [], "EmptyBatchRequest"],
    ["of eleven", [..."abcdefghijk"], "TooManyEntriesInBatchRequest"],
    ["with an id twice", ["a", "a"], "BatchEntryIdsNotDistinct"],
    ["with a bad id", ["a b"], "InvalidBatchEntryId"],
  ] as const)
    it(`refuses a batch ${what} as the class ${name} of the SDK`, async () => {
      const QueueUrl = await account.queue("q");

      await assert.rejects(
        account.run(
          account.clients.sqs.send(
            new DeleteMessageBatchCommand({
              QueueUrl,
              Entries: ids.map((Id) => ({ Id, ReceiptHandle: "r" })),
            }),
          ),
        ),
        { name },
      );
    });

  it("shows when a queue was created, in seconds, and what waits in it", async () => {
    const url = await account.queue("q.fifo", { DelaySeconds: "5", VisibilityTimeout: "90" });
    await send(url, "a", { MessageGroupId: "g" });

    const { Attributes } = await account.run(
      account.clients.sqs.send(new GetQueueAttributesCommand({ QueueUrl: url, AttributeNames: ["All"] })),
    );

    assert.equal(Attributes?.CreatedTimestamp, String(account.clock.now() / 1000));
    assert.equal(Attributes?.ApproximateNumberOfMessagesDelayed, "1");
    assert.equal(Attributes?.FifoQueue, "true");
    assert.equal(Attributes?.VisibilityTimeout, "90");
    assert.equal(Attributes?.QueueArn, account.arn("sqs", "q.fifo"));
  });

  for (const [name, value] of [
    ["VisibilityTimeout", "43201"],
    ["DelaySeconds", "1.5"],
    ["MessageRetentionPeriod", "59"],
    ["RedrivePolicy", "{}"],
    ["Policy", "no JSON"],
  ] as const)
    it(`refuses ${name} ${value} and changes nothing`, async () => {
      const QueueUrl = await account.queue("q");

      await assert.rejects(
        account.run(
          account.clients.sqs.send(
            new SetQueueAttributesCommand({
              QueueUrl,
              Attributes: { ReceiveMessageWaitTimeSeconds: "3", [name]: value },
            }),
          ),
        ),
        { name: "InvalidAttributeValue" },
      );
      const { Attributes } = await account.run(
        account.clients.sqs.send(
          new GetQueueAttributesCommand({ QueueUrl, AttributeNames: ["ReceiveMessageWaitTimeSeconds"] }),
        ),
      );
      assert.equal(Attributes?.ReceiveMessageWaitTimeSeconds, "0");
    });

  it("refuses a FIFO name without the attribute, and other attributes for a queue that exists", async () => {
    const create = (QueueName: string, Attributes?: Record<string, string>) =>
      account.run(account.clients.sqs.send(new CreateQueueCommand({ QueueName, Attributes })));
    await create("q", { DelaySeconds: "1" });

    await assert.rejects(create("q.fifo"), { name: "InvalidParameterValue" });
    await assert.rejects(create("q", { DelaySeconds: "2" }), { name: "QueueNameExists" });
    await assert.doesNotReject(create("q", { DelaySeconds: "1" }));
  });

  it("lists queues in pages", async () => {
    for (const name of ["a1", "a2", "a3", "b1"]) await account.queue(name);
    const list = (NextToken?: string) =>
      account.run(
        account.clients.sqs.send(new ListQueuesCommand({ QueueNamePrefix: "a", MaxResults: 2, NextToken })),
      );

    const first = await list();
    const second = await list(first.NextToken);

    assert.deepEqual(
      [first.QueueUrls, second.QueueUrls].map((urls) => urls?.map((url) => url.split("/").pop())),
      [["a1", "a2"], ["a3"]],
    );
    assert.equal(second.NextToken, undefined);
  });

  it("purges a queue once a minute", async () => {
    const QueueUrl = await account.queue("q");
    await send(QueueUrl, "a");

    await account.run(account.clients.sqs.send(new PurgeQueueCommand({ QueueUrl })));

    assert.deepEqual(await receive(QueueUrl), []);
    await assert.rejects(account.run(account.clients.sqs.send(new PurgeQueueCommand({ QueueUrl }))), {
      name: "PurgeQueueInProgress",
    });
  });

  it("adds and removes tags", async () => {
    const QueueUrl = await account.queue("q");

    await account.run(account.clients.sqs.send(new TagQueueCommand({ QueueUrl, Tags: { a: "1", b: "2" } })));
    await account.run(account.clients.sqs.send(new UntagQueueCommand({ QueueUrl, TagKeys: ["a"] })));

    const { Tags } = await account.run(account.clients.sqs.send(new ListQueueTagsCommand({ QueueUrl })));
    assert.deepEqual(Tags, { b: "2" });
  });

  it("answers with the SDK's own class when the queue does not exist", async () => {
    await assert.rejects(send("https://sqs.us-west-2.amazonaws.com/123456789012/none", "a"), {
      name: "QueueDoesNotExist",
    });
  });
});
