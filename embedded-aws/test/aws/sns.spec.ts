import assert from "node:assert/strict";
import {
  ConfirmSubscriptionCommand,
  CreateTopicCommand,
  ListSubscriptionsByTopicCommand,
  PublishCommand,
  SubscribeCommand,
} from "@aws-sdk/client-sns";
import { SetQueueAttributesCommand } from "@aws-sdk/client-sqs";
import { Sns } from "../../aws/sns";
import { Sqs } from "../../aws/sqs";
import { Account } from "../support/account";

describe("Sns", () => {
  let account: Account;
  let TopicArn: string;
  const subscribe = (Protocol: string, Endpoint: string, Attributes?: Record<string, string>) =>
    account.run(account.clients.sns.send(new SubscribeCommand({ TopicArn, Protocol, Endpoint, Attributes })));
  const publish = async (more: object = {}) => {
    await account.run(
      account.clients.sns.send(new PublishCommand({ TopicArn, Message: "text", Subject: "s", ...more })),
    );
    await account.pass(1);
  };

  beforeEach(async () => {
    account = new Account();
    ({ TopicArn = "" } = await account.run(
      account.clients.sns.send(new CreateTopicCommand({ Name: "topic" })),
    ));
  });

  it("sends nothing to an address that has not confirmed", async () => {
    const { SubscriptionArn } = await subscribe("email", "a@b.example");
    await publish();
    const { Subscriptions } = await account.run(
      account.clients.sns.send(new ListSubscriptionsByTopicCommand({ TopicArn })),
    );

    assert.equal(SubscriptionArn, "pending confirmation");
    assert.equal(Subscriptions?.[0]?.SubscriptionArn, "PendingConfirmation");
    assert.deepEqual(Sns.of(account.world).mails, []);
    await assert.rejects(
      account.run(account.clients.sns.send(new ConfirmSubscriptionCommand({ TopicArn, Token: "wrong" }))),
      { name: "InvalidParameterException" },
    );
  });

  for (const [raw, expected] of [
    ["true", /^text$/],
    ["false", /^\{"Type":"Notification",.*"Message":"text"/],
  ] as const)
    it(`sends to a queue whose policy allows it, ${raw === "true" ? "as it is" : "in an envelope"}`, async () => {
      const QueueUrl = await account.queue("q");
      await account.run(
        account.clients.sqs.send(
          new SetQueueAttributesCommand({
            QueueUrl,
            Attributes: {
              Policy: JSON.stringify({
                Version: "2012-10-17",
                Statement: [
                  {
                    Effect: "Allow",
                    Principal: { Service: "sns.amazonaws.com" },
                    Action: "sqs:SendMessage",
                    Resource: account.arn("sqs", "q"),
                    Condition: { ArnEquals: { "aws:SourceArn": TopicArn } },
                  },
                ],
              }),
            },
          }),
        ),
      );
      await subscribe("sqs", account.arn("sqs", "q"), { RawMessageDelivery: raw });

      await publish();

      const [message] = Sqs.of(account.world).queueByArn(account.arn("sqs", "q"))!.messages();
      assert.match(message!.body, expected);
    });

  it("invokes a function whose policy allows it", async () => {
    const seen: unknown[] = [];
    account = new Account({ f: () => async (event) => void seen.push(event) });
    await account.run(account.clients.sns.send(new CreateTopicCommand({ Name: "topic" })));
    await account.function("f");
    await account.world.asOperator("lambda", "AddPermission", {
      FunctionName: "f",
      StatementId: "topic",
      Action: "lambda:InvokeFunction",
      Principal: "sns.amazonaws.com",
      SourceArn: TopicArn,
    });
    await subscribe("lambda", account.arn("lambda", "function:f"));

    await publish();

    const { Records } = seen[0] as { Records: { Sns: { Message: string } }[] };
    assert.deepEqual(
      Records.map(({ Sns: { Message } }) => Message),
      ["text"],
    );
  });

  it("gives each protocol its own text when the message is structured", async () => {
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

    await publish({ MessageStructure: "json", Message: '{"default":"d","email":"e"}' });

    assert.deepEqual(
      Sns.of(account.world).mails.map(({ message }) => message),
      ["e"],
    );
    await assert.rejects(publish({ MessageStructure: "json", Message: "{}" }), {
      name: "InvalidParameterException",
    });
  });

  it("refuses a protocol and an endpoint that are none, and a topic that is not there", async () => {
    await assert.rejects(subscribe("fax", "1"), { name: "InvalidParameterException" });
    await assert.rejects(subscribe("email", "nobody"), { name: "InvalidParameterException" });
    await assert.rejects(publish({ TopicArn: `${TopicArn}x` }), { name: "NotFoundException" });
  });

  it("has a policy at first that lets the account's alarms in and its rules not", async () => {
    const publishAs = (principal: string) =>
      account.world.call("sns", "Publish", { TopicArn, Message: "m" }, { kind: "service", principal });

    await assert.doesNotReject(publishAs("cloudwatch.amazonaws.com"));
    await assert.rejects(publishAs("events.amazonaws.com"), { name: "AuthorizationError" });
  });
});
