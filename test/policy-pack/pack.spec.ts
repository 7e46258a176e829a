import assert from "node:assert/strict";
import { cases } from "./cases";
import { findings, verdicts } from "../support/policies";
import { check, policies, policyInput } from "../../policy-pack/pack";
import { policyLevels } from "../../policy-pack/policy";

describe("the policy pack", () => {
  it("holds the closed list of policies with their levels", () => {
    const held = Object.fromEntries(policies.map(({ name, level }) => [name, level]));
    assert.deepEqual(held, policyLevels);
    assert.deepEqual(Object.entries(policyLevels), [
      ["ecs-service-secrets-covered", "mandatory"],
      ["execution-role-reads-secrets", "mandatory"],
      ["zero-downtime-deployment", "mandatory"],
      ["deployment-circuit-breaker", "advisory"],
      ["immutable-image", "advisory"],
      ["rotation-alternating-users", "advisory"],
      ["no-secret-in-environment", "mandatory"],
      ["secret-rotation-enabled", "advisory"],
      ["log-secrets-on-ec2", "advisory"],
      ["recycler-least-privilege", "mandatory"],
    ]);
  });

  it("turns an exception of a policy into a mandatory violation that names the policy", () => {
    const failing = {
      ...policies[3]!,
      check: () => {
        throw new Error("a mistake");
      },
    };

    const violations = check(failing, () => policyInput(new Map()));

    assert.equal(violations[0]?.level, "mandatory");
    assert.match(violations[0].message, /deployment-circuit-breaker failed and checked nothing: a mistake/);
  });

  describe("finds what each way to write a service deserves", () => {
    for (const { title, program, config, preview, update } of cases) {
      it(`${title}, in a preview`, async () => {
        const found = await findings(program, { preview: true, config });
        assert.deepEqual(verdicts(found), preview, JSON.stringify(found, undefined, 2));
      });
      it(`${title}, at the end of the update`, async () => {
        const found = await findings(program, { preview: false, config });
        assert.deepEqual(verdicts(found), update ?? preview, JSON.stringify(found, undefined, 2));
      });
    }
  });
});
