import { refuseWhileYoung } from "./guards";
import { rotatorError } from "./errors";
import type { Rotation } from "./rotation";
import { ParameterStore, type ParameterVersion } from "./stores/parameter";

/**
 * Rotates a credential that lives in a parameter, all in one run: a parameter has no pending version, so the database
 * changes first and the parameter is written last, which is the moment at which readers get it. Cut off before that,
 * the current credential still works (alternating users), or the administrator sets the password again (single user).
 * @returns what was done, for the log
 */
export async function rotateParameter(rotation: Rotation, name: string): Promise<string> {
  const { settings, dependencies } = rotation;
  const where = `the parameter ${name}`;
  const { client, commands } = dependencies.parameterStore();
  const store = new ParameterStore(client, commands, rotation.redactor);
  const young = ({ modifiedAtMs }: ParameterVersion): void =>
    refuseWhileYoung(where, modifiedAtMs, dependencies.now(), settings.minimumIntervalMinutes);

  const seen = await store.read(name);
  young(seen);
  const admin = await rotation.admin(seen.credential, where);
  if (!admin)
    throw rotatorError(
      "final",
      "invalid-settings",
      `${where}: an administrator is needed: set adminSecret, or the field masterarn`,
    );
  const engine = rotation.engine(seen.credential, where);
  // Two runs at once would give one user two passwords and write the wrong one: the second waits, then looks again.
  return engine.exclusively(admin, name, async (stillAlone) => {
    const current = await store.read(name);
    if (current.version !== seen.version) return "another run has just rotated it";
    const next = rotation.next(current.credential, where);
    await rotation.apply(current.credential, next, where, async function* () {});
    await rotation.test(next, where);
    await stillAlone();
    await store.write(name, next);
    return `the parameter holds the credential of ${next.username}`;
  });
}
