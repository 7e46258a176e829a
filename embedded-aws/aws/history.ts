/**
 * What a thing was at earlier times: what an eventually consistent read may still answer. It keeps what was true
 * in the last `keepMs` only.
 */
export class History<View> {
  readonly #entries: { readonly since: number; readonly view: View }[] = [];

  /** @param keepMs how far back `at` may look, in milliseconds. */
  constructor(private readonly keepMs: number) {}

  /** The view is true from now on. */
  record(timeMs: number, view: View): void {
    this.#entries.push({ since: timeMs, view });
    // The newest entry that is older than all that may be asked for must stay: it was true then.
    while (this.#entries.length > 1 && this.#entries[1]!.since <= timeMs - this.keepMs) this.#entries.shift();
  }

  /** What was true at a time; undefined when the thing was not there yet. */
  at(timeMs: number): View | undefined {
    for (let i = this.#entries.length - 1; i >= 0; i--)
      if (this.#entries[i]!.since <= timeMs) return this.#entries[i]!.view;
    return undefined;
  }
}
