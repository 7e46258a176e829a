import assert from "node:assert/strict";
import type { Statement } from "../../../aws-semantics/iam-policy";
import { messages } from "../../support/policies";
import { place, recycler, secretArn } from "../../support/policy-programs";
import { recyclerLeastPrivilege } from "../../../policy-pack/policies/recycler-least-privilege";

const { name } = recyclerLeastPrivilege;
const having =
  (...statements: Statement[]) =>
  () =>
    recycler({ statements });

describe(name, () => {
  it("finds nothing in the recycler as the stack declares it", async () => {
    assert.deepEqual(await messages(name, () => recycler()), []);
  });

  it("refuses a queue without a dead-letter queue", async () => {
    const [message] = await messages(name, () => recycler({ deadLetters: false }));

    assert.match(message!, /^mandatory: the recycler's queue "queue" has no dead-letter queue/);
    assert.match(message!, /Set redrivePolicy with a FIFO queue/);
  });

  it("refuses each target without a dead-letter queue", async () => {
    const found = await messages(name, () => recycler({ ruleDeadLetters: false }));

    assert.equal(found.length, 2);
    assert.match(found[0]!, /^mandatory: the target "parameters-to-queue" of rule .*Set deadLetterConfig/);
  });

  it("refuses a wildcard action, by name", async () => {
    const [message] = await messages(name, having({ Effect: "Allow", Action: "ecs:Update*", Resource: "*" }));

    assert.match(message!, /^mandatory: .* allows "ecs:Update\*"\. List the actions/);
  });

  it("refuses NotAction", async () => {
    const found = await messages(name, having({ Effect: "Allow", NotAction: "iam:*", Resource: "*" }));

    assert.ok(
      found.some((message) => /allows every action except some \(NotAction\)/.test(message)),
      found[0],
    );
  });

  for (const [action, Resource] of [
    ["secretsmanager:GetSecretValue", secretArn("shop/database")],
    ["ssm:GetParameter", `arn:aws:ssm:${place.region}:${place.account}:parameter/shop/flags`],
    ["kms:Decrypt", `arn:aws:kms:${place.region}:${place.account}:key/0a1b2c3d`],
  ] as const)
    it(`refuses a role that may ${action}, under a condition too`, async () => {
      const Condition = { StringEquals: { "aws:ResourceTag/team": "shop" } };

      const [message] = await messages(
        name,
        having({ Effect: "Allow", Action: action, Resource, Condition }),
      );

      assert.ok(
        message?.startsWith('mandatory: the recycler\'s role "ecs-secret-recycler-test" may ' + action),
        message,
      );
    });
});
