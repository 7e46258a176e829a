import { randomInt } from "node:crypto";
import { rotatorError } from "./errors";

/** The characters of each class. */
export const passwordClasses = {
  lowercase: "abcdefghijklmnopqrstuvwxyz",
  uppercase: "ABCDEFGHIJKLMNOPQRSTUVWXYZ",
  digits: "0123456789",
  punctuation: "!\"#$%&'()*+,-./:;<=>?@[\\]^_`{|}~",
} as const;

/** The name of a class of characters. */
export type PasswordClass = keyof typeof passwordClasses;

/** Requirements for a new password. */
export interface PasswordSettings {
  /** Number of characters; default 32, at most what the engine allows. */
  readonly length?: number;
  /** The classes to draw from; the password has at least one character of each. Default: all four. */
  readonly classes?: readonly PasswordClass[];
  /** Characters that are never used, besides those that the engine forbids. */
  readonly excludeCharacters?: string;
}

/** The passwords that an engine accepts. */
export interface PasswordRules {
  readonly minLength: number;
  readonly maxLength: number;
  /** Characters never used for this engine. */
  readonly forbidden: string;
}

/** The default length of a password. */
export const defaultPasswordLength = 32;

/**
 * Characters that AWS's published rotation functions leave out: they break connection strings, shells or RDS itself
 * (Amazon RDS User Guide, "Constraints for passwords": `/`, `"`, `@`).
 */
export const awkwardCharacters = ":/@\"'\\";

/**
 * Generates a password.
 * @param draw a random integer from 0 to below its argument; cryptographic by default
 * @throws if no password satisfies both settings and rules
 */
export function generatePassword(
  settings: PasswordSettings,
  rules: PasswordRules,
  draw: (below: number) => number = randomInt,
): string {
  const { length = Math.min(defaultPasswordLength, rules.maxLength), excludeCharacters = "" } = settings;
  const names = settings.classes ?? (Object.keys(passwordClasses) as PasswordClass[]);
  const mistakes: string[] = [];
  if (!Number.isInteger(length) || length < rules.minLength || length > rules.maxLength)
    mistakes.push(`length: expected ${rules.minLength} to ${rules.maxLength}, found ${length}`);
  if (names.length === 0 || names.length > length)
    mistakes.push(`classes: expected 1 to ${length} (the length), found ${names.length}`);
  const excluded = new Set(rules.forbidden + excludeCharacters);
  const classes = names.map((name) => {
    const left = [...(passwordClasses[name] ?? "")].filter((character) => !excluded.has(character));
    if (left.length === 0) mistakes.push(`classes: every character of ${name} is excluded`);
    return left;
  });
  if (mistakes.length > 0)
    throw rotatorError("final", "invalid-settings", `password: ${mistakes.join("; ")}`);

  const all = classes.flat();
  const pick = (from: readonly string[]): string => from[draw(from.length)]!;
  const characters = classes.map(pick);
  while (characters.length < length) characters.push(pick(all));
  // The first characters are one of each class, so shuffle (Fisher and Yates).
  for (let last = characters.length - 1; last > 0; last--) {
    const other = draw(last + 1);
    [characters[last], characters[other]] = [characters[other]!, characters[last]!];
  }
  return characters.join("");
}
