import type { Credential } from "../credential";
import { rotatorError } from "../errors";
import type { Change, Strategy } from "./types";

/**
 * One user whose password changes. Between the change in the database and the move of AWSCURRENT new connections with
 * the old password fail: nothing that redeploys can take that window away.
 */
export const singleUser: Strategy = {
  nextUser: (current) => current.username,

  async apply(change) {
    const { engine, current, pending, admin, login, others } = change;
    // An earlier run was cut off after the change: there is nothing left to do.
    if (await engine.accepts(login(pending))) return;
    if (await changeAs(current, change)) return;
    const administrator = await admin();
    if (administrator) return engine.setPassword(administrator, pending.username, pending.password);
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
        `AWSCURRENT in the database by hand, or give the rotator an adminSecret`,
    );
  },
};

/** Changes the password as the user itself. False when the credential that it would log in with is not valid. */
async function changeAs(valid: Credential, { engine, pending, login }: Change): Promise<boolean> {
  if (!(await engine.accepts(login(valid)))) return false;
  try {
    await engine.changeOwnPassword(login(valid), pending.password);
  } catch (error) {
    // Another run was faster, with the same password: that is all that was wanted.
    if (!(await engine.accepts(login(pending)))) throw error;
  }
  return true;
}
