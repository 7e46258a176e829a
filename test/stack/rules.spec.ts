import assert from "node:assert/strict";
import { COMPUTED, runIndex, type Run } from "../support/declared";

const settings = { services: [{ cluster: "shop" }], trail: "none" };
const RULES = ["secrets", "parameters", "deployments", "sweep"];

function inputsOf({ resources }: Run, name: string): Readonly<Record<string, unknown>> {
  const found = resources.find((resource) => resource.name === name);
  assert.ok(found, name);
  return found.inputs;
}

describe("Rules", () => {
  let run: Run;
  before(async () => {
    run = await runIndex({ ...settings, timing: { sweep: "rate(15 minutes)" } });
  });

  it("sends whole events of every rule to one message group of the queue", () => {
    for (const rule of RULES)
      assert.deepEqual(inputsOf(run, `rules-${rule}-to-queue`), {
        rule: `ecs-secret-recycler-dev-${rule}`,
        targetId: "queue",
        arn: `${COMPUTED}queue-events.arn`,
        sqsTarget: { messageGroupId: "recycler" },
        deadLetterConfig: { arn: `${COMPUTED}queue-undelivered.arn` },
      });
  });

  it("says of every rule what it is for", () => {
    for (const rule of RULES) assert.match(inputsOf(run, `rules-${rule}`).description as string, /\w+ \w+/);
  });

  it("sweeps as often as the settings say", () => {
    const { scheduleExpression, eventPattern } = inputsOf(run, "rules-sweep");

    assert.equal(scheduleExpression, "rate(15 minutes)");
    assert.equal(eventPattern, undefined);
  });

  for (const [mode, state, enabled] of [
    ["recycle", "ENABLED", true],
    ["dry-run", "ENABLED", true],
    ["off", "DISABLED", false],
  ] as const)
    it(`are ${state} when mode is ${mode}, and the mapping with them`, async () => {
      const other = await runIndex({ ...settings, mode });

      for (const rule of RULES) assert.equal(inputsOf(other, `rules-${rule}`).state, state, rule);
      assert.equal(inputsOf(other, "recycler-mapping").enabled, enabled);
    });
});
