import { ServiceError } from "../errors";

const unitMs: Readonly<Record<string, number>> = { minute: 60_000, hour: 3_600_000, day: 86_400_000 };

/**
 * The next time, in milliseconds, at which a rule with this schedule runs after `afterMs`. A rate counts from
 * the moment when the rule was put or enabled.
 */
export function nextTime(expression: string, startMs: number, afterMs: number): number | undefined {
  const rate = /^rate\(([1-9]\d*) (minute|hour|day)(s?)\)$/.exec(expression);
  if (rate && (rate[3] === "s") === (rate[1] !== "1")) {
    const periodMs = Number(rate[1]) * unitMs[rate[2] ?? ""]!;
    return startMs + (Math.floor((afterMs - startMs) / periodMs) + 1) * periodMs;
  }
  throw new ServiceError("ValidationException", "Parameter ScheduleExpression is not valid.");
}
