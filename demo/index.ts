import { runCommand } from "./command";
import { table } from "./report";
import { runDemo } from "./run";
import { Terminal, type Screen } from "./terminal";
import { defaultVariant, variantOf } from "./variant";

const usage = `npm run demo [-- OPTIONS]

  --without-recycler  the control: the recycler is off, and queries fail
  --json              print one JSON object and nothing else
  --engine ENGINE     the database: postgres (default), or mariadb, which needs
                      Debian's package mariadb-server
  --store STORE       where the database password is kept: secret (default) or
                      parameter
  --seed TEXT         draw other ids, passwords and times (default: demo)
  --help              print this
`;

const silent: Screen = { write: () => true };

runCommand({
  usage,
  options: {
    "without-recycler": { type: "boolean", default: false },
    json: { type: "boolean", default: false },
    engine: { type: "string", default: defaultVariant.engine },
    store: { type: "string", default: defaultVariant.store },
    seed: { type: "string", default: "demo" },
  },
  async run(options, ends) {
    const withoutRecycler = options["without-recycler"];
    const variant = variantOf(options.engine, options.store);
    const screen = options.json ? silent : process.stdout;
    const { report, faults, failures } = await runDemo(
      { withoutRecycler, seed: options.seed, variant, screen },
      ends,
    );

    const terminal = new Terminal(screen);
    if (options.json) process.stdout.write(`${JSON.stringify(report)}\n`);
    else terminal.write(`\n${table(report, terminal.paint)}\n\n`);
    const stderr = new Terminal(process.stderr);
    for (const fault of faults) stderr.paragraphs(`${stderr.paint("red", "FAILED:")} ${fault}`);
    if (faults.length > 0 && !withoutRecycler)
      for (const failure of failures) stderr.paragraphs(`failed query: ${failure}`);
    if (faults.length > 0) return 1;
    terminal.paragraphs(
      `${terminal.paint("green", "OK:")} ${
        withoutRecycler
          ? "queries fail without the recycler, as expected."
          : "every covered task has the current values, no query failed, no other service was redeployed."
      }`,
    );
    return 0;
  },
});
