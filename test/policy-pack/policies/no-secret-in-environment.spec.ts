import assert from "node:assert/strict";
import * as aws from "@pulumi/aws";
import { messages } from "../../support/policies";
import { cluster, recycler, service } from "../../support/policy-programs";
import type { ServiceOptions } from "../../support/policy-programs";
import { noSecretInEnvironment } from "../../../policy-pack/policies/no-secret-in-environment";

const { name } = noSecretInEnvironment;
const value = "correct horse battery staple";

/** A covered service with this container, beside a secret that holds the value. */
const beside =
  (container: ServiceOptions["container"], secretString: string = value) =>
  () => {
    recycler();
    const { id: secretId } = new aws.secretsmanager.Secret("database", { name: "shop/database" });
    new aws.secretsmanager.SecretVersion("database", { secretId, secretString });
    service(cluster(), { container });
  };
const environment = (text: string) => ({ environment: [{ name: "PASSWORD", value: text }] });

describe(name, () => {
  it("finds nothing where the environment holds another text", async () => {
    assert.deepEqual(await messages(name, beside(environment("production"))), []);
  });

  it("names the variable and the secret, the lines that fix it, and prints no value", async () => {
    const [message] = await messages(name, beside(environment(value)));

    assert.match(
      message!,
      /^mandatory: shop\/checkout: container "app" has the value of "database" in environment "PASSWORD"/,
    );
    assert.match(message!, /Move it to secrets: \[\{ name: "PASSWORD", valueFrom: <ARN of the secret> \}\]/);
    assert.ok(!message!.includes(value), message);
  });

  it("finds the password of a secret's JSON", async () => {
    const json = JSON.stringify({ username: "shop", password: value });

    const [message] = await messages(name, beside(environment(value), json));

    assert.match(message!, /^mandatory: /);
  });

  it("does not take a secret's user or host for its value", async () => {
    const json = JSON.stringify({ username: "shop_user", host: "db.internal", password: value });

    assert.deepEqual(await messages(name, beside(environment("shop_user"), json)), []);
    assert.deepEqual(await messages(name, beside(environment("db.internal"), json)), []);
  });

  for (const [where, container] of [
    ["a valueFrom", { secrets: [{ name: "DATABASE", valueFrom: "Calling [toString] on an [Output<T>]" }] }],
    ["an image", { image: "registry/[object Object]" }],
  ] as const)
    it(`finds the text of an unresolved Output in ${where}`, async () => {
      const [message] = await messages(name, beside(container));

      assert.match(message!, /^mandatory: .*has the text of an unresolved Output in/);
      assert.match(message!, /pulumi\.jsonStringify or pulumi\.interpolate/);
    });
});
