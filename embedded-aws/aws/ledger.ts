import type { Caller } from "./caller";

/** How a call came in. `internal` is one service calling another on somebody's behalf. */
export type Door = "http" | "in-process" | "pulumi" | "internal";

/** One call as the ledger keeps it. Inputs are kept only as the names of what was acted on: never a value. */
export interface LedgerEntry {
  readonly sequence: number;
  readonly time: number;
  readonly door: Door;
  readonly caller: Caller;
  /** IAM prefix of the service: `ecs`, `secretsmanager`, `ssm`, ... */
  readonly service: string;
  readonly operation: string;
  /** ARNs (or `*`) that IAM was asked about. */
  readonly resources: readonly string[];
  /** "ok", or the error's code. */
  readonly outcome: string;
  readonly requestBytes: number;
  readonly responseBytes: number;
}

/** Every call, in order. What tests and the demo's figures count. */
export class Ledger {
  readonly #entries: LedgerEntry[] = [];

  /** Adds a call and gives its sequence number. */
  add(entry: Omit<LedgerEntry, "sequence">): number {
    const sequence = this.#entries.length;
    this.#entries.push({ ...entry, sequence });
    return sequence;
  }

  /** A door has written the answer to a call: its length in bytes. */
  answered(sequence: number, responseBytes: number): void {
    const entry = this.#entries[sequence];
    if (!entry) throw new Error(`the ledger has no call ${sequence}`);
    this.#entries[sequence] = { ...entry, responseBytes };
  }

  /** The number of calls so far: a mark for `since`. */
  get length(): number {
    return this.#entries.length;
  }

  /** The calls that fit, oldest first. */
  find(filter: {
    since?: number;
    service?: string;
    operation?: string;
    roleArn?: string;
    door?: Door;
    outcome?: string;
  }): LedgerEntry[] {
    return this.#entries
      .slice(filter.since ?? 0)
      .filter(
        (e) =>
          (filter.service === undefined || e.service === filter.service) &&
          (filter.operation === undefined || e.operation === filter.operation) &&
          (filter.door === undefined || e.door === filter.door) &&
          (filter.outcome === undefined || e.outcome === filter.outcome) &&
          (filter.roleArn === undefined || (e.caller.kind === "role" && e.caller.roleArn === filter.roleArn)),
      );
  }
}
