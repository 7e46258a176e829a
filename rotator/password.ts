import { randomInt } from "node:crypto";

/**
 * Classes of characters. The punctuation is what a URL takes without escaping (RFC 3986, "Unreserved Characters"):
 * applications put the password into connection strings.
 */
const classes = {
  lowercase: "abcdefghijklmnopqrstuvwxyz",
  uppercase: "ABCDEFGHIJKLMNOPQRSTUVWXYZ",
  digits: "0123456789",
  punctuation: "-._~",
} as const;

/** The names of the classes. */
export const passwordClassNames = ["lowercase", "uppercase", "digits", "punctuation"] as const;

/** What a password is made of. */
export interface PasswordRules {
  /** The number of characters. */
  readonly length: number;
  /** A password has at least one character of each of these. */
  readonly classes: readonly (typeof passwordClassNames)[number][];
  readonly excludeCharacters: string;
}

/** What every engine takes, and every URL. */
export const defaultPasswordRules: PasswordRules = {
  length: 32,
  classes: passwordClassNames,
  excludeCharacters: "",
};

/** The classes that rules leave without a character. */
export function emptyClasses(rules: PasswordRules): readonly string[] {
  return rules.classes.filter((name) => charactersOf(name, rules) === "");
}

function charactersOf(name: keyof typeof classes, { excludeCharacters }: PasswordRules): string {
  return [...classes[name]].filter((character) => !excludeCharacters.includes(character)).join("");
}

/**
 * Generates a password.
 * @param draw a random integer from 0 to below its argument; cryptographic by default
 */
export function generatePassword(
  rules: PasswordRules = defaultPasswordRules,
  draw: (below: number) => number = randomInt,
): string {
  const pick = (from: string): string => from[draw(from.length)]!;
  const sets = rules.classes.map((name) => charactersOf(name, rules));
  const characters = sets.map(pick);
  while (characters.length < rules.length) characters.push(pick(sets.join("")));
  // The first characters are one of each class, so shuffle (Fisher and Yates).
  for (let last = characters.length - 1; last > 0; last--) {
    const other = draw(last + 1);
    [characters[last], characters[other]] = [characters[other]!, characters[last]!];
  }
  return characters.join("");
}
