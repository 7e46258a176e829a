import type { Credential } from "./credential";
import { rotatorError } from "./errors";
import { refuseWhileYoung } from "./guards";
import type { Rotation } from "./rotation";
import { ParameterStore, type ParameterVersion } from "./stores/parameter";

/** One run for one parameter. */
interface ParameterRun {
  readonly rotation: Rotation;
  readonly store: ParameterStore;
  readonly name: string;
  /** Names the parameter in errors. */
  readonly where: string;
  /** The parameter's version when the run began. */
  readonly seen: ParameterVersion;
}

/**
 * Rotates a credential in a parameter, in one run: a parameter has no pending version.
 * @returns what was done, for the log
 */
export async function rotateParameter(rotation: Rotation, name: string): Promise<string> {
  const { client, commands } = rotation.dependencies.parameterStore();
  const store = new ParameterStore(client, commands, rotation.redactor);
  const run = { rotation, store, name, where: `the parameter ${name}`, seen: await store.read(name) };
  return rotation.settings.strategy === "single-user" ? rotateSingle(run) : rotateAlternating(run);
}

/**
 * Changes the database first and the parameter last: if the run is interrupted in between, the current credential
 * still works, and the next run sets another password for the other user.
 */
async function rotateAlternating(run: ParameterRun): Promise<string> {
  const { rotation, store, name, where, seen } = run;
  refuse(run);
  const admin = await rotation.admin(seen.credential, where);
  const engine = rotation.engine(seen.credential, where);
  // Two runs at once could write a password that the other has replaced: the second waits, then reads again.
  return engine.exclusively(admin, name, async (stillAlone) => {
    if (await isOvertaken(run)) return overtaken;
    const next = rotation.next(seen.credential, where);
    await rotation.apply(seen.credential, next, where, async function* () {
      const before = await store.readVersion(name, seen.version - 1);
      if (before) yield before.credential;
    });
    await rotation.test(next, where);
    await stillAlone();
    await store.write(name, next);
    return `the parameter now holds the credential of ${next.username}`;
  });
}

/**
 * Writes the parameter first: if the run is interrupted before the database changes, running tasks keep a valid
 * password, and the next run finds it in the previous version. In the other order the new password would be lost.
 */
async function rotateSingle(run: ParameterRun): Promise<string> {
  const { rotation, store, name, where, seen } = run;
  const engine = rotation.engine(seen.credential, where);
  const login = (credential: Credential) => rotation.login(credential, where);
  if (!(await engine.accepts(login(seen.credential)))) return finishEarlier(run);
  refuse(run);
  const change = engine.exclusively(login(seen.credential), name, async (stillAlone) => {
    if (await isOvertaken(run)) return overtaken;
    const next = rotation.next(seen.credential, where);
    await stillAlone();
    await store.write(name, next);
    try {
      await engine.changeOwnPassword(login(seen.credential), next.password);
    } catch (error) {
      // The parameter must hold the valid password, even if that is still the old one.
      if (!(await engine.accepts(login(next)))) await store.write(name, seen.credential);
      throw error;
    }
    await rotation.test(next, where);
    return `the database accepts the new password of ${next.username}`;
  });
  return change.catch(async (error: unknown) => {
    // Login refused before the lock was held: another run may have changed the password.
    if ((error as { code?: string }).code === "login-refused" && (await isOvertaken(run))) return overtaken;
    throw error;
  });
}

/** The database refuses the parameter's password: an earlier run was interrupted, and the previous password is valid. */
async function finishEarlier({ rotation, store, name, where, seen }: ParameterRun): Promise<string> {
  const engine = rotation.engine(seen.credential, where);
  const { username, password } = seen.credential;
  const before = await store.readVersion(name, seen.version - 1);
  if (before?.credential.username === username) {
    const login = { ...rotation.login(seen.credential, where), password: before.credential.password };
    if (await engine.accepts(login)) {
      await engine.changeOwnPassword(login, password);
      await rotation.test(seen.credential, where);
      return `the database accepts the password of ${username} that an earlier run wrote`;
    }
    // Another run may have finished it.
    if (await engine.accepts(rotation.login(seen.credential, where))) return overtaken;
  }
  throw rotatorError(
    "final",
    "login-refused",
    `${where}: the database refuses ${username} with the parameter's current and previous password. Set the current ` +
      `one in the database by hand`,
  );
}

const overtaken = "another run has already rotated the parameter";

async function isOvertaken({ store, name, seen }: ParameterRun): Promise<boolean> {
  return (await store.read(name)).version !== seen.version;
}

function refuse({ rotation: { settings, dependencies }, where, seen }: ParameterRun): void {
  refuseWhileYoung(where, seen.modifiedAtMs, dependencies.now(), settings.minimumIntervalMinutes);
}
