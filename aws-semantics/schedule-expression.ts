/**
 * Schedule expressions, `rate(...)` and `cron(...)`, of EventBridge rules and Secrets Manager rotations, whose rules
 * differ; and rotation windows. All times are UTC.
 *
 * Sources: Amazon EventBridge User Guide, "Setting a schedule pattern for scheduled rules (legacy)"; AWS Secrets
 * Manager User Guide, "Schedule expressions in Secrets Manager rotation"; AWS Secrets Manager API Reference,
 * `RotationRulesType`.
 */
import { invalid, isInvalid, nextCronTimes, parseCron } from "./cron-expression";
import type { CronExpression, InvalidSchedule } from "./cron-expression";

/** A schedule of an EventBridge rule or of a Secrets Manager rotation. */
export type ScheduleKind = "events" | "rotation";

/** A parsed rate. */
export interface RateExpression {
  readonly kind: "rate";
  readonly value: number;
  readonly unit: "minute" | "hour" | "day";
}

/** An expression that AWS accepts. */
export type Schedule = (RateExpression | CronExpression) & { readonly of: ScheduleKind };

/** A rotation schedule with its window. */
export interface RotationSchedule {
  readonly kind: "rotation";
  readonly schedule: Schedule;
  /** Length of the window in hours, 1 to 24; absent: one hour for a schedule in hours, else the rest of the day. */
  readonly windowHours?: number;
}

const minuteMs = 60_000;
const hourMs = 60 * minuteMs;
const dayMs = 24 * hourMs;

/** Secrets Manager's limits on the interval between rotations. */
const shortestRotationHours = 4;
const longestRotationHours = 999 * 24;

/** Parses an expression. Returns `{ kind: "invalid" }` for one that AWS refuses. */
export function parseSchedule(text: string, kind: ScheduleKind): Schedule | InvalidSchedule {
  const [, form = "", inner = ""] = /^(rate|cron)\(([^()]*)\)$/.exec(text.trim()) ?? [];
  if (form === "") {
    return invalid(`expected rate(VALUE UNIT) or cron(SIX FIELDS), found ${JSON.stringify(text)}`);
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
      `expected rate(VALUE UNIT) with a positive whole number and one of ${units.replaceAll("|", ", ")}`,
    );
  }
  // Only EventBridge documents that the plural must fit.
  if (kind === "events" && (value === 1) !== (plural === "")) {
    return invalid(
      `expected rate(${value} ${unit}${value === 1 ? "" : "s"}): the unit is singular for 1 and plural otherwise`,
    );
  }
  return { kind: "rate", value, unit: unit as RateExpression["unit"] };
}

function rotationProblem(parsed: RateExpression | CronExpression, inner: string): string | undefined {
  if (parsed.kind === "rate") {
    const hours = intervalMs(parsed) / hourMs;
    if (hours < shortestRotationHours) {
      return `the interval must be at least ${shortestRotationHours} hours (Secrets Manager), found rate(${inner})`;
    }
    return hours > longestRotationHours
      ? "the interval must be at most 999 days (Secrets Manager)"
      : undefined;
  }
  const fields = inner.trim().split(/\s+/);
  if (fields[0] !== "0") {
    return "the minutes of a rotation schedule must be 0: windows open on the hour";
  }
  if (fields[5] !== "*") {
    return "the year of a rotation schedule must be * (Secrets Manager)";
  }
  if (parsed.days.by === "nearest-weekday") {
    return "Secrets Manager does not support the wildcard W";
  }
  return shortestGapHours(parsed) < shortestRotationHours
    ? `the interval must be at least ${shortestRotationHours} hours (Secrets Manager); put the hours further apart`
    : undefined;
}

/** The shortest time between two rotations, within a day or overnight. */
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
 * Parses `ScheduleExpression` and `Duration` of a rotation. The window must end before the next one opens and before
 * the UTC day ends.
 * @param duration for instance `3h`; absent for the default window
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
    return invalid(`expected a window of 1h to 24h, found ${JSON.stringify(duration)}`);
  }
  const longest = longestWindowHours(schedule);
  return windowHours > longest
    ? invalid(
        `expected a window of at most ${longest}h with ${expression}, found ${duration}: it must end before the next window and the next UTC day`,
      )
    : { kind: "rotation", schedule, windowHours };
}

/** Windows must not overlap; except for a rate in hours, they must also end within the day. */
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
