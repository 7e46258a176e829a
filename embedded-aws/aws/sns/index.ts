import * as sdk from "@aws-sdk/client-sns";
import { jsonObject, matchesPattern, page, oneOf, refused } from "../constraints";
import type { Caller } from "../caller";
import { ServiceError } from "../errors";
import { useKey } from "../kms/key-use";
import type { Random } from "../random";
import {
  operation,
  operationsOn,
  type Authorization,
  type Call,
  type PolicyStatement,
  type Service,
} from "../service";
import { queueUrlOf } from "../sqs/queue-url";
import type { World } from "../world";
import {
  checkEndpoint,
  checkTopicAttributes,
  defaultPolicy,
  invalid,
  statementsOf,
  type Subscription,
  type Topic,
} from "./topic";

const subscriptionAttributes = [
  "DeliveryPolicy",
  "FilterPolicy",
  "FilterPolicyScope",
  "RawMessageDelivery",
  "RedrivePolicy",
  "SubscriptionRoleArn",
];

/** A message that SNS would have sent to an address outside of AWS. */
export interface SentMail {
  readonly topicArn: string;
  readonly endpoint: string;
  readonly subject: string;
  readonly message: string;
  /** Milliseconds since the epoch. */
  readonly time: number;
}

/** Amazon SNS: topics, subscriptions by queue, function and address, messages. */
export class Sns implements Service {
  readonly prefix = "sns";
  readonly sdk = sdk;
  /** What was sent to confirmed addresses, oldest first: nothing leaves the machine. */
  readonly mails: SentMail[] = [];
  readonly #topics = new Map<string, Topic>();
  readonly #subscriptions = new Map<string, Subscription>();
  readonly #random: Random;

  constructor(private readonly world: World) {
    this.#random = world.random.fork("sns");
  }

  /** The topics of a world. */
  static of(world: World): Sns {
    return world.serviceAs("sns", Sns);
  }

  resourcePolicy(resourceArn: string): readonly PolicyStatement[] | undefined {
    const policy = this.#topics.get(resourceArn)?.attributes.Policy;
    return policy === undefined ? undefined : statementsOf(policy);
  }

  /** Confirms a subscription, as a click on the link in the mail does. */
  confirm(subscriptionArn: string): void {
    const subscription = this.#subscriptions.get(subscriptionArn);
    if (subscription) subscription.confirmed = true;
  }

  #topic(arn: string | undefined): Topic {
    const topic = this.#topics.get(arn ?? "");
    if (!topic) throw new ServiceError("NotFoundException", "Topic does not exist", 404);
    return topic;
  }

  #subscription(arn: string | undefined): Subscription {
    const subscription = this.#subscriptions.get(arn ?? "");
    if (!subscription) throw new ServiceError("NotFoundException", "Subscription does not exist", 404);
    return subscription;
  }

  #publish(
    input: sdk.PublishInput | sdk.PublishBatchRequestEntry,
    topic: Topic,
    call: Call,
  ): { MessageId: string; SequenceNumber?: string } {
    const message = input.Message ?? "";
    if (message === "") throw refused(invalid, "Invalid parameter: Empty message");
    if (Buffer.byteLength(message) > 262_144) throw refused(invalid, "Invalid parameter: Message too long");
    matchesPattern(input.Subject, /[^\n\r]{1,100}/, "Subject", invalid);
    oneOf(input.MessageStructure, ["json"], "MessageStructure", invalid);
    if (structured(input, "default") === "")
      throw refused(invalid, "Invalid parameter: Message Structure - No default entry in JSON message body");
    if (topic.fifo && input.MessageGroupId === undefined)
      throw refused(invalid, "Invalid parameter: The MessageGroupId parameter is required for FIFO topics");
    useKey(this.world, call, topic.attributes.KmsMasterKeyId, "KMSAccessDeniedException");
    const id = this.#random.uuid();
    for (const subscription of this.#subscriptions.values())
      if (subscription.topicArn === topic.arn && subscription.confirmed)
        this.world.clock.schedule(0, `message of topic ${topic.name}`, () =>
          this.#deliver(subscription, topic, id, input),
        );
    return {
      MessageId: id,
      ...(topic.fifo && { SequenceNumber: id.replace(/\D/g, "").padEnd(20, "0").slice(0, 20) }),
    };
  }

  async #deliver(
    subscription: Subscription,
    topic: Topic,
    id: string,
    input: sdk.PublishInput | sdk.PublishBatchRequestEntry,
  ): Promise<void> {
    const { endpoint, protocol } = subscription;
    const subject = input.Subject;
    const message = structured(input, protocol);
    const caller: Caller = { kind: "service", principal: "sns.amazonaws.com", sourceArn: topic.arn };
    const timestamp = new Date(this.world.clock.now()).toISOString();
    const attributes = Object.fromEntries(
      Object.entries(input.MessageAttributes ?? {}).map(([name, value]) => [
        name,
        {
          Type: value.DataType,
          Value: value.StringValue ?? Buffer.from(value.BinaryValue ?? []).toString("base64"),
        },
      ]),
    );
    const envelope = {
      Type: "Notification",
      MessageId: id,
      TopicArn: topic.arn,
      ...(subject !== undefined && { Subject: subject }),
      Message: message,
      Timestamp: timestamp,
      SignatureVersion: "1",
      UnsubscribeURL: `https://sns.${this.world.region}.amazonaws.com/?Action=Unsubscribe&SubscriptionArn=${subscription.arn}`,
      ...(Object.keys(attributes).length > 0 && { MessageAttributes: attributes }),
    };
    const record = {
      EventSource: "aws:sns",
      EventVersion: "1.0",
      EventSubscriptionArn: subscription.arn,
      Sns: { ...envelope, Subject: subject ?? null, MessageAttributes: attributes },
    };
    try {
      if (protocol === "sqs") {
        await this.world.call(
          "sqs",
          "SendMessage",
          {
            QueueUrl: queueUrlOf(endpoint),
            MessageBody:
              subscription.attributes.RawMessageDelivery === "true" ? message : JSON.stringify(envelope),
            ...(topic.fifo && {
              MessageGroupId: input.MessageGroupId,
              MessageDeduplicationId: input.MessageDeduplicationId ?? id,
            }),
          },
          caller,
        );
      } else if (protocol === "lambda")
        await this.world.call(
          "lambda",
          "Invoke",
          {
            FunctionName: endpoint,
            InvocationType: "Event",
            Payload: Buffer.from(JSON.stringify({ Records: [record] })),
          },
          caller,
        );
      else
        this.mails.push({
          topicArn: topic.arn,
          endpoint,
          subject: subject ?? "AWS Notification Message",
          message,
          time: this.world.clock.now(),
        });
    } catch (error) {
      // SNS drops what a queue or function refuses for good; the refused call stands in the ledger.
      if (!(error instanceof ServiceError)) throw error;
    }
  }

  #on(arn: string | undefined): Authorization {
    return { resource: arn ?? "" };
  }

  readonly #onTopic = operationsOn<{ TopicArn?: string }>((input) => this.#on(input.TopicArn));

  readonly #onTagged = operationsOn<{ ResourceArn?: string }>((input) => this.#on(input.ResourceArn));

  readonly #onSubscription = operationsOn<{ SubscriptionArn?: string }>((input) =>
    this.#on(this.#subscriptions.get(input.SubscriptionArn ?? "")?.topicArn),
  );

  readonly operations = {
    CreateTopic: operation<sdk.CreateTopicInput, sdk.CreateTopicResponse>({
      access: "write",
      authorize: (input) => this.#on(this.world.arn("sns", input.Name ?? "")),
      handle: (input) => {
        const name = input.Name ?? "";
        matchesPattern(name, /[A-Za-z0-9_-]{1,256}|[A-Za-z0-9_-]{1,251}\.fifo/, "Topic Name", invalid);
        checkTopicAttributes(input.Attributes);
        const fifo = name.endsWith(".fifo");
        if (fifo !== (input.Attributes?.FifoTopic === "true"))
          throw refused(invalid, "Invalid parameter: Topic Name");
        const arn = this.world.arn("sns", name);
        const existing = this.#topics.get(arn);
        if (existing) {
          for (const [key, value] of Object.entries(input.Attributes ?? {}))
            if (existing.attributes[key] !== value)
              throw refused(
                invalid,
                "Invalid parameter: Attributes Reason: Topic already exists with different attributes",
              );
          return { TopicArn: arn };
        }
        this.#topics.set(arn, {
          name,
          arn,
          fifo,
          attributes: { Policy: defaultPolicy(this.world, arn), DisplayName: "", ...input.Attributes },
          tags: new Map((input.Tags ?? []).map((tag) => [tag.Key ?? "", tag.Value ?? ""])),
        });
        return { TopicArn: arn };
      },
    }),

    DeleteTopic: this.#onTopic<sdk.DeleteTopicInput, object>("write", (input) => {
      this.#topics.delete(input.TopicArn ?? "");
      for (const [arn, { topicArn }] of this.#subscriptions)
        if (topicArn === input.TopicArn) this.#subscriptions.delete(arn);
      return {};
    }),

    ListTopics: operation<sdk.ListTopicsInput, sdk.ListTopicsResponse>({
      access: "read",
      authorize: () => this.#on("*"),
      handle: (input) => {
        const all = [...this.#topics.keys()].sort();
        const { items, nextToken } = page(all, input.NextToken, undefined, 100, invalid);
        return { Topics: items.map((TopicArn) => ({ TopicArn })), NextToken: nextToken };
      },
    }),

    GetTopicAttributes: this.#onTopic<sdk.GetTopicAttributesInput, sdk.GetTopicAttributesResponse>(
      "read",
      (input) => {
        const topic = this.#topic(input.TopicArn);
        const own = [...this.#subscriptions.values()].filter(({ topicArn }) => topicArn === topic.arn);
        return {
          Attributes: {
            ...topic.attributes,
            TopicArn: topic.arn,
            Owner: this.world.account,
            SubscriptionsConfirmed: String(own.filter(({ confirmed }) => confirmed).length),
            SubscriptionsPending: String(own.filter(({ confirmed }) => !confirmed).length),
            SubscriptionsDeleted: "0",
          },
        };
      },
    ),

    SetTopicAttributes: this.#onTopic<sdk.SetTopicAttributesInput, object>("write", (input) => {
      const topic = this.#topic(input.TopicArn);
      const name = input.AttributeName ?? "";
      const value = input.AttributeValue ?? "";
      checkTopicAttributes({ [name]: value });
      if (value === "" && name !== "DisplayName") delete topic.attributes[name];
      else topic.attributes[name] = value;
      return {};
    }),

    Subscribe: operation<sdk.SubscribeInput, sdk.SubscribeResponse>({
      access: "write",
      authorize: (input) => ({
        resource: input.TopicArn ?? "",
        context: { "sns:Protocol": input.Protocol ?? "", "sns:Endpoint": input.Endpoint ?? "" },
      }),
      handle: (input) => {
        const topic = this.#topic(input.TopicArn);
        checkEndpoint(input.Protocol, input.Endpoint);
        for (const name of Object.keys(input.Attributes ?? {})) checkSubscriptionAttribute(name);
        const protocol = input.Protocol ?? "";
        const endpoint = input.Endpoint ?? "";
        const existing = [...this.#subscriptions.values()].find(
          (s) => s.topicArn === topic.arn && s.protocol === protocol && s.endpoint === endpoint,
        );
        const subscription: Subscription = existing ?? {
          arn: `${topic.arn}:${this.#random.uuid()}`,
          topicArn: topic.arn,
          protocol,
          endpoint,
          confirmed: protocol === "sqs" || protocol === "lambda",
          token: this.#random.hex(64),
          attributes: { ...input.Attributes },
        };
        this.#subscriptions.set(subscription.arn, subscription);
        return {
          SubscriptionArn:
            subscription.confirmed || input.ReturnSubscriptionArn ? subscription.arn : "pending confirmation",
        };
      },
    }),

    ConfirmSubscription: this.#onTopic<sdk.ConfirmSubscriptionInput, sdk.ConfirmSubscriptionResponse>(
      "write",
      (input) => {
        const subscription = [...this.#subscriptions.values()].find(
          ({ topicArn, token }) => topicArn === input.TopicArn && token === input.Token,
        );
        if (!subscription) throw refused(invalid, "Invalid parameter: Token");
        subscription.confirmed = true;
        return { SubscriptionArn: subscription.arn };
      },
    ),

    Unsubscribe: this.#onSubscription<sdk.UnsubscribeInput, object>("write", (input) => {
      this.#subscriptions.delete(input.SubscriptionArn ?? "");
      return {};
    }),

    GetSubscriptionAttributes: this.#onSubscription<
      sdk.GetSubscriptionAttributesInput,
      sdk.GetSubscriptionAttributesResponse
    >("read", (input) => {
      const subscription = this.#subscription(input.SubscriptionArn);
      return {
        Attributes: {
          RawMessageDelivery: "false",
          ...subscription.attributes,
          SubscriptionArn: subscription.arn,
          TopicArn: subscription.topicArn,
          Protocol: subscription.protocol,
          Endpoint: subscription.endpoint,
          Owner: this.world.account,
          PendingConfirmation: String(!subscription.confirmed),
          ConfirmationWasAuthenticated: String(subscription.confirmed),
        },
      };
    }),

    SetSubscriptionAttributes: this.#onSubscription<sdk.SetSubscriptionAttributesInput, object>(
      "write",
      (input) => {
        const subscription = this.#subscription(input.SubscriptionArn);
        checkSubscriptionAttribute(input.AttributeName ?? "");
        subscription.attributes[input.AttributeName ?? ""] = input.AttributeValue ?? "";
        return {};
      },
    ),

    ListSubscriptions: operation<sdk.ListSubscriptionsInput, sdk.ListSubscriptionsResponse>({
      access: "read",
      authorize: () => this.#on("*"),
      handle: (input) => this.#listed(input.NextToken, () => true),
    }),

    ListSubscriptionsByTopic: this.#onTopic<
      sdk.ListSubscriptionsByTopicInput,
      sdk.ListSubscriptionsByTopicResponse
    >("read", (input) => {
      const { arn } = this.#topic(input.TopicArn);
      return this.#listed(input.NextToken, ({ topicArn }) => topicArn === arn);
    }),

    Publish: operation<sdk.PublishInput, sdk.PublishResponse>({
      access: "data",
      authorize: (input, { caller }) => ({
        resource: input.TopicArn ?? input.TargetArn ?? "*",
        ...((caller.kind !== "service" || caller.principal === "cloudwatch.amazonaws.com") && {
          context: { "aws:SourceOwner": this.world.account },
        }),
      }),
      handle: (input, call) => {
        if (input.PhoneNumber !== undefined)
          throw refused(invalid, "Invalid parameter: PhoneNumber: no text messages here");
        return this.#publish(input, this.#topic(input.TopicArn ?? input.TargetArn), call);
      },
    }),

    TagResource: this.#onTagged<sdk.TagResourceRequest, sdk.TagResourceResponse>("write", (input) => {
      const { tags } = this.#tagged(input.ResourceArn);
      for (const { Key = "", Value = "" } of input.Tags ?? []) tags.set(Key, Value);
      if (tags.size > 50)
        throw new ServiceError(
          "TagLimitExceededException",
          "Could not complete request: tag quota of per resource exceeded",
        );
      return {};
    }),

    UntagResource: this.#onTagged<sdk.UntagResourceRequest, sdk.UntagResourceResponse>("write", (input) => {
      const { tags } = this.#tagged(input.ResourceArn);
      for (const key of input.TagKeys ?? []) tags.delete(key);
      return {};
    }),

    ListTagsForResource: this.#onTagged<sdk.ListTagsForResourceRequest, sdk.ListTagsForResourceResponse>(
      "read",
      (input) => ({
        Tags: [...this.#tagged(input.ResourceArn).tags].map(([Key, Value]) => ({ Key, Value })),
      }),
    ),
  };

  #tagged(arn: string | undefined): Topic {
    const topic = this.#topics.get(arn ?? "");
    if (!topic) throw new ServiceError("ResourceNotFoundException", "Resource does not exist", 404);
    return topic;
  }

  #listed(token: string | undefined, fits: (subscription: Subscription) => boolean) {
    const all = [...this.#subscriptions.values()].filter(fits);
    const { items, nextToken } = page(all, token, undefined, 100, invalid);
    return {
      Subscriptions: items.map((subscription) => ({
        SubscriptionArn: subscription.confirmed ? subscription.arn : "PendingConfirmation",
        Owner: this.world.account,
        Protocol: subscription.protocol,
        Endpoint: subscription.endpoint,
        TopicArn: subscription.topicArn,
      })),
      NextToken: nextToken,
    };
  }
}

function checkSubscriptionAttribute(name: string): void {
  if (!subscriptionAttributes.includes(name))
    throw refused(invalid, `Invalid parameter: AttributeName: ${name}`);
}

/** The text for one protocol of a message that gives each its own. */
function structured(input: { Message?: string; MessageStructure?: string }, protocol: string): string {
  const message = input.Message ?? "";
  if (input.MessageStructure !== "json") return message;
  const texts = jsonObject(message, "Invalid parameter: Message Structure", invalid);
  const text = texts[protocol] ?? texts.default;
  return typeof text === "string" ? text : "";
}
