import type * as sdk from "@aws-sdk/client-secrets-manager";
import { statementsOf, type PolicyDocument, type Statement } from "../../../aws-semantics/iam-policy";
import { jsonObject, lengthBetween, refused } from "../constraints";
import { ServiceError } from "../errors";
import { operation, type Operation } from "../service";
import { onSecret } from "./authorize";
import { outOfRange } from "./checks";
import type { SecretStore } from "./store";

const malformed = { code: "MalformedPolicyDocumentException" } as const;

/** Operations on the policy that is attached to a secret. */
export function policyOperations(store: SecretStore): Readonly<Record<string, Operation>> {
  return {
    PutResourcePolicy: operation<sdk.PutResourcePolicyRequest, sdk.PutResourcePolicyResponse>({
      access: "write",
      authorize: ({ SecretId, BlockPublicPolicy }) =>
        onSecret(store, SecretId, { "secretsmanager:BlockPublicPolicy": String(BlockPublicPolicy ?? false) }),
      handle: ({ SecretId, ResourcePolicy, BlockPublicPolicy }, call) => {
        const secret = store.active(SecretId!);
        const statements = read(ResourcePolicy!);
        if (BlockPublicPolicy && statements.some(isPublic))
          throw new ServiceError(
            "PublicPolicyException",
            "This resource policy grants broad access and BlockPublicPolicy is set.",
          );
        secret.policy = ResourcePolicy;
        store.touch(secret, call.time);
        return { ARN: secret.arn, Name: secret.name };
      },
    }),
    GetResourcePolicy: operation<sdk.GetResourcePolicyRequest, sdk.GetResourcePolicyResponse>({
      access: "read",
      authorize: ({ SecretId }) => onSecret(store, SecretId),
      handle: ({ SecretId }) => {
        const secret = store.get(SecretId!);
        return { ARN: secret.arn, Name: secret.name, ResourcePolicy: secret.policy };
      },
    }),
    DeleteResourcePolicy: operation<sdk.DeleteResourcePolicyRequest, sdk.DeleteResourcePolicyResponse>({
      access: "write",
      authorize: ({ SecretId }) => onSecret(store, SecretId),
      handle: ({ SecretId }, call) => {
        const secret = store.active(SecretId!);
        secret.policy = undefined;
        store.touch(secret, call.time);
        return { ARN: secret.arn, Name: secret.name };
      },
    }),
  };
}

function read(document: string): readonly Statement[] {
  lengthBetween(document, 1, 20_480, "resourcePolicy", outOfRange);
  const parsed = jsonObject(document, "resourcePolicy", malformed);
  const statements =
    typeof parsed.Statement === "object" && parsed.Statement !== null
      ? statementsOf(parsed as unknown as PolicyDocument)
      : [];
  const isComplete = (one: Statement) =>
    typeof one === "object" &&
    one !== null &&
    (one.Effect === "Allow" || one.Effect === "Deny") &&
    (one.Action ?? one.NotAction) !== undefined &&
    (one.Resource ?? one.NotResource) !== undefined &&
    (one.Principal ?? one.NotPrincipal) !== undefined;
  if (statements.length === 0 || !statements.every(isComplete))
    throw refused(
      malformed,
      "This resource policy contains a syntax error: statements need Effect, Principal, Action and Resource.",
    );
  return statements;
}

function isPublic({ Effect, Principal, Condition }: Statement): boolean {
  if (Effect !== "Allow" || Condition !== undefined || Principal === undefined) return false;
  return Principal === "*" || [Principal.AWS ?? []].flat().includes("*");
}
