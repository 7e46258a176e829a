/** Replaces a secret's value in a text. */
const mask = "***";

/**
 * Removes the secret values of one run from everything that the function writes. Errors of drivers and of the SDK may
 * quote a statement or JSON, so the function throws only redacted copies.
 */
export class Redactor {
  readonly #values = new Set<string>();

  /** Adds a value, in every form in which a driver or a log may write it. */
  add(value: string): void {
    if (value === "") return;
    const json = JSON.stringify(value).slice(1, -1);
    for (const form of [
      value,
      json,
      value.replaceAll("'", "''"),
      json.replaceAll("'", "\\'"),
      encodeURIComponent(value),
    ])
      this.#values.add(form);
  }

  /** The text without the values. */
  text(text: string): string {
    const longestFirst = [...this.#values].sort((a, b) => b.length - a.length);
    return longestFirst.reduce((result, value) => result.replaceAll(value, mask), text);
  }

  /**
   * A copy of an error that is safe to throw: name, message, stack, kind, code and causes, without the driver's other
   * fields (mysql2 keeps the statement in `sql`).
   */
  error(error: unknown, depth = 0): Error {
    if (!(error instanceof Error)) return new Error(this.text(String(error)));
    const copy = new Error(this.text(error.message));
    Object.defineProperty(copy, "name", { value: error.name, configurable: true });
    copy.stack = this.text(error.stack ?? "");
    for (const field of ["kind", "code"] as const) {
      const value = (error as unknown as Record<string, unknown>)[field];
      if (typeof value === "string") Object.assign(copy, { [field]: value });
    }
    if (error.cause !== undefined && depth < 5)
      Object.defineProperty(copy, "cause", { value: this.error(error.cause, depth + 1), configurable: true });
    return copy;
  }
}
