import assert from "node:assert/strict";
import { checkPattern, matches } from "../../aws-semantics/event-pattern";
import { deploymentsPattern, MAX_PATTERN_LENGTH } from "../../stack/event-patterns";
import { canonical } from "../handler/fake-aws";
import { places } from "../support/places";

const [here] = places;
const completed = canonical("ecs-deployment-completed");

describe("deploymentsPattern", () => {
  it("matches deployments that ended in a covered cluster", () => {
    const pattern = deploymentsPattern(here!, ["production", "development"]);

    checkPattern(pattern);
    assert.equal(matches(pattern, completed), true);
    assert.equal(matches(pattern, canonical("ecs-deployment-failed")), true);
    assert.equal(matches(pattern, canonical("ecs-deployment-in-progress")), false);
  });

  it("leaves deployments of other clusters out, one whose name begins alike included", () => {
    assert.equal(matches(deploymentsPattern(here!, ["dev", "production"]), completed), false);
  });

  it("takes those of every cluster when the names of the covered ones do not fit", () => {
    const clusters = Array.from({ length: 100 }, (_, index) => `cluster-${index}`);

    const pattern = deploymentsPattern(here!, clusters);

    checkPattern(pattern);
    assert.ok(JSON.stringify(pattern).length < MAX_PATTERN_LENGTH);
    assert.equal(matches(pattern, completed), true);
  });

  for (const place of places)
    it(`names services of the partition ${place.partition}`, () => {
      assert.match(
        JSON.stringify(deploymentsPattern(place, ["shop"])),
        new RegExp(`"arn:${place.partition}:ecs:${place.region}:123456789012:service/shop/"`),
      );
    });
});
