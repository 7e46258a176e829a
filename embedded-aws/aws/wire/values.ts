import type { Shape } from "./shape";

/** What a protocol does with a value that holds no other: bytes, times, numbers. */
export type Leaf = (shape: Shape, value: unknown) => unknown;

/**
 * Reads a value by its shape. It is lenient about types: a value of a wrong type is left as it is for the gate to
 * name; members that the model does not have are dropped, as AWS drops them.
 */
export function readValue(shape: Shape, value: unknown, leaf: Leaf): unknown {
  switch (shape.kind) {
    case "list":
      return Array.isArray(value) ? value.map((item) => readValue(shape.element, item, leaf)) : value;
    case "map":
      if (!isObject(value)) return value;
      return Object.fromEntries(
        Object.entries(value)
          .filter(([, item]) => item !== null || shape.element.traits.sparse !== undefined)
          .map(([key, item]) => [key, readValue(shape.element, item, leaf)]),
      );
    case "structure":
    case "union": {
      if (!isObject(value)) return value;
      const read: Record<string, unknown> = {};
      for (const [name, member] of shape.members) {
        const key = member.traits.jsonName ?? name;
        if (!Object.hasOwn(value, key)) continue;
        const given = value[key];
        if (given !== null && given !== undefined) read[name] = readValue(member, given, leaf);
      }
      return read;
    }
    default:
      return leaf(shape, value);
  }
}

/** Writes a value that the gate has checked against the shape. */
export function writeValue(shape: Shape, value: unknown, leaf: Leaf): unknown {
  const written = (item: unknown, of: Shape) => (item === null ? null : writeValue(of, item, leaf));
  switch (shape.kind) {
    case "list":
      return (value as unknown[]).map((item) => written(item, shape.element));
    case "map":
      return Object.fromEntries(
        Object.entries(value as object).map(([key, item]) => [key, written(item, shape.element)]),
      );
    case "structure":
    case "union": {
      const given = value as Record<string, unknown>;
      const members: Record<string, unknown> = {};
      for (const [name, member] of shape.members)
        if (given[name] !== undefined && given[name] !== null)
          members[member.traits.jsonName ?? name] = writeValue(member, given[name], leaf);
      return members;
    }
    default:
      return leaf(shape, value);
  }
}

/** True for an object that is no list. */
export function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
