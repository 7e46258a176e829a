import { invalidParameter } from "./errors";

/**
 * One page of a list. The token names the first item of the next page, so that items that come or go between
 * two pages shift nothing.
 * @param sizes how many without `maxResults`, and how many at most (Amazon ECS API Reference, per operation)
 */
export function page<T>(
  items: readonly T[],
  input: { maxResults?: number | undefined; nextToken?: string | undefined },
  sizes: { fallback: number; limit: number },
  keyOf: (item: T) => string,
): { items: T[]; nextToken?: string } {
  const { maxResults, nextToken } = input;
  if (
    maxResults !== undefined &&
    (!Number.isInteger(maxResults) || maxResults < 1 || maxResults > sizes.limit)
  )
    throw invalidParameter(`maxResults must be between 1 and ${sizes.limit}.`);
  let start = 0;
  if (nextToken !== undefined) {
    const key = Buffer.from(nextToken, "base64url").toString("utf8");
    start = items.findIndex((item) => keyOf(item) === key);
    if (start < 0) throw invalidParameter("Invalid token provided.");
  }
  const end = start + (maxResults ?? sizes.fallback);
  const next = items[end];
  return {
    items: items.slice(start, end),
    ...(next === undefined ? {} : { nextToken: Buffer.from(keyOf(next)).toString("base64url") }),
  };
}
