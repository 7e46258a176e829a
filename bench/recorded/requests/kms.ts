import type { CreateKeyRequest } from "@aws-sdk/client-kms";
import type { Requests } from "../session";

/** A key without material, as it is told before any is imported. */
function external(request: CreateKeyRequest, created?: string, described?: string): Requests {
  return async ({ aws: { kms }, see, given, labels }) => {
    const make = kms.createKey({ Origin: "EXTERNAL", Description: "test-key", ...request });
    const { KeyMetadata } = await see(created ?? "", make, (answer) => answer.KeyMetadata);
    if (described !== undefined) await see(described, kms.describeKey({ KeyId: KeyMetadata?.KeyId }));
    for (const label of labels.filter((one) => one !== created && one !== described))
      given(label, undefined, "kms:ImportKeyMaterial");
  };
}

/** The tags of a key, before and after some of them are taken away. */
function untag(names: readonly string[], TagKeys: string[], after: string): Requests {
  return async ({ aws: { kms }, see, call }) => {
    const Tags = names.map((TagKey) => ({ TagKey, TagValue: TagKey.replace("tag", "value") }));
    const { KeyMetadata: { KeyId } = { KeyId: undefined } } = await call(kms.createKey({ Tags }));
    const list = (label: string) => see(label, kms.listResourceTags({ KeyId }), (answer) => answer.Tags);
    await list("list-resource-tags");
    await call(kms.untagResource({ KeyId, TagKeys }));
    await list(after);
  };
}

const compared: Readonly<Record<string, Requests>> = {
  async test_create_alias({ aws: { kms }, see, call }) {
    const { KeyMetadata } = await call(kms.createKey({}));
    await see("create_alias", kms.createAlias({ AliasName: "recorded", TargetKeyId: KeyMetadata?.KeyId }));
  },

  async test_hmac_create_key_invalid_operations({ aws: { kms }, see }) {
    await see("create-hmac-key-without-key-usage", kms.createKey({ KeySpec: "HMAC_256" }));
    await see("create-hmac-key-invalid-spec", kms.createKey({ KeySpec: "HMAC_random" as "HMAC_256" }));
    await see(
      "create-hmac-key-invalid-key-usage",
      kms.createKey({ KeySpec: "HMAC_256", KeyUsage: "RANDOM" as "SIGN_VERIFY" }),
    );
  },

  test_create_key_with_tag_and_untag: untag(
    ["tag1", "tag2"],
    ["tag1", "tag2"],
    "list-resource-tags-after-all-untagged",
  ),
  test_untag_key_partially: untag(
    ["tag1", "tag2", "tag3"],
    ["tag2"],
    "list-resource-tags-after-partially-untagged",
  ),

  async test_tag_key_with_duplicate_tag_keys_raises_error({ aws: { kms }, see, call }) {
    const { KeyMetadata } = await call(kms.createKey({}));
    const Tags = ["value1", "another-value1"].map((TagValue) => ({ TagKey: "tag1", TagValue }));
    await see("duplicate-tag-keys", kms.tagResource({ KeyId: KeyMetadata?.KeyId, Tags }));
  },

  async test_key_enable_rotation_status({ aws: { kms }, see, call }, parameters) {
    const { KeyMetadata: { KeyId } = { KeyId: undefined } } = await call(kms.createKey({}));
    await call(kms.enableKeyRotation({ KeyId, RotationPeriodInDays: Number(parameters) }));
    await see("match_response", kms.getKeyRotationStatus({ KeyId }));
  },

  async test_plaintext_size_for_encrypt({ aws: { kms }, see, call }) {
    const { KeyMetadata } = await call(kms.createKey({}));
    const Plaintext = Buffer.alloc(4300, "a");
    await see("invalid-plaintext-size-encrypt", kms.encrypt({ KeyId: KeyMetadata?.KeyId, Plaintext }));
  },

  async test_encryption_context_generate_data_key({ aws: { kms }, see, call }) {
    const { KeyMetadata: { KeyId } = { KeyId: undefined } } = await call(kms.createKey({}));
    const EncryptionContext = { "context-key": "context-value" };
    const made = await call(kms.generateDataKey({ KeyId, KeySpec: "AES_256", EncryptionContext }));
    await see(
      "decrypt-without-encryption-context",
      kms.decrypt({ KeyId, CiphertextBlob: made.CiphertextBlob ?? Buffer.from("none") }),
    );
  },

  test_import_key_asymmetric: external(
    { KeySpec: "ECC_NIST_P256", KeyUsage: "SIGN_VERIFY" },
    "created-key",
    "describe-key-before-import",
  ),
  test_import_key_rsa_aes_wrap_sha256: external(
    { KeySpec: "RSA_4096", KeyUsage: "ENCRYPT_DECRYPT" },
    undefined,
    "describe-before-import",
  ),
  test_import_key_ecc_keys: (session, parameters) =>
    external(
      {
        KeySpec: parameters as "ECC_NIST_P256",
        KeyUsage: "SIGN_VERIFY",
        Description: "test ecc key import",
      },
      undefined,
      "describe-key-before-import",
    )(session, parameters),
  test_rotate_key_on_demand_on_external_key_with_no_key_material: external({}, "create-kms-external-key"),
  test_rotate_key_on_demand_updates_current_key_material_for_external_keys: external(
    {},
    "create-kms-external-key",
    "describe-empty-key-response",
  ),
};

const leftOut: Readonly<Record<string, readonly string[]>> = {
  "kms:GenerateRandom": ["generate_random"],
  "kms:GenerateMac": ["generate_and_verify_mac"],
  "kms:DeriveSharedSecret": ["derive_shared_secret"],
  "kms:ReplicateKey": ["replicate_replica_key_should_fail"],
  "kms:Sign": ["sign_verify", "error_messaging_for_invalid_keys"],
  "kms:ImportKeyMaterial": [
    "import_key_material_raises_if_there_is_already_key_material_pending",
    "rotate_key_on_demand_raises_for_no_pending_key_material",
  ],
  "kms:RotateKeyOnDemand": [
    "key_rotations_encryption_decryption",
    "key_rotations_limits",
    "rotate_key_on_demand_raises_error_given_key_is_disabled",
    "rotate_key_on_demand_raises_error_given_non_symmetric_key",
    "rotate_key_on_demand_with_symmetric_key_and_automatic_rotation_disabled",
    "rotate_key_on_demand_with_symmetric_key_and_automatic_rotation_enabled",
    "rotate_on_demand_returns_arn_for_key_id",
  ],
  "kms:GenerateDataKeyPair": ["generate_data_key_pair", "generate_data_key_pair_dry_run"],
  "kms:GenerateDataKeyPairWithoutPlaintext": [
    "generate_data_key_pair_without_plaintext",
    "generate_data_key_pair_without_plaintext_dry_run",
    "encryption_context_generate_data_key_pair_without_plaintext",
  ],
  "kms:GenerateDataKeyWithoutPlaintext": [
    "generate_data_key_without_plaintext",
    "encryption_context_generate_data_key_without_plaintext",
  ],
};
const absent = Object.entries(leftOut).flatMap(([operation, tests]) =>
  tests.map((test): [string, string] => [`test_${test}`, operation]),
);

export const requests: Readonly<Record<string, Requests | string>> = {
  ...compared,
  ...Object.fromEntries(absent),
};
