/**
 * Event patterns of Amazon EventBridge: which events they match, and which patterns are refused.
 *
 * Sources: Amazon EventBridge User Guide, "Event pattern syntax" and "Comparison operators for use in event patterns
 * in Amazon EventBridge"; the behaviour of Event Ruler, the matcher that AWS publishes, where the guide is silent
 * (arrays of objects, absence, addresses, reserved names).
 */
import { identityOf, invalidPattern, isRecord, valueMatcher } from "./event-pattern-values";
import type { Leaf, ValueMatcher } from "./event-pattern-values";

/** The elements of a pattern at one path, one of which a value must match. */
interface Demand {
  readonly matchers: readonly ValueMatcher[];
  readonly identities: readonly string[];
}

/** One way to satisfy a pattern: all its demands, by path. `$or` makes several ways. */
type Way = ReadonlyMap<string, Demand>;

/** A value of the event, and its index in each array that holds it. */
interface Field {
  readonly value: Leaf;
  readonly elements: ReadonlyMap<number, number>;
}

/** The most combinations of `$or` that EventBridge accepts. */
const mostWays = 1000;

/** Names that EventBridge reserves within `$or` for present and future comparisons. */
const reservedInOr: readonly string[] = [
  ...[
    "exactly",
    "equals-ignore-case",
    "prefix",
    "suffix",
    "anything-but",
    "exists",
    "wildcard",
    "numeric",
    "cidr",
  ],
  ...["=", "<", "<=", ">", ">=", "regex", "not-wildcard", "not-equals-ignore-case", "date-after"],
  ...["date-on-or-after", "date-before", "date-on-or-before", "in-date-range", "ip-address-in-range"],
  "ip-address-not-in-range",
];

/** Throws an InvalidEventPatternException, with path and reason, for a pattern that EventBridge refuses. */
export function checkPattern(pattern: unknown): void {
  waysOf(pattern);
}

/**
 * True when the pattern matches the event. Throws an InvalidEventPatternException for a pattern that EventBridge
 * refuses, whatever the event.
 */
export function matches(pattern: unknown, event: unknown): boolean {
  return compilePattern(pattern)(event);
}

/** `matches` for many events: checks the pattern once. */
export function compilePattern(pattern: unknown): (event: unknown) => boolean {
  const ways = waysOf(pattern).map((way) => [...way].sort(([a], [b]) => (a < b ? -1 : 1)));
  return (event) => {
    if (!isRecord(event)) {
      throw new TypeError(
        `the event: expected a JSON object, found ${Array.isArray(event) ? "an array" : typeof event}`,
      );
    }
    const fields = fieldsOf(event);
    return ways.some((way) => satisfied(way, 0, new Map(), fields));
  };
}

function waysOf(pattern: unknown): Way[] {
  if (!isRecord(pattern)) {
    throw invalidPattern("", "it must be a JSON object");
  }
  return distinct(addObject([new Map()], pattern, "", false));
}

/**
 * The ways that the matcher keeps. It drops a later way that names the same paths as an earlier one and shares at least
 * one element with it at each path: of `{"$or": [{"a": [1]}, {"a": [1, 2]}]}` only the first alternative counts.
 * Observed in Event Ruler 1.8.
 */
function distinct(ways: readonly Way[]): Way[] {
  const kept: Way[] = [];
  for (const way of ways) {
    if (!kept.some((earlier) => isTakenFor(way, earlier))) {
      kept.push(way);
    }
  }
  return kept;
}

function isTakenFor(way: Way, earlier: Way): boolean {
  return (
    way.size === earlier.size &&
    [...way].every(([path, demand]) => {
      const identities = earlier.get(path)?.identities ?? [];
      return demand.identities.some((identity) => identities.includes(identity));
    })
  );
}

/** Adds an object's members to each way, in their order: a path that is named twice is replaced. */
function addObject(ways: Way[], object: Record<string, unknown>, path: string, inOr: boolean): Way[] {
  const members = Object.entries(object);
  if (members.length === 0) {
    throw invalidPattern(path, "an empty object is not allowed");
  }
  return members.reduce((sofar, [name, value]) => addMember(sofar, name, value, path, inOr), ways);
}

function addMember(ways: Way[], name: string, value: unknown, parent: string, inOr: boolean): Way[] {
  if (name === "$or") {
    return addOr(ways, value, parent);
  }
  const path = parent === "" ? name : `${parent}.${name}`;
  if (inOr && reservedInOr.includes(name)) {
    throw invalidPattern(path, "a comparison's name cannot be a field's name within $or");
  }
  if (isRecord(value)) {
    return addObject(ways, value, path, inOr);
  }
  if (!Array.isArray(value)) {
    throw invalidPattern(path, "expected an object or an array");
  }
  if (value.length === 0) {
    throw invalidPattern(path, "an empty array is not allowed");
  }
  const demand: Demand = {
    matchers: value.map((element: unknown, index) => valueMatcher(element, `${path}[${index}]`)),
    identities: value.map(identityOf),
  };
  return ways.map((way) => new Map([...way, [path, demand]]));
}

function addOr(ways: Way[], value: unknown, parent: string): Way[] {
  const path = parent === "" ? "$or" : `${parent}.$or`;
  if (!Array.isArray(value) || value.length < 2 || !value.every(isRecord)) {
    throw invalidPattern(path, "expected an array of at least two objects");
  }
  const all = value.flatMap((alternative) => addObject(ways, alternative, parent, true));
  if (all.length > mostWays) {
    throw invalidPattern(path, `more than ${mostWays} combinations of $or`);
  }
  return all;
}

/**
 * True when consistent values satisfy the paths from `at` on: two values from one array of objects must come from the
 * same element. A path is absent if none of its values is consistent with the elements so far.
 */
function satisfied(
  way: readonly (readonly [string, Demand])[],
  at: number,
  elements: ReadonlyMap<number, number>,
  fields: ReadonlyMap<string, readonly Field[]>,
): boolean {
  const entry = way[at];
  if (!entry) {
    return true;
  }
  const [path, { matchers }] = entry;
  const candidates = (fields.get(path) ?? []).filter((field) => agrees(field.elements, elements));
  if (candidates.length === 0) {
    return matchers.some((matcher) => matcher.absent) && satisfied(way, at + 1, elements, fields);
  }
  // One value of each combination of elements is enough.
  const tried: string[] = [];
  return candidates.some((field) => {
    const place = [...field.elements].join(";");
    if (tried.includes(place) || !matchers.some((matcher) => !matcher.absent && matcher.test(field.value))) {
      return false;
    }
    tried.push(place);
    return satisfied(way, at + 1, new Map([...elements, ...field.elements]), fields);
  });
}

function agrees(one: ReadonlyMap<number, number>, other: ReadonlyMap<number, number>): boolean {
  return [...one].every(([array, index]) => (other.get(array) ?? index) === index);
}

/** The event's values by path. Values directly in an array are alternatives and belong to no element. */
function fieldsOf(event: Record<string, unknown>): Map<string, Field[]> {
  const fields = new Map<string, Field[]>();
  let arrays = 0;
  const visit = (value: unknown, path: string, elements: ReadonlyMap<number, number>): void => {
    if (Array.isArray(value)) {
      const array = arrays++;
      value.forEach((element: unknown, index) => {
        const within = typeof element === "object" && element !== null;
        visit(element, path, within ? new Map([...elements, [array, index]]) : elements);
      });
    } else if (isRecord(value)) {
      for (const [name, member] of Object.entries(value)) {
        visit(member, path === "" ? name : `${path}.${name}`, elements);
      }
    } else if (
      value === null ||
      typeof value === "string" ||
      typeof value === "number" ||
      typeof value === "boolean"
    ) {
      const known = fields.get(path) ?? [];
      known.push({ value, elements });
      fields.set(path, known);
    }
  };
  visit(event, "", new Map());
  return fields;
}
