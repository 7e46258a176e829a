import type * as aws from "@pulumi/aws";
import { metricNamespace, staleMinutesMetric, type MetricName } from "../handler/log";
import { decisions, decisionTable } from "../handler/plan/decisions";
import type { AlarmsArgs } from "./alarms";
import { queryName, type SavedQueryName } from "./saved-queries";
import { LONGEST_SWEEP_MINUTES } from "./settings-schedules";

/** A metric, without its dimensions' names. */
interface Metric {
  readonly namespace: string;
  readonly metricName: string;
  readonly stat: "Sum" | "Maximum";
  readonly dimensions: aws.cloudwatch.MetricAlarmArgs["dimensions"];
}

/** When an alarm goes off: of the last periods, so many with more than the threshold. */
interface When {
  readonly period: number;
  readonly evaluationPeriods: number;
  readonly datapointsToAlarm: number;
  /** Default: 0. */
  readonly threshold?: number;
  /** What a period without data stands for. */
  readonly treatMissingData: keyof typeof missingData;
  /** True where 0 stands for each period without data and the alarm goes off below 1. */
  readonly silence?: true;
}

/** What a period without data stands for, and why. */
export const missingData = {
  /** A metric that is written only when something happens, or a queue that SQS does not measure as long as it is idle. */
  notBreaching: "nothing happened",
  /**
   * A state that only new data may end. SQS stops measuring an idle queue after six hours, also a full one (Amazon SQS
   * Developer Guide, "Available CloudWatch metrics"); and a recycler that does not run cannot say that tasks are fresh.
   */
  ignore: "nothing is known, so the state stays",
  /** FILL gives every period a value once the metric exists. Before, at the first `up`, nothing is to be expected yet. */
  missing: "there has been no run yet",
} as const;

/** One alarm. */
export interface AlarmRow {
  /** The end of its name. */
  readonly key: string;
  /** Its heading in docs/operations.md. */
  readonly section: string;
  readonly happened: string;
  readonly look: string;
  readonly todo: string;
  readonly metric: Metric;
  readonly when: When;
}

/** Once in the longest time between two sweeps: what each sweep reports again stays one alarm until it is solved. */
const swept: When = {
  period: 60,
  evaluationPeriods: LONGEST_SWEEP_MINUTES,
  datapointsToAlarm: 1,
  treatMissingData: "notBreaching",
};

/** In two periods one after the other, each longer than the longest time between two sweeps. */
const lasting: When = {
  period: 20 * 60,
  evaluationPeriods: 2,
  datapointsToAlarm: 2,
  treatMissingData: "notBreaching",
};

/** Not once in 20 minutes, which is longer than the longest time between two sweeps. */
const silent: When = {
  period: 5 * 60,
  evaluationPeriods: 4,
  datapointsToAlarm: 4,
  treatMissingData: "missing",
  silence: true,
};

/** A dead-letter queue holds something. */
const filled: When = {
  period: 60,
  evaluationPeriods: 1,
  datapointsToAlarm: 1,
  treatMissingData: "ignore",
};

/** Lambda throttles a poller now and then, which tries again: twice is no accident. */
const repeated: When = { ...swept, datapointsToAlarm: 2 };

/** Seconds beyond the queue's delay after which a message is late: ten runs of the longest. */
const LATE_SECONDS = 600;

/** A value that changes twice within the queue's delay leaves one event unconfirmed: a few are no sign of anything. */
const MANY_UNCONFIRMED = 10;

/** Every alarm of a stack. */
export function alarmRows(args: AlarmsArgs): AlarmRow[] {
  const { context, alarms, queue, recycler, rotation, rules, mode, delaySeconds } = args;
  const { names } = context;
  const inLog = (query: SavedQueryName): string => `Logs Insights, saved query ${queryName(names, query)}`;
  const sqs = (of: aws.sqs.Queue, metricName: string): Metric => ({
    namespace: "AWS/SQS",
    metricName,
    stat: "Maximum",
    dimensions: { QueueName: of.name },
  });
  const lambda = (of: aws.lambda.Function, metricName: string): Metric => ({
    namespace: "AWS/Lambda",
    metricName,
    stat: "Sum",
    dimensions: { FunctionName: of.name },
  });
  const own = (metricName: MetricName | typeof staleMinutesMetric, stat: Metric["stat"] = "Sum"): Metric => ({
    namespace: metricNamespace,
    metricName,
    stat,
    dimensions: { FunctionName: recycler.function.name },
  });
  const row = (
    key: string,
    text: Pick<AlarmRow, "happened" | "look" | "todo"> & { readonly section?: string },
    metric: Metric,
    when: When,
  ): AlarmRow => ({ key, section: key, ...text, metric, when });

  // With `mode: off` no rule sends and nothing runs: silence is what was asked for.
  const wakeUps =
    mode === "off"
      ? []
      : [
          row(
            "no-sweep",
            {
              happened: "EventBridge has started no sweep for 20 minutes",
              look: `rule ${names.rules.sweep}, its state and its target`,
              todo: "enable the rule again; pulumi up restores its target",
            },
            {
              namespace: "AWS/Events",
              metricName: "Invocations",
              stat: "Sum",
              dimensions: { RuleName: rules.sweep.name },
            },
            silent,
          ),
          row(
            "no-wake-up",
            {
              happened: "The recycler's function has not run for 20 minutes",
              look: `function ${names.prefix}, its trigger and its concurrency`,
              todo: "enable the event source mapping again, or give the function concurrency",
            },
            lambda(recycler.function, "Invocations"),
            silent,
          ),
          row(
            "queue-age",
            {
              happened: `A message has waited in the queue for ${LATE_SECONDS / 60} minutes longer than its delay`,
              look: `queue ${names.queue}, function ${names.prefix}, and ${inLog("errors")}`,
              todo: "find why the function takes nothing: its trigger, its concurrency, or a batch that fails",
            },
            sqs(queue.queue, "ApproximateAgeOfOldestMessage"),
            { ...swept, evaluationPeriods: 1, threshold: delaySeconds + LATE_SECONDS },
          ),
        ];

  return [
    ...wakeUps,
    row(
      "throttled",
      {
        happened: "Lambda throttled the recycler's function",
        look: `function ${names.prefix}, its concurrency and that of the account`,
        todo: "remove a reserved concurrency of 0, or raise the account's limit",
      },
      lambda(recycler.function, "Throttles"),
      repeated,
    ),
    row(
      "function-errors",
      {
        happened: "The recycler's function failed",
        look: inLog("errors"),
        todo: "correct what the error names; SQS delivers the batch again",
      },
      lambda(recycler.function, "Errors"),
      swept,
    ),
    row(
      "dead-letters",
      {
        happened:
          "The recycler failed three times to process messages, which are now in the dead-letter queue",
        look: `queue ${names.deadLetters}, and ${inLog("errors")}`,
        todo: "correct the cause, then start a redrive of the queue",
      },
      sqs(queue.deadLetters, "ApproximateNumberOfMessagesVisible"),
      filled,
    ),
    row(
      "undelivered",
      {
        happened: "EventBridge could not deliver events",
        look: `queue ${names.undelivered}: the attributes of a message name the rule and the error`,
        todo: "run pulumi up, which restores policies and targets, then purge the queue: the sweep has found the changes",
      },
      sqs(queue.undelivered, "ApproximateNumberOfMessagesVisible"),
      filled,
    ),
    row(
      "invalid-events",
      {
        happened: "The queue held messages that are no events of AWS",
        look: inLog("messages"),
        todo: "find who may send to the queue, and take the permission away",
      },
      own("InvalidEvents"),
      swept,
    ),
    row(
      "unconfirmed",
      {
        happened: `More than ${MANY_UNCONFIRMED} events within 20 minutes told changes that no look confirmed`,
        look: inLog("services"),
        todo: "find what writes the secret again and again, or who sends events of their own to the queue",
      },
      own("Unconfirmed"),
      { ...lasting, evaluationPeriods: 1, datapointsToAlarm: 1, threshold: MANY_UNCONFIRMED },
    ),
    row(
      "rotation-failed",
      {
        happened: "A rotation failed, and the old value stays in use",
        look: `${inLog("messages")}, and ${inLog("errors")}`,
        todo: "correct what the rotation function's error names, then rotate again",
      },
      own("RotationFailed"),
      swept,
    ),
    row(
      "too-many-deployments",
      {
        happened:
          "A service had so many deployments in an hour that the recycler waits (limits.maxDeploymentsPerHour)",
        look: inLog("services"),
        todo: "find what writes the secret again and again, and stop it",
      },
      own("TooManyDeployments"),
      swept,
    ),
    ...decisions.flatMap((decision) => {
      const { alarm } = decisionTable[decision];
      if (!alarm) return [];
      return [
        row(decision, { ...alarm, look: inLog("services") }, own(decision), alarm.lasting ? lasting : swept),
      ];
    }),
    row(
      "stale",
      {
        happened: `A service has used an old value for more than ${alarms.staleAfterMinutes} minutes`,
        look: inLog("services"),
        todo: "end what holds the service back: the reason names it",
      },
      own(staleMinutesMetric, "Maximum"),
      { ...swept, threshold: alarms.staleAfterMinutes, treatMissingData: "ignore" },
    ),
    ...rotation.rotators.map(({ credential, key, rotator }) =>
      row(
        `rotator-${key}-errors`,
        {
          section: "rotator-errors",
          happened: `The rotation function of ${credential.name} failed`,
          look: inLog("errors"),
          todo: "correct what the error names; Secrets Manager tries the rotation again",
        },
        lambda(rotator.function, "Errors"),
        swept,
      ),
    ),
  ];
}
