import { ServiceError } from "../errors";
import { bytes, text } from "./message";
import type { Shape, TimestampFormat } from "./shape";
import { formatTimestamp, parseTimestamp } from "./timestamp";

/**
 * Values of the JSON protocols. Reading is lenient about types: a value of a wrong type is left as it is for the
 * gate to name; members that the model does not have are dropped, as AWS drops them.
 */
export function readJson(shape: Shape, value: unknown, format: TimestampFormat = "epoch-seconds"): unknown {
  switch (shape.kind) {
    case "blob":
      return typeof value === "string" ? new Uint8Array(Buffer.from(value, "base64")) : value;
    case "timestamp":
      return parseTimestamp(value, shape.timestampFormat(format));
    case "list":
      return Array.isArray(value) ? value.map((item) => readJson(shape.element, item, format)) : value;
    case "map":
      if (!isObject(value)) return value;
      return fromEntries(
        Object.entries(value)
          .filter(([, item]) => item !== null || shape.element.traits.sparse !== undefined)
          .map(([key, item]) => [key, readJson(shape.element, item, format)]),
      );
    case "structure":
    case "union": {
      if (!isObject(value)) return value;
      const read: Record<string, unknown> = {};
      for (const [name, member] of shape.members) {
        const key = member.traits.jsonName ?? name;
        if (!Object.hasOwn(value, key)) continue;
        const given = value[key];
        if (given !== null && given !== undefined) read[name] = readJson(member, given, format);
      }
      return read;
    }
    default:
      return value;
  }
}

/** A value as JSON holds it. The gate has checked it against the shape. */
export function writeJson(shape: Shape, value: unknown, format: TimestampFormat = "epoch-seconds"): unknown {
  switch (shape.kind) {
    case "blob":
      return typeof value === "string" ? value : Buffer.from(value as Uint8Array).toString("base64");
    case "timestamp":
      return formatTimestamp(value as Date, shape.timestampFormat(format));
    case "list":
      return (value as unknown[]).map((item) =>
        item === null ? null : writeJson(shape.element, item, format),
      );
    case "map":
      return fromEntries(
        Object.entries(value as object).map(([key, item]) => [
          key,
          item === null ? null : writeJson(shape.element, item, format),
        ]),
      );
    case "structure":
    case "union": {
      const written: Record<string, unknown> = {};
      const given = value as Record<string, unknown>;
      for (const [name, member] of shape.members)
        if (given[name] !== undefined && given[name] !== null)
          written[member.traits.jsonName ?? name] = writeJson(member, given[name], format);
      return written;
    }
    default:
      return value;
  }
}

/** The body of a request as JSON; an empty body is an empty object. */
export function parseBody(body: Uint8Array): unknown {
  if (body.byteLength === 0) return {};
  try {
    return JSON.parse(text(body)) as unknown;
  } catch (cause) {
    throw Object.assign(
      new ServiceError("SerializationException", "the request body is not JSON: send one JSON object"),
      { cause: new Error((cause as Error).name) },
    );
  }
}

/** JSON as a body. */
export function jsonBody(value: unknown): Uint8Array {
  return bytes(JSON.stringify(value));
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

/** `Object.fromEntries` that a key `__proto__` cannot surprise. */
function fromEntries(entries: [string, unknown][]): Record<string, unknown> {
  return Object.fromEntries(entries);
}
