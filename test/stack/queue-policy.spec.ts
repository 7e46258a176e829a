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
        context: {
          "aws:SourceArn": sourceArn,
          "aws:SecureTransport": secure,
          "aws:PrincipalIsAWSService": "true",
        },
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

    const role = `arn:${place.partition}:iam::${place.account}:role/operations`;
    /** A role that its own policy allows everything. */
    const sendAs = (document: string, arn: string) =>
      decide([{ Effect: "Allow", Action: "*", Resource: "*" }, ...statements(document)], {
        action: "sqs:SendMessage",
        resource,
        principal: { arn },
        context: {
          "aws:PrincipalArn": arn,
          "aws:SecureTransport": "true",
          "aws:PrincipalIsAWSService": "false",
        },
      });

    it(`denies every role in ${place.partition}, whatever its own policy allows`, () => {
      assert.equal(sendAs(policy, role), "ExplicitlyDenied");
    });

    it(`lets requesters send in ${place.partition}, and no other role`, () => {
      const asked = queuePolicy(place, "events.fifo", ["secrets"], [role, `${role}-*`]);

      assert.equal(sendAs(asked, role), "Allowed");
      assert.equal(sendAs(asked, `${role}-anna`), "Allowed");
      assert.equal(sendAs(asked, `${role}2`), "ExplicitlyDenied");
      assert.equal(send(asked, ruleArn(place, "secrets")), "Allowed");
    });

    it(`lets a requester send in ${place.partition} without a policy of its own`, () => {
      const asked = queuePolicy(place, "events.fifo", ["secrets"], [role]);
      const own = decide(statements(asked), {
        action: "sqs:SendMessage",
        resource,
        principal: { arn: role },
        context: {
          "aws:PrincipalArn": role,
          "aws:SecureTransport": "true",
          "aws:PrincipalIsAWSService": "false",
        },
      });

      assert.equal(own, "Allowed");
    });

    it(`lets nobody send when no rule is named in ${place.partition}`, () => {
      assert.equal(
        send(queuePolicy(place, "events.fifo", []), ruleArn(place, "secrets")),
        "ImplicitlyDenied",
      );
    });
  }
});
