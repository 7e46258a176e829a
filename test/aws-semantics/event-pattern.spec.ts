import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import fc from "fast-check";
import { checkPattern, compilePattern, matches } from "../../aws-semantics/event-pattern";

const fixtures = join(__dirname, "..", "fixtures");

/** A pattern of one value: the field `v` of the event must match one of the elements. */
function oneOf(...elements: unknown[]): Record<string, unknown> {
  return { v: elements };
}

describe("aws-semantics/event-pattern", () => {
  it("agrees with the matcher that AWS publishes on all 1,200 vectors", () => {
    const rows = readFileSync(join(fixtures, "event-pattern-vectors.jsonl"), "utf8")
      .trim()
      .split("\n")
      .map((line) => JSON.parse(line) as { matches: boolean; pattern: unknown; event: unknown });
    const wrong = rows.filter((row) => matches(row.pattern, row.event) !== row.matches);
    assert.equal(rows.length, 1200);
    assert.deepEqual(wrong, []);
  });

  describe("matches", () => {
    const table: readonly (readonly [string, unknown, unknown, boolean])[] = [
      ["an exact string", oneOf("a"), { v: "a" }, true],
      ["another case of an exact string", oneOf("a"), { v: "A" }, false],
      ["an element of an array", oneOf("a"), { v: ["b", "a"] }, true],
      ["null", oneOf(null), { v: null }, true],
      ["null where nothing stands", oneOf(null), {}, false],
      ["an empty string", oneOf(""), { v: "" }, true],
      ["a number for its text", oneOf(1), { v: "1" }, false],
      ["true", oneOf(true), { v: true }, true],
      ["exactly, as Event Ruler has it", oneOf({ exactly: "a" }), { v: "a" }, true],
      ["a prefix", oneOf({ prefix: "pro" }), { v: "prod" }, true],
      ["a prefix of another case", oneOf({ prefix: "PRO" }), { v: "prod" }, false],
      [
        "a prefix regardless of case",
        oneOf({ prefix: { "equals-ignore-case": "PRO" } }),
        { v: "prod" },
        true,
      ],
      ["a prefix of a number", oneOf({ prefix: "1" }), { v: 10 }, false],
      ["a suffix", oneOf({ suffix: "od" }), { v: "prod" }, true],
      ["a suffix regardless of case", oneOf({ suffix: { "equals-ignore-case": "OD" } }), { v: "prod" }, true],
      ["equals-ignore-case", oneOf({ "equals-ignore-case": "PROD" }), { v: "prod" }, true],
      ["equals-ignore-case of a part", oneOf({ "equals-ignore-case": "PRO" }), { v: "prod" }, false],
      ["a wildcard", oneOf({ wildcard: "a*c*" }), { v: "abcd" }, true],
      ["a wildcard that stands for nothing", oneOf({ wildcard: "*a*" }), { v: "a" }, true],
      ["a wildcard that is escaped", oneOf({ wildcard: "a\\*" }), { v: "ab" }, false],
      ["a star taken literally", oneOf({ wildcard: "a\\*" }), { v: "a*" }, true],
      ["a wildcard with too little text", oneOf({ wildcard: "a*bc" }), { v: "abb" }, false],
      ["anything-but another string", oneOf({ "anything-but": "a" }), { v: "b" }, true],
      ["anything-but the string", oneOf({ "anything-but": "a" }), { v: "a" }, false],
      ["anything-but a string, of a number", oneOf({ "anything-but": "a" }), { v: 1 }, true],
      ["anything-but a string, of null", oneOf({ "anything-but": ["a", "b"] }), { v: null }, true],
      ["anything-but of a value that is not there", oneOf({ "anything-but": "a" }), {}, false],
      ["anything-but a number", oneOf({ "anything-but": [1, 2] }), { v: 2 }, false],
      ["anything-but prefix", oneOf({ "anything-but": { prefix: "a" } }), { v: "abc" }, false],
      ["anything-but prefixes", oneOf({ "anything-but": { prefix: ["a", "b"] } }), { v: "bcd" }, false],
      ["anything-but suffixes", oneOf({ "anything-but": { suffix: ["a", "b"] } }), { v: "abc" }, true],
      ["anything-but wildcard", oneOf({ "anything-but": { wildcard: "*/lib/*" } }), { v: "a/lib/b" }, false],
      ["anything-but wildcards", oneOf({ "anything-but": { wildcard: ["a*", "*z"] } }), { v: "bcy" }, true],
      [
        "anything-but regardless of case",
        oneOf({ "anything-but": { "equals-ignore-case": ["A", "B"] } }),
        { v: "b" },
        false,
      ],
      ["a number in another notation", oneOf(300), { v: 3.0e2 }, true],
      ["numeric =", oneOf({ numeric: ["=", 1.5] }), { v: 1.5 }, true],
      ["an open lower bound", oneOf({ numeric: [">", 0, "<=", 5] }), { v: 0 }, false],
      ["a closed upper bound", oneOf({ numeric: [">", 0, "<=", 5] }), { v: 5 }, true],
      ["a number as text", oneOf({ numeric: [">", 0] }), { v: "5" }, false],
      ["a number beyond comparison", oneOf({ numeric: [">", 0] }), { v: 6e9 }, false],
      ["an account number, exactly", oneOf(123456789012), { v: 123456789012 }, true],
      ["exists of null", oneOf({ exists: true }), { v: null }, true],
      ["exists of an object", oneOf({ exists: true }), { v: { a: 1 } }, false],
      ["exists of an empty array", oneOf({ exists: true }), { v: [] }, false],
      ["exists false of an object", oneOf({ exists: false }), { v: { a: 1 } }, true],
      ["exists false of a value", oneOf({ exists: false }), { v: 0 }, false],
      ["either absent or a value", oneOf({ exists: false }, "a"), { v: "a" }, true],
      ["an address of a block", oneOf({ cidr: "10.0.0.0/24" }), { v: "10.0.0.255" }, true],
      ["an address beside a block", oneOf({ cidr: "10.0.0.0/24" }), { v: "10.0.1.0" }, false],
      ["a block given by one of its addresses", oneOf({ cidr: "10.0.0.9/24" }), { v: "10.0.0.1" }, true],
      ["an address of IPv6", oneOf({ cidr: "2001:db8::/32" }), { v: "2001:DB8:ffff::1" }, true],
      ["an address of the other version", oneOf({ cidr: "::/0" }), { v: "10.0.0.1" }, false],
      ["a text that is no address", oneOf({ cidr: "0.0.0.0/0" }), { v: "10.0.0" }, false],
      ["one address written in two ways", oneOf("::1"), { v: "0:0:0:0:0:0:0:1" }, true],
      ["a field of an object", { d: { e: ["x"] } }, { d: { e: "x" } }, true],
      ["a field whose name has a dot", { d: { e: ["x"] } }, { "d.e": "x" }, true],
      ["two fields of one element", { l: { p: [1], q: [2] } }, { l: [{ p: 1, q: 2 }] }, true],
      [
        "two fields of different elements",
        { l: { p: [1], q: [2] } },
        {
          l: [
            { p: 1, q: 3 },
            { p: 3, q: 2 },
          ],
        },
        false,
      ],
      [
        "two fields of different elements, the arrays nested",
        { l: { m: { p: [1], q: [2] } } },
        { l: [{ m: [{ p: 1 }, { q: 2 }] }] },
        false,
      ],
      [
        "a field absent from the element of another",
        { l: { p: [1], q: [{ exists: false }] } },
        { l: [{ p: 1 }, { q: 2 }] },
        true,
      ],
      ["one of two alternatives", { $or: [{ a: [1] }, { b: [1] }] }, { b: 1 }, true],
      ["none of two alternatives", { $or: [{ a: [1] }, { b: [1] }] }, { b: 2 }, false],
      ["alternatives within a field", { d: { $or: [{ a: [1] }, { b: [1] }] } }, { d: { b: 1 } }, true],
      [
        "alternatives within alternatives",
        { $or: [{ a: [1] }, { d: { $or: [{ b: [1] }, { c: [1] }] } }] },
        { d: { c: 1 } },
        true,
      ],
      [
        "alternatives beside a field that fails",
        { s: [0], $or: [{ a: [1] }, { b: [1] }] },
        { s: 1, a: 1 },
        false,
      ],
      [
        "an alternative that the matcher takes for an earlier one, as Event Ruler does",
        { $or: [{ a: [1] }, { a: [1, 2] }] },
        { a: 2 },
        false,
      ],
      ["the same alternatives the other way round", { $or: [{ a: [1, 2] }, { a: [1] }] }, { a: 2 }, true],
      [
        "an alternative with fewer paths than an earlier one",
        { $or: [{ a: [1], b: [1] }, { a: [1] }] },
        { a: 1 },
        true,
      ],
      ["alternatives with nothing in common", { $or: [{ a: [1] }, { a: [2] }] }, { a: 2 }, true],
    ];
    for (const [what, pattern, event, wanted] of table) {
      it(`${wanted ? "matches" : "does not match"} ${what}`, () => {
        assert.equal(matches(pattern, event), wanted);
      });
    }

    it("answers when many values match at many paths but the last", () => {
      const paths = ["a", "b", "c", "d", "e", "f", "g", "h"];
      const event = Object.fromEntries(paths.map((path) => [path, Array.from({ length: 50 }, () => "x")]));
      const pattern = Object.fromEntries(paths.map((path) => [path, ["x"]]));
      assert.equal(matches({ ...pattern, z: ["x"] }, event), false);
      assert.equal(matches(pattern, event), true);
    });

    it("refuses an event that is no object", () => {
      assert.throws(() => matches(oneOf("a"), ["a"]), /JSON object, found an array/);
    });

    it("gives every answer of a compiled pattern as matches does", () => {
      const test = compilePattern(oneOf({ prefix: "a" }));
      assert.deepEqual(
        [{ v: "ab" }, { v: "b" }, {}].map((event) => test(event)),
        [true, false, false],
      );
    });
  });

  describe("checkPattern", () => {
    const refused: readonly (readonly [string, unknown, RegExp])[] = [
      ["a text", "source", /must be a JSON object/],
      ["an array", ["aws.ssm"], /must be a JSON object/],
      ["no field", {}, /empty object/],
      ["an empty object", { detail: {} }, /detail: an empty object/],
      ["an empty array", oneOf(), /v: an empty array/],
      ["a bare value", { source: "aws.ssm" }, /source: expected an object or an array/],
      ["an array within an array", oneOf(["a"]), /v\[0\]/],
      ["an unknown comparison", oneOf({ contains: "a" }), /unknown comparison contains/],
      ["two comparisons in one", oneOf({ prefix: "a", suffix: "b" }), /exactly one member/],
      ["a comparison of nothing", oneOf({}), /exactly one member/],
      ["a prefix of a number", oneOf({ prefix: 1 }), /expected a string/],
      ["another comparison in a prefix", oneOf({ prefix: { wildcard: "a" } }), /expected equals-ignore-case/],
      ["equals-ignore-case of a list", oneOf({ "equals-ignore-case": ["a"] }), /expected a string/],
      ["two stars in a row", oneOf({ wildcard: "a**" }), /two wildcards in a row at position 1/],
      ["a backslash before a letter", oneOf({ wildcard: "a\\b" }), /backslash at position 1/],
      ["a backslash at the end", oneOf({ wildcard: "a\\" }), /backslash/],
      ["exists of a text", oneOf({ exists: "true" }), /expected true or false/],
      ["a block without a length", oneOf({ cidr: "10.0.0.0" }), /ADDRESS\/BITS/],
      ["a block of one address", oneOf({ cidr: "10.0.0.0/32" }), /0 to 31/],
      ["a block of one IPv6 address", oneOf({ cidr: "::1/128" }), /0 to 127/],
      ["a block of no address", oneOf({ cidr: "10.0.0.256/8" }), /ADDRESS\/BITS/],
      ["numeric of a number", oneOf({ numeric: 1 }), /expected an array/],
      ["numeric without an operator", oneOf({ numeric: [1] }), /between|one of/],
      ["numeric of a text", oneOf({ numeric: ["=", "1"] }), /expected a number/],
      ["an unknown operator", oneOf({ numeric: ["==", 1] }), /one of = </],
      ["a range from above", oneOf({ numeric: ["<", 5, ">", 1] }), /> or >=/],
      ["a range turned round", oneOf({ numeric: [">", 5, "<", 1] }), /less than the upper/],
      ["a range of two lower bounds", oneOf({ numeric: [">", 1, ">", 2] }), /must be < or <=/],
      ["a number beyond five billion", oneOf({ numeric: ["<", 6e9] }), /5e9/],
      ["a number of seven decimals", oneOf({ numeric: ["=", 0.1234567] }), /six decimals/],
      ["anything-but of both types", oneOf({ "anything-but": ["a", 1] }), /only strings or only numbers/],
      ["anything-but of null", oneOf({ "anything-but": null }), /only strings or only numbers/],
      ["anything-but of nothing", oneOf({ "anything-but": [] }), /only strings or only numbers/],
      ["anything-but an empty prefix", oneOf({ "anything-but": { prefix: "" } }), /empty prefix/],
      [
        "anything-but numeric",
        oneOf({ "anything-but": { numeric: ["=", 1] } }),
        /expected a string|expected prefix/,
      ],
      ["anything-but two stars", oneOf({ "anything-but": { wildcard: ["a", "**"] } }), /two wildcards/],
      ["one alternative", { $or: [{ a: [1] }] }, /\$or: expected an array of at least two objects/],
      ["an alternative that is no object", { $or: [{ a: [1] }, "b"] }, /at least two objects/],
      ["alternatives in an object", { $or: { a: [1] } }, /at least two objects/],
      ["a comparison's name as a field of $or", { $or: [{ a: [1] }, { prefix: ["b"] }] }, /within \$or/],
      [
        "more than 1,000 combinations",
        Object.fromEntries(
          ["p", "q", "r"].map((field) => [
            field,
            { $or: Array.from({ length: 11 }, (_none, index) => ({ [`f${index}`]: [1] })) },
          ]),
        ),
        /1000 combinations/,
      ],
    ];
    for (const [what, pattern, wanted] of refused) {
      it(`refuses ${what}`, () => {
        assert.throws(() => checkPattern(pattern), { code: "InvalidEventPatternException", message: wanted });
        assert.throws(() => matches(pattern, {}), wanted);
      });
    }

    it("takes a comparison's name as a field outside $or", () => {
      assert.doesNotThrow(() => checkPattern({ detail: { prefix: ["a"] } }));
    });
  });

  describe("for every event", () => {
    const leaf = fc.oneof(
      fc.string({ maxLength: 6 }),
      fc.integer({ min: -1000, max: 1000 }),
      fc.boolean(),
      fc.constant(null),
    );
    const name = fc.constantFrom("a", "b", "c", "d", "e");
    const event = fc.dictionary(
      name,
      fc.letrec<{ node: unknown }>((tie) => ({
        node: fc.oneof(
          { depthSize: "small", maxDepth: 3 },
          leaf,
          fc.array(fc.oneof(leaf, tie("node")), { maxLength: 3 }),
          fc.dictionary(name, tie("node"), { minKeys: 1, maxKeys: 3 }),
        ),
      })).node,
      { minKeys: 1, maxKeys: 3 },
    );
    type Choose = (count: number) => number;

    /** A pattern that the event must match: of every array one element, of every value an element that says it. */
    function patternOf(value: unknown, choose: Choose): Record<string, unknown> | unknown[] | undefined {
      if (Array.isArray(value)) {
        return value.length === 0 ? undefined : patternOf(value[choose(value.length)], choose);
      }
      if (typeof value === "object" && value !== null) {
        const members = Object.entries(value)
          .map(([key, member]) => [key, patternOf(member, choose)] as const)
          .filter(([, member]) => member !== undefined);
        return members.length === 0 ? undefined : Object.fromEntries(members);
      }
      const ways: unknown[] = [value];
      if (typeof value === "string") {
        const half = Math.floor(value.length / 2);
        const escaped = value.replace(/[\\*]/g, "\\$&");
        ways.push(
          { prefix: value.slice(0, half) },
          { suffix: value.slice(half) },
          { "equals-ignore-case": value.replace(/[a-z]/g, (letter) => letter.toUpperCase()) },
          { wildcard: `*${escaped}` },
        );
      } else if (typeof value === "number") {
        ways.push({ numeric: ["=", value] }, { numeric: [">=", value, "<", value + 1] });
      }
      return [ways[choose(ways.length)]];
    }

    const chooser = fc.array(fc.nat(), { minLength: 1, maxLength: 20 }).map((numbers) => {
      return (): Choose => {
        let at = 0;
        return (count) => (numbers[at++ % numbers.length] ?? 0) % count;
      };
    });

    it("a pattern made from it matches it", () => {
      fc.assert(
        fc.property(event, chooser, (value, choose) => {
          const pattern = patternOf(value, choose());
          fc.pre(pattern !== undefined);
          assert.equal(matches(pattern, value), true, JSON.stringify(pattern));
        }),
        { numRuns: 200 },
      );
    });

    it("a field added to it breaks no match of a pattern without exists or anything-but", () => {
      fc.assert(
        fc.property(event, chooser, name, leaf, (value, choose, field, added) => {
          const pattern = patternOf(value, choose());
          fc.pre(pattern !== undefined);
          const more = JSON.parse(JSON.stringify(value), (_key, member: unknown) =>
            typeof member === "object" && member !== null && !Array.isArray(member)
              ? { [field]: added, ...member }
              : member,
          ) as unknown;
          assert.equal(matches(pattern, more), true);
        }),
        { numRuns: 100 },
      );
    });

    it("a pattern that matches still does beside an alternative that does not", () => {
      fc.assert(
        fc.property(event, chooser, fc.boolean(), (value, choose, first) => {
          const pattern = patternOf(value, choose());
          fc.pre(pattern !== undefined);
          const other = { nowhere: ["x"] };
          assert.equal(matches({ $or: first ? [pattern, other] : [other, pattern] }, value), true);
        }),
        { numRuns: 100 },
      );
    });

    it("a value matches anything-but a string exactly when it is not that string", () => {
      fc.assert(
        fc.property(leaf, fc.string({ maxLength: 2 }), (value, text) => {
          assert.equal(matches(oneOf({ "anything-but": text }), { v: value }), value !== text);
        }),
      );
    });
  });
});
