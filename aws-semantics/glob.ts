/**
 * Texts with wildcards, matched without regular expressions: a pattern of many stars takes time in proportion to
 * pattern times text, never more.
 */

/** One piece of a pattern: a character that must stand there, any text (`*`), or any one character (`?`). */
export type GlobToken =
  { readonly literal: string } | { readonly any: "text" } | { readonly any: "character" };

/** A star, which stands for any text, the empty one included. */
export const anyText: GlobToken = { any: "text" };

/** A question mark, which stands for exactly one character. */
export const anyCharacter: GlobToken = { any: "character" };

/** The tokens of a text that is to be taken as it stands. */
export function literally(text: string): GlobToken[] {
  return [...text].map((literal) => ({ literal }));
}

/** True when the whole text matches the pattern. */
export function globMatches(pattern: readonly GlobToken[], text: string): boolean {
  const characters = [...text];
  let inPattern = 0;
  let inText = 0;
  let star = -1;
  let afterStar = 0;
  while (inText < characters.length) {
    const token = pattern[inPattern];
    if (token && "any" in token && token.any === "text") {
      star = inPattern++;
      afterStar = inText;
    } else if (token && ("any" in token || token.literal === characters[inText])) {
      inPattern++;
      inText++;
    } else if (star >= 0) {
      // The last star takes one character more; stars before it need not be tried again.
      inPattern = star + 1;
      inText = ++afterStar;
    } else {
      return false;
    }
  }
  return pattern.slice(inPattern).every((token) => "any" in token && token.any === "text");
}
