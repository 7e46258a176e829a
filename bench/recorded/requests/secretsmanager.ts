import type { Requests } from "../session";

/** Lists of labels were sorted, and versions by their dates. */
export const unordered = ["VersionStages", "Versions"];

const name = "recorded";

/** A version with AWSPENDING becomes current, twice: `stages` are the labels of the two new values. */
function pendingCycle(second: string[], third: string[], update: string): Requests {
  return async ({ aws: { secretsmanager: secrets }, see }) => {
    const lists = (step: number) =>
      see(`list_secret_version_ids_res_${step}`, secrets.listSecretVersionIds({ SecretId: name }));
    const read = (step: number) =>
      see(`get_secret_value_res_${step}`, secrets.getSecretValue({ SecretId: name }));
    const first = await see("create_secret_rs_0", secrets.createSecret({ Name: name, SecretString: "S1" }));
    let holder = first.VersionId;
    for (const [turn, stages] of [second, third].entries()) {
      const { VersionId } = await see(
        `put_secret_value_res_${turn}`,
        secrets.putSecretValue({ SecretId: name, SecretString: `S${turn + 2}`, VersionStages: stages }),
      );
      await lists(2 * turn);
      await read(2 * turn);
      await see(
        turn === 0 ? "update_secret_version_stage_res_0" : update,
        secrets.updateSecretVersionStage({
          SecretId: name,
          RemoveFromVersionId: holder,
          MoveToVersionId: VersionId,
          VersionStage: "AWSCURRENT",
        }),
      );
      holder = VersionId;
      await lists(2 * turn + 1);
      await read(2 * turn + 1);
    }
    await see(
      "delete_secret_res_0",
      secrets.deleteSecret({ SecretId: name, ForceDeleteWithoutRecovery: true }),
    );
  };
}

export const requests: Readonly<Record<string, Requests>> = {
  async test_create_and_update_secret({ aws: { secretsmanager: secrets }, see }, parameters) {
    const Name = parameters.replace(/-(True|False)$/, "");
    const read = (step: number, SecretId: string) =>
      see(`get_secret_value_rs_${step}`, secrets.getSecretValue({ SecretId }));
    const { ARN = "" } = await see(
      "create_secret_rs_1",
      secrets.createSecret({ Name, SecretString: "my_secret", Description: "Testing secret creation." }),
    );
    await read(1, Name);
    await see("describe_secret_rs_1", secrets.describeSecret({ SecretId: Name }));
    await read(2, ARN);
    const partial = ARN.slice(0, -"-abcdef".length);
    // A name that ends like an ARN's suffix cannot be found by a partial ARN.
    if (parameters.startsWith("Invalid"))
      await see("resource_not_found_dict_1", secrets.getSecretValue({ SecretId: partial }));
    else await read(3, partial);
    await see(
      "put_secret_value_rs_1",
      secrets.putSecretValue({ SecretId: Name, SecretString: "new_secret" }),
    );
    await read(4, Name);
    await see(
      "update_secret_res_1",
      secrets.updateSecret({ SecretId: ARN, SecretString: "test123", Description: "d1" }),
    );
    await see(
      "delete_secret_res_1",
      secrets.deleteSecret({ SecretId: Name, ForceDeleteWithoutRecovery: true }),
    );
  },

  async test_put_secret_value_with_version_stages({ aws: { secretsmanager: secrets }, see }) {
    await see("create_secret_rs_0", secrets.createSecret({ Name: name, SecretString: "secret_string_v0" }));
    await see("get_secret_value_res_0", secrets.getSecretValue({ SecretId: name }));
    const custom = ["SAMPLESTAGE1", "SAMPLESTAGE0"];
    for (const [i, VersionStages] of [custom, custom, ["AWSPENDING"], undefined].entries()) {
      const SecretString = `secret_string_v${i + 1}`;
      await see(
        `put_secret_value_res_${i + 1}`,
        secrets.putSecretValue({ SecretId: name, SecretString, VersionStages }),
      );
      await see(`get_secret_value_res_${i + 1}`, secrets.getSecretValue({ SecretId: name }));
    }
    await see(
      "delete_secret_res_1",
      secrets.deleteSecret({ SecretId: name, ForceDeleteWithoutRecovery: true }),
    );
  },

  async test_update_secret_description({ aws: { secretsmanager: secrets }, see }) {
    await see("create_secret_rs_0", secrets.createSecret({ Name: name, SecretString: "MySecretString" }));
    await see("describe_secret_res_0", secrets.describeSecret({ SecretId: name }));
    const updates = [
      { Description: "MyDescription" },
      { Description: "MyNewDescription", SecretString: "MyNewSecretString" },
      { SecretString: "MyNewSecretStringMyNewSecretString" },
      {},
    ];
    for (const [i, update] of updates.entries()) {
      await see(`update_secret_res_${i}`, secrets.updateSecret({ SecretId: name, ...update }));
      await see(`describe_secret_res_${i + 1}`, secrets.describeSecret({ SecretId: name }));
    }
    await see(
      "delete_secret_res_0",
      secrets.deleteSecret({ SecretId: name, ForceDeleteWithoutRecovery: true }),
    );
  },

  async test_update_secret_version_stages_return_type({ aws: { secretsmanager: secrets }, see }) {
    const first = await see(
      "create_secret_rs_0",
      secrets.createSecret({ Name: name, SecretString: "Something1" }),
    );
    const second = await see(
      "put_secret_value_res_0",
      secrets.putSecretValue({ SecretId: name, SecretString: "Something2", VersionStages: ["AWSPENDING"] }),
    );
    await see(
      "update_secret_version_stage_res_0",
      secrets.updateSecretVersionStage({
        SecretId: name,
        RemoveFromVersionId: first.VersionId,
        MoveToVersionId: second.VersionId,
        VersionStage: "AWSCURRENT",
      }),
    );
    await see(
      "delete_secret_res_0",
      secrets.deleteSecret({ SecretId: name, ForceDeleteWithoutRecovery: true }),
    );
  },

  test_update_secret_version_stages_current_pending_cycle: pendingCycle(
    ["AWSPENDING"],
    ["AWSPENDING"],
    "put_secret_value_res_2",
  ),
  test_update_secret_version_stages_current_pending_cycle_custom_stages_1: pendingCycle(
    ["AWSSOMETHING", "AWSPENDING", "PUT1"],
    ["AWSPENDING", "PUT2"],
    "update_secret_version_stage_res_1",
  ),

  async test_non_versioning_version_stages_replacement({ aws: { secretsmanager: secrets }, see }) {
    await see("create_secret_rs_0", secrets.createSecret({ Name: name, SecretString: "S0" }));
    const stages = ["one", "two", "three"];
    for (const [i, VersionStages] of [stages, [...stages, "four"]].entries()) {
      const SecretString = `S${i + 1}`;
      await see(
        `put_secret_value_res_${i}`,
        secrets.putSecretValue({ SecretId: name, SecretString, VersionStages }),
      );
      await see(`list_secret_version_ids_res_${i}`, secrets.listSecretVersionIds({ SecretId: name }));
    }
    await see(
      "delete_secret_res_0",
      secrets.deleteSecret({ SecretId: name, ForceDeleteWithoutRecovery: true }),
    );
  },

  async test_call_lists_secrets_multiple_times_snapshots({ aws: { secretsmanager: secrets }, see }) {
    await see(
      "create_secret_rs_1",
      secrets.createSecret({
        Name: name,
        SecretString: "my_secret",
        Description: "testing creation of secrets",
      }),
    );
    for (const i of [0, 1, 2]) await see(`list_secrets_res_${i}`, secrets.listSecrets({}));
    await see(
      "delete_secret_res_1",
      secrets.deleteSecret({ SecretId: name, ForceDeleteWithoutRecovery: true }),
    );
  },

  async test_create_secret_version_from_empty_secret({ aws: { secretsmanager: secrets }, see }) {
    const { ARN } = await see(
      "create-empty-secret",
      secrets.createSecret({ Name: "test-version-1", Description: "" }),
    );
    await see("describe-secret", secrets.describeSecret({ SecretId: ARN }));
    await see("put-secret-value", secrets.putSecretValue({ SecretId: ARN, SecretString: "an-example" }));
  },

  async test_update_secret_version_stages_current_pending_cycle_custom_stages_3({
    aws: { secretsmanager: secrets },
    see,
  }) {
    const first = await see("create_secret_rs", secrets.createSecret({ Name: name, SecretString: "SS" }));
    const second = await see(
      "put_secret_value_res_0",
      secrets.putSecretValue({ SecretId: name, SecretString: "S1", VersionStages: ["PENDING"] }),
    );
    const readBoth = async (suffix: string) => {
      for (const [version, { VersionId }] of [first, second].entries())
        await see(
          `get_secret_value_v${version + 1}_rs${suffix}`,
          secrets.getSecretValue({ SecretId: name, VersionId }),
        );
    };
    await see("list_secret_version_ids_rs", secrets.listSecretVersionIds({ SecretId: name }));
    await readBoth("");
    await see(
      "update_secret_version_stage_res_1",
      secrets.updateSecretVersionStage({
        SecretId: name,
        RemoveFromVersionId: first.VersionId,
        MoveToVersionId: second.VersionId,
        VersionStage: "AWSCURRENT",
      }),
    );
    await readBoth("_1");
    await see(
      "update_secret_version_stage_res_2",
      secrets.updateSecretVersionStage({
        SecretId: name,
        RemoveFromVersionId: second.VersionId,
        VersionStage: "PENDING",
      }),
    );
    await readBoth("_2");
    await see(
      "delete_secret_res_0",
      secrets.deleteSecret({ SecretId: name, ForceDeleteWithoutRecovery: true }),
    );
  },

  async test_resource_policy({ aws: { secretsmanager: secrets }, see, call }) {
    await call(secrets.createSecret({ Name: name, SecretString: "my_secret" }));
    const ResourcePolicy = JSON.stringify({
      Version: "2012-10-17",
      Statement: [
        { Effect: "Allow", Principal: "*", Action: "secretsmanager:GetSecretValue", Resource: "*" },
      ],
    });
    await see("put_resource_policy", secrets.putResourcePolicy({ SecretId: name, ResourcePolicy }));
    await see("get_resource_policy", secrets.getResourcePolicy({ SecretId: name }));
  },

  async test_get_secret_value_errors({ aws: { secretsmanager: secrets }, see, call }) {
    const { ARN, VersionId } = await call(secrets.createSecret({ Name: name, SecretString: "test" }));
    const VersionStage = "AWSPREVIOUS";
    await see("error_get_secret_value_non_existing", secrets.getSecretValue({ SecretId: ARN, VersionStage }));
    await see(
      "mismatch_version_id_and_stage",
      secrets.getSecretValue({ SecretId: name, VersionId, VersionStage }),
    );
  },

  async test_tag_untag_resource_on_deleted_secret({ aws: { secretsmanager: secrets }, see }) {
    const { ARN } = await see(
      "create_secret",
      secrets.createSecret({
        Name: name,
        SecretString: "test-secret-value",
        Tags: [{ Key: "initial-tag", Value: "initial-value" }],
      }),
    );
    await see("delete_secret", secrets.deleteSecret({ SecretId: ARN }));
    await see(
      "tag_deleted_secret_error",
      secrets.tagResource({ SecretId: ARN, Tags: [{ Key: "new-tag", Value: "new-value" }] }),
    );
    await see(
      "untag_deleted_secret_error",
      secrets.untagResource({ SecretId: ARN, TagKeys: ["initial-tag"] }),
    );
  },

  async test_change_secret_value_after_creation({ aws: { secretsmanager: secrets }, see, call }, parameters) {
    const bytes = (text: string): Uint8Array =>
      Buffer.from(
        text.replace(/\\x(..)/g, (_, hex: string) => String.fromCharCode(parseInt(hex, 16))),
        "latin1",
      );
    const [put, update] = parameters.split("-") as [string, string];
    await call(secrets.createSecret({ Name: name, SecretBinary: bytes("initial") }));
    await see("put_secret_value_secret_response", secrets.getSecretValue({ SecretId: name }));
    await call(secrets.putSecretValue({ SecretId: name, SecretBinary: bytes(put) }));
    await see("put_secret_binary_response_updated", secrets.getSecretValue({ SecretId: name }));
    await call(secrets.updateSecret({ SecretId: name, SecretBinary: bytes(update) }));
    await see("update_secret_binary_response_updated", secrets.getSecretValue({ SecretId: name }));
  },
};
