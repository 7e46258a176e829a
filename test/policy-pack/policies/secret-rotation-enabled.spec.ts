import assert from "node:assert/strict";
import * as aws from "@pulumi/aws";
import { messages } from "../../support/policies";
import { cluster, databaseService, reads, secretArn, service } from "../../support/policy-programs";
import { secretRotationEnabled } from "../../../policy-pack/policies/secret-rotation-enabled";

const { name } = secretRotationEnabled;

describe(name, () => {
  it("finds nothing where the secret is rotated", async () => {
    assert.deepEqual(await messages(name, () => databaseService("alternating-users")), []);
  });

  it("names the readers and the settings that rotate it", async () => {
    assert.deepEqual(await messages(name, () => databaseService()), [
      'advisory: the database secret "shop/database" is read by shop/checkout and this stack does not rotate it. ' +
        "Let the recycler's stack rotate it:\n    ecs-secret-recycler:rotations:\n      - secret: shop/database\n        rotator: { kind: built-in }",
    ]);
  });

  it("leaves a secret alone that is no database's credential", async () => {
    const program = () => {
      const { id: secretId } = new aws.secretsmanager.Secret("token", { name: "shop/token" });
      new aws.secretsmanager.SecretVersion("token", { secretId, secretString: "a token" });
      service(cluster(), { container: reads(secretArn("shop/token")) });
    };

    assert.deepEqual(await messages(name, program), []);
  });
});
