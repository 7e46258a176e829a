import { countFrom1, runCommand } from "../demo/command";
import { drawSchedule } from "../simulation/schedules/draw";
import { changedByEdits, runSchedule } from "../simulation/schedules/run";

const usage = `npm run test:schedules [-- --schedules N] [-- --from SEED] [-- --json]

  --schedules N  how many schedules are drawn and run, each with faults and without (default: 100)
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

    const failed = new Set<number>();
    const decisions: Record<string, number> = {};
    let forced = 0;
    for (let seed = from; seed < from + schedules; seed++)
      for (const faults of [false, true]) {
        const schedule = drawSchedule(seed, faults);
        const outcome = await runSchedule(schedule);
        const violations = [...outcome.violations];
        if (!faults) violations.push(...(await changedByEdits(schedule, outcome)));
        forced += outcome.history.forced.length;
        for (const { line } of outcome.history.reported)
          decisions[line.decision] = (decisions[line.decision] ?? 0) + 1;
        if (violations.length === 0) continue;
        failed.add(seed);
        process.stderr.write(
          `${JSON.stringify(schedule)}\n${violations.map((violation) => `  ${violation}\n`).join("")}` +
            `  again: npm run test:schedules -- --schedules 1 --from ${seed}\n`,
        );
      }
    process.stdout.write(
      values.json
        ? `${JSON.stringify({ schedules, failed: [...failed], forced, decisions })}\n`
        : `${schedules} schedules with faults and without, ${forced} forced deployments, ${failed.size} broke an invariant\n`,
    );
    return failed.size === 0 ? 0 : 1;
  },
});
