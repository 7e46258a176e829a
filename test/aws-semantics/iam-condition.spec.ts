import assert from "node:assert/strict";
import fc from "fast-check";
import { conditionHolds, isConditionOperator } from "../../aws-semantics/iam-condition";
import type { ConditionBlock } from "../../aws-semantics/iam-condition";
import type { RequestContext } from "../../aws-semantics/iam-text";

const rule = "arn:aws:events:eu-west-1:123456789012:rule/secrets";

describe("aws-semantics/iam-condition", () => {
  describe("conditionHolds", () => {
    const table: readonly (readonly [string, unknown, unknown, boolean])[] = [
      ["StringEquals", "shop", "shop", true],
      ["StringEquals", "shop", "Shop", false],
      ["StringEquals", ["a", "shop"], "shop", true],
      ["StringEquals", "s*", "shop", false],
      ["StringEquals", "shop", undefined, false],
      ["stringequals", "shop", "shop", true],
      ["StringNotEquals", "shop", "Shop", true],
      ["StringNotEquals", ["a", "shop"], "shop", false],
      ["StringNotEquals", "shop", undefined, true],
      ["StringEqualsIfExists", "shop", undefined, true],
      ["StringEqualsIfExists", "shop", "other", false],
      ["StringEqualsIgnoreCase", "SHOP", "shop", true],
      ["StringNotEqualsIgnoreCase", "SHOP", "shop", false],
      ["StringLike", "s?o*", "shop", true],
      ["StringLike", "s?o", "shop", false],
      ["StringNotLike", "s*", "shop", false],
      ["StringEquals", "a", ["a", "b"], true],
      ["StringNotEquals", "a", ["a", "b"], false],
      ["NumericEquals", "10", 10, true],
      ["NumericNotEquals", "10", 11, true],
      ["NumericLessThan", "10", 9.5, true],
      ["NumericLessThan", "10", 10, false],
      ["NumericLessThanEquals", "10", "10", true],
      ["NumericGreaterThan", "10", "ten", false],
      ["NumericGreaterThanEquals", 10, "10", true],
      ["NumericEquals", "", "", false],
      ["DateEquals", "2026-08-01T00:00:00Z", "2026-08-01T02:00:00+02:00", true],
      ["DateLessThan", "2026-08-01T00:00:00Z", "2026-07-31T23:59:59Z", true],
      ["DateGreaterThan", "1785542400", "2026-08-01T00:00:01Z", true],
      ["DateNotEquals", "2026-08-01T00:00:00Z", "2026-08-01T00:00:00Z", false],
      ["Bool", "true", true, true],
      ["Bool", true, "false", false],
      ["BoolIfExists", "false", undefined, true],
      ["BinaryEquals", "QmluYXJ5", "QmluYXJ5", true],
      ["IpAddress", "203.0.113.0/24", "203.0.113.7", true],
      ["IpAddress", "203.0.113.7", "203.0.113.7", true],
      ["IpAddress", "2001:db8::/32", "2001:db8:1::1", true],
      ["NotIpAddress", "203.0.113.0/24", "203.0.114.7", true],
      ["IpAddress", "203.0.113.0/24", "nowhere", false],
      ["ArnEquals", rule, rule, true],
      ["ArnEquals", "arn:aws:events:*:123456789012:rule/*", rule, true],
      ["ArnLike", "arn:aws:events:eu-west-1:*:rule/secret?", rule, true],
      ["ArnLike", "arn:aws:events:*:rule/secrets", rule, false],
      ["ArnLike", "arn:aws:events:*", rule, false],
      ["ArnLike", "*", rule, false],
      ["ArnNotLike", "arn:aws:events:*:*:rule/other", rule, true],
      ["ArnLike", rule, undefined, false],
      ["Null", "true", undefined, true],
      ["Null", "true", "shop", false],
      ["Null", "false", "shop", true],
      ["Null", false, undefined, false],
      ["ForAnyValue:StringEquals", ["a", "b"], ["b", "c"], true],
      ["ForAnyValue:StringEquals", ["a"], ["b", "c"], false],
      ["ForAnyValue:StringEquals", ["a"], undefined, false],
      ["ForAnyValue:StringNotEquals", ["a"], ["a", "b"], true],
      ["ForAnyValue:StringNotEquals", ["a", "b"], ["a", "b"], false],
      ["ForAnyValue:StringEqualsIfExists", ["a"], undefined, false],
      ["ForAllValues:StringEquals", ["a", "b"], ["a"], true],
      ["ForAllValues:StringEquals", ["a", "b"], ["a", "c"], false],
      ["ForAllValues:StringEquals", ["a"], undefined, true],
      ["ForAllValues:StringEquals", ["a"], [], true],
      ["ForAllValues:StringNotEquals", ["a"], ["b", "c"], true],
      ["ForAllValues:StringNotEquals", ["a"], ["a", "c"], false],
      ["ForAllValues:StringLike", "a*", ["ab", "ac"], true],
    ];
    for (const [operator, wanted, value, holds] of table) {
      it(`says ${holds} of ${operator} ${JSON.stringify(wanted)} for ${JSON.stringify(value) ?? "nothing"}`, () => {
        const block = { [operator]: { "aws:Key": wanted } } as ConditionBlock;
        const context = (value === undefined ? {} : { "AWS:key": value }) as RequestContext;
        assert.equal(conditionHolds(block, context), holds);
      });
    }

    it("wants every operator and every key", () => {
      const block = { StringEquals: { a: "1", b: "2" }, Bool: { c: "true" } };
      const context = { a: "1", b: "2", c: true };
      assert.equal(conditionHolds(block, context), true);
      for (const key of ["a", "b", "c"]) {
        assert.equal(conditionHolds(block, { ...context, [key]: "other" }), false, key);
      }
    });

    it("puts policy variables into values, where what they give is literal and what they lack equals nothing", () => {
      const block = { StringLike: { path: "home/${aws:username}/*" } };
      assert.equal(conditionHolds(block, { path: "home/ann/x", "aws:username": "ann" }), true);
      assert.equal(conditionHolds(block, { path: "home/ann/x", "aws:username": "*" }), false);
      assert.equal(conditionHolds(block, { path: "home/ann/x" }), false);
      assert.equal(conditionHolds({ StringNotEquals: { path: "${aws:username}" } }, { path: "x" }), true);
    });

    it("throws for an operator that IAM does not have", () => {
      assert.throws(() => conditionHolds({ StringContains: { a: "b" } }, { a: "b" }), {
        code: "MalformedPolicyDocument",
        message: /unknown condition operator StringContains/,
      });
    });
  });

  describe("isConditionOperator", () => {
    it("knows the operators in any case, with set prefix and IfExists, and no others", () => {
      const known = ["StringEquals", "forallvalues:stringlikeifexists", "DateGreaterThanEquals", "Null"];
      const unknown = ["", "String", "NumericLike", "ForSome:StringEquals", "NullIfExists", "IfExists"];
      assert.deepEqual(known.filter(isConditionOperator), known);
      assert.deepEqual(unknown.filter(isConditionOperator), []);
    });
  });

  it("a negated operator says the opposite of the plain one for every single value", () => {
    fc.assert(
      fc.property(
        fc.constantFrom(
          ["StringEquals", "StringNotEquals"],
          ["StringLike", "StringNotLike"],
          ["StringEqualsIgnoreCase", "StringNotEqualsIgnoreCase"],
          ["ArnLike", "ArnNotLike"],
          ["NumericEquals", "NumericNotEquals"],
          ["IpAddress", "NotIpAddress"],
        ),
        fc.array(fc.constantFrom("a", "A", "a*", "1", "1.0", "10.0.0.0/8", "arn:aws:s3:::*"), {
          minLength: 1,
        }),
        fc.constantFrom("a", "ab", "1", "10.1.1.1", "arn:aws:s3:::b"),
        ([plain = "", negated = ""], wanted, value) => {
          const holds = (operator: string): boolean =>
            conditionHolds({ [operator]: { k: wanted } }, { k: value });
          assert.equal(holds(plain), !holds(negated));
        },
      ),
    );
  });
});
