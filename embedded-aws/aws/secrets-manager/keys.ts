import { ServiceError } from "../errors";
import type { Call } from "../service";
import type { World } from "../world";
import type { Secret } from "./secret";

/** The key of the account for secrets, which everybody who may use the secret may use. */
const defaultKey = "aws/secretsmanager";

/** True when a customer managed key encrypts the secret: IAM is asked about that too. */
export function hasOwnKey(kmsKeyId: string | undefined): kmsKeyId is string {
  return kmsKeyId !== undefined && kmsKeyId !== "" && !kmsKeyId.endsWith(`alias/${defaultKey}`);
}

/** Asks KMS, as the caller, for what a read of the value needs. */
export async function decrypt(
  world: World,
  call: Call,
  secret: Secret,
  kmsKeyId: string | undefined,
  versionId: string,
): Promise<void> {
  if (!hasOwnKey(kmsKeyId)) return;
  const EncryptionContext = { SecretARN: secret.arn, SecretVersionId: versionId };
  await ask(
    world,
    call,
    "Decrypt",
    { KeyId: kmsKeyId, CiphertextBlob: new Uint8Array(1), EncryptionContext },
    "DecryptionFailure",
  );
}

/** Asks KMS, as the caller, for what a write of the value needs. */
export async function encrypt(
  world: World,
  call: Call,
  secret: { arn: string; kmsKeyId?: string },
  versionId: string,
): Promise<void> {
  const { kmsKeyId } = secret;
  if (!hasOwnKey(kmsKeyId)) return;
  const EncryptionContext = { SecretARN: secret.arn, SecretVersionId: versionId };
  await ask(
    world,
    call,
    "GenerateDataKey",
    { KeyId: kmsKeyId, KeySpec: "AES_256", EncryptionContext },
    "EncryptionFailure",
  );
}

async function ask(
  world: World,
  call: Call,
  operation: string,
  input: object,
  failure: string,
): Promise<void> {
  try {
    await world.call("kms", operation, input, call.caller);
  } catch (error) {
    if (!(error instanceof ServiceError)) throw error;
    if (error.code === "AccessDeniedException")
      throw new ServiceError("AccessDeniedException", "Access to KMS is not allowed", 400);
    throw new ServiceError(failure, `Secrets Manager can't use the KMS key: ${error.message}`);
  }
}
