import type { Statement } from "../aws-semantics/iam-policy";
import { localArn, type Place } from "../aws-semantics/arn";
import { policyDocument } from "./role-statements";

/** The ARN of a rule on the default bus. */
export function ruleArn(place: Place, name: string): string {
  return localArn(place, "events", `rule/${name}`);
}

/**
 * The policy of a queue: denies requests without TLS, and allows the named rules to send.
 * @param rules names of rules on the default bus; empty for a dead-letter queue that SQS itself fills
 */
export function queuePolicy(place: Place, queue: string, rules: readonly string[]): string {
  const arn = localArn(place, "sqs", queue);
  const send: Statement = {
    Sid: "RulesSend",
    Effect: "Allow",
    Principal: { Service: "events.amazonaws.com" },
    Action: "sqs:SendMessage",
    Resource: arn,
    Condition: { ArnEquals: { "aws:SourceArn": rules.map((rule) => ruleArn(place, rule)) } },
  };
  const onlyTls: Statement = {
    Sid: "OnlyTls",
    Effect: "Deny",
    Principal: "*",
    Action: "sqs:*",
    Resource: arn,
    Condition: { Bool: { "aws:SecureTransport": "false" } },
  };
  return policyDocument(rules.length > 0 ? [send, onlyTls] : [onlyTls]);
}
