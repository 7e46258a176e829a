import { countFrom1, oneOf, runCommand } from "../demo/command";
import { servers, startServer } from "../simulation/rotations/databases";
import {
  cutOffs,
  inWords,
  killPoints,
  type CutOff,
  type KillPoints,
} from "../simulation/rotations/kill-points";
import { rotateUnderLoad } from "./rotations/run";
import type { StageOptions } from "./rotations/stage";

const usage = `npm run test:rotations [-- --rotations N] [-- --engine ENGINE] [-- --strategy STRATEGY] [-- --json]

  --rotations N        how often the secret is rotated under load (default: 50)
  --engine ENGINE      postgres (18, the default), postgres-15 or mariadb
  --strategy STRATEGY  alternating-users (default) or single-user
  --history            the database has one: the clone is in use and owns a table, users differ, transactions of 1 to
                       20 s and a lock are open; the load has pools too, and makes tables
  --without-recycler   the control: nobody replaces a task, and queries must fail
  --json               prints one JSON object and nothing else
`;

/** What `--json` prints. */
interface Result {
  readonly rotations: number;
  /** Steps that met a lock and were tried again. */
  readonly busy: number;
  readonly queries: { readonly total: number; readonly failed: number };
  readonly killPoints: { readonly tried: number; readonly survived: number };
}

runCommand({
  usage,
  options: {
    rotations: { type: "string", default: "50" },
    engine: { type: "string", default: "postgres" },
    strategy: { type: "string", default: "alternating-users" },
    history: { type: "boolean", default: false },
    "without-recycler": { type: "boolean", default: false },
    json: { type: "boolean", default: false },
  },
  async run(values, ends) {
    const engine = oneOf("--engine", values.engine, servers);
    const strategy = oneOf("--strategy", values.strategy, ["alternating-users", "single-user"]);
    const rotations = countFrom1("--rotations", values.rotations);
    const control = values["without-recycler"];
    const say = (text: string): void => void (values.json || process.stderr.write(`${text}\n`));

    say(`${engine}, ${strategy}: ${rotations} rotations under load`);
    const options: StageOptions = {
      engine,
      strategy,
      recycler: !control,
      seed: "rotations",
      history: values.history,
    };
    const measured = await rotateUnderLoad(
      { ...options, rotations },
      { started: ends, rotation: (done) => void (done % 5 === 0 && say(`  ${done} rotations`)) },
    );
    const { tried, survived, failures } = control
      ? { tried: 0, survived: 0, failures: [] }
      : await killEverywhere(
          engine,
          cutOffs([strategy]).filter(({ history }) => history === values.history),
          say,
          ends,
        );
    const result: Result = {
      rotations: measured.rotations,
      busy: measured.busy,
      queries: measured.queries,
      killPoints: { tried, survived },
    };
    const { total, failed } = result.queries;
    process.stdout.write(
      values.json
        ? `${JSON.stringify(result)}\n`
        : `${measured.rotations} rotations, ${failed} of ${total} queries failed, ${survived} of ${tried} kill points survived\n`,
    );
    for (const failure of failures) process.stderr.write(`not survived: ${failure}\n`);
    if (control) return failed > 0 ? 0 : 1;
    if (strategy === "alternating-users" && failed > 0)
      for (const failure of measured.failures) process.stderr.write(`failed query: ${failure}\n`);
    const passed = survived === tried && total > 0 && (strategy === "single-user" || failed === 0);
    return passed ? 0 : 1;
  },
});

/** Cuts rotations off at every point: the first one, which makes the second user, and the next, which finds it. */
async function killEverywhere(
  engine: StageOptions["engine"],
  cuts: readonly CutOff[],
  say: (text: string) => void,
  started: (end: () => Promise<void>) => void,
): Promise<KillPoints> {
  const database = await startServer(engine);
  let stopped: Promise<void> | undefined;
  const stop = (): Promise<void> => (stopped ??= database.stop());
  started(stop);
  try {
    const all: KillPoints[] = [];
    for (const cutOff of cuts) {
      all.push(await killPoints(database, cutOff));
      say(`  cut off at ${all.at(-1)!.tried} points: ${inWords(cutOff)}`);
    }
    return {
      tried: all.reduce((sum, { tried }) => sum + tried, 0),
      survived: all.reduce((sum, { survived }) => sum + survived, 0),
      failures: all.flatMap(({ failures }) => failures),
    };
  } finally {
    await stop();
  }
}
