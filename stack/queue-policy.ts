import type { Statement } from "../aws-semantics/iam-policy";
import { localArn, type Place } from "../aws-semantics/arn";
import { policyDocument } from "./role-statements";

/** The ARN of a rule on the default bus. */
export function ruleArn(place: Place, name: string): string {
  return localArn(place, "events", `rule/${name}`);
}

/**
 * The policy of a queue: allows the named rules to send, and the requesters; denies sending to everyone else but AWS
 * services, over what their own policies allow; denies requests without TLS.
 * @param rules names of rules on the default bus; empty for a dead-letter queue that SQS itself fills
 * @param requesters ARNs of roles, `*` and `?` as in a policy
 */
export function queuePolicy(
  place: Place,
  queue: string,
  rules: readonly string[],
  requesters: readonly string[] = [],
): string {
  const arn = localArn(place, "sqs", queue);
  const send: Statement = {
    Sid: "RulesSend",
    Effect: "Allow",
    Principal: { Service: "events.amazonaws.com" },
    Action: "sqs:SendMessage",
    Resource: arn,
    Condition: { ArnEquals: { "aws:SourceArn": rules.map((rule) => ruleArn(place, rule)) } },
  };
  const ask: Statement = {
    Sid: "RequestersSend",
    Effect: "Allow",
    Principal: { AWS: "*" },
    Action: "sqs:SendMessage",
    Resource: arn,
    Condition: { ArnLike: { "aws:PrincipalArn": requesters } },
  };
  const others: Statement = {
    Sid: "OthersDoNotSend",
    Effect: "Deny",
    Principal: "*",
    Action: "sqs:SendMessage",
    Resource: arn,
    Condition: {
      BoolIfExists: { "aws:PrincipalIsAWSService": "false" },
      ...(requesters.length > 0 && { ArnNotLike: { "aws:PrincipalArn": requesters } }),
    },
  };
  const onlyTls: Statement = {
    Sid: "OnlyTls",
    Effect: "Deny",
    Principal: "*",
    Action: "sqs:*",
    Resource: arn,
    Condition: { Bool: { "aws:SecureTransport": "false" } },
  };
  return policyDocument([
    ...(rules.length > 0 ? [send] : []),
    ...(requesters.length > 0 ? [ask] : []),
    others,
    onlyTls,
  ]);
}
