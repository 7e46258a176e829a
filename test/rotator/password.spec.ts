import assert from "node:assert/strict";
import fc from "fast-check";
import { databaseEngines } from "../../aws-semantics/database-engines";
import { generatePassword, passwordClasses, passwordLength } from "../../rotator/password";

/** A drawer that follows a list of numbers, so that a run can be repeated. */
function drawer(numbers: readonly number[]): (below: number) => number {
  let next = 0;
  return (below) => numbers[next++ % numbers.length]! % below;
}

describe("generatePassword", () => {
  it("is 32 characters with one of each class and no awkward one, whatever is drawn", () => {
    fc.assert(
      fc.property(fc.array(fc.nat(), { minLength: 1 }), (numbers) => {
        const password = generatePassword(drawer(numbers));

        assert.equal(password.length, 32);
        for (const characters of passwordClasses)
          assert.ok([...password].some((character) => characters.includes(character)));
        assert.equal(encodeURIComponent(password), password);
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
    for (const { longestPassword } of Object.values(databaseEngines))
      assert.ok(passwordLength <= longestPassword);
  });
});
