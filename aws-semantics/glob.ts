/**
 * Matches texts with wildcards without regular expressions: the time is at most proportional to pattern times text.
 */

/** One token of a pattern: a character, any text (`*`), or any one character (`?`). */
export type GlobToken =
  { readonly literal: string } | { readonly any: "text" } | { readonly any: "character" };

/** A star: any text, even an empty one. */
export const anyText: GlobToken = { any: "text" };

/** A question mark: exactly one character. */
export const anyCharacter: GlobToken = { any: "character" };

/** The tokens of a text without wildcards. */
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
      // The last star matches one more character; earlier stars need no retry.
      inPattern = star + 1;
      inText = ++afterStar;
    } else {
      return false;
    }
  }
  return pattern.slice(inPattern).every((token) => "any" in token && token.any === "text");
}
