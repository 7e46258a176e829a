/**
 * The Condition element of IAM policies.
 *
 * Sources: IAM User Guide, "IAM JSON policy elements: Condition operators" and "Set operators for multivalued context
 * keys".
 */
import { globMatches } from "./glob";
import { arnMatches, contextValues, patternOf, textOf } from "./iam-text";
import type { RequestContext } from "./iam-text";
import { parseIpAddress, parseIpBlock } from "./ip-address";

/** A value of a condition; JSON allows numbers and booleans too. */
export type ConditionValue = string | number | boolean;

/** Operator, then condition key, then the value or values. */
export type ConditionBlock = Readonly<
  Record<string, Readonly<Record<string, ConditionValue | readonly ConditionValue[]>>>
>;

/** True when the context's value matches the policy's value. */
type Comparison = (value: string, wanted: string, context: RequestContext) => boolean;

/** A parsed operator. */
interface Operator {
  readonly compare: Comparison;
  readonly negated: boolean;
  readonly ifExists: boolean;
  readonly set?: "ForAllValues" | "ForAnyValue";
}

/** True when every operator holds for each of its keys. Throws for an unknown operator. */
export function conditionHolds(condition: ConditionBlock, context: RequestContext): boolean {
  return Object.entries(condition).every(([name, keys]) =>
    Object.entries(keys).every(([key, wanted]) => {
      const values = contextValues(context, key);
      const texts = listOf(wanted).map(String);
      return isNullOperator(name)
        ? texts.some((text) => (text.toLowerCase() === "true") === (values.length === 0))
        : operatorHolds(parseOperator(name), values, texts, context);
    }),
  );
}

/** True for an operator of IAM, with or without set prefix and IfExists. */
export function isConditionOperator(name: string): boolean {
  return isNullOperator(name) || operatorOf(name) !== undefined;
}

/** `Null` tests whether a key is absent; IfExists and set operators do not apply to it. */
function isNullOperator(name: string): boolean {
  return /^null$/i.test(name);
}

/**
 * An absent key satisfies only IfExists, ForAllValues and negated operators. IfExists changes nothing with ForAllValues
 * and ForAnyValue, which decide value by value.
 */
function operatorHolds(
  operator: Operator,
  values: readonly string[],
  wanted: readonly string[],
  context: RequestContext,
): boolean {
  const matchesAny = (value: string): boolean =>
    wanted.some((text) => operator.compare(value, text, context));
  const holds = (value: string): boolean => matchesAny(value) !== operator.negated;
  switch (operator.set) {
    case "ForAllValues":
      return values.every(holds);
    case "ForAnyValue":
      return values.some(holds);
    case undefined:
      if (values.length === 0) {
        return operator.negated || operator.ifExists;
      }
      return operator.negated ? values.every(holds) : values.some(holds);
  }
}

function parseOperator(name: string): Operator {
  const operator = operatorOf(name);
  if (!operator) {
    throw Object.assign(
      new Error(`unknown condition operator ${name}; expected StringEquals, ArnLike, ...`),
      {
        code: "MalformedPolicyDocument",
      },
    );
  }
  return operator;
}

function operatorOf(name: string): Operator | undefined {
  const [, set = "", base = "", ifExists = ""] =
    /^(?:(forallvalues|foranyvalue):)?(.+?)(ifexists)?$/.exec(name.toLowerCase()) ?? [];
  const known = comparisons(base);
  return (
    known && {
      ...known,
      ifExists: ifExists !== "",
      set: set === "" ? undefined : set === "forallvalues" ? "ForAllValues" : "ForAnyValue",
    }
  );
}

function comparisons(base: string): { readonly compare: Comparison; readonly negated: boolean } | undefined {
  const positive = (compare: Comparison) => ({ compare, negated: false });
  const negative = (compare: Comparison) => ({ compare, negated: true });
  switch (base) {
    case "stringequals":
      return positive(stringEquals);
    case "stringnotequals":
      return negative(stringEquals);
    case "stringequalsignorecase":
      return positive(stringEqualsIgnoringCase);
    case "stringnotequalsignorecase":
      return negative(stringEqualsIgnoringCase);
    case "stringlike":
      return positive(stringLike);
    case "stringnotlike":
      return negative(stringLike);
    // ArnEquals and ArnLike behave identically, says the guide.
    case "arnequals":
    case "arnlike":
      return positive((value, wanted, context) => arnMatches(wanted, value, context));
    case "arnnotequals":
    case "arnnotlike":
      return negative((value, wanted, context) => arnMatches(wanted, value, context));
    case "bool":
      return positive((value, wanted) => value.toLowerCase() === wanted.toLowerCase());
    case "binaryequals":
      return positive((value, wanted) => value === wanted);
    case "ipaddress":
      return positive(ipMatches);
    case "notipaddress":
      return negative(ipMatches);
    default:
      return ordered(base, "numeric", numberOf) ?? ordered(base, "date", timeOf);
  }
}

function stringEquals(value: string, wanted: string, context: RequestContext): boolean {
  return value === textOf(wanted, context);
}

function stringEqualsIgnoringCase(value: string, wanted: string, context: RequestContext): boolean {
  return value.toLowerCase() === textOf(wanted, context)?.toLowerCase();
}

function stringLike(value: string, wanted: string, context: RequestContext): boolean {
  const tokens = patternOf(wanted, context);
  return tokens !== undefined && globMatches(tokens, value);
}

/** The policy's address is a block, or a single address without a length. */
function ipMatches(value: string, wanted: string): boolean {
  const address = parseIpAddress(value);
  if (address === undefined) return false;
  return parseIpAddress(wanted)?.text === address.text || parseIpBlock(wanted)?.contains(address) === true;
}

/** The six comparisons of numbers or dates. Any other text matches nothing. */
function ordered(
  base: string,
  prefix: "numeric" | "date",
  read: (text: string) => number,
): { readonly compare: Comparison; readonly negated: boolean } | undefined {
  const by = (test: (value: number, wanted: number) => boolean, negated = false) => ({
    compare: (value: string, wanted: string) => test(read(value), read(wanted)),
    negated,
  });
  switch (base.startsWith(prefix) ? base.slice(prefix.length) : "") {
    case "equals":
      return by((value, wanted) => value === wanted);
    case "notequals":
      return by((value, wanted) => value === wanted, true);
    case "lessthan":
      return by((value, wanted) => value < wanted);
    case "lessthanequals":
      return by((value, wanted) => value <= wanted);
    case "greaterthan":
      return by((value, wanted) => value > wanted);
    case "greaterthanequals":
      return by((value, wanted) => value >= wanted);
    default:
      return undefined;
  }
}

function numberOf(text: string): number {
  return text.trim() === "" ? Number.NaN : Number(text);
}

/** A time in ISO 8601 or in seconds since 1970, as milliseconds. */
function timeOf(text: string): number {
  return /^\d{5,}(?:\.\d+)?$/.test(text) ? Number(text) * 1000 : Date.parse(text);
}

/** One or many, as a list. */
export function listOf<Item>(value: Item | readonly Item[]): readonly Item[] {
  return isList(value) ? value : [value];
}

function isList<Item>(value: Item | readonly Item[]): value is readonly Item[] {
  return Array.isArray(value);
}
