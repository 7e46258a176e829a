import assert from "node:assert/strict";
import * as aws from "@pulumi/aws";
import type { Statement } from "../../../aws-semantics/iam-policy";
import { messages } from "../../support/policies";
import { cluster, place, reads, secretArn, service } from "../../support/policy-programs";
import type { ServiceOptions } from "../../support/policy-programs";
import { executionRoleReadsSecrets } from "../../../policy-pack/policies/execution-role-reads-secrets";

const { name } = executionRoleReadsSecrets;
const arn = secretArn("shop/database");
const key = `arn:aws:kms:${place.region}:${place.account}:key/0a1b2c3d`;
const allow = (Action: string, Resource: string): Statement => ({ Effect: "Allow", Action, Resource });
const mayReadIt = allow("secretsmanager:GetSecretValue", arn);
const may = (...mayRead: Statement[]) => reading({ mayRead });
const reading =
  (options: ServiceOptions = {}) =>
  () =>
    service(cluster(), { container: reads(arn), ...options });
const encrypted = (program: () => unknown) => () => {
  new aws.secretsmanager.Secret("database", { name: "shop/database", kmsKeyId: key });
  program();
};

describe(name, () => {
  it("finds nothing where the role may read exactly that secret", async () => {
    assert.deepEqual(await messages(name, may(mayReadIt)), []);
  });

  const partial = arn.slice(0, -7);
  for (const [which, valueFrom, resource] of [
    ["by the complete ARN that the definition gives", arn, arn],
    ["with question marks for six characters that the definition leaves out", partial, `${partial}-??????`],
  ] as const)
    it(`prints the statement that a role lacks, ${which}`, async () => {
      const mayRead = [allow("secretsmanager:GetSecretValue", secretArn("shop/other"))];

      const [message] = await messages(name, reading({ mayRead, container: reads(valueFrom) }));

      assert.match(
        message!,
        /^mandatory: shop\/checkout: its execution role "checkout-execution" may not secretsmanager:GetSecretValue for containerDefinitions\[0\]\.secrets\[0\]: no task can start\./,
      );
      assert.ok(
        message!.endsWith(
          `{ "Effect": "Allow", "Action": "secretsmanager:GetSecretValue", "Resource": "${resource}" }`,
        ),
        message,
      );
    });

  it("says that a statement denies", async () => {
    const deny: Statement = { Effect: "Deny", Action: "secretsmanager:*", Resource: "*" };

    const [message] = await messages(name, may(mayReadIt, deny));

    assert.match(message!, /^mandatory: .*\(a statement denies it\)/);
  });

  it("asks for the use of a customer-managed key, and takes the role's own word for it", async () => {
    const without = await messages(name, encrypted(may(mayReadIt)));
    const withKey = await messages(name, encrypted(may(mayReadIt, allow("kms:Decrypt", key))));

    assert.equal(without.length, 1);
    assert.match(without[0]!, /may not kms:Decrypt/);
    assert.deepEqual(withKey, []);
  });

  it("knows by which service a key is used", async () => {
    const by = (service: string): Statement => ({
      ...allow("kms:Decrypt", key),
      Condition: { StringEquals: { "kms:ViaService": `${service}.${place.region}.amazonaws.com` } },
    });

    assert.deepEqual(await messages(name, encrypted(may(mayReadIt, by("secretsmanager")))), []);
    const [message] = await messages(name, encrypted(may(mayReadIt, by("ssm"))));
    assert.match(message!, /^mandatory: .*may not kms:Decrypt/);
  });

  it("leaves open what a condition on an unknown key decides", async () => {
    const tagged = { ...mayReadIt, Condition: { StringEquals: { "aws:ResourceTag/team": "shop" } } };

    const [message] = await messages(name, may(tagged));

    assert.match(message!, /^advisory: .*a condition in its policies decides/);
  });

  it("asks for ssm:GetParameters, which ssm:GetParameter is not", async () => {
    const parameter = `arn:aws:ssm:${place.region}:${place.account}:parameter/shop/flags`;
    const program = (action: string) =>
      reading({ container: reads(parameter), mayRead: [allow(action, parameter)] });

    assert.deepEqual(await messages(name, program("ssm:GetParameters")), []);
    const [message] = await messages(name, program("ssm:GetParameter"));
    assert.match(message!, /may not ssm:GetParameters/);
  });

  it("refuses a definition without a role", async () => {
    const [message] = await messages(name, reading({ mayRead: "no role" }));

    assert.match(message!, /^mandatory: .*has no execution role: no task can start\. Set executionRoleArn/);
  });

  it("says in a preview what it cannot decide, and decides at the end of the update", async () => {
    const program = reading({ mayRead: "unknown" });

    const [before] = await messages(name, program, { preview: true });
    const [after] = await messages(name, program);

    assert.match(before!, /^advisory: .*cannot be checked at preview/);
    assert.match(after!, /^mandatory: /);
  });
});
