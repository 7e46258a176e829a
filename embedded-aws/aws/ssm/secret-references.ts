import type { Parameter } from "@aws-sdk/client-ssm";
import type { GetSecretValueResponse } from "@aws-sdk/client-secrets-manager";
import { secretParameters } from "../../../aws-semantics/secret-reference";
import { ServiceError } from "../errors";
import type { Call } from "../service";
import type { World } from "../world";
import { invalid } from "./checks";

/** True for a parameter that stands for a secret; by name, or by its ARN. */
export function isSecretParameter(nameOrArn: string): boolean {
  return nameOrArn.replace(/^arn:[^/]*/, "").startsWith(secretParameters);
}

/**
 * The secret that a parameter stands for, read with the caller's own permission. Version and history of Parameter Store
 * do not apply (AWS Systems Manager User Guide, "Referencing AWS Secrets Manager secrets from Parameter Store
 * parameters").
 * @returns undefined when there is no such secret
 */
export async function readSecretParameter(
  world: World,
  { caller }: Call,
  given: string,
  decrypted: boolean,
): Promise<Parameter | undefined> {
  if (!decrypted)
    throw new ServiceError(
      invalid.code,
      "WithDecryption flag must be True for retrieving a Secret Manager secret.",
    );
  const SecretId = given.slice(given.indexOf(secretParameters) + secretParameters.length);
  let secret: GetSecretValueResponse;
  try {
    secret = await world.call<GetSecretValueResponse>(
      "secretsmanager",
      "GetSecretValue",
      { SecretId },
      caller,
    );
  } catch (error) {
    if (error instanceof ServiceError && error.code === "ResourceNotFoundException") return undefined;
    throw error;
  }
  const { ARN, CreatedDate, Name, SecretString, VersionId, VersionStages } = secret;
  return {
    ARN,
    Name: given,
    Type: "SecureString",
    Value: SecretString,
    Version: 0,
    LastModifiedDate: CreatedDate,
    DataType: "text",
    SourceResult: JSON.stringify({ ARN, CreatedDate, Name, SecretString, VersionId, VersionStages }),
  };
}
