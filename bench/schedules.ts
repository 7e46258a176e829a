import { countFrom1, runCommand } from "../demo/command";
import { recordedExample } from "../simulation/recorded-example";
import { drawSchedule, runSchedule } from "../simulation/schedules";

const usage = `npm run test:schedules [-- --schedules N] [-- --from SEED] [-- --json]

  --schedules N  how many schedules of changes and faults are drawn and run (default: 100)
  --from SEED    the seed of the first one (default: 1); the others follow
  --json         prints one JSON object and nothing else
`;

// Runs drawn schedules on virtual time; ends with status 1 when one of them broke an invariant.
runCommand({
  usage,
  options: {
    schedules: { type: "string", default: "100" },
    from: { type: "string", default: "1" },
    json: { type: "boolean", default: false },
  },
  async run(values) {
    const schedules = countFrom1("--schedules", values.schedules);
    const from = countFrom1("--from", values.from);

    const recorded = await recordedExample();
    const failed: number[] = [];
    for (let seed = from; seed < from + schedules; seed++) {
      const schedule = drawSchedule(seed);
      const violations = await runSchedule(recorded, schedule);
      if (violations.length === 0) continue;
      failed.push(seed);
      process.stderr.write(
        `${JSON.stringify(schedule)}\n${violations.map((violation) => `  ${violation}\n`).join("")}` +
          `  again: npm run test:schedules -- --schedules 1 --from ${seed}\n`,
      );
    }
    process.stdout.write(
      values.json
        ? `${JSON.stringify({ schedules, failed })}\n`
        : `${schedules} schedules, ${failed.length} broke an invariant\n`,
    );
    return failed.length === 0 ? 0 : 1;
  },
});
