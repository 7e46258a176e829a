import { inspect } from "node:util";

/** What a placeholder that carries a number stands for, within one recorded test. */
export type Bindings = ReadonlyMap<string, string>;

/** Where an answer differs from the recorded one. */
export interface Difference {
  /** `Versions[0].VersionStages`; empty for the answer as a whole. */
  readonly path: string;
  readonly recorded: string;
  readonly ours: string;
}

export interface Matched {
  readonly differences: readonly Difference[];
  /** With what this answer added. */
  readonly bindings: Bindings;
}

/** A placeholder of the recordings: `<name:1>`, `<SecretId-0idx>`, `<datetime>`. */
const placeholder = /<[A-Za-z][\w.-]*(?::\d+)?>/g;
/** One that stands for the same text wherever it occurs in a test. The others stand for any text. */
const numbered = /^<(?:[\w.-]+:\d+|[\w.]+-\d+idx)>$/;
/** How the recordings write a time. */
const times = ["datetime", "<datetime>", "timestamp", "date"];
/** Seconds or milliseconds since the epoch, or an ISO 8601 date. */
const timeText = /^(?:\d{10}(?:\.\d+|\d{3})?|\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d+)?Z)$/;

/** A text beside the recorded one, still to be compared. */
interface Leaf {
  readonly path: string;
  readonly recorded: string;
  readonly ours: string;
}

/** Values whose order is not recorded, or the entries of an object whose keys are placeholders. */
interface Group {
  readonly path: string;
  readonly recorded: readonly unknown[];
  readonly ours: readonly unknown[];
}

interface Found {
  readonly differences: Difference[];
  readonly leaves: Leaf[];
  readonly groups: Group[];
}

/**
 * Compares an answer with a recorded one. Nothing may be missing, added or different; a placeholder fits a text, and
 * a numbered one the same text in the whole test.
 *
 * @param unordered members whose lists were sorted before they were recorded
 */
export function match(
  recorded: unknown,
  ours: unknown,
  bindings: Bindings,
  unordered: readonly string[],
): Matched {
  const found: Found = { differences: [], leaves: [], groups: [] };
  walk(recorded, ours, "", unordered, found);
  const bound = new Map(bindings);
  // A text with one unknown placeholder says what that is; one with two is read when the others are known.
  let left = found.leaves;
  while (left.length > 0) {
    const open = (leaf: Leaf): number =>
      (leaf.recorded.match(placeholder) ?? []).filter((name) => numbered.test(name) && !bound.has(name))
        .length;
    const fewest = left.reduce((best, leaf) => (open(leaf) < open(best) ? leaf : best));
    left = left.filter((leaf) => leaf !== fewest);
    if (!fits(fewest.recorded, fewest.ours, bound)) found.differences.push(show(fewest));
  }
  let known: Bindings = bound;
  for (const group of found.groups) {
    const result = matchGroup(group, known, unordered);
    found.differences.push(...result.differences);
    known = result.bindings;
  }
  return { differences: found.differences, bindings: known };
}

function walk(
  recorded: unknown,
  ours: unknown,
  path: string,
  unordered: readonly string[],
  found: Found,
): void {
  const differs = (): void => void found.differences.push(show({ path, recorded, ours }));
  if (typeof recorded === "string") {
    if (times.includes(recorded) && (ours instanceof Date || timeText.test(String(ours)))) return;
    // The name of a member in its own place stands for any value of it: `receipt-handle`.
    const name = path.slice(path.lastIndexOf(".") + 1);
    if (ours !== undefined && recorded === name.replace(/(?!^)([A-Z])/g, "-$1").toLowerCase()) return;
    const text = textOf(ours, recorded);
    if (text === undefined) differs();
    else found.leaves.push({ path, recorded, ours: text });
  } else if (Array.isArray(recorded)) {
    if (!Array.isArray(ours) || ours.length !== recorded.length) return differs();
    const member = path.slice(path.lastIndexOf(".") + 1);
    if (unordered.includes(member)) found.groups.push({ path, recorded, ours });
    else recorded.forEach((one, i) => walk(one, ours[i], `${path}[${i}]`, unordered, found));
  } else if (isObject(recorded)) {
    const given = parsed(ours);
    if (!isObject(given)) return differs();
    const keys = Object.keys(recorded);
    if (keys.some((key) => key.match(placeholder))) {
      const [wanted, got] = [Object.entries(recorded), Object.entries(given)];
      if (wanted.length !== got.length) return differs();
      found.groups.push({ path, recorded: wanted, ours: got });
      return;
    }
    for (const key of new Set([...keys, ...Object.keys(given)]))
      if (recorded[key] !== undefined || given[key] !== undefined)
        walk(recorded[key], given[key], path === "" ? key : `${path}.${key}`, unordered, found);
  } else if (recorded !== ours) {
    differs();
  }
}

/** Finds a partner for each recorded value, those with the fewest placeholders first; the first that fits is taken. */
function matchGroup(
  { path, recorded, ours }: Group,
  bindings: Bindings,
  unordered: readonly string[],
): Matched {
  const left = [...ours];
  let known = bindings;
  const open = (one: unknown): number => JSON.stringify(one).match(placeholder)?.length ?? 0;
  for (const one of [...recorded].sort((a, b) => open(a) - open(b))) {
    const tried = left.map((candidate) => match(one, candidate, known, unordered));
    const at = tried.findIndex(({ differences }) => differences.length === 0);
    if (at < 0) return { differences: [show({ path, recorded, ours })], bindings };
    known = tried[at]!.bindings;
    left.splice(at, 1);
  }
  return { differences: [], bindings: known };
}

/** Whether a text fits a recorded one; binds the placeholders that it explains. */
function fits(recorded: string, ours: string, bound: Map<string, string>): boolean {
  const names: string[] = [];
  let pattern = "";
  let end = 0;
  for (const { 0: name, index } of recorded.matchAll(placeholder)) {
    pattern += escape(recorded.slice(end, index));
    end = index + name.length;
    const value = bound.get(name);
    if (value !== undefined) pattern += escape(value);
    else if (names.includes(name)) pattern += `\\${names.indexOf(name) + 1}`;
    else {
      names.push(numbered.test(name) ? name : "");
      pattern += "(.+?)";
    }
  }
  pattern += escape(recorded.slice(end));
  const values = new RegExp(`^${pattern}$`, "s").exec(ours);
  if (!values) return false;
  names.forEach((name, i) => {
    if (name !== "") bound.set(name, values[i + 1]!);
  });
  return true;
}

/** What can be compared as a text: a placeholder stands for a number or a whole object too. */
function textOf(ours: unknown, recorded: string): string | undefined {
  if (typeof ours === "string") return ours;
  if (ours instanceof Uint8Array) return pythonBytes(ours);
  const whole = recorded.match(placeholder)?.[0] === recorded;
  if (!whole || ours === undefined || ours instanceof Date) return undefined;
  return JSON.stringify(ours);
}

/** The recordings hold some JSON texts as objects; IAM's are percent-encoded. */
function parsed(ours: unknown): unknown {
  if (typeof ours !== "string") return ours;
  try {
    return JSON.parse(ours.startsWith("%7B") ? decodeURIComponent(ours) : ours);
  } catch {
    return ours;
  }
}

/** Bytes as Python writes them, which is how they are recorded. */
function pythonBytes(bytes: Uint8Array): string {
  const named: Readonly<Record<number, string>> = { 9: "\\t", 10: "\\n", 13: "\\r", 39: "\\'", 92: "\\\\" };
  const text = [...bytes].map(
    (byte) =>
      named[byte] ??
      (byte >= 32 && byte < 127 ? String.fromCharCode(byte) : `\\x${byte.toString(16).padStart(2, "0")}`),
  );
  return `b'${text.join("")}'`;
}

function escape(text: string): string {
  return text.replace(/[.*+?^${}()|[\]\\/]/g, "\\$&");
}

function show({ path, recorded, ours }: { path: string; recorded: unknown; ours: unknown }): Difference {
  const text = (value: unknown): string =>
    value === undefined
      ? "absent"
      : inspect(value, { depth: 6, breakLength: Infinity, maxStringLength: 400 });
  return { path, recorded: text(recorded), ours: text(ours) };
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value) && !(value instanceof Date);
}
