import { ServiceError } from "../errors";
import { bytes, text } from "./message";
import type { Shape } from "./shape";
import { formatTimestamp, parseTimestamp } from "./timestamp";
import { readValue, writeValue } from "./values";

/** A value of the JSON protocols. */
export function readJson(shape: Shape, value: unknown): unknown {
  return readValue(shape, value, (leaf, given) => {
    if (leaf.kind === "blob")
      return typeof given === "string" ? new Uint8Array(Buffer.from(given, "base64")) : given;
    return leaf.kind === "timestamp" ? parseTimestamp(given, leaf.timestampFormat("epoch-seconds")) : given;
  });
}

/** A value as JSON holds it. */
export function writeJson(shape: Shape, value: unknown): unknown {
  return writeValue(shape, value, (leaf, given) => {
    if (leaf.kind === "blob")
      return typeof given === "string" ? given : Buffer.from(given as Uint8Array).toString("base64");
    return leaf.kind === "timestamp"
      ? formatTimestamp(given as Date, leaf.timestampFormat("epoch-seconds"))
      : given;
  });
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
