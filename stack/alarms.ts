import * as aws from "@pulumi/aws";
import * as pulumi from "@pulumi/pulumi";
import type { Mode } from "../handler/coverage";
import { alarmRows, type AlarmRow } from "./alarm-table";
import { type Context } from "./context";
import { localArn } from "../aws-semantics/arn";
import type { Queue } from "./queue";
import type { Recycler } from "./recycler";
import { policyDocument } from "./role-statements";
import type { Rotation } from "./rotation";
import type { Rules } from "./rules";
import type { Settings } from "./settings";

/** Arguments of `Alarms`. */
export interface AlarmsArgs {
  readonly context: Context;
  /** An address or a topic. */
  readonly alarms: Settings["alarms"];
  readonly queue: Queue;
  readonly recycler: Recycler;
  readonly rotation: Rotation;
  readonly rules: Rules;
  readonly mode: Mode;
  /** The queue's delay. */
  readonly delaySeconds: number;
}

/** Alarms for everything that a person must solve, and their topic. */
export class Alarms extends pulumi.ComponentResource {
  /** ARN of the topic that the alarms publish to. */
  readonly topicArn: pulumi.Input<string>;

  constructor(name: string, args: AlarmsArgs, opts?: pulumi.ComponentResourceOptions) {
    super("ecs-secret-recycler:index:Alarms", name, {}, opts);
    const { context, alarms } = args;
    this.topicArn = alarms.topic ?? this.#topic(name, context, alarms.email);
    for (const row of alarmRows(args)) this.#alarm(`${name}-${row.key}`, row, context);
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

  #alarm(name: string, row: AlarmRow, { names, tags }: Context): void {
    const { period, silence, threshold = 0, ...when } = row.when;
    const { stat, ...metric } = row.metric;
    new aws.cloudwatch.MetricAlarm(
      name,
      {
        name: `${names.prefix}-${row.key}`,
        alarmDescription: textOf(row),
        ...when,
        ...(silence
          ? {
              comparisonOperator: "LessThanThreshold",
              threshold: 1,
              metricQueries: [
                { id: "measured", metric: { ...metric, stat, period }, returnData: false },
                { id: "filled", expression: "FILL(measured, 0)", label: metric.metricName, returnData: true },
              ],
            }
          : { comparisonOperator: "GreaterThanThreshold", threshold, ...metric, statistic: stat, period }),
        alarmActions: [this.topicArn],
        okActions: [this.topicArn],
        tags,
      },
      { parent: this },
    );
  }
}

/** What a person reads at night: what happened, where to look, what to do, and where more stands. */
function textOf({ happened, look, todo, section }: AlarmRow): string {
  return `${happened}. Look: ${look}. Do: ${todo}. More: docs/operations.md#${section}`;
}
