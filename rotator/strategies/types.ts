import type { Credential } from "../credential";
import type { Engine, Login } from "../engines/types";

/** What a strategy works with while it makes the pending credential valid. */
export interface Change {
  readonly engine: Engine;
  readonly current: Credential;
  readonly pending: Credential;
  /** The administrator, read when it is first needed; undefined when none is configured. */
  readonly admin: () => Promise<Login | undefined>;
  /** Where and as whom a credential logs in. */
  readonly login: (credential: Credential) => Login;
  /** Credentials that may still be valid when the current one is not, likeliest first. */
  readonly others: () => AsyncIterable<Credential>;
}

/** How a rotation replaces one credential by the next. */
export interface Strategy {
  /** The user of the next credential. */
  nextUser(current: Credential, engine: Engine): string;
  /** Makes the pending credential valid in the database. Safe to repeat. */
  apply(change: Change): Promise<void>;
}
