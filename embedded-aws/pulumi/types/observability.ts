import type * as aws from "@pulumi/aws";
import type { Dimension } from "@aws-sdk/client-cloudwatch";
import type * as sdk from "@aws-sdk/client-cloudwatch-logs";
import type { CreateTopicResponse, SubscribeResponse } from "@aws-sdk/client-sns";
import type { Unwrap } from "@pulumi/pulumi";
import {
  allTags,
  defined,
  pascal,
  physicalName,
  policyText,
  resourceType,
  tagList,
  text,
  type Account,
  type Properties,
  type ResourceType,
} from "./resource-type";

type Query = Unwrap<aws.cloudwatch.QueryDefinitionArgs>;
type Alarm = Unwrap<aws.cloudwatch.MetricAlarmArgs>;
type Topic = Unwrap<aws.sns.TopicArgs>;

async function putRetention(account: Account, name: string, days: number | undefined): Promise<void> {
  if (days !== undefined && days > 0)
    await account.call("logs", "PutRetentionPolicy", { logGroupName: name, retentionInDays: days });
}

async function putQuery(account: Account, query: Query, id?: string): Promise<Properties> {
  const { name, queryString, logGroupNames } = query;
  const put = { name, queryString, logGroupNames, queryDefinitionId: id };
  const { queryDefinitionId } = await account.call<sdk.PutQueryDefinitionResponse>(
    "logs",
    "PutQueryDefinition",
    put,
  );
  return { ...query, queryDefinitionId };
}

/** A metric of an expression: Pulumi has the dimensions as an object, and no `MetricStat` around them. */
function metricQuery({ metric, ...query }: NonNullable<Alarm["metricQueries"]>[number]): object {
  if (!metric) return pascal(query) as object;
  const { period: Period, stat: Stat, unit: Unit, namespace, metricName, dimensions } = metric;
  const Metric = { Namespace: namespace, MetricName: metricName, Dimensions: dimensionList(dimensions) };
  return { ...(pascal(query) as object), MetricStat: { Metric, Period, Stat, Unit } };
}

function dimensionList(dimensions: Readonly<Record<string, string>> | undefined): Dimension[] | undefined {
  return dimensions && Object.entries(dimensions).map(([Name, Value]) => ({ Name, Value }));
}

async function putAlarm(account: Account, name: string, alarm: Alarm): Promise<Properties> {
  const tagsAll = allTags(account, alarm.tags);
  await account.call("cloudwatch", "PutMetricAlarm", {
    AlarmName: name,
    AlarmDescription: alarm.alarmDescription,
    ActionsEnabled: alarm.actionsEnabled ?? true,
    AlarmActions: alarm.alarmActions,
    OKActions: alarm.okActions,
    InsufficientDataActions: alarm.insufficientDataActions,
    MetricName: alarm.metricName,
    Namespace: alarm.namespace,
    Statistic: alarm.statistic,
    ExtendedStatistic: alarm.extendedStatistic,
    Dimensions: dimensionList(alarm.dimensions),
    Period: alarm.period,
    Unit: alarm.unit,
    EvaluationPeriods: alarm.evaluationPeriods,
    DatapointsToAlarm: alarm.datapointsToAlarm,
    Threshold: alarm.threshold,
    ComparisonOperator: alarm.comparisonOperator,
    TreatMissingData: alarm.treatMissingData ?? "missing",
    Metrics: alarm.metricQueries?.map(metricQuery),
    Tags: tagList(tagsAll),
  });
  return {
    actionsEnabled: true,
    treatMissingData: "missing",
    ...alarm,
    name,
    arn: account.arn("cloudwatch", `alarm:${name}`),
    tagsAll,
  };
}

async function putDashboard(account: Account, name: string, body: unknown): Promise<Properties> {
  const dashboardBody = policyText(body);
  await account.call("cloudwatch", "PutDashboard", { DashboardName: name, DashboardBody: dashboardBody });
  return {
    dashboardName: name,
    dashboardBody,
    dashboardArn: `arn:${account.partition}:cloudwatch::${account.account}:dashboard/${name}`,
  };
}

function topicAttributes(topic: Topic): Record<string, string> {
  const attributes = {
    Policy: topic.policy && policyText(topic.policy),
    KmsMasterKeyId: topic.kmsMasterKeyId,
    DisplayName: topic.displayName,
    FifoTopic: topic.fifoTopic ? "true" : undefined,
  };
  return defined(attributes) as Record<string, string>;
}

/** CloudWatch and its logs, and the topics that alarms publish to. */
export const observability: Readonly<Record<string, ResourceType>> = {
  "aws:cloudwatch/logGroup:LogGroup": resourceType<aws.cloudwatch.LogGroupArgs>({
    computed: ["id", "arn", "name", "tagsAll"],
    replaceOnChanges: ["name", "namePrefix", "logGroupClass"],
    async create(account, inputs, logicalName) {
      const name = physicalName(account, logicalName, inputs);
      const tagsAll = allTags(account, inputs.tags);
      await account.call("logs", "CreateLogGroup", {
        logGroupName: name,
        kmsKeyId: inputs.kmsKeyId,
        logGroupClass: inputs.logGroupClass,
        tags: Object.keys(tagsAll).length > 0 ? tagsAll : undefined,
      });
      await putRetention(account, name, inputs.retentionInDays);
      const arn = account.arn("logs", `log-group:${name}`);
      return { id: name, state: { ...inputs, name, arn, tagsAll } };
    },
    async update(account, name, olds, inputs) {
      if (inputs.retentionInDays) await putRetention(account, name, inputs.retentionInDays);
      else await account.call("logs", "DeleteRetentionPolicy", { logGroupName: name });
      return { ...inputs, name, arn: olds.arn, tagsAll: allTags(account, inputs.tags) };
    },
    async delete(account, name) {
      await account.call("logs", "DeleteLogGroup", { logGroupName: name });
    },
  }),

  "aws:cloudwatch/queryDefinition:QueryDefinition": resourceType<aws.cloudwatch.QueryDefinitionArgs>({
    computed: ["id", "queryDefinitionId"],
    replaceOnChanges: [],
    create: async (account, inputs, name) => ({ id: name, state: await putQuery(account, inputs) }),
    update: (account, _name, olds, inputs) => putQuery(account, inputs, text(olds, "queryDefinitionId")),
    async delete(account, _name, { queryDefinitionId }) {
      await account.call("logs", "DeleteQueryDefinition", { queryDefinitionId });
    },
  }),

  "aws:cloudwatch/metricAlarm:MetricAlarm": resourceType<aws.cloudwatch.MetricAlarmArgs>({
    computed: ["id", "arn", "name", "tagsAll"],
    replaceOnChanges: ["name"],
    async create(account, inputs, logicalName) {
      const name = physicalName(account, logicalName, { name: inputs.name });
      return { id: name, state: await putAlarm(account, name, inputs) };
    },
    update: (account, name, _olds, inputs) => putAlarm(account, name, inputs),
    async delete(account, name) {
      await account.call("cloudwatch", "DeleteAlarms", { AlarmNames: [name] });
    },
  }),

  "aws:cloudwatch/dashboard:Dashboard": resourceType<aws.cloudwatch.DashboardArgs>({
    computed: ["id", "dashboardArn"],
    replaceOnChanges: ["dashboardName"],
    async create(account, inputs) {
      const name = inputs.dashboardName;
      return { id: name, state: await putDashboard(account, name, inputs.dashboardBody) };
    },
    update: (account, name, _olds, inputs) => putDashboard(account, name, inputs.dashboardBody),
    async delete(account, name) {
      await account.call("cloudwatch", "DeleteDashboards", { DashboardNames: [name] });
    },
  }),

  "aws:sns/topic:Topic": resourceType<aws.sns.TopicArgs>({
    computed: ["id", "arn", "name", "owner", "tagsAll"],
    replaceOnChanges: ["name", "namePrefix", "fifoTopic"],
    async create(account, inputs, logicalName) {
      const name = physicalName(account, logicalName, inputs, inputs.fifoTopic ? ".fifo" : "");
      const tagsAll = allTags(account, inputs.tags);
      const { TopicArn } = await account.call<CreateTopicResponse>("sns", "CreateTopic", {
        Name: name,
        Attributes: topicAttributes(inputs),
        Tags: tagList(tagsAll),
      });
      return {
        id: TopicArn!,
        state: { ...inputs, name, arn: TopicArn, owner: account.account, tagsAll },
      };
    },
    async update(account, arn, olds, inputs) {
      for (const [AttributeName, AttributeValue] of Object.entries(topicAttributes(inputs)))
        await account.call("sns", "SetTopicAttributes", { TopicArn: arn, AttributeName, AttributeValue });
      return { ...olds, ...inputs, name: olds.name, tagsAll: allTags(account, inputs.tags) };
    },
    async delete(account, arn) {
      await account.call("sns", "DeleteTopic", { TopicArn: arn });
    },
  }),

  "aws:sns/topicSubscription:TopicSubscription": resourceType<aws.sns.TopicSubscriptionArgs>({
    computed: ["id", "arn", "ownerId", "pendingConfirmation", "confirmationWasAuthenticated"],
    replaceOnChanges: ["*"],
    async create(account, inputs) {
      const { SubscriptionArn } = await account.call<SubscribeResponse>("sns", "Subscribe", {
        TopicArn: inputs.topic,
        Protocol: inputs.protocol,
        Endpoint: inputs.endpoint,
        ReturnSubscriptionArn: true,
      });
      return {
        id: SubscriptionArn!,
        state: {
          ...inputs,
          arn: SubscriptionArn,
          ownerId: account.account,
          pendingConfirmation: inputs.protocol.startsWith("email"),
          confirmationWasAuthenticated: false,
        },
      };
    },
    async delete(account, arn) {
      await account.call("sns", "Unsubscribe", { SubscriptionArn: arn });
    },
  }),
};
