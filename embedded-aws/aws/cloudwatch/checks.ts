import * as sdk from "@aws-sdk/client-cloudwatch";
import { between, lengthBetween, oneOf, refused } from "../constraints";
import { ServiceError, notImplemented } from "../errors";
import { samplesBetween, isStatistic, type Series } from "./series";
import { watched } from "./watched";

/** How CloudWatch refuses a value. */
export const invalid = { code: "InvalidParameterValueException" } as const;
/** How CloudWatch refuses parameters that do not go together. */
export const invalidCombination = { code: "InvalidParameterCombinationException" } as const;

/** Dimensions as a record. */
export function dimensionRecord(dimensions: readonly sdk.Dimension[]): Record<string, string> {
  return Object.fromEntries(dimensions.map(({ Name = "", Value = "" }) => [Name, Value]));
}

/** A series as ListMetrics shows it. */
export function shownMetric(series: Series): sdk.Metric {
  return {
    Namespace: series.namespace,
    MetricName: series.name,
    Dimensions: Object.entries(series.dimensions).map(([Name, Value]) => ({ Name, Value })),
  };
}

/** The periods of a time range that have data, oldest first. */
export function periods(
  series: Series | undefined,
  start: Date | undefined,
  end: Date | undefined,
  periodSeconds: number,
  unit: string | undefined,
) {
  const fromMs = start?.getTime() ?? NaN;
  const toMs = end?.getTime() ?? NaN;
  if (!(fromMs < toMs))
    throw refused(invalid, "The parameter StartTime must be less than the parameter EndTime.");
  const periodMs = periodSeconds * 1000;
  const first = Math.floor(fromMs / periodMs) * periodMs;
  const samples = samplesBetween(series, first, toMs, unit);
  return [...Map.groupBy(samples, ({ timeMs }) => Math.floor(timeMs / periodMs) * periodMs)]
    .map(([startMs, samples]) => ({ startMs, samples }))
    .sort((a, b) => a.startMs - b.startMs);
}

/** Refuses a period that CloudWatch does not have. */
export function checkPeriod(period: number): void {
  if (
    ![1, 5, 10, 20, 30].includes(period) &&
    !(Number.isInteger(period) && period > 0 && period % 60 === 0 && period <= 86_400)
  )
    throw refused(invalid, "The parameter Period must be 1, 5, 10, 20, 30 or a multiple of 60 up to 86400.");
}

/** Refuses what PutMetricData refuses. */
export function checkDatum(datum: sdk.MetricDatum): void {
  lengthBetween(datum.MetricName, 1, 255, "MetricName", invalid);
  lengthBetween(datum.Dimensions, 0, 30, "Dimensions", invalid);
  oneOf(datum.Unit, sdk.StandardUnit, "Unit", invalid);
  const given = [datum.Value, datum.Values, datum.StatisticValues].filter((v) => v !== undefined).length;
  if (given !== 1)
    throw refused(
      invalidCombination,
      "Exactly one of Value, Values and StatisticValues must be given for each metric.",
    );
  if (datum.Counts && datum.Counts.length !== datum.Values?.length)
    throw refused(invalidCombination, "Values and Counts must have the same length.");
  for (const value of [datum.Value, ...(datum.Values ?? [])])
    if (value !== undefined && !Number.isFinite(value))
      throw refused(invalid, `The value ${value} is no number.`);
  for (const count of datum.Counts ?? []) between(count, 0, 1_000_000, "Counts", invalid);
  if (datum.Timestamp !== undefined && Number.isNaN(datum.Timestamp.getTime()))
    throw refused(invalid, "Timestamp is no date.");
}

/** Refuses what PutMetricAlarm refuses, and what the embedded CloudWatch does not evaluate. */
export function checkAlarm(input: sdk.PutMetricAlarmInput): void {
  lengthBetween(input.AlarmName, 1, 255, "AlarmName", invalid);
  lengthBetween(input.AlarmDescription, 0, 1024, "AlarmDescription", invalid);
  const metric = watched(input);
  if (!metric || input.EvaluationCriteria || input.ThresholdMetricId)
    throw notImplemented("an alarm on an expression other than FILL(ID, NUMBER)");
  for (const member of ["MetricName", "Namespace", "Period", "Statistic", "Dimensions"] as const)
    if (input.Metrics && input[member] !== undefined)
      throw refused(invalidCombination, `Metrics and ${member} must not be given together.`);
  for (const [member, value] of Object.entries({
    MetricName: metric.Metric?.MetricName,
    Namespace: metric.Metric?.Namespace,
    Period: metric.Period,
    ComparisonOperator: input.ComparisonOperator,
    EvaluationPeriods: input.EvaluationPeriods,
    Threshold: input.Threshold,
  }))
    if (value === undefined)
      throw new ServiceError("MissingRequiredParameterException", `The parameter ${member} is required.`);
  checkPeriod(metric.Period ?? 0);
  between(input.EvaluationPeriods, 1, 8640, "EvaluationPeriods", invalid);
  between(input.DatapointsToAlarm, 1, input.EvaluationPeriods ?? 1, "DatapointsToAlarm", invalid);
  oneOf(input.Statistic, sdk.Statistic, "Statistic", invalid);
  oneOf(input.Unit, sdk.StandardUnit, "Unit", invalid);
  const operators = ["GreaterThanOrEqualTo", "GreaterThan", "LessThan", "LessThanOrEqualTo"];
  const comparisons = operators.map((name) => `${name}Threshold`);
  oneOf(input.ComparisonOperator, comparisons, "ComparisonOperator", invalid);
  const treatments = ["breaching", "notBreaching", "ignore", "missing"];
  oneOf(input.TreatMissingData, treatments, "TreatMissingData", invalid);
  if (!input.Metrics && (input.Statistic === undefined) === (input.ExtendedStatistic === undefined))
    throw refused(invalidCombination, "Exactly one of Statistic and ExtendedStatistic must be given.");
  if (!isStatistic(metric.Stat ?? ""))
    throw refused(invalid, `The value ${metric.Stat} for parameter ExtendedStatistic is not supported.`);
  const { AlarmActions = [], OKActions = [], InsufficientDataActions = [] } = input;
  for (const action of [...AlarmActions, ...OKActions, ...InsufficientDataActions])
    if (!/^arn:[^:]+:sns:/.test(action)) throw notImplemented(`an alarm's action ${action}`);
}
