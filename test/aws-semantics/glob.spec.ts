import assert from "node:assert/strict";
import fc from "fast-check";
import { anyCharacter, anyText, globMatches } from "../../aws-semantics/glob";
import type { GlobToken } from "../../aws-semantics/glob";

function tokens(pattern: string): GlobToken[] {
  return [...pattern].map((character) =>
    character === "*" ? anyText : character === "?" ? anyCharacter : { literal: character },
  );
}

describe("aws-semantics/glob", () => {
  it("agrees with a regular expression on every pattern of a small alphabet", () => {
    const text = fc.string({ unit: fc.constantFrom("a", "b", "."), maxLength: 12 });
    const pattern = fc.string({ unit: fc.constantFrom("a", "b", ".", "*", "?"), maxLength: 8 });
    fc.assert(
      fc.property(pattern, text, (wanted, value) => {
        const expression = wanted.replaceAll(".", "\\.").replaceAll("*", ".*").replaceAll("?", ".");
        assert.equal(globMatches(tokens(wanted), value), new RegExp(`^${expression}$`).test(value));
      }),
      { numRuns: 2000 },
    );
  });

  it("answers a pattern of many stars that almost matches a long text", () => {
    assert.equal(globMatches(tokens("*a".repeat(40) + "b"), "a".repeat(4000)), false);
  });

  it("counts a character outside the basic plane as one", () => {
    assert.equal(globMatches(tokens("?"), "\u{1f511}"), true);
  });
});
