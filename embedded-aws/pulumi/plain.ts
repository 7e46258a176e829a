import * as pulumi from "@pulumi/pulumi";

interface SecretValue {
  readonly value: unknown;
}

/**
 * A property as a provider gets it: secrets unwrapped, resources as their ids. Assets and archives stay
 * Pulumi's own objects.
 */
export async function plain(value: unknown): Promise<unknown> {
  if (pulumi.runtime.isRpcSecret(value)) return plain((value as SecretValue).value);
  if (pulumi.Output.isInstance(value)) return plain(await settled(value));
  if (value === null || typeof value !== "object") return value;
  if (isAsset(value)) return value;
  if (Array.isArray(value)) return Promise.all(value.map(plain));
  if (pulumi.CustomResource.isInstance(value)) return settled(value.id);
  const entries = await Promise.all(
    Object.entries(value).map(async ([key, member]) => [key, await plain(member)] as const),
  );
  return Object.fromEntries(entries);
}

/** The value of an Output; rejects when it never gets one. */
export function settled<T>(output: pulumi.Output<T>): Promise<pulumi.Unwrap<T>> {
  return (output as unknown as { promise(withUnknowns?: boolean): Promise<pulumi.Unwrap<T>> }).promise();
}

/** True where the value, or a part of it, is a secret. */
export function holdsSecret(value: unknown): boolean {
  if (pulumi.runtime.isRpcSecret(value)) return true;
  if (value === null || typeof value !== "object") return false;
  if (isAsset(value)) return false;
  if (pulumi.Output.isInstance(value) || pulumi.CustomResource.isInstance(value)) return false;
  return Object.values(value).some(holdsSecret);
}

function isAsset(value: object): boolean {
  return pulumi.asset.Asset.isInstance(value) || pulumi.asset.Archive.isInstance(value);
}
