import assert from "node:assert/strict";
import { readdirSync } from "node:fs";
import { basename, join } from "node:path";
import { checkPattern, matches } from "../../aws-semantics/event-pattern";
import { forms } from "../../events/forms";
import { rulePattern } from "../../events/patterns";
import { events, type Meaning } from "../../events/table";
import { triggerOf, type Trigger } from "../../handler/trigger";
import { MAX_PATTERN_LENGTH } from "../../stack/event-patterns";
import { canonical, home } from "../handler/fake-aws";

const rules = ["secrets", "parameters", "deployments"] as const;

/** The examples that are not a row's: what the recycler would say, and why no rule needs to forward them. */
const others: Record<string, RegExp> = {
  // Not subscribed.
  "codedeploy-deployment": /CodeDeploy Deployment State-change Notification: changes no value/,
  "delete-secret": /DeleteSecret: changes no value/,
  "ecs-deployment-in-progress": /SERVICE_DEPLOYMENT_IN_PROGRESS: ends no deployment/,
  "ecs-deployment-rollback": /SERVICE_DEPLOYMENT_IN_PROGRESS: ends no deployment/,
  "parameter-delete": /Delete: changes no value/,
  "parameter-image-exception": /the validation of an image id failed, nothing changed/,
  "parameter-label": /LabelParameterVersion: changes no value/,
  "parameter-policy-action": /changes no value/,
  "put-secret-value-failed": /PutSecretValue: the call failed \(AccessDenied\), nothing changed/,
  "replicate-secret": /ReplicateSecretToRegions: changes no value/,
  "restore-secret": /RestoreSecret: changes no value/,
  "rotate-secret": /RotateSecret: changes no value/,
  "rotation-abandoned": /RotationAbandoned: changes no value/,
  "rotation-started": /RotationStarted: changes no value/,
  "tag-secret": /TagResource: changes no value/,
};

/** Examples that a rule forwards, because a pattern cannot tell them apart, and that the recycler ignores. */
const heardInVain: Record<string, RegExp> = {
  "put-secret-value-pending": /PutSecretValue: AWSPENDING versions are not read by tasks/,
  "put-secret-value-pending-by-function": /PutSecretValue: AWSPENDING versions are not read by tasks/,
};

/** What the recycler reads in an event whose message was sent long after it. */
function read(event: unknown): Trigger {
  return triggerOf(event, home, Date.parse("2027-01-01T00:00:00Z"));
}

/** Whether an event was read as its row says: a secret's event proves a change when it names the version. */
function isReadAs(means: Meaning, trigger: Trigger): boolean {
  switch (means) {
    case "look":
      return trigger.kind === "change" && trigger.versionId === undefined;
    case "rotation-failed":
      return trigger.kind === "ignored" && trigger.counts === "RotationFailed";
    case "deployment-ended":
    case "sweep":
      return trigger.kind === means;
    default:
      return trigger.kind === "change" && (trigger.store === "ssm") === (trigger.versionId === undefined);
  }
}

/** The rules whose patterns match an event. */
function hearing(event: unknown): string[] {
  return rules.filter((rule) => matches(rulePattern(rule), event));
}

describe("the table of events", () => {
  for (const { form, name, means, examples } of events)
    for (const example of examples)
      it(`${form} ${name}: the rule hears ${example}, and the recycler reads it as the row says`, () => {
        const { rule } = forms[form];
        const event = canonical(example);

        // A schedule has no pattern: EventBridge sends its event to the targets of that rule alone.
        assert.deepEqual(hearing(event), rule === "sweep" ? [] : [rule]);
        assert.ok(isReadAs(means, read(event)), JSON.stringify(read(event)));
      });

  for (const [examples, forwarded] of [
    [others, []],
    [heardInVain, ["secrets"]],
  ] as const)
    for (const [example, reason] of Object.entries(examples))
      it(`${example}: ${forwarded.length === 0 ? "no rule hears it" : "a rule hears it"}, and the recycler ignores it`, () => {
        const event = canonical(example);

        const trigger = read(event);

        assert.deepEqual(hearing(event), forwarded);
        assert.equal(trigger.kind, "ignored");
        assert.match(trigger.kind === "ignored" ? trigger.reason : "", reason);
      });

  it("has at least one example for each row, and every example has its place", () => {
    const files = readdirSync(join(__dirname, "..", "..", "events", "examples"));

    const placed = [
      ...events.flatMap(({ examples }) => examples),
      ...Object.keys(others),
      ...Object.keys(heardInVain),
    ];

    assert.deepEqual(placed.sort(), files.map((file) => basename(file, ".json")).sort());
    assert.deepEqual(
      events.filter(({ examples }) => (examples as readonly string[]).length === 0),
      [],
    );
  });

  for (const rule of rules)
    it(`makes a pattern for the rule ${rule} that EventBridge takes, within its length`, () => {
      checkPattern(rulePattern(rule));
      assert.ok(JSON.stringify(rulePattern(rule)).length < MAX_PATTERN_LENGTH);
    });
});
