import assert from "node:assert/strict";
import { startProgram } from "../support/program";

/** What the demonstration prints, as far as it matters here. */
interface Printed {
  readonly services: readonly { readonly forcedDeployments: number; readonly staleTasks: number }[];
  readonly queries: { readonly total: number; readonly failed: number };
}

describe("npm run demo -- --engine mariadb --store parameter --json", () => {
  it("does what the default does: no query fails, and everything covered is fresh", async () => {
    const { status, stdout, stderr } = await startProgram(
      "demo/index.ts",
      ["--engine", "mariadb", "--store", "parameter", "--json"],
      {},
    ).ended;

    assert.equal(status, 0, stderr);
    const { services, queries } = JSON.parse(stdout) as Printed;
    assert.deepEqual(
      services.map(({ forcedDeployments, staleTasks }) => [forcedDeployments, staleTasks]),
      [
        [3, 0],
        [3, 0],
        [0, 2],
      ],
    );
    assert.ok(queries.total > 100 && queries.failed === 0);
  });

  it("loses queries in the control, where the recycler is switched off", async () => {
    const { status, stdout } = await startProgram(
      "demo/index.ts",
      ["--engine", "mariadb", "--store", "parameter", "--without-recycler", "--json"],
      {},
    ).ended;

    assert.equal(status, 0);
    const { services, queries } = JSON.parse(stdout) as Printed;
    assert.ok(queries.failed > 0);
    assert.ok(services.every(({ forcedDeployments }) => forcedDeployments === 0));
  });
});
