/**
 * AWS's cron expressions: the days, hours and minutes (UTC) that their six fields name.
 *
 * Sources: Amazon EventBridge User Guide, "Setting a schedule pattern for scheduled rules (legacy)" (fields,
 * wildcards, restrictions); AWS Secrets Manager User Guide, "Schedule expressions in Secrets Manager rotation".
 */

/** The days that an expression names, by the month or by the week. 1 is Sunday and 7 is Saturday. */
export type CronDays =
  | { readonly by: "month"; readonly days: readonly number[] }
  | { readonly by: "last-day-of-month" }
  /** The weekday nearest to a day of the month, within the month. */
  | { readonly by: "nearest-weekday"; readonly day: number }
  | { readonly by: "week"; readonly days: readonly number[] }
  /** The last Friday of the month, for instance. */
  | { readonly by: "last-of-weekday"; readonly day: number }
  /** The second Tuesday of the month, for instance. */
  | { readonly by: "nth-of-weekday"; readonly day: number; readonly nth: number };

/** A parsed cron expression. All lists are sorted and hold each value once. */
export interface CronExpression {
  readonly kind: "cron";
  readonly minutes: readonly number[];
  readonly hours: readonly number[];
  readonly months: readonly number[];
  readonly days: CronDays;
  /** The named years; 1970 to 2199 for a star. */
  readonly years: readonly number[];
}

/** An expression that AWS refuses. */
export interface InvalidSchedule {
  readonly kind: "invalid";
  /** What was expected, what was found, what to do. */
  readonly problem: string;
}

/** A field: its name in messages, its range, and the names of its numbers. */
interface Field {
  readonly name: string;
  readonly first: number;
  readonly last: number;
  readonly names: readonly string[];
}

const months: readonly string[] = "JAN FEB MAR APR MAY JUN JUL AUG SEP OCT NOV DEC".split(" ");
const weekdays: readonly string[] = "SUN MON TUE WED THU FRI SAT".split(" ");

const minuteField: Field = { name: "minutes", first: 0, last: 59, names: [] };
const hourField: Field = { name: "hours", first: 0, last: 23, names: [] };
const dayOfMonthField: Field = { name: "day of month", first: 1, last: 31, names: [] };
const monthField: Field = { name: "month", first: 1, last: 12, names: months };
const dayOfWeekField: Field = { name: "day of week", first: 1, last: 7, names: weekdays };
const yearField: Field = { name: "year", first: 1970, last: 2199, names: [] };

/** Parses the text between the parentheses of `cron(...)`. */
export function parseCron(fields: string): CronExpression | InvalidSchedule {
  const texts = fields.split(/\s+/).filter((text) => text !== "");
  const [minute = "", hour = "", dayOfMonth = "", month = "", dayOfWeek = "", year = ""] = texts;
  if (texts.length !== 6) {
    return invalid(
      `expected six fields (minutes, hours, day of month, month, day of week, year), found ${texts.length}`,
    );
  }
  const lists = {
    minutes: numbers(minute, minuteField),
    hours: numbers(hour, hourField),
    months: numbers(month, monthField),
    years: numbers(year, yearField),
    days: parseDays(dayOfMonth.toUpperCase(), dayOfWeek.toUpperCase()),
  };
  const problem = Object.values(lists).find(isInvalid);
  return problem ?? ({ kind: "cron", ...lists } as CronExpression);
}

/** True for the result of `invalid`. */
export function isInvalid(value: object): value is InvalidSchedule {
  return "kind" in value && value.kind === "invalid";
}

/** The result for an expression that AWS refuses. */
export function invalid(problem: string): InvalidSchedule {
  return { kind: "invalid", problem };
}

function parseDays(ofMonth: string, ofWeek: string): CronDays | InvalidSchedule {
  if ((ofMonth === "?") === (ofWeek === "?")) {
    return invalid("exactly one of day of month and day of week must be ?");
  }
  return ofWeek === "?" ? parseDaysOfMonth(ofMonth) : parseDaysOfWeek(ofWeek);
}

function parseDaysOfMonth(text: string): CronDays | InvalidSchedule {
  if (text === "L") {
    return { by: "last-day-of-month" };
  }
  const nearest = /^(\d{1,2})W$/.exec(text)?.[1];
  if (nearest !== undefined) {
    const day = Number(nearest);
    return day >= 1 && day <= 31
      ? { by: "nearest-weekday", day }
      : invalid(`day of month: expected a day from 1 to 31 before W, found ${text}`);
  }
  const days = numbers(text, dayOfMonthField);
  return isInvalid(days) ? days : { by: "month", days };
}

function parseDaysOfWeek(text: string): CronDays | InvalidSchedule {
  if (text === "L") {
    return { by: "week", days: [7] };
  }
  const [, weekday = "", special = ""] = /^([A-Z0-9]+?)(L|#\d+)$/.exec(text) ?? [];
  if (special === "") {
    const days = numbers(text, dayOfWeekField);
    return isInvalid(days) ? days : { by: "week", days };
  }
  const day = single(weekday, dayOfWeekField);
  const nth = Number(special.slice(1));
  if (day === undefined || (special !== "L" && (nth < 1 || nth > 5))) {
    return invalid(
      `day of week: expected a day (1 to 7 or SUN to SAT) before L, or before # and 1 to 5; found ${text}`,
    );
  }
  return special === "L" ? { by: "last-of-weekday", day } : { by: "nth-of-weekday", day, nth };
}

/** A list of numbers, ranges and increments: `1,3`, `MON-FRI`, `*`, `0/15`, `8-17/3`. */
function numbers(text: string, field: Field): number[] | InvalidSchedule {
  const found: number[] = [];
  for (const item of text.toUpperCase().split(",")) {
    const part = range(item, field);
    if (!part) {
      return invalid(
        `${field.name}: expected ${field.first} to ${field.last}${field.names.length > 0 ? ` or ${field.names[0]} to ${field.names.at(-1)}` : ""}, as *, a value, FIRST-LAST, START/STEP, or a list of these; found ${text}`,
      );
    }
    for (let value = part.first; value <= part.last; value += part.step) {
      if (!found.includes(value)) {
        found.push(value);
      }
    }
  }
  return found.sort((a, b) => a - b);
}

function range(item: string, field: Field): { first: number; last: number; step: number } | undefined {
  const [, start = "", , end, step] = /^(\*|[A-Z0-9]+)(-([A-Z0-9]+))?(?:\/(\d{1,4}))?$/.exec(item) ?? [];
  const first = start === "*" ? field.first : single(start, field);
  const onlyStart = end === undefined && step === undefined && start !== "*";
  const last = end === undefined ? (onlyStart ? first : field.last) : single(end, field);
  const by = step === undefined ? 1 : Number(step);
  const isRange = first !== undefined && last !== undefined && first <= last && by >= 1;
  return isRange && !(start === "*" && end !== undefined) ? { first, last, step: by } : undefined;
}

function single(text: string, field: Field): number | undefined {
  const named = field.names.indexOf(text);
  const value = named >= 0 ? named + field.first : /^\d{1,4}$/.test(text) ? Number(text) : Number.NaN;
  return value >= field.first && value <= field.last ? value : undefined;
}

const dayMs = 86_400_000;

/** The first `count` times after `fromMs` (milliseconds since 1970, UTC); fewer where the years end. */
export function nextCronTimes(cron: CronExpression, fromMs: number, count: number): number[] {
  const times: number[] = [];
  const lastYear = cron.years.at(-1) ?? 0;
  const firstYearMs = Date.UTC(cron.years[0] ?? 0, 0, 1);
  for (let day = Math.floor(Math.max(fromMs, firstYearMs) / dayMs); times.length < count; day++) {
    const date = new Date(day * dayMs);
    if (date.getUTCFullYear() > lastYear) {
      break;
    }
    if (isNamed(cron, date)) {
      const ofDay = timesOfDay(cron).map((time) => day * dayMs + time);
      times.push(...ofDay.filter((time) => time > fromMs).slice(0, count - times.length));
    }
  }
  return times;
}

function timesOfDay(cron: CronExpression): number[] {
  return cron.hours.flatMap((hour) => cron.minutes.map((minute) => (hour * 60 + minute) * 60_000));
}

function isNamed(cron: CronExpression, date: Date): boolean {
  return (
    cron.years.includes(date.getUTCFullYear()) &&
    cron.months.includes(date.getUTCMonth() + 1) &&
    dayIsNamed(cron.days, date)
  );
}

function dayIsNamed(days: CronDays, date: Date): boolean {
  const dayOfMonth = date.getUTCDate();
  const dayOfWeek = date.getUTCDay() + 1;
  const lastOfMonth = new Date(Date.UTC(date.getUTCFullYear(), date.getUTCMonth() + 1, 0)).getUTCDate();
  switch (days.by) {
    case "month":
      return days.days.includes(dayOfMonth);
    case "last-day-of-month":
      return dayOfMonth === lastOfMonth;
    case "nearest-weekday":
      return days.day <= lastOfMonth && dayOfMonth === nearestWeekday(days.day, date, lastOfMonth);
    case "week":
      return days.days.includes(dayOfWeek);
    case "last-of-weekday":
      return dayOfWeek === days.day && dayOfMonth > lastOfMonth - 7;
    case "nth-of-weekday":
      return dayOfWeek === days.day && Math.ceil(dayOfMonth / 7) === days.nth;
  }
}

/** The Friday before a Saturday, the Monday after a Sunday, within the same month. */
function nearestWeekday(day: number, date: Date, lastOfMonth: number): number {
  const weekday = new Date(Date.UTC(date.getUTCFullYear(), date.getUTCMonth(), day)).getUTCDay();
  if (weekday === 6) {
    return day === 1 ? 3 : day - 1;
  }
  if (weekday === 0) {
    return day === lastOfMonth ? day - 2 : day + 1;
  }
  return day;
}
