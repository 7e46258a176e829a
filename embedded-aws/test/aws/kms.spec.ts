import assert from "node:assert/strict";
import {
  CreateAliasCommand,
  CreateKeyCommand,
  DescribeKeyCommand,
  DisabledException,
  DisableKeyCommand,
  EncryptCommand,
  GetKeyPolicyCommand,
  KMSClient,
  NotFoundException,
  PutKeyPolicyCommand,
  ScheduleKeyDeletionCommand,
} from "@aws-sdk/client-kms";
import { operator, type Caller } from "../../aws/caller";
import { clientConfig } from "../../aws/account/in-process";
import { SecretsManager } from "../../aws/secrets-manager";
import type { World } from "../../aws/world";
import { virtualWorld } from "../support/world";

describe("embedded-aws/aws/kms", () => {
  let world: World;
  let kms: KMSClient;
  let arn: string;

  beforeEach(async () => {
    ({ world } = virtualWorld());
    kms = new KMSClient(clientConfig(world, operator));
    arn = (await kms.send(new CreateKeyCommand({ Description: "d" }))).KeyMetadata!.Arn!;
  });

  it("finds a key by id, ARN and alias", async () => {
    await kms.send(new CreateAliasCommand({ AliasName: "alias/mine", TargetKeyId: arn }));

    const found = await Promise.all(
      [arn, arn.split("/")[1]!, "alias/mine", "arn:aws:kms:us-west-2:123456789012:alias/mine"].map((KeyId) =>
        kms.send(new DescribeKeyCommand({ KeyId })),
      ),
    );

    assert.deepEqual(new Set(found.map(({ KeyMetadata }) => KeyMetadata?.Arn)), new Set([arn]));
    await assert.rejects(
      kms.send(new DescribeKeyCommand({ KeyId: "alias/other" })),
      (error) => error instanceof NotFoundException,
    );
  });

  it("gives a key the policy that leaves the decision to the account", async () => {
    const { Policy } = await kms.send(new GetKeyPolicyCommand({ KeyId: arn }));

    assert.match(Policy ?? "", /arn:aws:iam::123456789012:root/);
  });

  it("does not use a key that is disabled or pending deletion", async () => {
    const use = () => kms.send(new EncryptCommand({ KeyId: arn, Plaintext: new Uint8Array(1) }));
    await kms.send(new DisableKeyCommand({ KeyId: arn }));
    await assert.rejects(use(), (error) => error instanceof DisabledException);

    await kms.send(new ScheduleKeyDeletionCommand({ KeyId: arn, PendingWindowInDays: 7 }));

    await assert.rejects(use(), { name: "KMSInvalidStateException" });
  });

  it("decides a reader's use of a secret's key by the key's policy, with the service and the secret as conditions", async () => {
    const roleArn = "arn:aws:iam::123456789012:role/reader";
    const allow = (Action: string, Condition?: object) => ({
      Effect: "Allow",
      Action,
      Resource: "*",
      Condition,
    });
    await world.asOperator("iam", "CreateRole", {
      RoleName: "reader",
      AssumeRolePolicyDocument: JSON.stringify({
        Statement: [
          { Effect: "Allow", Principal: { Service: "ecs-tasks.amazonaws.com" }, Action: "sts:AssumeRole" },
        ],
      }),
    });
    await world.asOperator("iam", "PutRolePolicy", {
      RoleName: "reader",
      PolicyName: "p",
      PolicyDocument: JSON.stringify({
        Statement: [
          allow("secretsmanager:GetSecretValue"),
          allow("kms:Decrypt", {
            StringEquals: { "kms:ViaService": "secretsmanager.us-west-2.amazonaws.com" },
          }),
        ],
      }),
    });
    await world.asOperator("secretsmanager", "CreateSecret", { Name: "s", SecretString: "x", KmsKeyId: arn });
    const reader: Caller = { kind: "role", roleArn, session: "s" };
    const read = () =>
      world.call<{ SecretString: string }>("secretsmanager", "GetSecretValue", { SecretId: "s" }, reader);

    assert.equal((await read()).SecretString, "x");
    const direct = world.call("kms", "Decrypt", { KeyId: arn, CiphertextBlob: new Uint8Array(1) }, reader);
    await assert.rejects(direct, { code: "AccessDeniedException" });

    await kms.send(
      new PutKeyPolicyCommand({
        KeyId: arn,
        Policy: JSON.stringify({
          Statement: [{ Effect: "Allow", Principal: { AWS: `${roleArn}2` }, Action: "kms:*", Resource: "*" }],
        }),
      }),
    );

    await assert.rejects(read(), { code: "AccessDeniedException", message: "Access to KMS is not allowed" });
    assert.equal(SecretsManager.of(world).moves.length, 1);
  });
});
