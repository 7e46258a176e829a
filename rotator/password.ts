import { randomInt } from "node:crypto";
import { rotatorError } from "./errors";

/** Classes of characters that a password is made of. */
export const passwordClasses = {
  lowercase: "abcdefghijklmnopqrstuvwxyz",
  uppercase: "ABCDEFGHIJKLMNOPQRSTUVWXYZ",
  digits: "0123456789",
  punctuation: "!\"#$%&'()*+,-./:;<=>?@[\\]^_`{|}~",
} as const;

/** The name of a class of characters. */
export type PasswordClass = keyof typeof passwordClasses;

/** What a new password looks like. */
export interface PasswordSettings {
  /** Characters; default 32, within what the engine allows. */
  readonly length?: number;
  /** The classes to draw from; the password has at least one character of each. Default: all four. */
  readonly classes?: readonly PasswordClass[];
  /** Characters never used, beside those that the engine forbids. */
  readonly excludeCharacters?: string;
}

/** What an engine takes as a password. */
export interface PasswordRules {
  readonly minLength: number;
  readonly maxLength: number;
  /** Characters never used for this engine. */
  readonly forbidden: string;
}

/** Characters of a password when the settings do not say. */
export const defaultPasswordLength = 32;

/**
 * What the rotation functions that AWS publishes leave out: these characters break connection strings, shells or
 * RDS itself (Amazon RDS User Guide, "Constraints for passwords": `/`, `"`, `@`).
 */
export const awkwardCharacters = ":/@\"'\\";

/**
 * Draws a password.
 * @param draw an integer from 0 to below its argument; cryptographic by default, replaceable in tests
 * @throws when settings and rules leave no such password
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
    mistakes.push(`length: found ${length}, wanted ${rules.minLength} to ${rules.maxLength}`);
  if (names.length === 0 || names.length > length)
    mistakes.push(`classes: found ${names.length}, wanted 1 to as many as characters (${length})`);
  const excluded = new Set(rules.forbidden + excludeCharacters);
  const classes = names.map((name) => {
    const left = [...(passwordClasses[name] ?? "")].filter((character) => !excluded.has(character));
    if (left.length === 0) mistakes.push(`classes: no character of ${name} is left`);
    return left;
  });
  if (mistakes.length > 0)
    throw rotatorError("final", "invalid-settings", `password: ${mistakes.join("; ")}`);

  const all = classes.flat();
  const pick = (from: readonly string[]): string => from[draw(from.length)]!;
  const characters = classes.map(pick);
  while (characters.length < length) characters.push(pick(all));
  // The characters that make each class present must not stand first: shuffle (Fisher and Yates).
  for (let last = characters.length - 1; last > 0; last--) {
    const other = draw(last + 1);
    [characters[last], characters[other]] = [characters[other]!, characters[last]!];
  }
  return characters.join("");
}
