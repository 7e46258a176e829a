import * as pulumi from "@pulumi/pulumi";
import { z } from "zod";

/** One mistake in the settings: where it is and what is wrong with it. */
export interface Mistake {
  readonly path: readonly PropertyKey[];
  readonly message: string;
}

/** `["services", 2, "cluster"]` as `services[2].cluster`. */
export function formatPath(path: readonly PropertyKey[]): string {
  let text = "";
  for (const part of path) {
    if (typeof part === "number") text += `[${part}]`;
    else text += text === "" ? String(part) : `.${String(part)}`;
  }
  return text;
}

/** A found value in a message: short, and never more than its kind when it is not a scalar. */
export function found(value: unknown): string {
  if (value === undefined || value === null) return "nothing";
  if (Array.isArray(value)) return `a list of ${value.length}`;
  if (typeof value === "object") return "an object";
  const text = JSON.stringify(value);
  return text.length > 100 ? `${text.slice(0, 100)}...` : text;
}

/** The known word nearest to what was written, if it is near enough to be meant. */
export function nearest(word: string, known: readonly string[]): string | undefined {
  let best: string | undefined;
  let bestDistance = Math.max(2, Math.floor(word.length / 3)) + 1;
  for (const candidate of known) {
    const distance = editDistance(word.toLowerCase(), candidate.toLowerCase());
    if (distance < bestDistance) {
      best = candidate;
      bestDistance = distance;
    }
  }
  return best;
}

/** Letters to insert, remove or replace to make one word of the other. */
function editDistance(from: string, to: string): number {
  let row = Array.from({ length: to.length + 1 }, (_, column) => column);
  for (let i = 1; i <= from.length; i++) {
    const next = [i];
    for (let j = 1; j <= to.length; j++) {
      const replaced = (row[j - 1] ?? 0) + (from[i - 1] === to[j - 1] ? 0 : 1);
      next.push(Math.min(replaced, (row[j] ?? 0) + 1, (next[j - 1] ?? 0) + 1));
    }
    row = next;
  }
  return row[to.length] ?? 0;
}

/** The words for a type that was not met, for zod's `error`. */
export function wants(what: string): (issue: { readonly input: unknown }) => string {
  return ({ input }) =>
    input === undefined || input === null
      ? `required, found nothing; wanted ${what}`
      : `wanted ${what}, found ${found(input)}`;
}

/** An object that refuses keys it does not know. */
export function strictObject<Shape extends z.core.$ZodShape>(
  shape: Shape,
): z.ZodObject<Shape, z.core.$strict> {
  const known = Object.keys(shape);
  const wantsObject = wants("an object");
  return z.strictObject(shape, {
    error: (issue) => {
      if (issue.code === "invalid_type") return wantsObject(issue);
      // One line a key, in the order of the keys: `mistakesOf` takes them apart again.
      if (issue.code === "unrecognized_keys")
        return issue.keys.map((key) => unknownKey(key, known)).join("\n");
      return undefined;
    },
  });
}

function unknownKey(key: string, known: readonly string[]): string {
  const meant = nearest(key, known);
  return meant
    ? `no such setting; did you mean "${meant}"?`
    : `no such setting; there are ${known.map((name) => `"${name}"`).join(", ")}`;
}

/** One of a few words. */
export function oneOf<const Words extends readonly [string, ...string[]]>(
  words: Words,
): z.ZodEnum<z.core.util.ToEnum<Words[number]>> {
  return z.enum(words, { error: wants(words.map((word) => `"${word}"`).join(" or ")) });
}

/** A text that has a form. */
export function text(what: string, form: RegExp): z.ZodString {
  return z.string({ error: wants(what) }).regex(form, { error: wants(what) });
}

/** A whole number within bounds, both included. */
export function wholeNumber(minimum: number, maximum = Number.MAX_SAFE_INTEGER): z.ZodInt {
  const what =
    maximum === Number.MAX_SAFE_INTEGER
      ? `a whole number of at least ${minimum}`
      : `a whole number from ${minimum} to ${maximum}`;
  return z
    .int({ error: wants(what) })
    .min(minimum, { error: wants(what) })
    .max(maximum, { error: wants(what) });
}

/** Turns zod's issues into mistakes: each unknown key becomes one at its own path. */
export function mistakesOf(issues: readonly z.core.$ZodIssue[]): Mistake[] {
  return issues.flatMap((issue): Mistake[] => {
    if (issue.code !== "unrecognized_keys") return [{ path: issue.path, message: issue.message }];
    const lines = issue.message.split("\n");
    return issue.keys.map((key, index) => ({
      path: [...issue.path, key],
      message: lines[index] ?? "no such setting",
    }));
  });
}

/** One error for all mistakes; Pulumi prints it without a stack trace. */
export function settingsError(mistakes: readonly Mistake[]): Error {
  const lines = mistakes.map(({ path, message }) => `${formatPath(path)}: ${message}`);
  const what = lines.length === 1 ? "a mistake" : `${lines.length} mistakes`;
  return new pulumi.RunError(`the settings of the stack have ${what}:\n  ${lines.join("\n  ")}`);
}
