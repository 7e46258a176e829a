/**
 * Schedule expressions, `rate(...)` and `cron(...)`, of EventBridge rules and of Secrets Manager rotation, whose
 * rules differ, and the rotation windows of the latter. All times are UTC.
 *
 * Sources: Amazon EventBridge User Guide, "Setting a schedule pattern for scheduled rules (legacy)"; AWS Secrets
 * Manager User Guide, "Schedule expressions in Secrets Manager rotation"; AWS Secrets Manager API Reference,
 * `RotationRulesType`.
 */
import { invalid, isInvalid, nextCronTimes, parseCron } from "./cron-expression";
import type { CronExpression, InvalidSchedule } from "./cron-expression";

/** Whose rules apply: those of EventBridge rules or those of Secrets Manager rotation. */
export type ScheduleKind = "events" | "rotation";

/** A rate: every so often. */
export interface RateExpression {
  readonly kind: "rate";
  readonly value: number;
  readonly unit: "minute" | "hour" | "day";
}

/** An expression that AWS takes, and whose it is. */
export type Schedule = (RateExpression | CronExpression) & { readonly of: ScheduleKind };

/** A schedule of rotation with its window. */
export interface RotationSchedule {
  readonly kind: "rotation";
  readonly schedule: Schedule;
  /** How long the window is open, in hours, 1 to 24; absent: one hour for a schedule in hours, else the day's rest. */
  readonly windowHours?: number;
}

const minuteMs = 60_000;
const hourMs = 60 * minuteMs;
const dayMs = 24 * hourMs;

/** Secrets Manager rotates a secret every four hours at most, and at least every 999 days. */
const shortestRotationHours = 4;
const longestRotationHours = 999 * 24;

/** Reads an expression by the rules of its kind. Nothing is thrown: what AWS refuses is `{ kind: "invalid" }`. */
export function parseSchedule(text: string, kind: ScheduleKind): Schedule | InvalidSchedule {
  const [, form = "", inner = ""] = /^(rate|cron)\(([^()]*)\)$/.exec(text.trim()) ?? [];
  if (form === "") {
    return invalid(`wanted rate(VALUE UNIT) or cron(SIX FIELDS), found ${JSON.stringify(text)}`);
  }
  const parsed = form === "rate" ? parseRate(inner, kind) : parseCron(inner);
  if (isInvalid(parsed)) {
    return parsed;
  }
  const problem = kind === "rotation" ? rotationProblem(parsed, inner) : undefined;
  return problem === undefined ? { ...parsed, of: kind } : invalid(problem);
}

function parseRate(inner: string, kind: ScheduleKind): RateExpression | InvalidSchedule {
  const units = kind === "events" ? "minute|hour|day" : "hour|day";
  const [, digits = "", unit = "", plural = ""] =
    new RegExp(`^\\s*(\\d{1,9})\\s+(${units})(s?)\\s*$`).exec(inner) ?? [];
  const value = Number(digits);
  if (digits === "" || value === 0) {
    return invalid(
      `wanted rate(VALUE UNIT), a positive whole number and one of ${units.replaceAll("|", ", ")}`,
    );
  }
  // EventBridge insists on grammar, Secrets Manager does not say so.
  if (kind === "events" && (value === 1) !== (plural === "")) {
    return invalid(
      `the unit is singular for 1 and plural otherwise: rate(${value} ${unit}${value === 1 ? "" : "s"})`,
    );
  }
  return { kind: "rate", value, unit: unit as RateExpression["unit"] };
}

function rotationProblem(parsed: RateExpression | CronExpression, inner: string): string | undefined {
  if (parsed.kind === "rate") {
    const hours = intervalMs(parsed) / hourMs;
    if (hours < shortestRotationHours) {
      return `a secret is rotated every ${shortestRotationHours} hours at most, found every ${hours}`;
    }
    return hours > longestRotationHours ? "a secret is rotated at least every 999 days" : undefined;
  }
  const fields = inner.trim().split(/\s+/);
  if (fields[0] !== "0") {
    return "the minutes of a rotation schedule must be 0: windows open on the hour";
  }
  if (fields[5] !== "*") {
    return "the year of a rotation schedule must be *: rotations are never more than a year apart";
  }
  if (parsed.days.by === "nearest-weekday") {
    return "Secrets Manager does not know the wildcard W";
  }
  return shortestGapHours(parsed) < shortestRotationHours
    ? `a secret is rotated every ${shortestRotationHours} hours at most; put the hours further apart`
    : undefined;
}

/** The shortest time between two rotations: between the hours of a day, or from the last to the next day's first. */
function shortestGapHours(cron: CronExpression): number {
  const { hours } = cron;
  const overnight = 24 - (hours.at(-1) ?? 0) + (hours[0] ?? 0);
  return Math.min(overnight, ...hours.slice(1).map((hour, index) => hour - (hours[index] ?? 0)));
}

/** The length of a rate's interval in milliseconds. */
export function intervalMs(rate: RateExpression): number {
  return rate.value * { minute: minuteMs, hour: hourMs, day: dayMs }[rate.unit];
}

/**
 * The first `count` times after `fromMs` (milliseconds since 1970), in order; fewer where a cron expression ends. A
 * rate of EventBridge counts from `fromMs`, when the rule was created or enabled; a rate of rotation counts from
 * the midnight before it, because windows start there.
 */
export function nextTimes(schedule: Schedule, fromMs: number, count: number): number[] {
  if (schedule.kind === "cron") {
    return nextCronTimes(schedule, fromMs, count);
  }
  const interval = intervalMs(schedule);
  const start = schedule.of === "events" ? fromMs : Math.floor(fromMs / dayMs) * dayMs;
  const passed = Math.floor((fromMs - start) / interval);
  return Array.from({ length: count }, (_none, index) => start + (passed + index + 1) * interval);
}

/**
 * Reads `ScheduleExpression` and `Duration` of a rotation together: the window must reach neither into the next
 * window nor into the next UTC day.
 * @param duration `3h` for instance; absent for the default window
 */
export function parseRotation(expression: string, duration?: string): RotationSchedule | InvalidSchedule {
  const schedule = parseSchedule(expression, "rotation");
  if (isInvalid(schedule)) {
    return schedule;
  }
  if (duration === undefined) {
    return { kind: "rotation", schedule };
  }
  const windowHours = /^\d{1,2}h$/.test(duration) ? Number(duration.slice(0, -1)) : 0;
  if (windowHours < 1 || windowHours > 24) {
    return invalid(`wanted a window of 1h to 24h, found ${JSON.stringify(duration)}`);
  }
  const longest = longestWindowHours(schedule);
  return windowHours > longest
    ? invalid(
        `a window of ${duration} reaches into the next window or the next UTC day; with ${expression} it can be ${longest}h at most`,
      )
    : { kind: "rotation", schedule, windowHours };
}

/** Of a rate in hours, the guide asks only that windows do not overlap; of all others, that they end with the day. */
function longestWindowHours(schedule: Schedule): number {
  if (schedule.kind === "rate") {
    return Math.min(24, intervalMs(schedule) / hourMs);
  }
  return Math.min(24 - (schedule.hours.at(-1) ?? 0), shortestGapHours(schedule));
}

/** When the window that opens at `opensMs` closes, in milliseconds since 1970. */
export function windowCloses(rotation: RotationSchedule, opensMs: number): number {
  if (rotation.windowHours !== undefined) {
    return opensMs + rotation.windowHours * hourMs;
  }
  const { schedule } = rotation;
  const inHours = schedule.kind === "rate" ? schedule.unit === "hour" : schedule.hours.length > 1;
  return inHours ? opensMs + hourMs : (Math.floor(opensMs / dayMs) + 1) * dayMs;
}
