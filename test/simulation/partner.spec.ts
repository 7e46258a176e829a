import assert from "node:assert/strict";
import { SecretsManager } from "../../embedded-aws/aws/secrets-manager";
import { Estate } from "../../simulation/estate";

const cluster = "shop";
const minute = 60_000;
const partnerType = "SalesforceClientSecret";

describe("a secret that a partner rotates", () => {
  it("gets its reader new tasks, and nobody else", async () => {
    const estate = new Estate({
      seed: "partner",
      coverage: [{ cluster, exclude: [], secrets: [], parameters: [], wave: 0 }],
    });
    await estate.begin([cluster]);
    const arn = await estate.secret("shop/api-key");
    const other = await estate.secret("shop/other");
    await estate.pass(minute);
    await estate.service(cluster, "web", await estate.define("web", [arn]), 2);
    await estate.service(cluster, "worker", await estate.define("worker", [other]), 1);
    await estate.pass(minute);
    await estate.install();
    await estate.untilSweep();
    await estate.pass(minute);
    const forced = () => estate.world.ledger.find({ service: "ecs", operation: "UpdateService" });
    SecretsManager.of(estate.world).manageRotation(partnerType, () => Promise.resolve("second"));
    await estate.call("secretsmanager", "UpdateSecret", { SecretId: arn, Type: partnerType });
    assert.equal(forced().length, 0);

    await estate.call("secretsmanager", "RotateSecret", {
      SecretId: arn,
      ClientRequestToken: estate.version(),
      RotationRules: { AutomaticallyAfterDays: 30 },
      ExternalSecretRotationRoleArn: `arn:aws:iam::${estate.world.account}:role/partner`,
    });
    await estate.pass(2 * minute);

    const resources = forced().flatMap((call) => call.resources);
    assert.equal(forced().length, 1);
    assert.match(resources.join(), /service\/shop\/web$/);
    await estate.world.stop();
  });
});
