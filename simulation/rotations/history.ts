import type { Login } from "../../rotator/engines/types";
import { loginOf, type TestDatabase } from "./databases";
import type { RotationScenario } from "./scenario";

/** A database that others have used before the rotator came. */
export interface History {
  /** What the credential in use could do from the start. */
  readonly inUse: readonly string[];
  /** What both users can do. */
  readonly shared: readonly string[];
  /** Has a transaction of the credential in use hold a lock on a table that the clone has made. */
  readonly lock: (inUse: Login) => Promise<void>;
  /** Ends that transaction. */
  readonly release: () => Promise<void>;
}

/** No history: a credential that logs in. */
export const noHistory: History = {
  inUse: ["SELECT 1"],
  shared: ["SELECT 1"],
  lock: () => Promise.resolve(),
  release: () => Promise.resolve(),
};

let histories = 0;

/**
 * The state in which AWS's own function and a person may leave a database: the clone is in use, owns what it made, and
 * has a right that the original lacks. A single user has its own table and one that was granted to it.
 */
export async function withHistory(
  database: TestDatabase,
  run: RotationScenario,
  strategy: "alternating-users" | "single-user",
): Promise<History> {
  const original = loginOf(database, run);
  const prefix = `history${++histories}`;
  const count = (table: string): string => `SELECT count(*) FROM ${prefix}_${table}`;
  const grant = async (rights: string, table: string, { username }: Login): Promise<void> =>
    void (await database.asMaster(`GRANT ${rights} ON ${prefix}_${table} TO ${database.account(username)}`));
  const create = (as: Login, table: string): Promise<unknown> =>
    database.query(as, `CREATE TABLE ${prefix}_${table} (a int, b int)`);

  const shared = [count("original"), count("granted")];
  await create(original, "original");
  await create(database.master, "granted");
  await grant("SELECT", "granted", original);
  await grant("UPDATE (a)", "granted", original);
  const inUse = [...shared];
  let locked = "original";
  if (strategy === "alternating-users") {
    const clone = database.login(`${original.username}_clone`, "of-the-clone");
    await database.createUser(clone.username, clone.password);
    await database.likeAwsFunction(original.username, clone.username);
    await create(clone, "clone");
    await create(database.master, "only_clone");
    await grant("SELECT", "only_clone", clone);
    shared.push(count("clone"));
    inUse.push(count("clone"), count("only_clone"));
    locked = "clone";
    const { username, password } = clone;
    run.aws.put(run.secret, { ...run.aws.value(run.secret), username, password });
    run.parameters.values.push(JSON.stringify({ ...run.parameters.value(), username, password }));
    run.aws.nowMs += 1;
  }
  let release = (): Promise<void> => Promise.resolve();
  return {
    inUse,
    shared,
    async lock(login) {
      release = await database.transaction(login, `INSERT INTO ${prefix}_${locked} VALUES (1, 2)`);
    },
    async release() {
      const releasing = release;
      release = () => Promise.resolve();
      await releasing();
    },
  };
}
