import type { Login } from "../../rotator/engines/types";
import { newScenario, type TestDatabase } from "./databases";
import { noHistory, withHistory, type History } from "./history";
import { eachOf, Killer, type RotationScenario } from "./scenario";

/** What became of cutting a rotation off everywhere. */
export interface KillPoints {
  readonly tried: number;
  readonly survived: number;
  /** What was wrong, and where. */
  readonly failures: readonly string[];
}

/** What is cut off: with which strategy, and where its credential lives. */
export interface CutOff {
  readonly strategy: "alternating-users" | "single-user";
  readonly store: "secret" | "parameter";
  /** Complete rotations before the one that is cut off. */
  readonly earlier: number;
  /** Whether others have used the database before; see `withHistory`. */
  readonly history: boolean;
}

/**
 * Every kind of rotation, the second one of alternating users too: it finds the user that the first one made, and goes
 * back to the original.
 */
export function cutOffs(
  strategies: readonly CutOff["strategy"][] = ["alternating-users", "single-user"],
): CutOff[] {
  return strategies.flatMap((strategy) =>
    (
      [
        ["secret", false],
        ["parameter", false],
        ["secret", true],
      ] as const
    ).flatMap(([store, history]) =>
      (strategy === "single-user" ? [0] : [0, 1]).map((earlier) => ({ strategy, store, earlier, history })),
    ),
  );
}

/** A kind of rotation in words. */
export function inWords({ strategy, store, earlier, history }: CutOff): string {
  return `${strategy}, in a ${store}, ${earlier} rotations before${history ? ", on a database with a history" : ""}`;
}

/**
 * Cuts a rotation off before and after each login, statement and API call, each time with a user and a secret of its
 * own, and runs the next one. A point is survived when, with alternating users, the current credential could do at the
 * moment of the cut what it could do before, and when afterwards store and database agree, no third user is left and no
 * label is where it does not belong.
 */
export async function killPoints(database: TestDatabase, cutOff: CutOff): Promise<KillPoints> {
  const rehearsal = await begin(database, cutOff);
  const counted = new Killer();
  await rotate(rehearsal, counted);
  await rehearsal.history.release();

  const failures: string[] = [];
  const points = Array.from({ length: counted.points }, (_, index) => index + 1);
  // Each rotation of a history waits for a lock.
  await eachOf(points, cutOff.history ? 12 : 4, async (point) => {
    const killer = new Killer(point);
    try {
      await survive(database, cutOff, killer);
    } catch (error) {
      failures.push(`${inWords(cutOff)}, point ${point} (${killer.names.at(-1)}): ${String(error)}`);
    }
  });
  return { tried: points.length, survived: points.length - failures.length, failures };
}

/** A credential that is about to be rotated. */
interface Begun {
  readonly run: RotationScenario;
  readonly cutOff: CutOff;
  readonly history: History;
}

async function begin(database: TestDatabase, cutOff: CutOff): Promise<Begun> {
  const { strategy, store, earlier } = cutOff;
  const run = await newScenario(database, {
    strategy,
    ...(store === "parameter" ? { parameter: "/shop/db" } : {}),
  });
  const history = cutOff.history ? await withHistory(database, run, strategy) : noHistory;
  const begun = { run, cutOff, history };
  for (let done = 0; done < earlier; done++) await rotate(begun);
  await history.lock(current(database, begun));
  return begun;
}

/** One rotation; a step that meets a lock is tried again when the lock is released. */
async function rotate({ run, cutOff, history }: Begun, killer?: Killer): Promise<void> {
  const once = (): Promise<unknown> =>
    cutOff.store === "parameter" ? run.runOnSchedule(killer) : run.rotate(killer);
  try {
    await once();
  } catch (error) {
    if ((error as { code?: string }).code !== "busy") throw error;
    await history.release();
    await once();
  }
}

function current(database: TestDatabase, { run, cutOff }: Begun): Login {
  const { username, password } =
    cutOff.store === "parameter" ? run.parameters.value() : run.aws.value(run.secret);
  return database.login(username!, password!);
}

async function survive(database: TestDatabase, cutOff: CutOff, killer: Killer): Promise<void> {
  const alternating = cutOff.strategy === "alternating-users";
  const begun = await begin(database, cutOff);
  const { run, history } = begun;
  const before = current(database, begun);
  const username = before.username.replace(/_clone$/, "");
  const works = async (): Promise<Login> => {
    const login = current(database, begun);
    const statements =
      login.username === before.username && cutOff.earlier === 0 ? history.inUse : history.shared;
    for (const statement of statements) await database.query(login, statement);
    return login;
  };

  try {
    const end = await Promise.race([rotate(begun, killer), killer.killed]);
    if (end !== "killed") throw new Error("it was not cut off");
    if (alternating) await works();
  } finally {
    await history.release();
  }
  // Cut off after AWSCURRENT moved, only the last step is tried again.
  if (cutOff.store === "parameter" || current(database, begun).password === before.password)
    await rotate(begun);
  else await run.step("finishSecret", run.aws.holder(run.secret, "AWSCURRENT"));

  const after = await works();
  if (after.password === before.password) throw new Error("the password is the one from before");
  const labels = run.aws.labels(run.secret).join(" ");
  if (cutOff.store === "secret" && labels !== "AWSCURRENT AWSPREVIOUS") throw new Error(`labels ${labels}`);
  const users = await database.users(username);
  const wanted = alternating ? [username, `${username}_clone`] : [username];
  if (JSON.stringify(users) !== JSON.stringify(wanted)) throw new Error(`users ${users.join(", ")}`);
}
