import assert from "node:assert/strict";
import { Redactor } from "../../rotator/redact";
import { describeDeeply } from "../../simulation/rotations/scenario";

const secret = `it's "a" pass%word\\`;

function redactor(): Redactor {
  const made = new Redactor();
  made.add(secret);
  return made;
}

describe("Redactor", () => {
  it("takes a value out of a text, in every form in which drivers and logs write it", () => {
    for (const form of [
      secret,
      JSON.stringify(secret),
      secret.replaceAll("'", "''"),
      JSON.stringify(secret).replaceAll("'", "\\'"),
      encodeURIComponent(secret),
    ]) {
      const text = redactor().text(`before ${form} after`);

      assert.match(text, /^before "?\*\*\*"? after$/);
    }
  });

  it("takes the longest value first, so that no rest of it stays, and leaves other texts alone", () => {
    const both = new Redactor();
    both.add("pass");
    both.add("pass-word");
    both.add("");

    assert.equal(both.text("pass-word and pass"), "*** and ***");
    assert.equal(both.text("nothing"), "nothing");
  });

  it("copies an error with its causes, kind and code, and nothing that a driver hung onto it", () => {
    const cause = Object.assign(new Error(`near ${secret}`), {
      sql: `SET PASSWORD = '${secret}'`,
      code: "ER_PARSE_ERROR",
    });
    const error = Object.assign(new Error(`it failed for ${secret}`, { cause }), {
      kind: "final",
      code: "database-error",
    });

    const copy = redactor().error(error);

    assert.deepEqual({ ...copy }, { kind: "final", code: "database-error" });
    assert.equal(copy.message, "it failed for ***");
    assert.equal((copy.cause as Error).message, "near ***");
    assert.ok(!describeDeeply(copy).includes('a\\" pass') && !describeDeeply(copy).includes(secret));
    assert.ok(describeDeeply(error).includes(secret));
  });

  it("copies what is thrown and is no error", () => {
    assert.equal(redactor().error(`threw ${secret}`).message, "threw ***");
  });
});
