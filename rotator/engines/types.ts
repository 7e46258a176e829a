/** How to log in. */
export interface Login {
  readonly host: string;
  readonly port: number;
  readonly database?: string;
  readonly username: string;
  /** Never log it. */
  readonly password: string;
  /** `verify`: certificate and host name; `require`: encrypted, without a check; `disable`: not encrypted. */
  readonly tls: "verify" | "require" | "disable";
}

/** A row of a result. */
export type Row = Readonly<Record<string, unknown>>;

/** A column as text; empty if the row or the value is missing. */
export function textOf(row: Row | undefined, column: string): string {
  const value = row?.[column];
  return typeof value === "string" || typeof value === "number" ? String(value) : "";
}

/** An open connection. */
export interface Connection {
  /** Whether PostgreSQL checked the password by an MD5 hash at this login. */
  readonly md5?: boolean;
  /** Runs one statement; the driver quotes `values` or sends them separately. */
  query(text: string, values?: readonly unknown[]): Promise<Row[]>;
  end(): Promise<void>;
}

/** Takes a sentence for the function's log; never a value. */
export type Note = (sentence: string) => void;

/** Opens a connection. */
export type Connect = (login: Login) => Promise<Connection>;

/** Two users that alternate. */
export interface Alternation {
  readonly admin: Login;
  /** The first user: it owns the objects, and both have its rights. */
  readonly original: string;
  readonly clone: string;
  /** A credential of either user that the database accepts: the one in use, which stays valid, wherever it can. */
  readonly accepted: Login;
  /** The other user's next credential. */
  readonly pending: Login;
  /** Whether any version of the credential logs in as the pending user, which then belongs to it. */
  readonly pendingUserLogsIn: () => Promise<boolean>;
}

/**
 * What a database engine does for a rotation. Each method may be interrupted anywhere and repeated, and may run twice
 * at once. It throws a `RotatorError`.
 */
export interface Engine {
  readonly defaultPort: number;
  /** Refuses a user name that the server would refuse or truncate. */
  readonly checkUserName: (name: string) => void;
  /** Opens a new connection and runs a query. False only if the server refuses this user or password. */
  readonly accepts: (login: Login) => Promise<boolean>;
  /** A user changes its own password. */
  readonly changeOwnPassword: (login: Login, password: string) => Promise<void>;
  /** An administrator changes the password of a user, whom a login identifies that the database accepts. */
  readonly setPassword: (admin: Login, accepted: Login, password: string) => Promise<void>;
  /** Makes the pending credential valid, with all rights of the original, also on objects that either user creates. */
  readonly alternate: (request: Alternation) => Promise<void>;
  /**
   * Runs `action` while holding the server's lock for `name`. `action` receives a check that throws if the lock may
   * have been lost.
   */
  exclusively<T>(
    admin: Login,
    name: string,
    action: (stillAlone: () => Promise<void>) => Promise<T>,
  ): Promise<T>;
}
