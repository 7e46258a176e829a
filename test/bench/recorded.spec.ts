import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { match } from "../../bench/recorded/match";
import {
  namedDifferences,
  passes,
  recordedServices,
  scoreOf,
  type Scored,
  type ServiceScore,
} from "../../bench/recorded/score";

const text = readFileSync(join(__dirname, "..", "..", "embedded-aws", "README.md"), "utf8");

/** How many answers are compared at least. */
const floors: Readonly<Record<string, number>> = {
  events: 135,
  kms: 24,
  secretsmanager: 187,
  sqs: 164,
  ssm: 6,
  sts: 12,
};

describe("answers recorded from AWS", () => {
  const published: ServiceScore[] = [
    ...text.matchAll(/^\| `([\w-]+)` +\| (\d+) +\| (\d+) +\| (\d+) +\|$/gm),
  ].map(([, service, total, matched, named]) => ({
    service: service!,
    matched: Number(matched),
    total: Number(total),
    named: Number(named),
  }));
  let scored: Scored;

  for (const service of recordedServices())
    describe(`of ${service}`, () => {
      before(async () => {
        scored = await scoreOf(service);
      });

      it("are ours too, as far as they must be", () => {
        assert.deepEqual({ passes: passes(scored), stale: scored.stale }, { passes: true, stale: [] });
      });

      it("are compared, not left out", () => {
        assert.ok(scored.score.total >= (floors[service] ?? Infinity), `${scored.score.total} are compared`);
      });

      it("give the score that embedded-aws/README.md publishes", () => {
        assert.deepEqual(
          published.filter((row) => row.service === service),
          [scored.score],
        );
      });
    });

  it("differ in ten named ones at most", () => {
    assert.ok(namedDifferences().length <= 10);
  });
});

describe("an answer beside a recorded one", () => {
  const differences = (recorded: unknown, ours: unknown): string[] =>
    match(recorded, ours, new Map(), ["Sorted"]).differences.map(({ path }) => path);

  it("may lack nothing, add nothing and differ in nothing", () => {
    assert.deepEqual(differences({ A: 1, B: ["x"] }, { A: 1, B: ["x"] }), []);
    assert.deepEqual(differences({ A: 1 }, {}), ["A"]);
    assert.deepEqual(differences({}, { A: "" }), ["A"]);
    assert.deepEqual(differences({ A: { B: ["x", "y"] } }, { A: { B: ["y", "x"] } }), ["A.B[0]", "A.B[1]"]);
    assert.deepEqual(differences({ A: "1" }, { A: 1 }), ["A"]);
  });

  it("holds the same text wherever a numbered placeholder stands", () => {
    const recorded = { Arn: "arn:<name:1><suffix:1>", Name: "<name:1>", Other: "<name:2>" };

    assert.deepEqual(differences(recorded, { Arn: "arn:ab-1", Name: "ab", Other: "c" }), []);
    assert.deepEqual(differences(recorded, { Arn: "arn:xb-1", Name: "ab", Other: "c" }), ["Arn"]);
  });

  it("holds a time where one was recorded, and only there", () => {
    assert.deepEqual(differences({ At: "datetime" }, { At: new Date(0) }), []);
    assert.deepEqual(differences({ At: "timestamp" }, { At: "1770724800050" }), []);
    assert.deepEqual(differences({ At: "date" }, { At: "2026-02-10T12:00:00Z" }), []);
    assert.deepEqual(differences({ At: "datetime" }, { At: "yesterday" }), ["At"]);
    assert.deepEqual(differences({ At: "today" }, { At: new Date(0) }), ["At"]);
  });

  it("may hold its values in another order only where they were sorted before they were recorded", () => {
    assert.deepEqual(differences({ Sorted: ["<id:1>", "b"] }, { Sorted: ["b", "a"] }), []);
    assert.deepEqual(differences({ Sorted: ["a", "b"] }, { Sorted: ["b", "c"] }), ["Sorted"]);
  });

  it("may hold as a text what was recorded as its JSON", () => {
    assert.deepEqual(differences({ Policy: { Id: "<id:1>" } }, { Policy: '{"Id":"x"}' }), []);
    assert.deepEqual(differences({ Policy: { Id: "y" } }, { Policy: '{"Id":"x"}' }), ["Policy.Id"]);
  });
});
