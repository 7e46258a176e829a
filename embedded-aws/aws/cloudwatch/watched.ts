import type { MetricStat, PutMetricAlarmInput } from "@aws-sdk/client-cloudwatch";

/**
 * The metric of an alarm, or the one in its expression `FILL(id, number)`; undefined for another expression. `fill`
 * stands for a period without data of a metric that has had some (User Guide, "Using metric math", FILL).
 */
export function watched(alarm: PutMetricAlarmInput): (Partial<MetricStat> & { fill?: number }) | undefined {
  const { Metrics, Namespace, MetricName, Dimensions, Period, Statistic, ExtendedStatistic, Unit } = alarm;
  if (!Metrics)
    return {
      Metric: { Namespace, MetricName, Dimensions },
      Period,
      Stat: Statistic ?? ExtendedStatistic,
      Unit,
    };
  const [shown, ...others] = Metrics.filter(({ ReturnData }) => ReturnData !== false);
  const [, id, fill] = /^FILL\((\w+), ?(-?[\d.]+)\)$/.exec(shown?.Expression ?? "") ?? [];
  const stat = Metrics.find(({ Id }) => Id === id)?.MetricStat;
  return others.length > 0 || !stat ? undefined : { ...stat, fill: Number(fill) };
}
