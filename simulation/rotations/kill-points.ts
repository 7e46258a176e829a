import type { Login } from "../../rotator/engines/types";
import { newScenario, type TestDatabase } from "./databases";
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
}

/**
 * Every kind of rotation, the second one of alternating users too: it finds the user that the first one made, and goes
 * back to the original.
 */
export function cutOffs(
  strategies: readonly CutOff["strategy"][] = ["alternating-users", "single-user"],
): CutOff[] {
  return strategies.flatMap((strategy) =>
    (["secret", "parameter"] as const).flatMap((store) =>
      (strategy === "single-user" ? [0] : [0, 1]).map((earlier) => ({ strategy, store, earlier })),
    ),
  );
}

/**
 * Cuts a rotation off before and after each login, statement and API call, each time with a user and a secret of its
 * own, and runs the next one. A point is survived when, with alternating users, the current credential worked at the
 * moment of the cut, and when afterwards store and database agree, no third user is left and no label is where it does
 * not belong.
 */
export async function killPoints(database: TestDatabase, cutOff: CutOff): Promise<KillPoints> {
  const rehearsal = await begin(database, cutOff);
  const counted = new Killer();
  await rotate(rehearsal, cutOff, counted);

  const failures: string[] = [];
  const points = Array.from({ length: counted.points }, (_, index) => index + 1);
  await eachOf(points, 4, async (point) => {
    const killer = new Killer(point);
    try {
      await survive(database, cutOff, killer);
    } catch (error) {
      const { strategy, store, earlier } = cutOff;
      const where = `${strategy}, ${store}, ${earlier} before, point ${point} (${killer.names.at(-1)})`;
      failures.push(`${where}: ${String(error)}`);
    }
  });
  return { tried: points.length, survived: points.length - failures.length, failures };
}

async function begin(database: TestDatabase, cutOff: CutOff): Promise<RotationScenario> {
  const { strategy, store, earlier } = cutOff;
  const run = await newScenario(database, {
    strategy,
    ...(store === "parameter" ? { parameter: "/shop/db" } : {}),
  });
  for (let done = 0; done < earlier; done++) await rotate(run, cutOff);
  return run;
}

async function rotate(run: RotationScenario, { store }: CutOff, killer?: Killer): Promise<void> {
  if (store === "parameter") await run.runOnSchedule(killer);
  else await run.rotate(killer);
}

async function survive(database: TestDatabase, cutOff: CutOff, killer: Killer): Promise<void> {
  const alternating = cutOff.strategy === "alternating-users";
  const run = await begin(database, cutOff);
  const current = (): Login => {
    const { username, password } =
      cutOff.store === "parameter" ? run.parameters.value() : run.aws.value(run.secret);
    return database.login(username!, password!);
  };
  const username = current().username.replace(/_clone$/, "");
  const before = current();

  const end = await Promise.race([rotate(run, cutOff, killer), killer.killed]);
  if (end !== "killed") throw new Error("it was not cut off");
  if (alternating) await database.query(current(), "SELECT 1");
  // Cut off after AWSCURRENT moved, only the last step is tried again.
  if (cutOff.store === "parameter" || current().password === before.password) await rotate(run, cutOff);
  else await run.step("finishSecret", run.aws.holder(run.secret, "AWSCURRENT"));

  const after = current();
  await database.query(after, "SELECT 1");
  if (after.password === before.password) throw new Error("the password is the one from before");
  const labels = run.aws.labels(run.secret).join(" ");
  if (cutOff.store === "secret" && labels !== "AWSCURRENT AWSPREVIOUS") throw new Error(`labels ${labels}`);
  const users = await database.users(username);
  const wanted = alternating ? [username, `${username}_clone`] : [username];
  if (JSON.stringify(users) !== JSON.stringify(wanted)) throw new Error(`users ${users.join(", ")}`);
}
