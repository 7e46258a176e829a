import type { Failure } from "@aws-sdk/client-ecs";
import { invalidParameter } from "./errors";

/**
 * One page of a list. The token names the first item of the next page, so that items that come or go between
 * two pages shift nothing. In a list that is sorted by its keys the first item may have left meanwhile.
 * @param sizes how many without `maxResults`, and how many at most (Amazon ECS API Reference, per operation)
 */
export function page<T>(
  items: readonly T[],
  input: { maxResults?: number; nextToken?: string },
  sizes: { fallback: number; limit: number; sorted?: boolean },
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
    start = items.findIndex((item) => keyOf(item) === key || (sizes.sorted === true && keyOf(item) > key));
    if (start < 0 && sizes.sorted) start = items.length;
    if (start < 0 || (sizes.sorted && !key.startsWith("arn:")))
      throw invalidParameter("Invalid token provided.");
  }
  const end = start + (maxResults ?? sizes.fallback);
  const next = items[end];
  return {
    items: items.slice(start, end),
    ...(next === undefined ? {} : { nextToken: Buffer.from(keyOf(next)).toString("base64url") }),
  };
}

/**
 * What there is of the things asked for, each once, and a failure for each of the others.
 * @param view the thing, undefined where it is missing, or another reason to fail
 */
export function answersFor<View extends object>(
  references: readonly string[],
  arnOf: (reference: string) => string,
  view: (reference: string) => View | string | undefined,
): { found: View[]; failures: Failure[] } {
  const found: View[] = [];
  const failures: Failure[] = [];
  for (const reference of new Set(references)) {
    const one = view(reference) ?? "MISSING";
    if (typeof one === "string") failures.push({ arn: arnOf(reference), reason: one });
    else found.push(one);
  }
  return { found, failures };
}
