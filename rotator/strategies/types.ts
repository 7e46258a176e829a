import type { Credential } from "../credential";
import type { Engine, Login } from "../engines/types";

/** What a strategy needs to make the pending credential valid. */
export interface Change {
  readonly engine: Engine;
  readonly current: Credential;
  readonly pending: Credential;
  /** Reads the administrator's login. Only if there is one. */
  readonly admin: () => Promise<Login>;
  /** Whether the settings name an administrator; with alternating users they always do. */
  readonly hasAdmin: boolean;
  /** How to log in with a credential. */
  readonly login: (credential: Credential) => Login;
  /** Credentials to try if the current one is not valid, most likely first. */
  readonly others: () => AsyncIterable<Credential>;
}

/** How a rotation replaces one credential with the next. */
export interface Strategy {
  /** The user of the next credential. */
  nextUser(current: Credential, engine: Engine): string;
  /** Makes the pending credential valid in the database. Safe to repeat. */
  apply(change: Change): Promise<void>;
}
