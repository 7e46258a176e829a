import { runCommand } from "../demo/command";
import { measureStorm, type Storm } from "./storm/measure";

const usage = `npm run bench:storm [-- --large] [-- --json]

Changes of very many secrets in a short time, on virtual time and at the request rates that AWS documents: how long it
takes until every service is fresh, how many deployments that needs, and how long a service of another cluster waits.

  --large  10,000 changes on 5,000 services (some minutes) instead of two storms of 4,000 changes on 500 services
  --json   prints one JSON array and nothing else
`;

const storms = [
  { services: 500, changes: 4_000, seconds: 5 },
  { services: 500, changes: 4_000, seconds: 80 },
];
const large = [{ services: 5_000, changes: 10_000, seconds: 60 }];

// Ends with status 1 when a service was not fresh in the end.
runCommand({
  usage,
  options: { large: { type: "boolean", default: false }, json: { type: "boolean", default: false } },
  async run(values) {
    const measured: Storm[] = [];
    for (const storm of values.large ? large : storms) {
      const { services, changes, seconds } = storm;
      process.stderr.write(`${changes} changes in ${seconds} s on ${services} services ...\n`);
      const one = await measureStorm(storm);
      measured.push(one);
      if (!values.json) process.stdout.write(text(one));
    }
    if (values.json) process.stdout.write(`${JSON.stringify(measured)}\n`);
    return measured.every(({ lost }) => lost === 0) ? 0 : 1;
  },
});

function text(storm: Storm): string {
  return (
    `  ${storm.forcedDeployments} forced deployments, ${storm.lost} services not fresh, ${storm.fuse} times held back by the limit\n` +
    `  the last service was fresh ${storm.lastFreshSeconds} s after the last change (bound: ${storm.boundSeconds} s)\n` +
    `  a service of another cluster was fresh ${storm.unrelatedFreshSeconds} s after its change\n` +
    `  ${storm.apiCalls} calls in ${storm.invocations} invocations; the process took ${storm.peakMiB} MiB at most\n`
  );
}
