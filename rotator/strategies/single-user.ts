import type { Credential } from "../credential";
import { rotatorError } from "../errors";
import type { Change, Strategy } from "./types";

/**
 * One user whose password changes. New connections with the old password fail from the change in the database until
 * tasks have the new value; no redeployment can close that gap.
 */
export const singleUser: Strategy = {
  nextUser: (current) => current.username,

  async apply(change) {
    const { engine, current, pending, admin, hasAdmin, login, others } = change;
    // An earlier run was interrupted after it changed the password.
    if (await engine.accepts(login(pending))) return;
    if (await changeAs(current, change)) return;
    if (hasAdmin) return engine.setPassword(await admin(), pending.username, pending.password);
    for await (const other of others())
      if (
        other.username === pending.username &&
        (await changeAs({ ...current, password: other.password }, change))
      )
        return;
    throw rotatorError(
      "final",
      "login-refused",
      `the database refuses ${current.username} with the password of every version of the secret. Set the password of ` +
        `AWSCURRENT in the database by hand, or set adminSecret`,
    );
  },
};

/** Changes the password as the user itself. False if the credential to log in with is not valid. */
async function changeAs(valid: Credential, { engine, pending, login }: Change): Promise<boolean> {
  if (!(await engine.accepts(login(valid)))) return false;
  try {
    await engine.changeOwnPassword(login(valid), pending.password);
  } catch (error) {
    // Another run may have set the same password first.
    if (!(await engine.accepts(login(pending)))) throw error;
  }
  return true;
}
