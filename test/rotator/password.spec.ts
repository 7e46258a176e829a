import assert from "node:assert/strict";
import fc from "fast-check";
import { databaseEngines } from "../../aws-semantics/database-engines";
import {
  defaultPasswordRules,
  emptyClasses,
  generatePassword,
  passwordClassNames,
} from "../../rotator/password";

/** A drawer that follows a list of numbers, so that a run can be repeated. */
function drawer(numbers: readonly number[]): (below: number) => number {
  let next = 0;
  return (below) => numbers[next++ % numbers.length]! % below;
}

const classOf = { lowercase: /[a-z]/, uppercase: /[A-Z]/, digits: /[0-9]/, punctuation: /[-._~]/ };

describe("generatePassword", () => {
  it("has one character of each class, none that is excluded, and needs no escaping in a URL", () => {
    const rules = fc.record({
      length: fc.integer({ min: 8, max: 128 }),
      classes: fc.uniqueArray(fc.constantFrom(...passwordClassNames), { minLength: 1 }),
      excludeCharacters: fc.constantFrom("", "-", "aZ0", "._~"),
    });
    fc.assert(
      fc.property(fc.array(fc.nat(), { minLength: 1 }), rules, (numbers, given) => {
        const password = generatePassword(given, drawer(numbers));

        assert.equal(password.length, given.length);
        for (const name of passwordClassNames)
          assert.equal(classOf[name].test(password), given.classes.includes(name), name);
        assert.ok(![...given.excludeCharacters].some((character) => password.includes(character)));
        assert.equal(new URL(`postgres://app:${password}@db/shop`).password, password);
      }),
    );
  });

  it("never makes the same password twice", () => {
    const passwords = new Set(Array.from({ length: 100 }, () => generatePassword()));

    assert.equal(passwords.size, 100);
  });

  it("puts the characters that make a class present anywhere, not first", () => {
    const first = Array.from({ length: 200 }, () => generatePassword()[0]!);

    assert.ok(first.some((character) => !/[a-z]/.test(character)));
  });

  it("keeps to the engines' limits as Amazon RDS has them", () => {
    assert.equal(defaultPasswordRules.length, 32);
    for (const { longestPassword } of Object.values(databaseEngines))
      assert.ok(defaultPasswordRules.length <= longestPassword);
  });

  it("tells which class has no character left", () => {
    assert.deepEqual(emptyClasses({ ...defaultPasswordRules, excludeCharacters: "0123456789-._" }), [
      "digits",
    ]);
  });
});
