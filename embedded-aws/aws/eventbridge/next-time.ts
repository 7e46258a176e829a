import { isInvalid } from "../../../aws-semantics/cron-expression";
import { nextTimes, parseSchedule } from "../../../aws-semantics/schedule-expression";
import { ServiceError } from "../errors";

/**
 * The next time, in milliseconds since the epoch, at which a rule with this schedule runs after `afterMs`;
 * undefined when a cron expression has come to its end. A rate counts from `afterMs`: from the moment when the
 * rule was put or enabled, then from one time to the next.
 */
export function nextTime(expression: string, afterMs: number): number | undefined {
  const schedule = parseSchedule(expression, "events");
  if (isInvalid(schedule))
    throw new ServiceError(
      "ValidationException",
      `Parameter ScheduleExpression is not valid. Reason: ${schedule.problem}.`,
    );
  return nextTimes(schedule, afterMs, 1)[0];
}
