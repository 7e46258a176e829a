import type * as aws from "@pulumi/aws";
import type * as sdk from "@aws-sdk/client-secrets-manager";
import type { PutParameterResult } from "@aws-sdk/client-ssm";
import type { Unwrap } from "@pulumi/pulumi";
import {
  allTags,
  defined,
  pascal,
  physicalName,
  policyText,
  resourceType,
  tagList,
  text,
  type Account,
  type Properties,
  type ResourceType,
} from "./resource-type";

type SecretVersion = Unwrap<aws.secretsmanager.SecretVersionArgs>;
type Rotation = Unwrap<aws.secretsmanager.SecretRotationArgs>;
type Parameter = Unwrap<aws.ssm.ParameterArgs>;

async function putSecretValue(
  account: Account,
  inputs: SecretVersion,
): Promise<{ id: string; state: object }> {
  const answer = await account.call<sdk.PutSecretValueResponse>("secretsmanager", "PutSecretValue", {
    SecretId: inputs.secretId,
    SecretString: inputs.secretString ?? inputs.secretStringWo,
    SecretBinary: inputs.secretBinary === undefined ? undefined : Buffer.from(inputs.secretBinary, "base64"),
    VersionStages: inputs.versionStages,
  });
  const versionId = answer.VersionId!;
  const arn = answer.ARN!;
  return {
    id: `${arn}|${versionId}`,
    state: { ...inputs, arn, versionId, versionStages: answer.VersionStages ?? ["AWSCURRENT"] },
  };
}

async function rotate(account: Account, inputs: Rotation): Promise<Properties> {
  const rules = defined((inputs.rotationRules ?? {}) as Record<string, unknown>);
  const answer = await account.call<sdk.RotateSecretResponse>("secretsmanager", "RotateSecret", {
    SecretId: inputs.secretId,
    RotationLambdaARN: inputs.rotationLambdaArn,
    ExternalSecretRotationRoleArn: inputs.externalSecretRotationRoleArn,
    ExternalSecretRotationMetadata: inputs.externalSecretRotationMetadatas?.map(pascal),
    RotationRules: pascal(rules),
    RotateImmediately: inputs.rotateImmediately ?? true,
  });
  return { rotateImmediately: true, ...inputs, arn: answer.ARN, rotationEnabled: true };
}

async function putParameter(
  account: Account,
  name: string,
  inputs: Parameter,
  overwrite: boolean,
): Promise<Properties> {
  const tagsAll = allTags(account, inputs.tags);
  const answer = await account.call<PutParameterResult>("ssm", "PutParameter", {
    Name: name,
    Type: inputs.type,
    Value: inputs.value ?? inputs.insecureValue ?? inputs.valueWo,
    Description: inputs.description,
    KeyId: inputs.keyId,
    AllowedPattern: inputs.allowedPattern,
    DataType: inputs.dataType,
    Tier: inputs.tier,
    Overwrite: overwrite,
    Tags: overwrite ? undefined : tagList(tagsAll),
  });
  const resource = name.startsWith("/") ? `parameter${name}` : `parameter/${name}`;
  return {
    dataType: "text",
    tier: "Standard",
    ...inputs,
    name,
    arn: account.arn("ssm", resource),
    version: answer.Version,
    tagsAll,
  };
}

/** AWS Secrets Manager and the parameters of AWS Systems Manager. */
export const secrets: Readonly<Record<string, ResourceType>> = {
  "aws:secretsmanager/secret:Secret": resourceType<aws.secretsmanager.SecretArgs>({
    computed: ["id", "arn", "name", "policy", "replicas", "tagsAll"],
    replaceOnChanges: ["name", "namePrefix"],
    async create(account, inputs, logicalName) {
      const name = physicalName(account, logicalName, inputs);
      const tagsAll = allTags(account, inputs.tags);
      const { ARN } = await account.call<sdk.CreateSecretResponse>("secretsmanager", "CreateSecret", {
        Name: name,
        Description: inputs.description,
        KmsKeyId: inputs.kmsKeyId,
        Tags: tagList(tagsAll),
      });
      if (inputs.policy !== undefined)
        await account.call("secretsmanager", "PutResourcePolicy", {
          SecretId: ARN,
          ResourcePolicy: policyText(inputs.policy),
        });
      return {
        id: ARN!,
        state: { recoveryWindowInDays: 30, policy: "", ...inputs, name, arn: ARN, tagsAll },
      };
    },
    async update(account, arn, olds, inputs) {
      await account.call("secretsmanager", "UpdateSecret", {
        SecretId: arn,
        Description: inputs.description,
        KmsKeyId: inputs.kmsKeyId,
      });
      return { ...olds, ...inputs, name: olds.name, tagsAll: allTags(account, inputs.tags) };
    },
    async delete(account, arn, state) {
      await account.call(
        "secretsmanager",
        "DeleteSecret",
        state.recoveryWindowInDays === 0
          ? { SecretId: arn, ForceDeleteWithoutRecovery: true }
          : { SecretId: arn, RecoveryWindowInDays: state.recoveryWindowInDays },
      );
    },
  }),

  "aws:secretsmanager/secretVersion:SecretVersion": resourceType<aws.secretsmanager.SecretVersionArgs>({
    computed: ["id", "arn", "versionId", "versionStages", "hasSecretStringWo"],
    replaceOnChanges: ["*"],
    async create(account, inputs) {
      const { id, state } = await putSecretValue(account, inputs);
      return { id, state: { ...state, hasSecretStringWo: inputs.secretStringWo !== undefined } };
    },
    // A version that holds AWSCURRENT cannot be taken away; the provider leaves it to the secret's deletion.
    async delete() {},
  }),

  "aws:secretsmanager/secretRotation:SecretRotation": resourceType<aws.secretsmanager.SecretRotationArgs>({
    computed: ["id", "arn", "rotationEnabled"],
    replaceOnChanges: ["secretId"],
    async create(account, inputs) {
      const state = await rotate(account, inputs);
      return { id: text(state, "arn"), state };
    },
    update: (account, _id, _olds, inputs) => rotate(account, inputs),
    async delete(account, secretId) {
      await account.call("secretsmanager", "CancelRotateSecret", { SecretId: secretId });
    },
  }),

  "aws:ssm/parameter:Parameter": resourceType<aws.ssm.ParameterArgs>({
    computed: ["id", "arn", "name", "version", "dataType", "tier", "tagsAll"],
    replaceOnChanges: ["name"],
    async create(account, inputs, logicalName) {
      const name = physicalName(account, logicalName, { name: inputs.name });
      return { id: name, state: await putParameter(account, name, inputs, inputs.overwrite ?? false) };
    },
    update: (account, _id, olds, inputs) => putParameter(account, text(olds, "name"), inputs, true),
    async delete(account, name) {
      await account.call("ssm", "DeleteParameter", { Name: name });
    },
  }),
};
