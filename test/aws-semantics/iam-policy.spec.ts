import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import fc from "fast-check";
import { decide, decideByIdentity, explain, grants, statementsOf } from "../../aws-semantics/iam-policy";
import type { Decision, PolicyRequest, Statement } from "../../aws-semantics/iam-policy";

const vectors = join(__dirname, "..", "fixtures", "iam-vectors.jsonl");
const service = "arn:aws:ecs:eu-west-1:123456789012:service/shop/checkout";
const request: PolicyRequest = { action: "ecs:UpdateService", resource: service, context: {} };
const allow: Statement = { Effect: "Allow", Action: "ecs:UpdateService", Resource: service };
const key = "arn:aws:kms:eu-west-1:123456789012:key/11111111-2222-3333-4444-555555555555";
const role = "arn:aws:iam::123456789012:role/recycler";

describe("aws-semantics/iam-policy", () => {
  it("agrees with an independent simulator on all 600 vectors", () => {
    const rows = readFileSync(vectors, "utf8")
      .trim()
      .split("\n")
      .map((line) => JSON.parse(line) as PolicyRequest & { statements: Statement[]; decision: Decision });
    const wrong = rows.filter((row) => decide(row.statements, row) !== row.decision);
    assert.equal(rows.length, 600);
    assert.deepEqual(wrong, []);
  });

  describe("decide", () => {
    for (const [what, change, wanted] of [
      ["the action and resource named", {}, "Allowed"],
      ["another case of the action", { Action: "ECS:updateservice" }, "Allowed"],
      ["a wildcard in the action", { Action: ["ecs:Describe*", "ecs:Update?ervice"] }, "Allowed"],
      ["every action", { Action: "*" }, "Allowed"],
      ["the start of the action only", { Action: "ecs:Update" }, "ImplicitlyDenied"],
      ["another action", { Action: "ecs:DeleteService" }, "ImplicitlyDenied"],
      ["all but another action", { Action: undefined, NotAction: "ecs:DeleteService" }, "Allowed"],
      ["all but this action", { Action: undefined, NotAction: ["ecs:Update*"] }, "ImplicitlyDenied"],
      ["another case of the resource", { Resource: service.replace("shop", "Shop") }, "ImplicitlyDenied"],
      ["a wildcard in the resource", { Resource: "arn:aws:ecs:*:123456789012:service/shop/*" }, "Allowed"],
      ["the resource within a longer one", { Resource: service.slice(0, -1) }, "ImplicitlyDenied"],
      ["a star at the end of an earlier field", { Resource: "arn:aws:ecs:*" }, "Allowed"],
      [
        "a star that would have to span fields",
        { Resource: "arn:aws:*:service/shop/checkout" },
        "ImplicitlyDenied",
      ],
      ["all but this resource", { Resource: undefined, NotResource: service }, "ImplicitlyDenied"],
      ["all but another resource", { Resource: undefined, NotResource: `${service}2` }, "Allowed"],
      ["a Deny", { Effect: "Deny" }, "ExplicitlyDenied"],
    ] as const) {
      it(`says ${wanted} to a statement with ${what}`, () => {
        assert.equal(decide([{ ...allow, ...change }], request), wanted);
      });
    }

    it("lets a Deny win over every Allow, in either order", () => {
      const deny: Statement = { Effect: "Deny", Action: "ecs:*", Resource: "*" };
      assert.equal(decide([allow, deny], request), "ExplicitlyDenied");
      assert.equal(decide([deny, allow], request), "ExplicitlyDenied");
    });

    it("denies an action that takes no resource to a statement that names resources", () => {
      const asked = { action: "ecs:DescribeTaskDefinition", resource: "*", context: {} };
      const named = { ...allow, Action: "ecs:*", Resource: "arn:aws:ecs:*:*:task-definition/*" };
      assert.equal(decide([named], asked), "ImplicitlyDenied");
      assert.equal(decide([{ ...named, Resource: "*" }], asked), "Allowed");
    });

    it("puts policy variables into resources, and matches nothing where one has no value", () => {
      const own = {
        ...allow,
        Resource: "arn:aws:ecs:eu-west-1:123456789012:service/${aws:PrincipalTag/team}/*",
      };
      const asked = (context: PolicyRequest["context"]): Decision => decide([own], { ...request, context });
      assert.equal(asked({ "aws:PrincipalTag/team": "shop" }), "Allowed");
      assert.equal(asked({ "aws:principaltag/TEAM": "shop" }), "Allowed");
      assert.equal(asked({ "aws:PrincipalTag/team": "*" }), "ImplicitlyDenied");
      assert.equal(asked({}), "ImplicitlyDenied");
      assert.equal(asked({ "aws:PrincipalTag/team": ["shop", "search"] }), "ImplicitlyDenied");
    });

    it("takes the default of a policy variable, and wildcards that are written as variables literally", () => {
      const statement = (resource: string): Statement => ({ ...allow, Resource: resource });
      const resource = "arn:aws:s3:::bucket/a*?$";
      const asked = { action: "ecs:UpdateService", resource, context: {} };
      assert.equal(decide([statement("arn:aws:s3:::bucket/${aws:x, 'a'}*")], asked), "Allowed");
      assert.equal(decide([statement("arn:aws:s3:::bucket/a${*}${?}${$}")], asked), "Allowed");
      assert.equal(
        decide([statement("arn:aws:s3:::bucket/a${*}${?}${$}")], {
          ...asked,
          resource: "arn:aws:s3:::bucket/ab?$",
        }),
        "ImplicitlyDenied",
      );
    });

    it("allows the use of a KMS key only where its key policy names the caller or the account", () => {
      const asked: PolicyRequest = {
        action: "kms:Decrypt",
        resource: key,
        context: {},
        principal: { arn: role },
      };
      const identity: Statement = { Effect: "Allow", Action: "kms:Decrypt", Resource: key };
      const delegation: Statement = {
        Effect: "Allow",
        Principal: { AWS: "arn:aws:iam::123456789012:root" },
        Action: "kms:*",
        Resource: "*",
      };
      assert.equal(decide([identity], asked), "ImplicitlyDenied");
      assert.equal(decideByIdentity([identity], asked), "Allowed");
      assert.equal(grants([identity], asked), true);
      assert.equal(grants([identity, { ...identity, Effect: "Deny" }], asked), false);
      assert.equal(decideByIdentity([], asked), "ImplicitlyDenied");
      assert.equal(decide([delegation], asked), "ImplicitlyDenied");
      assert.equal(decide([identity, delegation], asked), "Allowed");
      assert.equal(decide([{ ...delegation, Principal: { AWS: role } }], asked), "Allowed");
    });

    it("lets a resource policy that names the caller allow by itself, and one that names the account not", () => {
      const queue = "arn:aws:sqs:eu-west-1:123456789012:recycler.fifo";
      const statement = (principal: Statement["Principal"]): Statement => ({
        Effect: "Allow",
        Principal: principal,
        Action: "sqs:SendMessage",
        Resource: queue,
      });
      const asked = { action: "sqs:SendMessage", resource: queue, context: {} };
      const byRule = { ...asked, principal: { service: "events.amazonaws.com" } };
      const byRole = { ...asked, principal: { arn: role } };
      assert.equal(decide([statement({ Service: "events.amazonaws.com" })], byRule), "Allowed");
      assert.equal(decide([statement({ Service: "sns.amazonaws.com" })], byRule), "ImplicitlyDenied");
      assert.equal(decide([statement({ AWS: role })], byRole), "Allowed");
      assert.equal(decide([statement("*")], byRole), "Allowed");
      assert.equal(decide([statement({ AWS: "123456789012" })], byRole), "ImplicitlyDenied");
      assert.equal(decide([statement("*")], asked), "ImplicitlyDenied");
    });

    it("reads a trust policy's statement, which has no Resource", () => {
      const trust: Statement = {
        Effect: "Allow",
        Principal: { Service: ["ecs-tasks.amazonaws.com"] },
        Action: "sts:AssumeRole",
      };
      const asked = { action: "sts:AssumeRole", resource: role, context: {} };
      assert.equal(
        decide([trust], { ...asked, principal: { service: "ecs-tasks.amazonaws.com" } }),
        "Allowed",
      );
      assert.equal(
        decide([trust], { ...asked, principal: { service: "lambda.amazonaws.com" } }),
        "ImplicitlyDenied",
      );
    });

    it("denies whom NotPrincipal leaves over, and spares whom it names", () => {
      const deny: Statement = { Effect: "Deny", NotPrincipal: { AWS: role }, Action: "*", Resource: "*" };
      const asked = (arn: string): Decision => decide([allow, deny], { ...request, principal: { arn } });
      assert.equal(asked(role), "Allowed");
      assert.equal(asked(`${role}2`), "ExplicitlyDenied");
      assert.equal(decide([{ ...deny, Effect: "Allow" }], request), "ImplicitlyDenied");
    });
  });

  describe("explain", () => {
    it("gives the statements that match, the very objects, so that each can be taken away", () => {
      const other: Statement = { Effect: "Allow", Action: "ecs:DeleteService", Resource: "*" };
      const wide: Statement = { Effect: "Allow", Action: "ecs:*", Resource: "*" };
      const deny: Statement = { Effect: "Deny", Action: "*", Resource: service };
      const found = explain([other, allow, deny, wide], request);
      assert.equal(found.decision, "ExplicitlyDenied");
      assert.deepEqual(found.denies, [deny]);
      assert.ok(found.allows[0] === allow && found.allows[1] === wide && found.allows.length === 2);
    });
  });

  describe("statementsOf", () => {
    it("gives a list, of one statement too", () => {
      assert.deepEqual(statementsOf({ Statement: allow }), [allow]);
      assert.deepEqual(statementsOf({ Statement: [allow, allow] }), [allow, allow]);
    });
  });

  describe("for every policy", () => {
    const action = fc.constantFrom("ecs:UpdateService", "ecs:*", "*", "ecs:Describe*", "sqs:SendMessage");
    const resource = fc.constantFrom(service, "*", "arn:aws:ecs:*:*:service/*", "arn:aws:sqs:*:*:*", key);
    const condition = fc.constantFrom<Statement["Condition"]>(
      undefined,
      { StringEquals: { "ecs:cluster": "shop" } },
      { StringNotEquals: { "ecs:cluster": "shop" } },
      { Null: { "ecs:cluster": "true" } },
      { "ForAllValues:StringLike": { "aws:TagKeys": ["a*"] } },
    );
    const statement = fc
      .record({
        Effect: fc.constantFrom("Allow" as const, "Deny" as const),
        action,
        resource,
        condition,
        not: fc.boolean(),
      })
      .map(({ Effect, action: acts, resource: on, condition: when, not }): Statement => ({
        Effect,
        ...(not ? { NotAction: acts } : { Action: acts }),
        Resource: on,
        ...(when ? { Condition: when } : {}),
      }));
    const asked = fc.record({
      action: fc.constantFrom("ecs:UpdateService", "ecs:DescribeServices", "sqs:SendMessage"),
      resource: fc.constantFrom(service, "arn:aws:sqs:eu-west-1:123456789012:q", "*"),
      context: fc.constantFrom<PolicyRequest["context"]>(
        {},
        { "ecs:cluster": "shop" },
        { "ecs:cluster": "other", "aws:TagKeys": ["a1", "b"] },
      ),
    });

    it("nothing is Allowed where a Deny matches", () => {
      fc.assert(
        fc.property(fc.array(statement), asked, (statements, what) => {
          const denied = statements.some(
            (one) => one.Effect === "Deny" && decide([one], what) === "ExplicitlyDenied",
          );
          assert.equal(decide(statements, what) === "ExplicitlyDenied", denied);
        }),
      );
    });

    it("the order of statements does not matter, and twice is as good as once", () => {
      fc.assert(
        fc.property(fc.array(statement), asked, (statements, what) => {
          const decision = decide(statements, what);
          assert.equal(decide([...statements].reverse(), what), decision);
          assert.equal(decide([...statements, ...statements], what), decision);
        }),
      );
    });

    it("taking the Allow statements that matched away leaves nothing allowed", () => {
      fc.assert(
        fc.property(fc.array(statement), asked, (statements, what) => {
          const { allows } = explain(statements, what);
          const rest = statements.filter((one) => !allows.includes(one));
          assert.notEqual(decide(rest, what), "Allowed");
        }),
      );
    });

    it("Action and NotAction of the same list match opposite requests", () => {
      fc.assert(
        fc.property(fc.array(action, { minLength: 1 }), asked, (list, what) => {
          const one = decide([{ Effect: "Allow", Action: list, Resource: "*" }], what);
          const other = decide([{ Effect: "Allow", NotAction: list, Resource: "*" }], what);
          assert.notEqual(one, other);
        }),
      );
    });
  });
});
