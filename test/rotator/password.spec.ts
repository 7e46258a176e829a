import assert from "node:assert/strict";
import fc from "fast-check";
import { mysqlEngine } from "../../rotator/engines/mysql";
import { postgresEngine } from "../../rotator/engines/postgres";
import {
  awkwardCharacters,
  generatePassword,
  passwordClasses,
  type PasswordClass,
} from "../../rotator/password";

const rules = { minLength: 8, maxLength: 41, forbidden: awkwardCharacters };
const classNames = Object.keys(passwordClasses) as PasswordClass[];

/** A drawer that follows a list of numbers, so that a run can be repeated. */
function drawer(numbers: readonly number[]): (below: number) => number {
  let next = 0;
  return (below) => numbers[next++ % numbers.length]! % below;
}

describe("generatePassword", () => {
  it("has the length asked for, each class asked for, no other class and no excluded character, whatever is drawn", () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 8, max: 41 }),
        fc.uniqueArray(fc.constantFrom(...classNames), { minLength: 1 }),
        fc.array(fc.nat(), { minLength: 1 }),
        (length, classes, numbers) => {
          const password = generatePassword(
            { length, classes, excludeCharacters: "aB3!" },
            rules,
            drawer(numbers),
          );

          assert.equal(password.length, length);
          for (const name of classNames)
            assert.equal(
              [...password].some((character) => passwordClasses[name].includes(character)),
              classes.includes(name),
            );
          assert.doesNotMatch(password, /[aB3!:/@"'\\]/);
        },
      ),
    );
  });

  it("is 32 characters of all four classes by default, and never twice the same", () => {
    const passwords = new Set(Array.from({ length: 100 }, () => generatePassword({}, rules)));

    assert.equal(passwords.size, 100);
    for (const password of passwords)
      assert.match(password, /^(?=.*[a-z])(?=.*[A-Z])(?=.*\d)(?=.*[^a-zA-Z\d]).{32}$/);
  });

  it("puts the characters that make a class present anywhere, not first", () => {
    const first = Array.from({ length: 200 }, () => generatePassword({}, rules)[0]!);

    assert.ok(first.some((character) => !passwordClasses.lowercase.includes(character)));
  });

  it("refuses, all mistakes at once, what leaves no password", () => {
    const act = (): string =>
      generatePassword({ length: 42, classes: ["digits"], excludeCharacters: passwordClasses.digits }, rules);

    assert.throws(act, {
      code: "invalid-settings",
      message: /length: expected 8 to 41, found 42; classes: every character of digits/,
    });
    assert.throws(() => generatePassword({ classes: [] }, rules), /classes: expected 1 to 32 .*, found 0/);
  });

  it("keeps to the engines' limits as Amazon RDS has them", () => {
    assert.deepEqual(postgresEngine().passwordRules, { minLength: 8, maxLength: 128, forbidden: `:/@"'\\` });
    assert.deepEqual(mysqlEngine().passwordRules, { minLength: 8, maxLength: 41, forbidden: `:/@"'\\` });
  });
});
