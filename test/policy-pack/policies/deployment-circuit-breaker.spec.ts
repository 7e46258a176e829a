import assert from "node:assert/strict";
import { messages } from "../../support/policies";
import { cluster, recycler, service } from "../../support/policy-programs";
import { deploymentCircuitBreaker } from "../../../policy-pack/policies/deployment-circuit-breaker";

const { name } = deploymentCircuitBreaker;
const covered = (more: object) => () => {
  recycler();
  service(cluster(), { service: more });
};

describe(name, () => {
  it("finds nothing where there is one", async () => {
    assert.deepEqual(await messages(name, covered({})), []);
  });

  for (const [how, breaker] of [
    ["is none", undefined],
    ["is one that is off", { enable: false, rollback: false }],
  ] as const)
    it(`advises the line to add where there ${how}`, async () => {
      const [message] = await messages(name, covered({ deploymentCircuitBreaker: breaker }));

      assert.match(message!, /^advisory: shop\/checkout: missing deployment circuit breaker/);
      assert.match(message!, /Set deploymentCircuitBreaker: \{ enable: true, rollback: true \}\.$/);
    });

  it("finds nothing in a blue/green service, which cannot have one", async () => {
    const program = covered({
      deploymentCircuitBreaker: undefined,
      deploymentConfiguration: { strategy: "BLUE_GREEN" },
    });

    assert.deepEqual(await messages(name, program), []);
  });

  it("leaves a service alone that nobody recycles", async () => {
    const program = () => service(cluster(), { service: { deploymentCircuitBreaker: undefined } });

    assert.deepEqual(await messages(name, program), []);
  });
});
