import * as aws from "@pulumi/aws";
import * as pulumi from "@pulumi/pulumi";
import { metricNamespace, staleMinutesMetric, type MetricName } from "../handler/log";
import { type Context } from "./context";
import { localArn } from "../aws-semantics/arn";
import type { Queue } from "./queue";
import type { Recycler } from "./recycler";
import { policyDocument } from "./role-statements";
import type { Rotation } from "./rotation";
import type { AlarmSettings } from "./settings";

/** What the alarms need to know. */
export interface AlarmsArgs {
  readonly context: Context;
  /** An address or a topic; without either no alarm is made. */
  readonly alarms: AlarmSettings;
  readonly queue: Queue;
  readonly recycler: Recycler;
  readonly rotation: Rotation;
}

/** Decisions after which a service stays on an old value until somebody acts. */
const NEEDS_SOMEBODY = {
  halted: "A service holds an old value: its last deployment was rolled back or stopped",
  denied: "The recycler may not look at or redeploy a covered service",
  "not-found": "A covered service or secret does not exist",
  unsupported: "A covered service cannot be redeployed by the recycler",
} as const satisfies Partial<Record<MetricName, string>>;

/** Seconds that one datapoint of an alarm covers. */
const PERIOD_SECONDS = 60;

/**
 * For what each sweep finds again while its cause lasts: one datapoint among those of the last quarter of an hour,
 * which is more than the time between two sweeps. So the alarm stands, and tells once, until the cause is gone.
 */
const AGAIN_WITH_EACH_SWEEP = { evaluationPeriods: 15, datapointsToAlarm: 1 } as const;

/** What an alarm watches; by default anything above 0 within a minute. */
type Watched = Required<
  Pick<aws.cloudwatch.MetricAlarmArgs, "namespace" | "metricName" | "statistic" | "dimensions">
> &
  Pick<aws.cloudwatch.MetricAlarmArgs, "threshold" | "evaluationPeriods" | "datapointsToAlarm">;

/** Alarms for everything that needs a person, and the topic that tells them. */
export class Alarms extends pulumi.ComponentResource {
  /** ARN of the topic that the alarms publish to. */
  readonly topicArn: pulumi.Input<string>;

  constructor(name: string, args: AlarmsArgs, opts?: pulumi.ComponentResourceOptions) {
    super("ecs-secret-recycler:index:Alarms", name, {}, opts);
    const { context, queue, recycler, rotation } = args;
    this.topicArn = args.alarms.topic ?? this.#topic(name, context, args.alarms.email);
    const alarm = (key: string, alarmDescription: string, watched: Watched): void =>
      this.#alarm(`${name}-${key}`, `${context.names.prefix}-${key}`, alarmDescription, watched, context);

    alarm("dead-letters", "The recycler gave messages up after three tries", notEmpty(queue.deadLetters));
    alarm("undelivered", "A rule could not deliver events", notEmpty(queue.undelivered));
    alarm("function-errors", "The recycler failed", errorsOf(recycler.function));
    alarm("rotation-failed", "A rotation failed: the old value stays", counted(recycler, "RotationFailed"));
    for (const [decision, description] of Object.entries(NEEDS_SOMEBODY) as [
      keyof typeof NEEDS_SOMEBODY,
      string,
    ][])
      alarm(decision, description, { ...counted(recycler, decision), ...AGAIN_WITH_EACH_SWEEP });
    alarm("stale", `A service holds an old value for more than ${args.alarms.staleAfterMinutes} minutes`, {
      ...counted(recycler, staleMinutesMetric),
      statistic: "Maximum",
      threshold: args.alarms.staleAfterMinutes,
      ...AGAIN_WITH_EACH_SWEEP,
    });
    for (const { credential, key, rotator } of rotation.rotators)
      alarm(`rotator-${key}-errors`, `The rotator of ${credential.name} failed`, errorsOf(rotator.function));

    this.registerOutputs({ topicArn: this.topicArn });
  }

  /**
   * A topic of our own. Not encrypted by SNS: with its AWS-managed key alarms could not publish (Amazon CloudWatch
   * User Guide, "Amazon SNS topics encryption"), and an alarm's text holds no secret.
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
