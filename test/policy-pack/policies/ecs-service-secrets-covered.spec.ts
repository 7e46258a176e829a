import assert from "node:assert/strict";
import * as aws from "@pulumi/aws";
import { messages } from "../../support/policies";
import { cluster, reads, recycler, secretArn, service } from "../../support/policy-programs";
import type { RecyclerOptions } from "../../support/policy-programs";
import { ecsServiceSecretsCovered } from "../../../policy-pack/policies/ecs-service-secrets-covered";

const { name } = ecsServiceSecretsCovered;
const readsDatabase = () => service(cluster(), { container: reads(secretArn("shop/database")) });
const readsNewSecret = () =>
  service(cluster(), {
    container: reads(new aws.secretsmanager.Secret("database", { name: "shop/database" }).arn),
  });
const under = (options: RecyclerOptions) => () => {
  recycler(options);
  readsDatabase();
};

describe(name, () => {
  it("finds nothing where the service's cluster is covered", async () => {
    assert.deepEqual(await messages(name, under({})), []);
  });

  it("says what reads the secret, the settings that cover it and what its change would restart, where nobody covers", async () => {
    const [message] = await messages(name, readsDatabase);

    assert.equal(
      message,
      [
        'mandatory: shop/checkout: containerDefinitions[0].secrets[0] reads "shop/database", and no recycler covers the service. When the value changes, its tasks would keep the old one. Add an entry that covers it:',
        "    ecs-secret-recycler:services:",
        "      - cluster: shop",
        "        service: checkout",
        '        secrets: ["shop/database"]',
        'A change of "shop/database" would restart: shop/checkout.',
      ].join("\n"),
    );
  });

  it("names the secret that an unknown definition derives from, at preview", async () => {
    const found = await messages(name, readsNewSecret, { preview: true });

    const message = found.find((one) => one.includes("derive from"));

    assert.match(message!, /^mandatory: shop\/checkout: its container definitions are unknown at preview/);
    assert.match(message!, /derive from the secret "shop\/database", which no entry of a recycler covers/);
    assert.match(message!, /A change of "shop\/database" would restart: shop\/checkout\.$/);
  });

  it("prints both options where it cannot be checked", async () => {
    const found = await messages(
      name,
      () => service(cluster(), { container: { image: new aws.ecr.Repository("r").repositoryUrl } }),
      { preview: true },
    );

    assert.equal(found.length, 1);
    assert.match(found[0]!, /^mandatory: shop\/checkout: cannot be checked/);
    assert.match(found[0]!, /if it reads secrets, cover it:\n {4}ecs-secret-recycler:services:/);
    assert.match(found[0]!, /tags: \{ "ecs-secret-recycler:secrets": "none" \}/);
  });

  for (const [why, options, wanted] of [
    ["another secret is listed", { coverage: [{ secrets: ["shop/other"] }] }, /lists other secrets only/],
    [
      "the rules are disabled",
      { ruleState: "DISABLED" },
      /no enabled rule that sends to the recycler's queue/,
    ],
    [
      "the rules feed another queue",
      { toQueue: false },
      /no enabled rule that sends to the recycler's queue/,
    ],
    ["the service is excluded", { coverage: [{ exclude: ["checkout"] }] }, /no recycler covers the service/],
  ] as const satisfies readonly (readonly [string, RecyclerOptions, RegExp])[])
    it(`says so where ${why}`, async () => {
      const [message] = await messages(name, under(options));

      assert.match(message!, /^mandatory: /);
      assert.match(message!, wanted);
    });

  it("lists an exception with its reason, as advice", async () => {
    const exceptions = [{ service: "shop/checkout", reason: "the key never changes" }];

    assert.deepEqual(await messages(name, readsDatabase, { config: { exceptions } }), [
      "advisory: shop/checkout: not covered, because the configuration makes an exception: the key never changes",
    ]);
  });

  it("does not apply an exception to a service of another name", async () => {
    const exceptions = [{ service: "shop/checkout2", reason: "the key never changes" }];

    const [message] = await messages(name, readsDatabase, { config: { exceptions } });

    assert.match(message!, /^mandatory: /);
  });
});
