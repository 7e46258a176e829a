import type * as aws from "@pulumi/aws";
import type { PutRuleResponse, PutTargetsResponse } from "@aws-sdk/client-eventbridge";
import type { Unwrap } from "@pulumi/pulumi";
import {
  allTags,
  defined,
  pascal,
  physicalName,
  resourceType,
  tagList,
  text,
  type Account,
  type Properties,
  type ResourceType,
} from "./resource-type";

type Rule = Unwrap<aws.cloudwatch.EventRuleArgs>;
type Target = Unwrap<aws.cloudwatch.EventTargetArgs>;

async function putRule(account: Account, name: string, rule: Rule, isNew: boolean): Promise<Properties> {
  const tagsAll = allTags(account, rule.tags);
  const { RuleArn } = await account.call<PutRuleResponse>("events", "PutRule", {
    Name: name,
    Description: rule.description,
    EventBusName: rule.eventBusName,
    EventPattern: rule.eventPattern,
    ScheduleExpression: rule.scheduleExpression,
    RoleArn: rule.roleArn,
    State: rule.state ?? (rule.isEnabled === false ? "DISABLED" : "ENABLED"),
    // PutRule refuses tags for a rule that exists.
    Tags: isNew ? tagList(tagsAll) : undefined,
  });
  return { eventBusName: "default", ...rule, name, arn: RuleArn, tagsAll };
}

async function putTarget(account: Account, targetId: string, target: Target): Promise<Properties> {
  const answer = await account.call<PutTargetsResponse>("events", "PutTargets", {
    Rule: target.rule,
    EventBusName: target.eventBusName,
    Targets: [
      defined({
        Id: targetId,
        Arn: target.arn,
        RoleArn: target.roleArn,
        Input: target.input,
        InputPath: target.inputPath,
        SqsParameters: target.sqsTarget && pascal(target.sqsTarget),
        DeadLetterConfig: target.deadLetterConfig && pascal(target.deadLetterConfig),
        RetryPolicy: target.retryPolicy && pascal(target.retryPolicy),
        InputTransformer:
          target.inputTransformer &&
          defined({
            InputPathsMap: target.inputTransformer.inputPaths,
            InputTemplate: target.inputTransformer.inputTemplate,
          }),
      }),
    ],
  });
  const failed = answer.FailedEntries?.[0];
  if (failed)
    throw new Error(`target ${targetId} of rule ${target.rule}: ${failed.ErrorCode} ${failed.ErrorMessage}`);
  return { eventBusName: "default", ...target, targetId };
}

/** Amazon EventBridge: rules and their targets. */
export const eventbridge: Readonly<Record<string, ResourceType>> = {
  "aws:cloudwatch/eventRule:EventRule": resourceType<aws.cloudwatch.EventRuleArgs>({
    computed: ["id", "arn", "name", "tagsAll"],
    replaceOnChanges: ["name", "namePrefix", "eventBusName"],
    async create(account, inputs, logicalName) {
      const name = physicalName(account, logicalName, inputs);
      return { id: name, state: await putRule(account, name, inputs, true) };
    },
    update: (account, name, _olds, inputs) => putRule(account, name, inputs, false),
    async delete(account, name, state) {
      await account.call("events", "DeleteRule", { Name: name, EventBusName: state.eventBusName });
    },
  }),

  "aws:cloudwatch/eventTarget:EventTarget": resourceType<aws.cloudwatch.EventTargetArgs>({
    computed: ["id", "targetId"],
    replaceOnChanges: ["rule", "targetId", "eventBusName"],
    async create(account, inputs, logicalName) {
      const targetId = inputs.targetId ?? `${logicalName}-${account.suffix()}`;
      return { id: `${inputs.rule}-${targetId}`, state: await putTarget(account, targetId, inputs) };
    },
    update: (account, _id, olds, inputs) => putTarget(account, text(olds, "targetId"), inputs),
    async delete(account, _id, state) {
      await account.call("events", "RemoveTargets", {
        Rule: state.rule,
        EventBusName: state.eventBusName,
        Ids: [state.targetId],
      });
    },
  }),
};
