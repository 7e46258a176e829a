import assert from "node:assert/strict";
import { physicalNames } from "../../stack/context";

describe("physicalNames", () => {
  it("makes every name of project and stack", () => {
    const names = physicalNames("ecs-secret-recycler", "dev");

    assert.deepEqual(names, {
      prefix: "ecs-secret-recycler-dev",
      queue: "ecs-secret-recycler-dev.fifo",
      deadLetters: "ecs-secret-recycler-dev-dead-letters.fifo",
      undelivered: "ecs-secret-recycler-dev-undelivered",
      logGroup: "/aws/lambda/ecs-secret-recycler-dev",
      rules: {
        secrets: "ecs-secret-recycler-dev-secrets",
        parameters: "ecs-secret-recycler-dev-parameters",
        deployments: "ecs-secret-recycler-dev-deployments",
        sweep: "ecs-secret-recycler-dev-sweep",
      },
    });
  });

  it("stays within the 64 characters of a rule and the 80 of a queue at the longest stack name it takes", () => {
    const { rules, queue, deadLetters, undelivered } = physicalNames("ecs-secret-recycler", "s".repeat(28));

    for (const rule of Object.values(rules)) assert.ok(rule.length <= 64, rule);
    for (const name of [queue, deadLetters, undelivered]) assert.ok(name.length <= 80, name);
  });

  it("refuses a stack name that is one character longer", () => {
    assert.throws(
      () => physicalNames("ecs-secret-recycler", "s".repeat(29)),
      /expected at most 48 characters, .*, found 49/,
    );
  });

  it("refuses a stack name with a dot, which no function may have", () => {
    assert.throws(
      () => physicalNames("ecs-secret-recycler", "feature.x"),
      /the stack's name: expected only letters, .*, found "feature\.x"/,
    );
  });
});
