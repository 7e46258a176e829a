import { randomInt } from "node:crypto";

/**
 * Classes of characters; a password has at least one character of each. The punctuation is what a URL takes without
 * escaping (RFC 3986, "Unreserved Characters"): applications put the password into connection strings.
 */
export const passwordClasses: readonly string[] = [
  "abcdefghijklmnopqrstuvwxyz",
  "ABCDEFGHIJKLMNOPQRSTUVWXYZ",
  "0123456789",
  "-._~",
];

/** The number of characters of a password. Every engine accepts longer ones. */
export const passwordLength = 32;

/**
 * Generates a password.
 * @param draw a random integer from 0 to below its argument; cryptographic by default
 */
export function generatePassword(draw: (below: number) => number = randomInt): string {
  const pick = (from: string): string => from[draw(from.length)]!;
  const characters = passwordClasses.map(pick);
  while (characters.length < passwordLength) characters.push(pick(passwordClasses.join("")));
  // The first characters are one of each class, so shuffle (Fisher and Yates).
  for (let last = characters.length - 1; last > 0; last--) {
    const other = draw(last + 1);
    [characters[last], characters[other]] = [characters[other]!, characters[last]!];
  }
  return characters.join("");
}
