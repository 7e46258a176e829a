import type { PasswordRules } from "../password";

/** Where and as whom to log in. */
export interface Login {
  readonly host: string;
  readonly port: number;
  readonly database?: string;
  readonly username: string;
  /** Never log it. */
  readonly password: string;
  readonly tls: "verify-full" | "disable";
}

/** A row as a driver gives it. */
export type Row = Readonly<Record<string, unknown>>;

/** A column that holds text, or a number as text; empty when there is no such row, column or value. */
export function textOf(row: Row | undefined, column: string): string {
  const value = row?.[column];
  return typeof value === "string" || typeof value === "number" ? String(value) : "";
}

/** An open connection: what the engines need of a driver. */
export interface Connection {
  /** Runs one statement; `values` are quoted by the driver or sent beside it. */
  query(text: string, values?: readonly unknown[]): Promise<Row[]>;
  end(): Promise<void>;
}

/** Opens a connection; replaceable in tests. */
export type Connect = (login: Login) => Promise<Connection>;

/** Two users that take turns. */
export interface Alternation {
  readonly admin: Login;
  /** The user that was there first: it owns the objects, its rights are everybody's. */
  readonly original: string;
  readonly clone: string;
  /** The credential in use. It keeps working. */
  readonly current: Login;
  /** The other user's next credential. */
  readonly pending: Login;
}

/**
 * What a database engine does for a rotation. Each method may be cut off anywhere and called again, and may run twice
 * at once. What it throws is a `RotatorError`.
 */
export interface Engine {
  readonly passwordRules: PasswordRules;
  readonly defaultPort: number;
  /** Refuses a user name that the server would refuse or cut off. */
  readonly checkUserName: (name: string) => void;
  /** Opens a new connection and asks something. False only when the server refuses this user or password. */
  readonly accepts: (login: Login) => Promise<boolean>;
  /** A user changes its own password. */
  readonly changeOwnPassword: (login: Login, password: string) => Promise<void>;
  /** An administrator changes a user's password. */
  readonly setPassword: (admin: Login, username: string, password: string) => Promise<void>;
  /** Makes the pending credential work, with the rights of the original, whoever makes an object. */
  readonly alternate: (request: Alternation) => Promise<void>;
  /**
   * Runs `action` while nobody else runs one for the same `name` on this server. `action` is given a check that
   * throws when the lock may have been lost.
   */
  exclusively<T>(
    admin: Login,
    name: string,
    action: (stillAlone: () => Promise<void>) => Promise<T>,
  ): Promise<T>;
}
