/** Reads what comes from outside: any JSON. */

/** An object of unknown fields. */
export type Fields = Readonly<Record<string, unknown>>;

/** The fields of an object; undefined for anything else. */
export function record(value: unknown): Fields | undefined {
  return typeof value === "object" && value !== null && !Array.isArray(value) ? (value as Fields) : undefined;
}

/** A text that is not empty; undefined for anything else. */
export function text(value: unknown): string | undefined {
  return typeof value === "string" && value !== "" ? value : undefined;
}
