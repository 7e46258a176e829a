import type { Login } from "../engines/types";
import { acceptedCredential, type Strategy } from "./types";

/**
 * One user whose password changes. New connections with the old password fail from the change in the database until
 * tasks have the new value; no redeployment can close that gap.
 */
export const singleUser: Strategy = {
  nextUser: (current) => current.username,

  async apply(change) {
    const { engine, pending, admin, hasAdmin, login } = change;
    // An earlier run was interrupted after it changed the password.
    if (await engine.accepts(login(pending))) return;
    let accepted: Login | undefined;
    try {
      accepted = login(await acceptedCredential(change, [pending.username]));
      await engine.changeOwnPassword(accepted, pending.password);
    } catch (error) {
      // Another run may have set the same password first.
      if (await engine.accepts(login(pending))) return;
      const mayNot = (error as { code?: string }).code === "missing-right";
      if (accepted === undefined || !hasAdmin || !mayNot) throw error;
      await engine.setPassword(await admin(), accepted, pending.password);
    }
  },
};
