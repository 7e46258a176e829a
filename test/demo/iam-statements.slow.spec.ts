import assert from "node:assert/strict";
import type { RecordedExample } from "../../simulation/virtual-run";
import { everyFeature, recordEveryFeature } from "../../simulation/every-feature";
import { useEveryPermission, type Outcome } from "../../simulation/every-permission";
import { partsOf, readableOwner, type PolicyPart } from "../../simulation/policy-parts";

/**
 * How AWS says, other than by AccessDenied, that a trust policy, a function's policy or a role lacks something: what
 * it checks by itself while something is made or started.
 */
const saidOtherwise =
  /cannot be assumed|cannot invoke|unable to assume|does not have permissions to call|Incorrect S3 bucket policy/;

/** Whether somebody was told that he may not do what the part allows. */
function isRefused({ actions }: PolicyPart, { refused, failure = "", ecsMessages }: Outcome): boolean {
  return (
    refused.some(({ action }) => actions.includes(action)) ||
    [failure, ...ecsMessages].some((text) => saidOtherwise.test(text))
  );
}

describe("the policies of the stack and of the example", () => {
  let recorded: RecordedExample;

  before(async () => {
    recorded = await recordEveryFeature();
  });

  it("hold nothing that is not needed: without any part of a statement, a call is refused and something fails", async () => {
    const notNeeded: string[] = [];
    const parts = partsOf(recorded).filter(
      ({ name, owner }) => owner !== everyFeature.ownFunction || name.includes("permission"),
    );
    for (const part of parts) {
      const outcome = await useEveryPermission(part.without);
      const fails = outcome.failure !== undefined || outcome.missed.length > 0;
      if (!isRefused(part, outcome) || !fails) notNeeded.push(readableOwner(part.name));
    }

    assert.ok(parts.length > 80, `${parts.length} parts`);
    // The tier of a parameter is not known when its rotator is deployed: each tier needs one of the two.
    assert.deepEqual(notNeeded, [
      "ecs-secret-recycler-demo-rotator-shop-credential UseKey: kms:GenerateDataKey",
      "ecs-secret-recycler-demo-rotator-shop-long-credential UseKey: kms:Encrypt",
    ]);
  }).timeout(300_000);
});
