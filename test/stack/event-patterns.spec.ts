import assert from "node:assert/strict";
import { readdirSync, readFileSync } from "node:fs";
import path from "node:path";
import { checkPattern, matches } from "../../aws-semantics/event-pattern";
import {
  deploymentsPattern,
  MAX_PATTERN_LENGTH,
  parametersPattern,
  secretsPattern,
} from "../../stack/event-patterns";
import { places } from "../support/places";

const [here] = places;
const folder = path.join(__dirname, "..", "..", "events", "examples");

/** The canonical events that a pattern matches, by the names of their files. */
function matched(pattern: unknown): string[] {
  return readdirSync(folder)
    .filter((file) => matches(pattern, JSON.parse(readFileSync(path.join(folder, file), "utf8"))))
    .map((file) => path.basename(file, ".json"))
    .sort();
}

describe("secretsPattern", () => {
  it("matches every event that says a value may have moved, and nothing else", () => {
    assert.deepEqual(matched(secretsPattern()), [
      "create-secret",
      "put-secret-value-by-arn",
      "put-secret-value-by-name",
      "put-secret-value-custom-stage",
      "put-secret-value-no-response",
      "put-secret-value-pending",
      "put-secret-value-pending-by-function",
      "rotation-failed",
      "rotation-started",
      "rotation-succeeded",
      "rotation-succeeded-rds-managed",
      "secret-label-updated",
      "secret-label-updated-custom",
      "update-secret",
      "update-secret-version-stage",
    ]);
  });

  it("is one that EventBridge takes, within its length", () => {
    checkPattern(secretsPattern());
    assert.ok(JSON.stringify(secretsPattern()).length < MAX_PATTERN_LENGTH);
  });
});

describe("parametersPattern", () => {
  it("matches new values only: no deletion, label, policy action or failed validation", () => {
    assert.deepEqual(matched(parametersPattern()), ["parameter-create", "parameter-update"]);
  });
});

describe("deploymentsPattern", () => {
  it("matches deployments that ended in a covered cluster, and those of CodeDeploy", () => {
    assert.deepEqual(matched(deploymentsPattern(here!, ["development"])), [
      "codedeploy-deployment",
      "ecs-deployment-completed",
      "ecs-deployment-failed",
    ]);
  });

  it("leaves deployments of other clusters out, one whose name begins alike included", () => {
    assert.deepEqual(matched(deploymentsPattern(here!, ["dev", "production"])), ["codedeploy-deployment"]);
  });

  it("takes those of every cluster when the names of the covered ones do not fit", () => {
    const clusters = Array.from({ length: 100 }, (_, index) => `cluster-${index}`);

    const pattern = deploymentsPattern(here!, clusters);

    checkPattern(pattern);
    assert.ok(JSON.stringify(pattern).length < MAX_PATTERN_LENGTH);
    assert.ok(matched(pattern).includes("ecs-deployment-completed"));
  });

  for (const place of places)
    it(`names services of the partition ${place.partition}`, () => {
      assert.match(
        JSON.stringify(deploymentsPattern(place, ["shop"])),
        new RegExp(`"arn:${place.partition}:ecs:${place.region}:123456789012:service/shop/"`),
      );
    });
});
