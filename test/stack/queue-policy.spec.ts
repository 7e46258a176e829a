import assert from "node:assert/strict";
import { decide, statementsOf, type PolicyDocument, type Statement } from "../../aws-semantics/iam-policy";
import { localArn } from "../../aws-semantics/arn";
import { queuePolicy, ruleArn } from "../../stack/queue-policy";
import { places } from "../support/places";

function statements(policy: string): readonly Statement[] {
  return statementsOf(JSON.parse(policy) as PolicyDocument);
}

describe("queuePolicy", () => {
  for (const place of places) {
    const resource = localArn(place, "sqs", "events.fifo");
    const send = (policy: string, sourceArn: string, secure = "true") =>
      decide(statements(policy), {
        action: "sqs:SendMessage",
        resource,
        principal: { service: "events.amazonaws.com" },
        context: { "aws:SourceArn": sourceArn, "aws:SecureTransport": secure },
      });
    const policy = queuePolicy(place, "events.fifo", ["secrets", "sweep"]);

    it(`lets the named rules send in ${place.partition}, and no other`, () => {
      assert.equal(send(policy, ruleArn(place, "secrets")), "Allowed");
      assert.equal(send(policy, ruleArn(place, "sweep")), "Allowed");
      assert.equal(send(policy, ruleArn(place, "secrets2")), "ImplicitlyDenied");
    });

    it(`refuses a named rule without TLS in ${place.partition}`, () => {
      assert.equal(send(policy, ruleArn(place, "secrets"), "false"), "ExplicitlyDenied");
    });

    it(`lets nobody send when no rule is named in ${place.partition}`, () => {
      assert.equal(
        send(queuePolicy(place, "events.fifo", []), ruleArn(place, "secrets")),
        "ImplicitlyDenied",
      );
    });
  }
});
