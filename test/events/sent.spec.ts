import assert from "node:assert/strict";
import { parseReference, type Reference } from "../../aws-semantics/secret-reference";
import { forms } from "../../events/forms";
import { provingEvents } from "../../events/sent";
import { events } from "../../events/table";
import { triggerOf } from "../../handler/trigger";

const home = { partition: "aws", region: "eu-west-1", account: "210987654321" };
const secrets = "arn:aws:secretsmanager:eu-west-1:210987654321:secret";
const reference = (text: string) => parseReference(text, home) as Reference;

/** What the recycler reads in the events of a reference: store, subject and labels, each once. */
function readOf(text: string): unknown[] {
  const read = provingEvents(reference(text), home).map((event) => {
    const trigger = triggerOf(event, home, Date.parse("2027-01-01T00:00:00Z"));
    assert.ok(trigger.kind === "change", JSON.stringify(trigger));
    assert.ok(trigger.store === "ssm" || trigger.versionId !== undefined, "it names the version");
    return JSON.stringify([trigger.store, trigger.subject, ...trigger.labels]);
  });
  return [...new Set(read)].map((each) => JSON.parse(each) as unknown);
}

describe("provingEvents", () => {
  for (const [text, expected] of [
    [`${secrets}:shop/db-fWJsLX`, ["secretsmanager", `${secrets}:shop/db-fWJsLX`, "AWSCURRENT"]],
    [`${secrets}:shop/db`, ["secretsmanager", `${secrets}:shop/db-AbCdEf`, "AWSCURRENT"]],
    [`${secrets}:shop/db-fWJsLX::BLUE:`, ["secretsmanager", `${secrets}:shop/db-fWJsLX`, "BLUE"]],
    ["/shop/flags", ["ssm", "arn:aws:ssm:eu-west-1:210987654321:parameter/shop/flags"]],
  ] as const)
    it(`are read as proven changes of ${text}`, () => assert.deepEqual(readOf(text), [expected]));

  it("hold nothing of the canonical secret, its account or its Region where a rule looks", () => {
    const texts = provingEvents(reference("/shop/flags"), home)
      .concat(provingEvents(reference(`${secrets}:shop/db`), home))
      .map((event) => JSON.stringify({ ...event, detail: { ...(event.detail as object), userIdentity: 0 } }));

    for (const text of texts) assert.doesNotMatch(text, /us-west-2|123456789012|development/);
  });

  it("are of every form whose events can prove a change", () => {
    const proving = events.filter(({ means }) => means === "changed" || typeof means === "function");

    const sent = provingEvents(reference(`${secrets}:shop/db`), home)
      .concat(provingEvents(reference("/shop/flags"), home))
      .map((event) => event["detail-type"]);

    assert.deepEqual(
      [...new Set(sent)].sort(),
      [...new Set(proving.map(({ form }) => forms[form].detailType))].sort(),
    );
  });
});
