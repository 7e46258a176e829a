import { inspect, parseArgs } from "node:util";
import { table } from "./report";
import { runDemo } from "./run";
import type { Screen } from "./timeline";
import { defaultVariant, variantOf } from "./variant";

const usage = `npm run demo [-- --without-recycler] [-- --json] [-- --engine ENGINE] [-- --store STORE] [-- --seed TEXT]

  --without-recycler  the control: the recycler is switched off, and queries must fail
  --json              prints one JSON object and nothing else
  --engine ENGINE     the database: postgres (default) or mariadb, which needs Debian's mariadb-server
  --store STORE       where its credential lives: secret (default) or parameter
  --seed TEXT         another run: ids, passwords, times (default: demo)
`;

async function main(): Promise<number> {
  const { values: options } = parseArgs({
    options: {
      "without-recycler": { type: "boolean", default: false },
      json: { type: "boolean", default: false },
      engine: { type: "string", default: defaultVariant.engine },
      store: { type: "string", default: defaultVariant.store },
      seed: { type: "string", default: "demo" },
      help: { type: "boolean", default: false },
    },
  });
  if (options.help) {
    process.stdout.write(usage);
    return 0;
  }
  const variant = variantOf(options.engine, options.store);
  const silent: Screen = { write: () => true };
  let end: () => Promise<void> = () => Promise.resolve();
  let interrupted = false;
  const interrupt = (signal: NodeJS.Signals): void => {
    if (interrupted) return;
    interrupted = true;
    void end().finally(() => process.exit(signal === "SIGINT" ? 130 : 143));
  };
  process.on("SIGINT", interrupt);
  process.on("SIGTERM", interrupt);

  const result = await runDemo(
    {
      withoutRecycler: options["without-recycler"],
      seed: options.seed,
      variant,
      screen: options.json ? silent : process.stdout,
    },
    (ender) => (end = ender),
  );
  if (options.json) process.stdout.write(`${JSON.stringify(result.report)}\n`);
  else process.stdout.write(`\n${table(result.report)}\n\n`);
  for (const fault of result.faults) process.stderr.write(`not as it has to be: ${fault}\n`);
  if (result.faults.length > 0 && !options["without-recycler"])
    for (const failure of result.failures) process.stderr.write(`failed query: ${failure}\n`);
  if (!options.json && result.faults.length === 0)
    process.stdout.write(
      options["without-recycler"]
        ? "As wanted: without the recycler, queries fail.\n"
        : "As wanted: every covered task holds the current values, no query failed, nothing else was touched.\n",
    );
  return result.faults.length === 0 ? 0 : 1;
}

main().then(
  (status) => process.exit(status),
  (error: unknown) => {
    process.stderr.write(`${inspect(error)}\n`);
    process.exit(1);
  },
);
