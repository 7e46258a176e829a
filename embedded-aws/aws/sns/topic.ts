import { jsonObject, matchesPattern, refused } from "../constraints";
import type { PolicyStatement } from "../service";
import type { World } from "../world";

/** SNS's code for a value that it does not take. */
export const invalid = { code: "InvalidParameterException" } as const;

/** A subscription of a topic. */
export interface Subscription {
  readonly arn: string;
  readonly topicArn: string;
  readonly protocol: string;
  readonly endpoint: string;
  /** An address must confirm before anything is sent to it. */
  confirmed: boolean;
  readonly token: string;
  readonly attributes: Record<string, string>;
}

/** A topic. */
export interface Topic {
  readonly name: string;
  readonly arn: string;
  readonly fifo: boolean;
  readonly attributes: Record<string, string>;
  readonly tags: Map<string, string>;
}

const topicAttributes = [
  "ArchivePolicy",
  "ContentBasedDeduplication",
  "DeliveryPolicy",
  "DisplayName",
  "FifoThroughputScope",
  "FifoTopic",
  "KmsMasterKeyId",
  "Policy",
  "SignatureVersion",
  "TracingConfig",
];
const feedback = /^(HTTP|Lambda|Firehose|Application|SQS)(Success|Failure)Feedback(RoleArn|SampleRate)$/;

/** Checks attributes that a caller sets on a topic. */
export function checkTopicAttributes(attributes: Readonly<Record<string, string>> | undefined): void {
  for (const [name, value] of Object.entries(attributes ?? {})) {
    if (!topicAttributes.includes(name) && !feedback.test(name))
      throw refused(invalid, `Invalid parameter: AttributeName: ${name}`);
    if (["Policy", "DeliveryPolicy", "ArchivePolicy"].includes(name) && value !== "")
      jsonObject(value, `Invalid parameter: ${name}`, invalid);
    if (name === "DisplayName") matchesPattern(value, /[^\n\r]{0,100}/, "DisplayName", invalid);
    if (["ContentBasedDeduplication", "FifoTopic"].includes(name))
      matchesPattern(value, /true|false/, name, invalid);
  }
}

/**
 * The policy of a topic that has none set: its own account may do all (Amazon SNS Developer Guide). Alarms of the
 * account come with its `aws:SourceOwner` and are let in; rules of EventBridge do not and are not.
 */
export function defaultPolicy(world: World, topicArn: string): string {
  return JSON.stringify({
    Version: "2008-10-17",
    Id: "__default_policy_ID",
    Statement: [
      {
        Sid: "__default_statement_ID",
        Effect: "Allow",
        Principal: { AWS: "*" },
        Action: [
          "SNS:GetTopicAttributes",
          "SNS:SetTopicAttributes",
          "SNS:AddPermission",
          "SNS:RemovePermission",
          "SNS:DeleteTopic",
          "SNS:Subscribe",
          "SNS:ListSubscriptionsByTopic",
          "SNS:Publish",
        ],
        Resource: topicArn,
        Condition: { StringEquals: { "AWS:SourceOwner": world.account } },
      },
    ],
  });
}

/** The statements of a topic's policy. */
export function statementsOf(policy: string): PolicyStatement[] {
  const { Statement } = jsonObject(policy, "Policy", invalid);
  return (Array.isArray(Statement) ? Statement : [Statement]) as PolicyStatement[];
}

const endpoints: Readonly<Record<string, RegExp>> = {
  email: /[^@\s]+@[^@\s]+/,
  "email-json": /[^@\s]+@[^@\s]+/,
  sqs: /arn:[^:]+:sqs:[^:]+:\d{12}:[\w.-]+/,
  lambda: /arn:[^:]+:lambda:[^:]+:\d{12}:function:[\w-]+/,
  https: /https:\/\/.+/,
  http: /http:\/\/.+/,
};

/** Checks protocol and endpoint of a subscription. */
export function checkEndpoint(protocol: string | undefined, endpoint: string | undefined): void {
  const pattern = Object.hasOwn(endpoints, protocol ?? "") ? endpoints[protocol ?? ""] : undefined;
  if (!pattern)
    throw refused(invalid, `Invalid parameter: Does not support this protocol string: ${protocol}`);
  if (!new RegExp(`^(?:${pattern.source})$`).test(endpoint ?? ""))
    throw refused(invalid, `Invalid parameter: Endpoint: ${endpoint}`);
}
