import type { Filter, Tag } from "@aws-sdk/client-secrets-manager";
import { lengthBetween, matchesPattern, oneOf, refused } from "../constraints";
import { ServiceError } from "../errors";
import { FilterNameStringType } from "@aws-sdk/client-secrets-manager";

/** Secrets Manager's code for a value that it does not take. */
export const invalid = { code: "InvalidParameterException" } as const;
/** Secrets Manager's code for a call that the state of the secret does not allow. */
export const invalidRequest = { code: "InvalidRequestException" } as const;
/** What the platform answers for a text of the wrong length. */
export const outOfRange = { code: "ValidationException" } as const;

/** Names of new secrets: letters, digits and `/_+=.@-`. */
export function checkName(name: string): void {
  lengthBetween(name, 1, 512, "name", outOfRange);
  if (!/^[A-Za-z0-9/_+=.@-]+$/.test(name))
    throw refused(
      invalid,
      "Invalid name. Must be a valid name containing alphanumeric characters, or any of the following: -/_+=.@!",
    );
}

/** The token is the id of the version that is made. */
export function checkToken(token: string | undefined): void {
  lengthBetween(token, 32, 64, "clientRequestToken", outOfRange);
}

/** A text or bytes, not both; at most 65,536 bytes. Undefined when neither is there. */
export function valueOf(input: {
  SecretString?: string;
  SecretBinary?: Uint8Array;
}): { text?: string; bytes?: Uint8Array } | undefined {
  const { SecretString: text, SecretBinary: bytes } = input;
  if (text !== undefined && bytes !== undefined)
    throw refused(
      invalid,
      "You can't specify both a binary secret value and a string secret value in the same secret.",
    );
  if (text === undefined && bytes === undefined) return undefined;
  const length = text === undefined ? bytes!.byteLength : Buffer.byteLength(text);
  lengthBetween({ length }, 1, 65_536, text === undefined ? "secretBinary" : "secretString", outOfRange);
  return { text, bytes };
}

/** True when two values hold the same. */
export function sameValue(
  a: { text?: string; bytes?: Uint8Array },
  b: { text?: string; bytes?: Uint8Array },
): boolean {
  return a.text === b.text && Buffer.compare(Buffer.from(a.bytes ?? []), Buffer.from(b.bytes ?? [])) === 0;
}

/** Up to 50 tags, keys of 1 to 128 and values of 0 to 256 characters, none of AWS's own. */
export function checkTags(tags: readonly Tag[] | undefined): [string, string][] {
  const pairs = (tags ?? []).map(({ Key = "", Value = "" }): [string, string] => {
    lengthBetween(Key, 1, 128, "tags.key", outOfRange);
    lengthBetween(Value, 0, 256, "tags.value", outOfRange);
    if (/^aws:/i.test(Key)) throw refused(invalid, "Tag keys that begin with aws: are reserved for AWS.");
    return [Key, Value];
  });
  if (new Set(pairs.map(([key]) => key)).size > 50)
    throw new ServiceError("LimitExceededException", "A secret can have up to 50 tags.");
  return pairs;
}

/** Staging labels: 1 to 20 of them, 1 to 256 characters each. */
export function checkStages(stages: readonly string[] | undefined): void {
  lengthBetween(stages, 1, 20, "versionStages", outOfRange);
  for (const stage of stages ?? []) lengthBetween(stage, 1, 256, "versionStages", outOfRange);
}

/** Filters of ListSecrets: up to 10, with up to 10 values each. */
export function checkFilters(filters: readonly Filter[] | undefined): void {
  lengthBetween(filters, 0, 10, "filters", outOfRange);
  for (const { Key, Values } of filters ?? []) {
    if (Key === undefined || Values === undefined || Values.length === 0)
      throw refused(invalid, "A filter needs a Key and Values.");
    oneOf(Key, FilterNameStringType, "filters.key", outOfRange);
    lengthBetween(Values, 1, 10, "filters.values", outOfRange);
    for (const value of Values) {
      lengthBetween(value, 1, 512, "filters.values", outOfRange);
      matchesPattern(value, /!?[a-zA-Z0-9 :_@/+=.!-]*/, "filters.values", outOfRange);
    }
  }
}
