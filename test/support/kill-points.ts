import { loginOf, newScenario, type TestDatabase } from "./databases";
import { eachOf, Killer } from "./rotation";

/** What became of cutting a rotation off everywhere. */
export interface KillPoints {
  readonly tried: number;
  readonly survived: number;
  /** What was wrong, and where. */
  readonly failures: readonly string[];
}

/**
 * Cuts a rotation off before and after each login, statement and API call, each time with a user and a secret of its
 * own, and runs the next one. A point is survived when, with alternating users, AWSCURRENT worked at the moment of the
 * cut, and when afterwards secret and database agree, no third user is left and no label is where it does not belong.
 * @param earlier complete rotations before the one that is cut off
 */
export async function killPoints(
  database: TestDatabase,
  strategy: "alternating-users" | "single-user",
  earlier: number,
): Promise<KillPoints> {
  const rehearsal = await newScenario(database, { strategy });
  for (let done = 0; done < earlier; done++) await rehearsal.rotate();
  const counted = new Killer();
  await rehearsal.rotate(counted);

  const failures: string[] = [];
  const points = Array.from({ length: counted.points }, (_, index) => index + 1);
  await eachOf(points, 4, async (point) => {
    const killer = new Killer(point);
    try {
      await survive(database, strategy, earlier, killer);
    } catch (error) {
      failures.push(`point ${point} (${killer.names.at(-1)}), ${earlier} rotations before: ${String(error)}`);
    }
  });
  return { tried: points.length, survived: points.length - failures.length, failures };
}

async function survive(
  database: TestDatabase,
  strategy: string,
  earlier: number,
  killer: Killer,
): Promise<void> {
  const alternating = strategy === "alternating-users";
  const run = await newScenario(database, { strategy: alternating ? "alternating-users" : "single-user" });
  const { username } = loginOf(database, run);
  for (let done = 0; done < earlier; done++) await run.rotate();
  const before = loginOf(database, run);

  const end = await Promise.race([run.rotate(killer), killer.killed]);
  if (end !== "killed") throw new Error("it was not cut off");
  if (alternating) await database.query(loginOf(database, run), "SELECT 1");
  // Cut off after AWSCURRENT moved, the rotation is done: there is no next run of it.
  if (loginOf(database, run).password === before.password) await run.rotate();

  const after = loginOf(database, run);
  await database.query(after, "SELECT 1");
  if (after.password === before.password) throw new Error("the password is the one from before");
  const labels = run.aws.labels(run.secret).join(" ");
  if (labels !== "AWSCURRENT+AWSPENDING AWSPREVIOUS") throw new Error(`labels ${labels}`);
  const users = await database.users(username);
  const wanted = alternating ? [username, `${username}_clone`] : [username];
  if (JSON.stringify(users) !== JSON.stringify(wanted)) throw new Error(`users ${users.join(", ")}`);
}
