import { oneOf, runCommand } from "../demo/command";
import { passes, recordedServices, scoreOf, type Scored } from "./recorded/score";

const usage = `npm run test:recorded [-- --service SERVICE] [-- --json]

Makes the requests of tests whose answers were recorded from AWS, on the
embedded AWS, and compares each answer with the recorded one.

  --service SERVICE  one file of recordings (default: all)
  --json             one object on stdout

Exits with 1 when an answer differs and the table of differences in
embedded-aws/README.md does not name it; in sns, logs and lambda-sqs only
below 90 percent.
`;

runCommand({
  usage,
  options: { service: { type: "string" }, json: { type: "boolean", default: false } },
  async run({ service, json }) {
    const all = recordedServices();
    const services = service === undefined ? all : [oneOf("--service", service, all)];
    const scored: Scored[] = [];
    for (const one of services) scored.push(await scoreOf(one));
    const out = json ? process.stderr : process.stdout;
    for (const { score, unnamed, stale, notOurs } of scored) {
      for (const { test, label, differences } of unnamed) {
        out.write(`${score.service} ${test} ${label}\n`);
        for (const { path, recorded, ours } of differences)
          out.write(`  ${path || "the answer"}\n    AWS:  ${recorded}\n    here: ${ours}\n`);
      }
      for (const name of stale)
        out.write(`${score.service} ${name}: the table of differences names it, and it does not differ\n`);
      out.write(
        `${score.service}: ${score.matched} of ${score.total} answers match, ${score.named} differences are ` +
          `named, ${notOurs} answers are of operations that are left out\n`,
      );
    }
    if (json) process.stdout.write(`${JSON.stringify({ services: scored.map(({ score }) => score) })}\n`);
    return scored.every(passes) ? 0 : 1;
  },
});
