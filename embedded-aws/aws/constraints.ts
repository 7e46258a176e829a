import { ServiceError } from "./errors";

/** How a service words a refusal: its error code and the HTTP status. */
export interface Refusal {
  readonly code: string;
  readonly status?: number;
}

/** The error with which a service refuses a call. */
export function refused({ code, status }: Refusal, message: string): ServiceError {
  return new ServiceError(code, message, status);
}

/** Refuses a value that is none of `allowed`; an absent one passes. */
export function oneOf(
  value: string | undefined,
  allowed: readonly string[] | Readonly<Record<string, string>>,
  member: string,
  refusal: Refusal,
): void {
  const values = Array.isArray(allowed) ? (allowed as readonly string[]) : Object.values(allowed);
  if (value !== undefined && !values.includes(value))
    throw refused(
      refusal,
      `Value '${value}' at '${member}' failed to satisfy constraint: Member must satisfy enum value set: [${values.join(", ")}]`,
    );
}

/** Refuses what is no integer from `low` to `high`, both included; an absent value passes. */
export function between(
  value: number | undefined,
  low: number,
  high: number,
  member: string,
  refusal: Refusal,
): void {
  if (value !== undefined && !(Number.isInteger(value) && value >= low && value <= high))
    throw refused(
      refusal,
      `Value '${value}' at '${member}' failed to satisfy constraint: Member must be an integer between ${low} and ${high}`,
    );
}

/** Refuses a text (or list) whose length is not between `low` and `high`; an absent value passes. */
export function lengthBetween(
  value: { readonly length: number } | undefined,
  low: number,
  high: number,
  member: string,
  refusal: Refusal,
): void {
  if (value !== undefined && !(value.length >= low && value.length <= high))
    throw refused(
      refusal,
      `Value at '${member}' failed to satisfy constraint: Member must have length between ${low} and ${high}, has ${value.length}`,
    );
}

/** Refuses a text that `pattern` does not match as a whole; an absent value passes. */
export function matchesPattern(
  value: string | undefined,
  pattern: RegExp,
  member: string,
  refusal: Refusal,
): void {
  if (value !== undefined && !new RegExp(`^(?:${pattern.source})$`, pattern.flags).test(value))
    throw refused(
      refusal,
      `Value '${value}' at '${member}' failed to satisfy constraint: Member must satisfy regular expression pattern: ${pattern.source}`,
    );
}

/**
 * One page of a list, and the token of the next one: the position as text, which AWS leaves opaque too.
 * `limit` is what the caller asked for, `maximum` what the operation gives at most.
 */
export function page<Item>(
  items: readonly Item[],
  token: string | undefined,
  limit: number | undefined,
  maximum: number,
  refusal: Refusal,
): { items: Item[]; nextToken: string | undefined } {
  const start = token === undefined ? 0 : positionOf(token);
  if (start === undefined || start > items.length)
    throw refused(refusal, `The pagination token is not valid: ${JSON.stringify(token)}`);
  const end = start + Math.min(limit ?? maximum, maximum);
  return {
    items: items.slice(start, end),
    nextToken: end < items.length ? tokenOf(end) : undefined,
  };
}

/** A position in a list as an opaque token. */
function tokenOf(position: number): string {
  return Buffer.from(String(position)).toString("base64url");
}

/** The position that a token stands for; undefined for a text that is no token. */
function positionOf(token: string): number | undefined {
  const text = Buffer.from(token, "base64url").toString();
  return /^\d{1,15}$/.test(text) ? Number(text) : undefined;
}

/** The JSON that a policy document (or another JSON member) holds; refused when it is none, or no object. */
export function jsonObject(text: string, member: string, refusal: Refusal): Record<string, unknown> {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (cause) {
    throw refused(refusal, `${member} is not valid JSON: ${(cause as Error).message}`);
  }
  if (typeof value !== "object" || value === null || Array.isArray(value))
    throw refused(refusal, `${member} must be a JSON object`);
  return value as Record<string, unknown>;
}
