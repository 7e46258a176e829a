import { ServiceError } from "../errors";
import type { Call } from "../service";
import type { World } from "../world";

/** The key of the account for parameters, which everybody who may use the parameter may use. */
export const defaultKey = "alias/aws/ssm";

/** Asks KMS, as the caller, for what a read of a SecureString needs. */
export async function decrypt(
  world: World,
  call: Call,
  parameter: { arn: string },
  keyId: string | undefined,
): Promise<void> {
  const EncryptionContext = { PARAMETER_ARN: parameter.arn };
  await ask(world, call, "Decrypt", keyId, { CiphertextBlob: new Uint8Array(1), EncryptionContext });
}

/** Asks KMS, as the caller, for what a write of a SecureString needs: a data key for the advanced tier. */
export async function encrypt(
  world: World,
  call: Call,
  arn: string,
  keyId: string | undefined,
  isAdvanced: boolean,
): Promise<void> {
  const EncryptionContext = { PARAMETER_ARN: arn };
  if (isAdvanced) await ask(world, call, "GenerateDataKey", keyId, { KeySpec: "AES_256", EncryptionContext });
  else await ask(world, call, "Encrypt", keyId, { Plaintext: new Uint8Array(1), EncryptionContext });
}

async function ask(
  world: World,
  call: Call,
  operation: string,
  KeyId: string | undefined,
  input: object,
): Promise<void> {
  if (KeyId === undefined || KeyId.endsWith(defaultKey)) return;
  try {
    await world.call("kms", operation, { KeyId, ...input }, call.caller);
  } catch (error) {
    if (!(error instanceof ServiceError) || error.code === "AccessDeniedException") throw error;
    throw new ServiceError("InvalidKeyId", error.message);
  }
}
