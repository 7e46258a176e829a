import type { Authorization } from "../service";
import type { SecretStore } from "./store";

/** What IAM is asked about a secret: its ARN and the condition keys that every operation on a secret has. */
export function onSecret(
  store: SecretStore,
  secretId: string | undefined,
  context: Authorization["context"] = {},
): Authorization {
  const arn = store.arnFor(secretId ?? "");
  const secret = store.find(secretId ?? "");
  const tags = [...(secret?.tags ?? [])].flatMap(([key, value]) => [
    [`aws:ResourceTag/${key}`, value] as const,
    [`secretsmanager:ResourceTag/${key}`, value] as const,
  ]);
  return {
    resource: arn,
    context: { "secretsmanager:SecretId": arn, ...Object.fromEntries(tags), ...context },
  };
}
