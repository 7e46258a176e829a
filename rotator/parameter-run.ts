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
  /** The value when the run began. */
  readonly seen: ParameterVersion;
}

/**
 * Rotates a credential that lives in a parameter, all in one run: a parameter has no pending version.
 * @returns what was done, for the log
 */
export async function rotateParameter(rotation: Rotation, name: string): Promise<string> {
  const { client, commands } = rotation.dependencies.parameterStore();
  const store = new ParameterStore(client, commands, rotation.redactor);
  const run = { rotation, store, name, where: `the parameter ${name}`, seen: await store.read(name) };
  return rotation.settings.strategy === "single-user" ? rotateSingle(run) : rotateAlternating(run);
}

/**
 * The database changes first and the parameter is written last: cut off before that, the current credential still
 * works, and the next run gives the other user another password.
 */
async function rotateAlternating(run: ParameterRun): Promise<string> {
  const { rotation, store, name, where, seen } = run;
  refuse(run);
  const admin = await rotation.admin(seen.credential, where);
  if (!admin)
    throw rotatorError(
      "final",
      "invalid-settings",
      `${where}: alternating users need an administrator: set adminSecret, or the field masterarn`,
    );
  const engine = rotation.engine(seen.credential, where);
  // Two runs at once would give one user two passwords and write the wrong one: the second waits, then looks again.
  return engine.exclusively(admin, name, async (stillAlone) => {
    if (await isOvertaken(run)) return overtaken;
    const next = rotation.next(seen.credential, where);
    await rotation.apply(seen.credential, next, where, async function* () {});
    await rotation.test(next, where);
    await stillAlone();
    await store.write(name, next);
    return `the parameter holds the credential of ${next.username}`;
  });
}

/**
 * The parameter is written first: cut off before the database changed, tasks that run have a password that works, and
 * the next run finds it in the version before. The other way round the new password would be lost with the run.
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
      // Readers must get the password that works, if that is still the old one.
      if (!(await engine.accepts(login(next)))) await store.write(name, seen.credential);
      throw error;
    }
    await rotation.test(next, where);
    return `the database takes the new password of ${next.username}`;
  });
  return change.catch(async (error: unknown) => {
    // Refused on the way to the lock: another run has changed the password since.
    if ((error as { code?: string }).code === "login-refused" && (await isOvertaken(run))) return overtaken;
    throw error;
  });
}

/** The database does not know the parameter's password: an earlier run was cut off, and the one before is valid. */
async function finishEarlier({ rotation, store, name, where, seen }: ParameterRun): Promise<string> {
  const engine = rotation.engine(seen.credential, where);
  const { username, password } = seen.credential;
  const before = await store.readVersion(name, seen.version - 1);
  if (before?.credential.username === username) {
    const login = { ...rotation.login(seen.credential, where), password: before.credential.password };
    if (await engine.accepts(login)) {
      await engine.changeOwnPassword(login, password);
      await rotation.test(seen.credential, where);
      return `the database takes the password of ${username} that an earlier run wrote`;
    }
    // Two runs may finish the same one.
    if (await engine.accepts(rotation.login(seen.credential, where))) return overtaken;
  }
  throw rotatorError(
    "final",
    "login-refused",
    `${where}: the database refuses ${username} with the parameter's password and with the one before. Set the password ` +
      `in the database by hand`,
  );
}

const overtaken = "another run has just rotated it";

async function isOvertaken({ store, name, seen }: ParameterRun): Promise<boolean> {
  return (await store.read(name)).version !== seen.version;
}

function refuse({ rotation: { settings, dependencies }, where, seen }: ParameterRun): void {
  refuseWhileYoung(where, seen.modifiedAtMs, dependencies.now(), settings.minimumIntervalMinutes);
}
