import * as z from "zod";

/** One mistake in the settings: where it is and what is wrong with it. */
export interface Mistake {
  readonly path: PropertyKey[];
  readonly message: string;
}

/** `["services", 2, "cluster"]` as `services[2].cluster`. */
export function formatPath(path: readonly PropertyKey[]): string {
  return path.reduce<string>(
    (text, part) =>
      typeof part === "number" ? `${text}[${part}]` : text === "" ? String(part) : `${text}.${String(part)}`,
    "",
  );
}

/** The mistakes as lines of a message, each with its path. */
export function formatMistakes(mistakes: readonly Mistake[]): string[] {
  return mistakes.map(({ path, message }) => (path.length > 0 ? `${formatPath(path)}: ${message}` : message));
}

/** A found value in a message: short, and only its kind if it is not a scalar. */
function found(value: unknown): string {
  if (Array.isArray(value)) return `a list of ${value.length}`;
  if (typeof value === "object") return "an object";
  const text = JSON.stringify(value);
  return text.length > 100 ? `${text.slice(0, 100)}...` : text;
}

/** The message for a value of the wrong kind, for zod's `error`. */
export function expected(what: string): (issue: { readonly input: unknown }) => string {
  return ({ input }) => {
    if (input === undefined) return `missing; expected ${what}`;
    if (input === null) return `expected ${what}, found null; give it a value, or leave the key out`;
    return `expected ${what}, found ${found(input)}`;
  };
}

/** For zod's `when`: a rule between keys runs although other keys are wrong, so that all mistakes are reported at once. */
export function isObject({ value }: { readonly value: unknown }): boolean {
  return typeof value === "object" && value !== null;
}

/** An object that refuses keys it does not know. */
export function strictObject<Shape extends z.core.$ZodShape>(
  shape: Shape,
): z.ZodObject<Shape, z.core.$strict> {
  const known = Object.keys(shape);
  return z.strictObject(shape, {
    error: (issue) => {
      if (issue.code === "invalid_type") return expected("an object")(issue);
      // One line a key, in the order of the keys: `mistakesOf` takes them apart again.
      if (issue.code === "unrecognized_keys")
        return issue.keys.map((key) => unknownKey(key, known)).join("\n");
      return undefined;
    },
  });
}

function unknownKey(key: string, known: readonly string[]): string {
  const [nearest] = known
    .map((name) => ({ name, distance: editDistance(key.toLowerCase(), name.toLowerCase()) }))
    .filter(({ distance }) => distance <= Math.max(2, Math.floor(key.length / 3)))
    .sort((a, b) => a.distance - b.distance);
  return nearest
    ? `no such setting; did you mean "${nearest.name}"?`
    : `no such setting; there are ${known.map((name) => `"${name}"`).join(", ")}`;
}

/** Letters to insert, remove or replace to make one word of the other. */
function editDistance(from: string, to: string): number {
  let row = Array.from({ length: to.length + 1 }, (_, column) => column);
  for (const [i, letter] of [...from].entries()) {
    const next = [i + 1];
    for (const [j, other] of [...to].entries())
      next.push(Math.min(row[j]! + (letter === other ? 0 : 1), row[j + 1]! + 1, next[j]! + 1));
    row = next;
  }
  return row[to.length]!;
}

/** One of a few words. */
export function oneOf<const Words extends readonly [string, ...string[]]>(
  words: Words,
): z.ZodEnum<z.core.util.ToEnum<Words[number]>> {
  return z.enum(words, { error: expected(words.map((word) => `"${word}"`).join(" or ")) });
}

/**
 * A text that has a form.
 * @param hint what to write in place of a text without the form
 */
export function text(
  what: string,
  form: RegExp,
  hint: (found: string) => string | undefined = () => undefined,
): z.ZodString {
  const message = expected(what);
  const error = (issue: { readonly input: unknown }): string => {
    const { input } = issue;
    const isScalar = typeof input === "number" || typeof input === "boolean";
    const remedy = typeof input === "string" ? hint(input) : isScalar ? quoted(input) : undefined;
    return remedy === undefined ? message(issue) : `${message(issue)}; ${remedy}`;
  };
  return z.string({ error }).regex(form, { error });
}

/** `pulumi config set --path` writes digits as a number and `true` as a boolean. */
function quoted(value: number | boolean): string {
  return `write "${value}" in the stack's file, with the quotes`;
}

/** A whole number within bounds, both included. */
export function wholeNumber(minimum: number, maximum = Number.MAX_SAFE_INTEGER): z.ZodInt {
  const range =
    maximum === Number.MAX_SAFE_INTEGER ? `of at least ${minimum}` : `from ${minimum} to ${maximum}`;
  const message = expected(`a whole number ${range}`);
  const error = (issue: { readonly input: unknown }): string =>
    typeof issue.input === "string" && /^\d+$/.test(issue.input)
      ? `${message(issue)}; write it without quotes`
      : message(issue);
  return z.int({ error }).min(minimum, { error }).max(maximum, { error });
}

/** zod's issues as mistakes: each unknown key becomes one at its own path. */
export function mistakesOf(issues: readonly z.core.$ZodIssue[]): Mistake[] {
  return issues.flatMap(({ path, message, ...issue }) =>
    issue.code === "unrecognized_keys"
      ? message.split("\n").map((line, index) => ({ path: [...path, issue.keys[index]!], message: line }))
      : [{ path, message }],
  );
}
