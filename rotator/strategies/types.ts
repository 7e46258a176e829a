import type { Credential } from "../credential";
import type { Engine, Login } from "../engines/types";
import { rotatorError } from "../errors";

/** What a strategy needs to make the pending credential valid. */
export interface Change {
  readonly engine: Engine;
  /** Names the secret or parameter in errors. */
  readonly where: string;
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

/**
 * The first credential of the secret or parameter that the database accepts, the current one first. Whoever may write
 * a secret may write any user's name into it, so the rotator changes a user only after a login with the secret's own
 * credential.
 * @throws login-refused when there is none
 */
export async function acceptedCredential(
  { engine, where, current, login, others }: Change,
  users: readonly string[],
): Promise<Credential> {
  if (await engine.accepts(login(current))) return current;
  for await (const { username, password } of others()) {
    const earlier = { ...current, username, password };
    if (users.includes(username) && (await engine.accepts(login(earlier)))) return earlier;
  }
  throw rotatorError(
    "final",
    "login-refused",
    `${where}: the database refuses ${users.join(" and ")} with the password of every version. Set the password of the ` +
      `current version in the database by hand`,
  );
}

/** Whether a version of the secret or parameter logs in as `user`. The pending version is the last one tried. */
export async function someVersionLogsIn(
  { engine, current, pending, login, others }: Change,
  user: string,
): Promise<boolean> {
  for await (const { username, password } of others())
    if (username === user && (await engine.accepts(login({ ...current, username, password })))) return true;
  return pending.username === user && engine.accepts(login(pending));
}

/** How a rotation replaces one credential with the next. */
export interface Strategy {
  /** The user of the next credential. */
  nextUser(current: Credential, engine: Engine): string;
  /** Makes the pending credential valid in the database. Safe to repeat. */
  apply(change: Change): Promise<void>;
}
