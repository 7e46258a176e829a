import type * as aws from "@pulumi/aws";
import type { CreateKeyResponse } from "@aws-sdk/client-kms";
import { allTags, resourceType, type ResourceType } from "./resource-type";

/** AWS Key Management Service: keys. */
export const kms: Readonly<Record<string, ResourceType>> = {
  "aws:kms/key:Key": resourceType<aws.kms.KeyArgs>({
    computed: ["id", "arn", "keyId", "policy", "tagsAll"],
    replaceOnChanges: ["keyUsage", "customerMasterKeySpec", "multiRegion"],
    async create(account, inputs) {
      const tagsAll = allTags(account, inputs.tags);
      const { KeyMetadata } = await account.call<CreateKeyResponse>("kms", "CreateKey", {
        Description: inputs.description,
        KeyUsage: inputs.keyUsage,
        KeySpec: inputs.customerMasterKeySpec,
        MultiRegion: inputs.multiRegion,
        Policy: inputs.policy,
        Tags: Object.entries(tagsAll).map(([TagKey, TagValue]) => ({ TagKey, TagValue })),
      });
      const keyId = KeyMetadata!.KeyId!;
      if (inputs.enableKeyRotation) await account.call("kms", "EnableKeyRotation", { KeyId: keyId });
      return { id: keyId, state: { ...inputs, keyId, arn: KeyMetadata!.Arn, tagsAll } };
    },
    async update(account, keyId, olds, inputs) {
      if (inputs.policy !== undefined)
        await account.call("kms", "PutKeyPolicy", {
          KeyId: keyId,
          PolicyName: "default",
          Policy: inputs.policy,
        });
      return { ...olds, ...inputs, keyId, tagsAll: allTags(account, inputs.tags) };
    },
    async delete(account, keyId, state) {
      await account.call("kms", "ScheduleKeyDeletion", {
        KeyId: keyId,
        PendingWindowInDays: state.deletionWindowInDays,
      });
    },
  }),
};
