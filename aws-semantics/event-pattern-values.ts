/**
 * The elements of a field of an event pattern, and the values that they match.
 *
 * Source: Amazon EventBridge User Guide, "Comparison operators for use in event patterns in Amazon EventBridge".
 */
import { anyText, globMatches } from "./glob";
import type { GlobToken } from "./glob";
import { parseIpAddress, parseIpBlock } from "./ip-address";

/** A value of an event without members. */
export type Leaf = string | number | boolean | null;

/** One element of a field: a test for a value, or the demand that there is no value. */
export type ValueMatcher =
  { readonly absent: true } | { readonly absent?: never; test(value: Leaf): boolean };

/** EventBridge's error for a pattern that it refuses. */
export function invalidPattern(path: string, reason: string): Error & { readonly code: string } {
  const error = new Error(
    `Event pattern is not valid. Reason: ${path === "" ? "the pattern" : path}: ${reason}`,
  );
  return Object.assign(error, { name: "InvalidEventPatternException", code: "InvalidEventPatternException" });
}

/** The test of one element. Throws for an element that EventBridge refuses. */
export function valueMatcher(element: unknown, path: string): ValueMatcher {
  if (element === null || typeof element === "boolean") {
    return { test: (value) => value === element };
  }
  if (typeof element === "string") {
    return stringMatcher(element);
  }
  if (typeof element === "number") {
    return { test: (value) => value === element };
  }
  if (!isRecord(element)) {
    throw invalidPattern(path, "expected a string, number, true, false, null or a comparison");
  }
  const [operator, operand] = onlyMember(element, path);
  return comparison(operator, operand, `${path}.${operator}`);
}

/** An exact string; an IP address also matches other spellings of it (`::1`, `0:0:0:0:0:0:0:1`). */
function stringMatcher(element: string): ValueMatcher {
  const address = parseIpAddress(element);
  return {
    test(value) {
      if (value === element || address === undefined || typeof value !== "string") {
        return value === element;
      }
      const other = parseIpAddress(value);
      return other !== undefined && other.text === address.text;
    },
  };
}

function comparison(operator: string, operand: unknown, path: string): ValueMatcher {
  switch (operator) {
    case "exactly":
      return ofString(equals(text(operand, path)));
    case "equals-ignore-case":
      return ofString(equalsIgnoringCase(text(operand, path)));
    case "prefix":
    case "suffix":
      return ofString(affix(operator, operand, path));
    case "wildcard":
      return ofString(wildcard(text(operand, path), path));
    case "numeric":
      return numericMatcher(operand, path);
    case "cidr":
      return cidrMatcher(text(operand, path), path);
    case "exists":
      return existsMatcher(operand, path);
    case "anything-but":
      return anythingBut(operand, path);
    default:
      throw invalidPattern(path, `unknown comparison ${operator}`);
  }
}

type StringTest = (value: string) => boolean;

function ofString(test: StringTest): ValueMatcher {
  return { test: (value) => typeof value === "string" && test(value) };
}

function equals(wanted: string): StringTest {
  return (value) => value === wanted;
}

function equalsIgnoringCase(wanted: string): StringTest {
  const lower = wanted.toLowerCase();
  return (value) => value.toLowerCase() === lower;
}

/** A prefix or suffix: a string, or `{ "equals-ignore-case": string }`. */
function affix(operator: "prefix" | "suffix", operand: unknown, path: string): StringTest {
  if (!isRecord(operand)) {
    return affixTest(operator, text(operand, path));
  }
  const [inner, innerOperand] = onlyMember(operand, path);
  if (inner !== "equals-ignore-case") {
    throw invalidPattern(path, `expected equals-ignore-case in a ${operator}, found ${inner}`);
  }
  const test = affixTest(operator, text(innerOperand, `${path}.${inner}`).toLowerCase());
  return (value) => test(value.toLowerCase());
}

function affixTest(operator: "prefix" | "suffix", wanted: string): StringTest {
  return operator === "prefix" ? (value) => value.startsWith(wanted) : (value) => value.endsWith(wanted);
}

/** `*` is any text; a backslash escapes a star or a backslash and nothing else. */
function wildcard(pattern: string, path: string): StringTest {
  const characters = [...pattern];
  const tokens: GlobToken[] = [];
  for (let at = 0; at < characters.length; at++) {
    const character = characters[at] ?? "";
    const next = characters[at + 1];
    if (character === "*") {
      if (next === "*") {
        throw invalidPattern(path, `two wildcards in a row at position ${at}; use one`);
      }
      tokens.push(anyText);
    } else if (character === "\\") {
      if (next !== "*" && next !== "\\") {
        throw invalidPattern(path, `a backslash at position ${at} must be followed by a star or a backslash`);
      }
      tokens.push({ literal: next });
      at++;
    } else {
      tokens.push({ literal: character });
    }
  }
  return (value) => globMatches(tokens, value);
}

/** Numbers are comparable between minus and plus five billion, with at most six decimals. */
const largestComparable = 5e9;

function isComparable(value: number): boolean {
  return Math.abs(value) <= largestComparable && Number(value.toFixed(6)) === value;
}

function comparableNumber(operand: unknown, path: string): number {
  if (typeof operand !== "number" || !isComparable(operand)) {
    throw invalidPattern(path, "expected a number between -5e9 and 5e9 with at most six decimals");
  }
  return operand;
}

type NumberTest = (value: number) => boolean;

/** `["=", n]`, one bound (`["<", n]`), or a lower and an upper bound (`[">", n, "<=", m]`). */
function numericMatcher(operand: unknown, path: string): ValueMatcher {
  if (!Array.isArray(operand)) {
    throw invalidPattern(path, "expected an array of comparisons and numbers");
  }
  const terms: readonly unknown[] = operand;
  const test = numericTest(terms, path);
  return { test: (value) => typeof value === "number" && isComparable(value) && test(value) };
}

function numericTest(terms: readonly unknown[], path: string): NumberTest {
  const [first, firstOperand, second, secondOperand] = terms;
  const one = bound(first, firstOperand, path);
  if (terms.length === 2) {
    return one.test;
  }
  if (terms.length !== 4 || !(first === ">" || first === ">=")) {
    throw invalidPattern(path, "expected one comparison, or > or >= and then < or <=, each with its number");
  }
  const other = bound(second, secondOperand, path);
  if (!(second === "<" || second === "<=")) {
    throw invalidPattern(path, "the second comparison of a range must be < or <=");
  }
  if (one.limit >= other.limit) {
    throw invalidPattern(path, "the lower bound of a range must be less than the upper one");
  }
  return (value) => one.test(value) && other.test(value);
}

function bound(operator: unknown, operand: unknown, path: string): { limit: number; test: NumberTest } {
  const limit = comparableNumber(operand, path);
  switch (operator) {
    case "=":
      return { limit, test: (value) => value === limit };
    case "<":
      return { limit, test: (value) => value < limit };
    case "<=":
      return { limit, test: (value) => value <= limit };
    case ">":
      return { limit, test: (value) => value > limit };
    case ">=":
      return { limit, test: (value) => value >= limit };
    default:
      throw invalidPattern(path, "a comparison of numbers must be one of = < <= > >=");
  }
}

/** A block of addresses. EventBridge refuses a block of one address. */
function cidrMatcher(operand: string, path: string): ValueMatcher {
  const block = parseIpBlock(operand);
  const bits = block?.version === 4 ? 32 : 128;
  if (!block || block.prefixLength >= bits) {
    throw invalidPattern(path, "expected ADDRESS/BITS, with 0 to 31 bits for IPv4 and 0 to 127 for IPv6");
  }
  return ofString((value) => {
    const address = parseIpAddress(value);
    return address !== undefined && block.contains(address);
  });
}

/** Only values without members exist; objects and empty arrays do not. */
function existsMatcher(operand: unknown, path: string): ValueMatcher {
  if (typeof operand !== "boolean") {
    throw invalidPattern(path, "expected true or false");
  }
  return operand ? { test: () => true } : { absent: true };
}

/** Matches every value of any type except the named ones. */
function anythingBut(operand: unknown, path: string): ValueMatcher {
  const named = isRecord(operand) ? anythingButComparison(operand, path) : anythingButValues(operand, path);
  return { test: (value) => !named(value) };
}

function anythingButValues(operand: unknown, path: string): (value: Leaf) => boolean {
  const values: readonly unknown[] = Array.isArray(operand) ? operand : [operand];
  const allOf = (type: "string" | "number"): boolean =>
    values.length > 0 && values.every((value) => typeof value === type);
  if (allOf("number")) {
    values.forEach((value) => comparableNumber(value, path));
  }
  if (allOf("string") || allOf("number")) {
    return (value) => values.includes(value);
  }
  throw invalidPattern(path, "expected a string or a number, or an array of only strings or only numbers");
}

function anythingButComparison(operand: Record<string, unknown>, path: string): (value: Leaf) => boolean {
  const [operator, inner] = onlyMember(operand, path);
  const values: readonly unknown[] = Array.isArray(inner) ? inner : [inner];
  const tests = values.map((value) => anythingButTest(operator, text(value, path), path));
  return (value) => typeof value === "string" && tests.some((test) => test(value));
}

function anythingButTest(operator: string, wanted: string, path: string): StringTest {
  switch (operator) {
    case "equals-ignore-case":
      return equalsIgnoringCase(wanted);
    case "wildcard":
      return wildcard(wanted, path);
    case "prefix":
    case "suffix":
      if (wanted === "") {
        throw invalidPattern(path, `an empty ${operator} would match nothing`);
      }
      return affixTest(operator, wanted);
    default:
      throw invalidPattern(
        path,
        `expected prefix, suffix, wildcard or equals-ignore-case, found ${operator}`,
      );
  }
}

function text(operand: unknown, path: string): string {
  if (typeof operand !== "string") {
    throw invalidPattern(path, "expected a string");
  }
  return operand;
}

function onlyMember(value: Record<string, unknown>, path: string): readonly [string, unknown] {
  const [member, ...more] = Object.entries(value);
  if (!member || more.length > 0) {
    throw invalidPattern(path, "a comparison must have exactly one member");
  }
  return member;
}

/**
 * The identity by which AWS's matcher compares two elements: an address equals its block of one, a number the comparison
 * `=`, a list of one its only value. Every element that `valueMatcher` accepts has exactly one identity.
 */
export function identityOf(element: unknown): string {
  if (typeof element === "string") {
    const address = parseIpAddress(element);
    return address ? `address ${address.text}` : `exactly ${element}`;
  }
  if (!isRecord(element)) {
    return `${typeof element} ${String(element)}`;
  }
  const [[operator, operand] = ["", undefined]] = Object.entries(element);
  if (operator === "exactly") {
    return `exactly ${String(operand)}`;
  }
  if (operator === "numeric" && Array.isArray(operand) && operand[0] === "=") {
    return `number ${String(operand[1])}`;
  }
  if (operator === "anything-but") {
    const [inner, values] = isRecord(operand) ? (Object.entries(operand)[0] ?? ["", []]) : ["", operand];
    const list: readonly unknown[] = Array.isArray(values) ? values : [values];
    return `anything-but ${inner} ${JSON.stringify(list.map((value) => JSON.stringify(value)).sort())}`;
  }
  return JSON.stringify(element);
}

/** True for an object with members, not an array. */
export function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
