import type { Shape } from "../wire/shape";

/** `Mar 7, 2026 7:15:10 PM`, as CloudTrail writes the dates of requests and answers. */
export function trailDate(date: Date): string {
  const months = "Jan Feb Mar Apr May Jun Jul Aug Sep Oct Nov Dec".split(" ");
  const hours = date.getUTCHours();
  const two = (n: number) => String(n).padStart(2, "0");
  return (
    `${months[date.getUTCMonth()]} ${date.getUTCDate()}, ${date.getUTCFullYear()} ` +
    `${hours % 12 || 12}:${two(date.getUTCMinutes())}:${two(date.getUTCSeconds())} ${hours < 12 ? "AM" : "PM"}`
  );
}

/** Names that hold a password although the model of their service does not call them sensitive. */
const PASSWORD = /password|secret(string|binary|access)/i;

/**
 * A request or an answer as CloudTrail records it: names begin with a small letter, what the model calls sensitive
 * is left out, and so are bytes. Undefined for what leaves nothing.
 */
export function trailMembers(shape: Shape, value: unknown): unknown {
  if (value === undefined || value === null || shape.traits.sensitive !== undefined) return undefined;
  // A refused call may have held anything: what does not fit the model is left out.
  const wanted = shape.kind === "list" ? Array.isArray(value) : typeof value === "object";
  if (["structure", "union", "list", "map"].includes(shape.kind) && !wanted) return undefined;
  switch (shape.kind) {
    case "structure":
    case "union": {
      const members: [string, unknown][] = [];
      for (const [name, member] of shape.members) {
        const shown = PASSWORD.test(name)
          ? undefined
          : trailMembers(member, (value as Readonly<Record<string, unknown>>)[name]);
        if (shown !== undefined) members.push([name.charAt(0).toLowerCase() + name.slice(1), shown]);
      }
      return Object.fromEntries(members);
    }
    case "list":
      return (value as readonly unknown[]).map((item) => trailMembers(shape.element, item));
    case "map":
      return Object.fromEntries(
        Object.entries(value).map(([key, item]) => [key, trailMembers(shape.element, item)]),
      );
    case "blob":
    case "unit":
      return undefined;
    case "timestamp":
      return value instanceof Date ? trailDate(value) : undefined;
    default:
      return value;
  }
}
