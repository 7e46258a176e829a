import { rotatorError } from "../errors";
import { acceptedCredential, someVersionLogsIn, type Strategy } from "./types";

/** The suffix of the second user's name, as in AWS's published rotation functions. */
export const cloneSuffix = "_clone";

/** Both users of a credential that names either. */
export function pairOf(username: string): { original: string; clone: string } {
  const original = username.endsWith(cloneSuffix) ? username.slice(0, -cloneSuffix.length) : username;
  return { original, clone: original + cloneSuffix };
}

/**
 * Two users alternate: the one that is not in use gets a new password and becomes current. The other stays valid until
 * the next rotation, so tasks that still use it keep working.
 */
export const alternatingUsers: Strategy = {
  nextUser(current, engine) {
    const { original, clone } = pairOf(current.username);
    engine.checkUserName(clone);
    return current.username === original ? clone : original;
  },

  async apply(change) {
    const { engine, current, pending, admin, login } = change;
    const { original, clone } = pairOf(current.username);
    const accepted = await acceptedCredential(change, [original, clone]);
    const administrator = await admin();
    if (administrator.username === original || administrator.username === clone)
      throw rotatorError(
        "final",
        "invalid-settings",
        `the administrator's secret: expected another user than the alternating ones, found ${administrator.username}`,
      );
    await engine.alternate({
      admin: administrator,
      original,
      clone,
      accepted: login(accepted),
      pending: login(pending),
      pendingUserLogsIn: () => someVersionLogsIn(change, pending.username),
    });
  },
};
