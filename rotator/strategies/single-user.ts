import { rotatorError } from "../errors";
import type { Strategy } from "./types";

/**
 * One user whose password changes. Between the change in the database and the move of AWSCURRENT new connections with
 * the old password fail: nothing that redeploys can take that window away.
 */
export const singleUser: Strategy = {
  nextUser: (current) => current.username,

  async apply({ engine, current, pending, admin, login, others }) {
    // An earlier run was cut off after the change: there is nothing left to do.
    if (await engine.accepts(login(pending))) return;
    if (await engine.accepts(login(current)))
      return engine.changeOwnPassword(login(current), pending.password);
    const administrator = await admin();
    if (administrator) return engine.setPassword(administrator, pending.username, pending.password);
    for await (const other of others()) {
      if (
        other.username === pending.username &&
        (await engine.accepts(login({ ...current, ...loginOf(other) })))
      )
        return engine.changeOwnPassword(login({ ...current, ...loginOf(other) }), pending.password);
    }
    throw rotatorError(
      "final",
      "login-refused",
      `the database refuses ${current.username} with the password of every version of the secret. Set the password of ` +
        `AWSCURRENT in the database by hand, or give the rotator an adminSecret`,
    );
  },
};

function loginOf({ username, password }: { username: string; password: string }): {
  username: string;
  password: string;
} {
  return { username, password };
}
