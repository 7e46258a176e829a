import * as sdk from "@aws-sdk/client-cloudwatch";
import { between, jsonObject, lengthBetween, matchesPattern, oneOf, page, refused } from "../constraints";
import type { Cancel } from "../clock";
import { ServiceError } from "../errors";
import { onAnything, operation, type Authorization, type Service } from "../service";
import { Sqs } from "../sqs";
import type { World } from "../world";
import { evaluate } from "./alarm";
import {
  checkAlarm,
  checkDatum,
  checkPeriod,
  dimensionRecord,
  invalid,
  invalidCombination,
  periods,
  shownMetric,
} from "./checks";
import type { Measured } from "./record";
import { MetricStore, samplesBetween, isStatistic, statistic, type Sample } from "./series";
import { watched } from "./watched";

const badToken = { code: "InvalidNextToken" } as const;

interface StoredAlarm {
  alarm: sdk.MetricAlarm & { AlarmName: string; AlarmArn: string };
  cancel: Cancel;
}

/** Amazon CloudWatch: metrics, alarms that are evaluated on the clock, dashboards as text. */
export class CloudWatch implements Service {
  readonly prefix = "cloudwatch";
  readonly signingName = "monitoring";
  readonly sdk = sdk;
  readonly #metrics = new MetricStore();
  readonly #alarms = new Map<string, StoredAlarm>();
  readonly #history: sdk.AlarmHistoryItem[] = [];
  readonly #dashboards = new Map<string, string>();

  constructor(private readonly world: World) {}

  /** The metrics of a world. */
  static of(world: World): CloudWatch {
    return world.serviceAs("cloudwatch", CloudWatch);
  }

  /** Takes what AWS measures itself, and what logs carry. */
  record(measured: Measured): void {
    this.#metrics.record(measured);
  }

  /** The sum of a metric over all its time, for judging a run; 0 when nothing was measured. */
  total(namespace: string, name: string, dimensions: Readonly<Record<string, string>>): number {
    return statistic(this.#metrics.get(namespace, name, dimensions)?.samples ?? [], "Sum") ?? 0;
  }

  async stop(): Promise<void> {
    for (const { cancel } of this.#alarms.values()) cancel();
  }

  /** What is measured only when somebody looks: the messages of a queue. */
  #look(namespace: string | undefined, dimensions: Readonly<Record<string, string>>): void {
    const name = dimensions.QueueName;
    if (namespace !== "AWS/SQS" || name === undefined) return;
    const counts = Sqs.of(this.world).queueByArn(this.world.arn("sqs", name))?.counts();
    if (!counts) return;
    this.#metrics.record({
      namespace,
      dimensions,
      values: {
        ApproximateNumberOfMessagesVisible: counts.visible,
        ApproximateNumberOfMessagesNotVisible: counts.inFlight,
        ApproximateNumberOfMessagesDelayed: counts.delayed,
        ApproximateAgeOfOldestMessage: counts.oldestSeconds,
      },
      // At the very end of the period that ends now.
      timeMs: this.world.clock.now() - 1,
    });
  }

  #series(
    namespace: string | undefined,
    name: string | undefined,
    dimensions: readonly sdk.Dimension[] = [],
  ) {
    const given = dimensionRecord(dimensions);
    this.#look(namespace, given);
    return this.#metrics.get(namespace ?? "", name ?? "", given);
  }

  #on(name: string | undefined): Authorization {
    return { resource: this.world.arn("cloudwatch", `alarm:${name ?? ""}`) };
  }

  #watch(stored: StoredAlarm): void {
    const { clock } = this.world;
    const everyMs = Math.min((watched(stored.alarm)?.Period ?? 60) * 1000, 60_000);
    const next = (): void => {
      const delayMs = everyMs - (clock.now() % everyMs);
      stored.cancel = clock.schedule(delayMs, `alarm ${stored.alarm.AlarmName}`, async () => {
        next();
        await this.#evaluate(stored);
      });
    };
    stored.cancel();
    next();
  }

  async #evaluate(stored: StoredAlarm): Promise<void> {
    const { alarm } = stored;
    const { Metric, Period = 60, Stat = "Sum", Unit, fill } = watched(alarm)!;
    const now = this.world.clock.now();
    const periodMs = Period * 1000;
    // The window moves on each minute, also that of a longer period (User Guide, "Evaluating an alarm").
    const everyMs = Math.min(periodMs, 60_000);
    const end = Math.floor(now / everyMs) * everyMs;
    const series = this.#series(Metric?.Namespace, Metric?.MetricName, Metric?.Dimensions);
    const known = fill !== undefined && samplesBetween(series, 0, end).length > 0 ? fill : undefined;
    const values = Array.from({ length: alarm.EvaluationPeriods ?? 1 }, (_, back) => {
      const to = end - back * periodMs;
      return statistic(samplesBetween(series, to - periodMs, to, Unit), Stat) ?? known;
    });
    const { state, reason } = evaluate(alarm, values);
    await this.#setState(stored, state, reason);
  }

  async #setState(stored: StoredAlarm, state: sdk.StateValue, reason: string): Promise<void> {
    const { alarm } = stored;
    const before = alarm.StateValue;
    const now = new Date(this.world.clock.now());
    alarm.StateReason = reason;
    alarm.StateUpdatedTimestamp = now;
    if (before === state) return;
    alarm.StateValue = state;
    alarm.StateTransitionedTimestamp = now;
    const summary = `Alarm updated from ${before} to ${state}`;
    this.#note(alarm.AlarmName, "StateUpdate", summary);
    this.world.emit({
      source: "aws.cloudwatch",
      "detail-type": "CloudWatch Alarm State Change",
      resources: [alarm.AlarmArn],
      detail: {
        alarmName: alarm.AlarmName,
        state: { value: state, reason, timestamp: now.toISOString() },
        previousState: { value: before },
      },
    });
    if (!alarm.ActionsEnabled) return;
    const actions = {
      ALARM: alarm.AlarmActions,
      OK: alarm.OKActions,
      INSUFFICIENT_DATA: alarm.InsufficientDataActions,
    };
    for (const action of actions[state] ?? [])
      await this.#act(alarm, action, before ?? "INSUFFICIENT_DATA", now);
  }

  async #act(alarm: StoredAlarm["alarm"], action: string, before: string, now: Date): Promise<void> {
    const subject = `${alarm.StateValue}: "${alarm.AlarmName}" in ${this.world.region}`;
    try {
      await this.world.call(
        "sns",
        "Publish",
        {
          TopicArn: action,
          Subject: subject.slice(0, 100),
          Message: JSON.stringify({
            AlarmName: alarm.AlarmName,
            AlarmDescription: alarm.AlarmDescription ?? null,
            AWSAccountId: this.world.account,
            NewStateValue: alarm.StateValue,
            NewStateReason: alarm.StateReason,
            StateChangeTime: now.toISOString(),
            Region: this.world.region,
            AlarmArn: alarm.AlarmArn,
            OldStateValue: before,
            Trigger: { MetricName: alarm.MetricName, Namespace: alarm.Namespace, Threshold: alarm.Threshold },
          }),
        },
        { kind: "service", principal: "cloudwatch.amazonaws.com", sourceArn: alarm.AlarmArn },
      );
      this.#note(alarm.AlarmName, "Action", `Successfully executed action ${action}`);
    } catch (error) {
      if (!(error instanceof ServiceError)) throw error;
      this.#note(
        alarm.AlarmName,
        "Action",
        `Failed to execute action ${action}. Received error: ${error.message}`,
      );
    }
  }

  #note(AlarmName: string, HistoryItemType: sdk.HistoryItemType, HistorySummary: string): void {
    this.#history.unshift({
      AlarmName,
      AlarmType: "MetricAlarm",
      Timestamp: new Date(this.world.clock.now()),
      HistoryItemType,
      HistorySummary,
      HistoryData: "{}",
    });
  }

  readonly operations = {
    PutMetricData: operation<sdk.PutMetricDataInput, object>({
      access: "data",
      authorize: (input) => ({ resource: "*", context: { "cloudwatch:namespace": input.Namespace ?? "" } }),
      handle: (input) => {
        const namespace = input.Namespace ?? "";
        matchesPattern(namespace, /(?!AWS\/)[^:]{1,255}/, "Namespace", invalid);
        const data = input.MetricData ?? [];
        lengthBetween(data, 0, 1000, "MetricData", invalid);
        for (const datum of data) checkDatum(datum);
        for (const datum of data) this.#put(namespace, datum);
        return {};
      },
    }),

    ListMetrics: onAnything<sdk.ListMetricsInput, sdk.ListMetricsOutput>("read", (input) => {
      oneOf(input.RecentlyActive, sdk.RecentlyActive, "RecentlyActive", invalid);
      const all = this.#metrics
        .all()
        .filter(
          (series) =>
            (input.Namespace ?? series.namespace) === series.namespace &&
            (input.MetricName ?? series.name) === series.name &&
            (input.Dimensions ?? []).every(
              ({ Name = "", Value }) =>
                Object.hasOwn(series.dimensions, Name) &&
                (Value === undefined || series.dimensions[Name] === Value),
            ),
        );
      const { items, nextToken } = page(all, input.NextToken, undefined, 500, badToken);
      return { Metrics: items.map(shownMetric), NextToken: nextToken };
    }),

    GetMetricStatistics: onAnything<sdk.GetMetricStatisticsInput, sdk.GetMetricStatisticsOutput>(
      "read",
      (input) => {
        const period = input.Period ?? 0;
        checkPeriod(period);
        const stats = [...(input.Statistics ?? []), ...(input.ExtendedStatistics ?? [])];
        if (stats.length === 0)
          throw refused(invalidCombination, "Statistics or ExtendedStatistics must be given");
        for (const stat of stats)
          if (!isStatistic(stat)) throw refused(invalid, `The value ${stat} for Statistics is invalid.`);
        oneOf(input.Unit, sdk.StandardUnit, "Unit", invalid);
        const series = this.#series(input.Namespace, input.MetricName, input.Dimensions);
        const shown = (samples: readonly Sample[], names: readonly string[] = []) =>
          Object.fromEntries(names.map((stat) => [stat, statistic(samples, stat) ?? 0]));
        const { StartTime, EndTime, Unit, Statistics, ExtendedStatistics } = input;
        const Datapoints = periods(series, StartTime, EndTime, period, Unit).map(({ startMs, samples }) => ({
          Timestamp: new Date(startMs),
          Unit: samples[0]?.unit as sdk.StandardUnit,
          ...shown(samples, Statistics),
          ...(ExtendedStatistics && { ExtendedStatistics: shown(samples, ExtendedStatistics) }),
        }));
        return { Label: input.MetricName, Datapoints };
      },
    ),

    PutMetricAlarm: operation<sdk.PutMetricAlarmInput, object>({
      access: "write",
      authorize: (input) => this.#on(input.AlarmName),
      handle: (input) => {
        checkAlarm(input);
        const name = input.AlarmName ?? "";
        const existing = this.#alarms.get(name);
        const { Tags: _tags, ...given } = input;
        const now = new Date(this.world.clock.now());
        existing?.cancel();
        const stored: StoredAlarm = {
          alarm: {
            ...given,
            AlarmName: name,
            AlarmArn: this.#on(name).resource,
            ActionsEnabled: input.ActionsEnabled ?? true,
            OKActions: input.OKActions ?? [],
            AlarmActions: input.AlarmActions ?? [],
            InsufficientDataActions: input.InsufficientDataActions ?? [],
            Dimensions: input.Dimensions ?? [],
            AlarmConfigurationUpdatedTimestamp: now,
            StateValue: existing?.alarm.StateValue ?? "INSUFFICIENT_DATA",
            StateReason: existing?.alarm.StateReason ?? "Unchecked: Initial alarm creation",
            StateUpdatedTimestamp: existing?.alarm.StateUpdatedTimestamp ?? now,
          },
          cancel: () => undefined,
        };
        this.#alarms.set(name, stored);
        this.#watch(stored);
        return {};
      },
    }),

    DescribeAlarms: operation<sdk.DescribeAlarmsInput, sdk.DescribeAlarmsOutput>({
      access: "read",
      authorize: () => this.#on("*"),
      handle: (input) => {
        between(input.MaxRecords, 1, 100, "MaxRecords", invalid);
        oneOf(input.StateValue, sdk.StateValue, "StateValue", invalid);
        for (const type of input.AlarmTypes ?? []) oneOf(type, sdk.AlarmType, "AlarmTypes", invalid);
        const { AlarmNames, AlarmNamePrefix = "", StateValue, ActionPrefix, AlarmTypes } = input;
        const all = [...this.#alarms.values()]
          .flatMap(({ alarm }) => (AlarmTypes?.includes("MetricAlarm") === false ? [] : [alarm]))
          .filter(({ AlarmName }) => AlarmNames?.includes(AlarmName) ?? AlarmName.startsWith(AlarmNamePrefix))
          .filter((alarm) => (StateValue ?? alarm.StateValue) === alarm.StateValue)
          .filter(
            ({ AlarmActions = [] }) =>
              !ActionPrefix || AlarmActions.some((to) => to.startsWith(ActionPrefix)),
          )
          .sort((a, b) => (a.AlarmName < b.AlarmName ? -1 : 1));
        const { items, nextToken } = page(all, input.NextToken, input.MaxRecords, 100, badToken);
        const MetricAlarms = items.map((alarm) => ({ ...alarm }));
        return { MetricAlarms, CompositeAlarms: [], NextToken: nextToken };
      },
    }),

    DescribeAlarmHistory: operation<sdk.DescribeAlarmHistoryInput, sdk.DescribeAlarmHistoryOutput>({
      access: "read",
      authorize: (input) => this.#on(input.AlarmName ?? "*"),
      handle: (input) => {
        between(input.MaxRecords, 1, 100, "MaxRecords", invalid);
        oneOf(input.HistoryItemType, sdk.HistoryItemType, "HistoryItemType", invalid);
        const all = this.#history.filter(
          (item) =>
            (input.AlarmName ?? item.AlarmName) === item.AlarmName &&
            (input.HistoryItemType ?? item.HistoryItemType) === item.HistoryItemType,
        );
        const { items, nextToken } = page(all, input.NextToken, input.MaxRecords, 100, badToken);
        return { AlarmHistoryItems: items, NextToken: nextToken };
      },
    }),

    DeleteAlarms: operation<sdk.DeleteAlarmsInput, object>({
      access: "write",
      authorize: (input) => (input.AlarmNames ?? []).map((name) => this.#on(name)),
      handle: (input) => {
        lengthBetween(input.AlarmNames, 0, 100, "AlarmNames", invalid);
        for (const name of input.AlarmNames ?? []) {
          this.#alarms.get(name)?.cancel();
          this.#alarms.delete(name);
        }
        return {};
      },
    }),

    PutDashboard: operation<sdk.PutDashboardInput, sdk.PutDashboardOutput>({
      access: "write",
      authorize: (input) => ({ resource: this.#dashboardArn(input.DashboardName) }),
      handle: (input) => {
        const name = input.DashboardName ?? "";
        const body = input.DashboardBody ?? "";
        matchesPattern(name, /[A-Za-z0-9_-]{1,255}/, "DashboardName", { code: "DashboardInvalidInputError" });
        jsonObject(body, "DashboardBody", { code: "DashboardInvalidInputError" });
        this.#dashboards.set(name, body);
        return { DashboardValidationMessages: [] };
      },
    }),

    GetDashboard: operation<sdk.GetDashboardInput, sdk.GetDashboardOutput>({
      access: "read",
      authorize: (input) => ({ resource: this.#dashboardArn(input.DashboardName) }),
      handle: (input) => ({
        DashboardName: input.DashboardName,
        DashboardArn: this.#dashboardArn(input.DashboardName),
        DashboardBody: this.#dashboard(input.DashboardName),
      }),
    }),

    DeleteDashboards: operation<sdk.DeleteDashboardsInput, sdk.DeleteDashboardsOutput>({
      access: "write",
      authorize: (input) => (input.DashboardNames ?? []).map((n) => ({ resource: this.#dashboardArn(n) })),
      handle: (input) => {
        for (const name of input.DashboardNames ?? []) this.#dashboard(name);
        for (const name of input.DashboardNames ?? []) this.#dashboards.delete(name);
        return {};
      },
    }),
  };

  /** A dashboard's ARN has no Region. */
  #dashboardArn(name: string | undefined): string {
    return `arn:${this.world.partition}:cloudwatch::${this.world.account}:dashboard/${name ?? ""}`;
  }

  #dashboard(name: string | undefined): string {
    const found = this.#dashboards.get(name ?? "");
    if (found === undefined)
      throw new ServiceError("DashboardNotFoundError", `Dashboard ${name} does not exist`, 404);
    return found;
  }

  #put(namespace: string, datum: sdk.MetricDatum): void {
    const timeMs = datum.Timestamp?.getTime() ?? this.world.clock.now();
    const dimensions = dimensionRecord(datum.Dimensions ?? []);
    const unit = datum.Unit ?? "None";
    const name = datum.MetricName ?? "";
    const add = (count: number, sum: number, minimum: number, maximum: number): void =>
      this.#metrics.add(namespace, name, dimensions, { timeMs, unit, count, sum, minimum, maximum });
    const set = datum.StatisticValues;
    if (set) add(set.SampleCount ?? 0, set.Sum ?? 0, set.Minimum ?? 0, set.Maximum ?? 0);
    const values = datum.Values ?? (datum.Value === undefined ? [] : [datum.Value]);
    values.forEach((value, index) => {
      const count = datum.Counts?.[index] ?? 1;
      add(count, value * count, value, value);
    });
  }
}
