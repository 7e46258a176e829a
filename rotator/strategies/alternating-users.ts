import { rotatorError } from "../errors";
import type { Strategy } from "./types";

/** What the second user's name ends with, as in the rotation functions that AWS publishes. */
export const cloneSuffix = "_clone";

/** The two users of a credential, whichever of them it names. */
export function pairOf(username: string): { original: string; clone: string } {
  const original = username.endsWith(cloneSuffix) ? username.slice(0, -cloneSuffix.length) : username;
  return { original, clone: original + cloneSuffix };
}

/**
 * Two users take turns: the one that is not in use gets a new password and becomes current. The one that was in use
 * stays valid until the next rotation, so whoever still holds it loses nothing.
 */
export const alternatingUsers: Strategy = {
  nextUser(current, engine) {
    const { original, clone } = pairOf(current.username);
    engine.checkUserName(clone);
    return current.username === original ? clone : original;
  },

  async apply({ engine, current, pending, admin, login }) {
    const { original, clone } = pairOf(current.username);
    const administrator = await admin();
    if (!administrator)
      throw rotatorError(
        "final",
        "invalid-settings",
        `alternating users need an administrator: set adminSecret, or the field masterarn of the secret`,
      );
    if (administrator.username === original || administrator.username === clone)
      throw rotatorError(
        "final",
        "invalid-settings",
        `the administrator's secret names ${administrator.username}, which is one of the users that take turns`,
      );
    await engine.alternate({
      admin: administrator,
      original,
      clone,
      current: login(current),
      pending: login(pending),
    });
  },
};
