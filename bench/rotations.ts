import { parseArgs } from "node:util";
import { startMariadb, startPostgres } from "../simulation/rotations/databases";
import { cutOffs, killPoints, type KillPoints } from "../simulation/rotations/kill-points";
import { rotateUnderLoad } from "./rotations/run";
import type { StageOptions } from "./rotations/stage";

const usage = `npm run test:rotations [-- --rotations N] [-- --engine ENGINE] [-- --strategy STRATEGY] [-- --json]

  --rotations N        how often the secret is rotated under load (default: 50)
  --engine ENGINE      postgres (default) or mariadb
  --strategy STRATEGY  alternating-users (default) or single-user
  --without-recycler   the control: nobody replaces a task, and queries must fail
  --json               prints one JSON object and nothing else
`;

/** What `--json` prints. */
interface Result {
  readonly rotations: number;
  readonly queries: { readonly total: number; readonly failed: number };
  readonly killPoints: { readonly tried: number; readonly survived: number };
}

async function main(): Promise<number> {
  const { values } = parseArgs({
    options: {
      rotations: { type: "string", default: "50" },
      engine: { type: "string", default: "postgres" },
      strategy: { type: "string", default: "alternating-users" },
      "without-recycler": { type: "boolean", default: false },
      json: { type: "boolean", default: false },
      help: { type: "boolean", default: false },
    },
  });
  if (values.help) {
    process.stdout.write(usage);
    return 0;
  }
  const engine = oneOf("--engine", values.engine, ["postgres", "mariadb"] as const);
  const strategy = oneOf("--strategy", values.strategy, ["alternating-users", "single-user"] as const);
  const rotations = Number(values.rotations);
  if (!Number.isInteger(rotations) || rotations < 1)
    throw new Error(`--rotations: found ${values.rotations}, wanted a number from 1`);
  const control = values["without-recycler"];
  const say = (text: string): void => void (values.json || process.stderr.write(`${text}\n`));

  let end: () => Promise<void> = () => Promise.resolve();
  for (const signal of ["SIGINT", "SIGTERM"] as const)
    process.once(signal, () => void end().finally(() => process.exit(signal === "SIGINT" ? 130 : 143)));

  say(`${engine}, ${strategy}: ${rotations} rotations under load`);
  const options: StageOptions = { engine, strategy, recycler: !control, seed: "rotations" };
  const measured = await rotateUnderLoad(
    { ...options, rotations },
    {
      started: (ender) => (end = ender),
      rotation: (done) => void (done % 5 === 0 && say(`  ${done} rotations`)),
    },
  );
  const points = control
    ? { tried: 0, survived: 0, failures: [] }
    : await killEverywhere(engine, strategy, say, (ender) => (end = ender));
  const { tried, survived } = points;
  const result: Result = {
    rotations: measured.rotations,
    queries: measured.queries,
    killPoints: { tried, survived },
  };
  const { total, failed } = result.queries;
  process.stdout.write(
    values.json
      ? `${JSON.stringify(result)}\n`
      : `${measured.rotations} rotations, ${failed} of ${total} queries failed, ${survived} of ${tried} kill points survived\n`,
  );
  for (const failure of points.failures) process.stderr.write(`not survived: ${failure}\n`);
  if (control) return failed > 0 ? 0 : 1;
  if (strategy === "alternating-users" && failed > 0)
    for (const failure of measured.failures) process.stderr.write(`failed query: ${failure}\n`);
  const wanted = survived === tried && total > 0 && (strategy === "single-user" || failed === 0);
  return wanted ? 0 : 1;
}

/** Cuts rotations off at every point: the first one, which makes the second user, and the next, which finds it. */
async function killEverywhere(
  engine: StageOptions["engine"],
  strategy: StageOptions["strategy"],
  say: (text: string) => void,
  started: (end: () => Promise<void>) => void,
): Promise<KillPoints> {
  const database = await (engine === "postgres" ? startPostgres() : startMariadb());
  started(() => database.stop());
  try {
    const all: KillPoints[] = [];
    for (const cutOff of cutOffs(strategy)) {
      all.push(await killPoints(database, cutOff));
      say(
        `  cut off at ${all.at(-1)!.tried} points: in a ${cutOff.store}, ${cutOff.earlier} rotations before`,
      );
    }
    return {
      tried: all.reduce((sum, { tried }) => sum + tried, 0),
      survived: all.reduce((sum, { survived }) => sum + survived, 0),
      failures: all.flatMap(({ failures }) => failures),
    };
  } finally {
    await database.stop();
  }
}

function oneOf<Value extends string>(option: string, found: string, values: readonly Value[]): Value {
  const value = values.find((known) => known === found);
  if (value !== undefined) return value;
  const hint =
    found === "mysql" ? ": no package of MySQL 8 is to be had by apt or npm; MariaDB stands for it" : "";
  throw new Error(`${option}: found ${found}, wanted ${values.join(" or ")}${hint}`);
}

main().then(
  (status) => process.exit(status),
  (error: unknown) => {
    process.stderr.write(`${error instanceof Error ? (error.stack ?? error.message) : String(error)}\n`);
    process.exit(1);
  },
);
