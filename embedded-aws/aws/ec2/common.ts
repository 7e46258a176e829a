import type { Filter, Tag, TagSpecification } from "@aws-sdk/client-ec2";
import { between, page as pageOf, refused } from "../constraints";
import { ServiceError } from "../errors";
import type { Random } from "../random";

const invalid = { code: "InvalidParameterValue" } as const;

/** A parameter's value is not right (Amazon EC2 API Reference, "Error codes"). */
export function invalidValue(message: string): ServiceError {
  return refused(invalid, message);
}

/** `prefix-` and 17 hexadecimal digits, as EC2 makes ids. */
export function newId(random: Random, prefix: string): string {
  return `${prefix}-${random.hex(17)}`;
}

/** The tags for a resource of this type in TagSpecifications; EC2 refuses specifications for another type. */
export function tagsFor(type: string, specifications: readonly TagSpecification[] | undefined): Tag[] {
  const tags: Tag[] = [];
  for (const specification of specifications ?? []) {
    if (specification.ResourceType !== undefined && specification.ResourceType !== type)
      throw invalidValue(
        `'${specification.ResourceType}' is not a valid taggable resource type here: ${type}`,
      );
    tags.push(...(specification.Tags ?? []));
  }
  checkTags(tags);
  return tags;
}

/** At most 50 tags; keys of 1 to 127 characters without `aws:` in front, values of at most 255. */
export function checkTags(tags: readonly Tag[]): void {
  if (tags.length > 50)
    throw new ServiceError(
      "TagLimitExceeded",
      "The maximum number of tags for a resource has been reached: 50.",
    );
  for (const { Key = "", Value = "" } of tags) {
    if (Key.length < 1 || Key.length > 127 || /^aws:/i.test(Key))
      throw invalidValue("Tag keys must have 1 to 127 characters and must not begin with aws:.");
    if (Value.length > 255) throw invalidValue("Tag values must have at most 255 characters.");
  }
}

/** The values that a filter's name stands for; undefined refuses the name. */
export type FilterValues<T> = Readonly<Record<string, (item: T) => readonly (string | undefined)[]>>;

/** The items that every filter lets through. Values may hold `*` and `?`; `tag:KEY` and `tag-key` always work. */
export function applyFilters<T extends { readonly Tags?: Tag[] }>(
  items: readonly T[],
  filters: readonly Filter[] | undefined,
  known: FilterValues<T>,
): T[] {
  return (filters ?? []).reduce<T[]>(
    (left, { Name = "", Values = [] }) => {
      const valuesOf = filterOf(Name, known);
      const patterns = Values.map(globToRegExp);
      return left.filter((item) =>
        valuesOf(item).some((value) => value !== undefined && patterns.some((p) => p.test(value))),
      );
    },
    [...items],
  );
}

function filterOf<T extends { readonly Tags?: Tag[] }>(
  name: string,
  known: FilterValues<T>,
): (item: T) => readonly (string | undefined)[] {
  if (name.startsWith("tag:"))
    return (item) => (item.Tags ?? []).filter((t) => t.Key === name.slice(4)).map((t) => t.Value ?? "");
  if (name === "tag-key") return (item) => (item.Tags ?? []).map((t) => t.Key);
  const found = Object.hasOwn(known, name) ? known[name] : undefined;
  if (!found) throw invalidValue(`The filter '${name}' is invalid`);
  return found;
}

function globToRegExp(glob: string): RegExp {
  const text = glob
    .replace(/[.+^${}()|[\]\\]/g, "\\$&")
    .replaceAll("*", ".*")
    .replaceAll("?", ".");
  return new RegExp(`^${text}$`, "s");
}

/** One page. EC2 gives everything when no size is asked for; sizes are 5 to 1000. */
export function page<T>(
  items: readonly T[],
  { MaxResults, NextToken }: { MaxResults?: number; NextToken?: string },
): { items: T[]; NextToken?: string } {
  between(MaxResults, 5, 1000, "maxResults", invalid);
  const { items: some, nextToken } = pageOf(items, NextToken, MaxResults, items.length, invalid);
  return { items: some, NextToken: nextToken };
}
