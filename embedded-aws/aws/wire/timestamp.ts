import type { TimestampFormat } from "./shape";

/** A timestamp as a protocol writes it. */
export function formatTimestamp(value: Date, format: TimestampFormat): string | number {
  switch (format) {
    case "epoch-seconds":
      return value.getTime() / 1000;
    case "date-time":
      return value.toISOString().replace(/\.000Z$/, "Z");
    case "http-date":
      return value.toUTCString();
  }
}

/** What a client sent as a Date; what is not a timestamp is given back as it is, for the gate to name. */
export function parseTimestamp(value: unknown, format: TimestampFormat): unknown {
  if (typeof value === "number") return new Date(value * 1000);
  if (typeof value !== "string") return value;
  const seconds = format === "epoch-seconds" && value.trim() !== "" ? Number(value) : Number.NaN;
  const date = new Date(Number.isNaN(seconds) ? value : seconds * 1000);
  return Number.isNaN(date.getTime()) ? value : date;
}
