import * as aws from "@pulumi/aws";
import * as pulumi from "@pulumi/pulumi";
import { metricNamespace, staleMinutesMetric, type MetricName } from "../handler/log";
import { decisions, decisionTable } from "../handler/plan/decisions";
import { type Context } from "./context";
import { localArn } from "../aws-semantics/arn";
import type { Queue } from "./queue";
import type { Recycler } from "./recycler";
import { policyDocument } from "./role-statements";
import type { Rotation } from "./rotation";
import type { Settings } from "./settings";
import { LONGEST_SWEEP_MINUTES } from "./settings-schedules";

/** Arguments of `Alarms`. */
export interface AlarmsArgs {
  readonly context: Context;
  /** An address or a topic. */
  readonly alarms: Settings["alarms"];
  readonly queue: Queue;
  readonly recycler: Recycler;
  readonly rotation: Rotation;
}

/** Seconds that one datapoint of an alarm covers. */
const PERIOD_SECONDS = 60;

/**
 * One datapoint in the longest time between two sweeps. Every sweep reports an
 * unresolved problem again, so the alarm stays in ALARM until it is solved and notifies once.
 */
const REPORTED_BY_EACH_SWEEP = { evaluationPeriods: LONGEST_SWEEP_MINUTES, datapointsToAlarm: 1 } as const;

/** The metric of an alarm; the default threshold is more than 0 within a minute. */
type Watched = Required<
  Pick<aws.cloudwatch.MetricAlarmArgs, "namespace" | "metricName" | "statistic" | "dimensions">
> &
  Pick<aws.cloudwatch.MetricAlarmArgs, "threshold" | "evaluationPeriods" | "datapointsToAlarm">;

/** Alarms for everything that a person must solve, and their topic. */
export class Alarms extends pulumi.ComponentResource {
  /** ARN of the topic that the alarms publish to. */
  readonly topicArn: pulumi.Input<string>;

  constructor(name: string, args: AlarmsArgs, opts?: pulumi.ComponentResourceOptions) {
    super("ecs-secret-recycler:index:Alarms", name, {}, opts);
    const { context, queue, recycler, rotation } = args;
    this.topicArn = args.alarms.topic ?? this.#topic(name, context, args.alarms.email);
    const alarm = (key: string, alarmDescription: string, watched: Watched): void =>
      this.#alarm(`${name}-${key}`, `${context.names.prefix}-${key}`, alarmDescription, watched, context);

    alarm(
      "dead-letters",
      "Messages are in the dead-letter queue: the recycler failed three times to process them. See its log",
      notEmpty(queue.deadLetters),
    );
    alarm(
      "undelivered",
      "EventBridge could not deliver events to the queue: compare the queue's policy with the rules",
      notEmpty(queue.undelivered),
    );
    alarm("function-errors", "The recycler's function failed: see its log", errorsOf(recycler.function));
    alarm("rotation-failed", "A rotation failed: see its function log", counted(recycler, "RotationFailed"));
    alarm(
      "too-many-deployments",
      "A service had so many deployments in an hour that the recycler waits (limits.maxDeploymentsPerHour): find what writes its secret, see the log",
      { ...counted(recycler, "TooManyDeployments"), ...REPORTED_BY_EACH_SWEEP },
    );
    for (const decision of decisions) {
      const { alarm: text } = decisionTable[decision];
      if (text) alarm(decision, text, { ...counted(recycler, decision), ...REPORTED_BY_EACH_SWEEP });
    }
    alarm(
      "stale",
      `A service has used an old value for more than ${args.alarms.staleAfterMinutes} minutes: see the log`,
      {
        ...counted(recycler, staleMinutesMetric),
        statistic: "Maximum",
        threshold: args.alarms.staleAfterMinutes,
        ...REPORTED_BY_EACH_SWEEP,
      },
    );
    for (const { credential, key, rotator } of rotation.rotators)
      alarm(
        `rotator-${key}-errors`,
        `The rotation function of ${credential.name} failed: see its log`,
        errorsOf(rotator.function),
      );

    this.registerOutputs({ topicArn: this.topicArn });
  }

  /**
   * A topic of our own. SNS does not encrypt it: alarms could not publish with the AWS-managed key (Amazon CloudWatch
   * User Guide, "Amazon SNS topics encryption"), and no alarm text holds a secret.
   */
  #topic(name: string, { names, place, tags }: Context, email: string | undefined): pulumi.Output<string> {
    const topicName = `${names.prefix}-alarms`;
    const arn = localArn(place, "sns", topicName);
    const topic = new aws.sns.Topic(
      `${name}-topic`,
      {
        name: topicName,
        policy: policyDocument([
          {
            Sid: "AlarmsPublish",
            Effect: "Allow",
            Principal: { Service: "cloudwatch.amazonaws.com" },
            Action: "sns:Publish",
            Resource: arn,
            Condition: {
              StringEquals: { "aws:SourceAccount": place.account },
              ArnLike: { "aws:SourceArn": localArn(place, "cloudwatch", `alarm:${names.prefix}-*`) },
            },
          },
          {
            Sid: "OnlyTls",
            Effect: "Deny",
            Principal: "*",
            Action: "sns:Publish",
            Resource: arn,
            Condition: { Bool: { "aws:SecureTransport": "false" } },
          },
        ]),
        tags,
      },
      { parent: this },
    );
    if (email !== undefined)
      new aws.sns.TopicSubscription(
        `${name}-email`,
        { topic: topic.arn, protocol: "email", endpoint: email },
        { parent: this },
      );
    return topic.arn;
  }

  #alarm(
    name: string,
    physicalName: string,
    alarmDescription: string,
    watched: Watched,
    { tags }: Context,
  ): void {
    new aws.cloudwatch.MetricAlarm(
      name,
      {
        name: physicalName,
        alarmDescription,
        comparisonOperator: "GreaterThanThreshold",
        threshold: 0,
        period: PERIOD_SECONDS,
        evaluationPeriods: 1,
        ...watched,
        treatMissingData: "notBreaching",
        alarmActions: [this.topicArn],
        okActions: [this.topicArn],
        tags,
      },
      { parent: this },
    );
  }
}

function notEmpty(queue: aws.sqs.Queue): Watched {
  return {
    namespace: "AWS/SQS",
    metricName: "ApproximateNumberOfMessagesVisible",
    statistic: "Maximum",
    dimensions: { QueueName: queue.name },
  };
}

function errorsOf(watched: aws.lambda.Function): Watched {
  return {
    namespace: "AWS/Lambda",
    metricName: "Errors",
    statistic: "Sum",
    dimensions: { FunctionName: watched.name },
  };
}

function counted(recycler: Recycler, metricName: MetricName | typeof staleMinutesMetric): Watched {
  return {
    namespace: metricNamespace,
    metricName,
    statistic: "Sum",
    dimensions: { FunctionName: recycler.function.name },
  };
}
