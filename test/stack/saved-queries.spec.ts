import assert from "node:assert/strict";
import { runIndex } from "../support/declared";

describe("SavedQueries", () => {
  it("are declared with and without alarms, over the logs of this stack's functions", async () => {
    const run = await runIndex({
      services: [{ cluster: "shop" }],
      trail: "none",
      rotations: [{ secret: "db", rotator: { kind: "built-in", engine: "postgres", adminSecret: "admin" } }],
    });

    const queries = run.resources.filter(({ type }) => type.endsWith(":QueryDefinition"));
    const log = "/aws/lambda/ecs-secret-recycler-dev";
    assert.deepEqual(
      queries.map(({ inputs }) => [inputs.name, inputs.logGroupNames]),
      [
        ["ecs-secret-recycler-dev/services", [log]],
        ["ecs-secret-recycler-dev/messages", [log]],
        ["ecs-secret-recycler-dev/errors", [log, `${log}-rotator-db`]],
      ],
    );
  });
});
