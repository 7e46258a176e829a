import { measureChange, measureFew, measureSweeps, total, type Bounded, type Counts } from "./calls/measure";

/**
 * How many calls of AWS the recycler makes, counted in the ledger of the embedded AWS, beside the number that it may
 * make. Exits with 1 when one is exceeded. With `--json` one object on stdout.
 */
async function main(): Promise<void> {
  const changes = [];
  for (const [services, tasksEach] of [
    [1, 1],
    [1, 3],
    [10, 2],
    [25, 4],
    [100, 3],
  ] as const)
    changes.push(await measureChange(services, tasksEach));
  const waves = await measureChange(20, 2, 2);
  const sweeps = await measureSweeps();
  const few = [await measureFew(5), await measureFew(25)];

  const bounded: Bounded[] = [
    ...[...changes, waves].flatMap(({ toLastUpdate, withProofs, further }) => [
      toLastUpdate,
      withProofs,
      further,
    ]),
    sweeps.warm,
    sweeps.nextAfterEdits,
    ...few.map(({ listed }) => listed),
  ];
  const exceeded = bounded.filter(({ calls, bound }) => calls > bound).length;
  if (process.argv.includes("--json")) console.log(JSON.stringify({ changes, waves, sweeps, few, exceeded }));
  else {
    for (const one of [...changes, waves]) {
      const where = `${one.services} services in ${one.waves === 1 ? "one wave" : "two waves"}, ${one.tasks} tasks`;
      console.log(
        `change, ${where}: to the last UpdateService ${of(one.toLastUpdate)}, with the proofs ${of(one.withProofs)}, ` +
          `further event ${of(one.further)}`,
      );
    }
    const size = `${sweeps.services} services, ${sweeps.tasks} tasks, ${sweeps.secrets} secrets`;
    console.log(
      `quiet sweep, ${size}: warm ${of(sweeps.warm)}, after a tag edit on each secret ${sweeps.afterEdits.calls}, ` +
        `the next ${of(sweeps.nextAfterEdits)}`,
    );
    console.log(`without memory: first sweep ${text(sweeps.cold)}`);
    console.log(`without memory, after the edits: ${text(sweeps.coldAfterEdits)}`);
    console.log(`the sweep after that: ${text(sweeps.coldNext)}`);
    for (const { configured, account, cold, warm } of few)
      console.log(
        `${configured} of ${account} secrets configured: first sweep ${text(cold)}; next ${text(warm)}`,
      );
  }
  if (exceeded > 0) {
    console.error(`${exceeded} numbers of calls exceed their bounds`);
    process.exitCode = 1;
  }
}

function of({ calls, bound }: Bounded): string {
  return `${calls} of at most ${bound}`;
}

function text(counts: Counts): string {
  return `${total(counts)} calls (${Object.entries(counts)
    .map(([operation, count]) => `${operation} ${count}`)
    .join(", ")})`;
}

main().catch((error: unknown) => {
  console.error(error);
  process.exitCode = 1;
});
