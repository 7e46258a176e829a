import type { MetricAlarm, StateValue } from "@aws-sdk/client-cloudwatch";

/** Values of the evaluated periods, newest first; undefined where there is no data. */
export type Periods = readonly (number | undefined)[];

/** What an evaluation comes to. */
export interface Evaluation {
  readonly state: StateValue;
  readonly reason: string;
}

function breaches(alarm: MetricAlarm, value: number): boolean {
  const threshold = alarm.Threshold ?? 0;
  switch (alarm.ComparisonOperator) {
    case "GreaterThanThreshold":
      return value > threshold;
    case "GreaterThanOrEqualToThreshold":
      return value >= threshold;
    case "LessThanThreshold":
      return value < threshold;
    default:
      return value <= threshold;
  }
}

/**
 * The state of an alarm after its last periods (Amazon CloudWatch User Guide, "Evaluating an alarm" and
 * "Configuring how CloudWatch alarms treat missing data").
 */
export function evaluate(alarm: MetricAlarm, periods: Periods): Evaluation {
  const needed = alarm.DatapointsToAlarm ?? alarm.EvaluationPeriods ?? 1;
  const known = periods.filter((value): value is number => value !== undefined);
  const missing = periods.length - known.length;
  const breaching = known.filter((value) => breaches(alarm, value)).length;
  const treat = alarm.TreatMissingData ?? "missing";
  const counted = breaching + (treat === "breaching" ? missing : 0);
  const shown = `${needed} out of the last ${periods.length} datapoints [${known.join(", ")}] `;
  const compared = `the threshold (${alarm.Threshold}) with ${alarm.ComparisonOperator}`;
  if (known.length === 0 && treat === "missing")
    return {
      state: "INSUFFICIENT_DATA",
      reason: `Insufficient Data: ${missing} datapoints were unknown.`,
    };
  if (known.length === 0 && treat === "ignore")
    return { state: alarm.StateValue ?? "INSUFFICIENT_DATA", reason: alarm.StateReason ?? "Unchecked" };
  return counted >= needed
    ? { state: "ALARM", reason: `Threshold Crossed: ${shown}crossed ${compared}.` }
    : { state: "OK", reason: `Threshold Crossed: ${shown}did not cross ${compared}.` };
}
