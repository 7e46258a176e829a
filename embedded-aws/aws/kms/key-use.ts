import { ServiceError } from "../errors";
import { Kms } from ".";
import type { Call } from "../service";
import type { World } from "../world";

/**
 * Refuses a service that may not use the key of what it writes to (a queue, a topic): it needs
 * `kms:GenerateDataKey` and `kms:Decrypt` in the key's own policy. A key that AWS manages lets no service in, and
 * a key policy that asks for `aws:SourceArn` neither: the key is used on behalf of the queue or topic, not of the
 * rule or alarm (Amazon EventBridge User Guide and Amazon SNS Developer Guide, "Encryption at rest").
 */
export function useKey(world: World, call: Call, keyId: string | undefined, code: string): void {
  if (keyId === undefined || keyId === "" || call.caller.kind !== "service") return;
  const refused = (reason: string) =>
    new ServiceError(code, `The ciphertext refers to a key that ${principal} may not use: ${reason}`);
  const { principal } = call.caller;
  if (keyId.includes("alias/aws/")) throw refused(`${keyId} is managed by AWS`);
  const resource = Kms.of(world).arnOf(keyId);
  if (resource === undefined) throw refused(`there is no key ${keyId}`);
  try {
    for (const action of ["kms:GenerateDataKey", "kms:Decrypt"])
      world.gate.authorize(
        {
          ...call,
          service: "kms",
          operation: action.slice("kms:".length),
          caller: { kind: "service", principal },
        },
        [{ action, resource }],
      );
  } catch (error) {
    if (!(error instanceof ServiceError)) throw error;
    throw refused(error.message);
  }
}
