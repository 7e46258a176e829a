import * as aws from "@pulumi/aws";
import * as pulumi from "@pulumi/pulumi";
import { rulePattern, type EventPattern } from "../events/patterns";
import type { RuleKind } from "../events/forms";
import type { Mode } from "../handler/coverage";
import type { Context } from "./context";
import { deploymentsPattern } from "./event-patterns";
import type { Queue } from "./queue";

/** What the rules need to know. */
export interface RulesArgs {
  readonly context: Context;
  readonly queue: Queue;
  /** Names of the covered clusters. */
  readonly clusters: readonly string[];
  /** How often every covered service is evaluated without an event: `rate(...)` or `cron(...)`. */
  readonly sweep: string;
  /** `off` disables the rules. */
  readonly mode: Mode;
}

/** One group for all messages: SQS hands out one batch of a group at a time. */
const MESSAGE_GROUP_ID = "recycler";

/** What each rule is for, as the console shows it. */
const DESCRIPTIONS: Readonly<Record<RuleKind, string>> = {
  secrets: "The value of a secret changed or may have changed",
  parameters: "The value of a parameter changed",
  deployments: "A deployment finished: re-evaluate services that were waiting for it",
  sweep: "Evaluates every covered service: catches changes whose event was lost",
};

/** What starts a rule. */
type Trigger = { readonly eventPattern: EventPattern } | { readonly scheduleExpression: string };

/** The four rules that wake the recycler: all send whole events to the one queue. */
export class Rules extends pulumi.ComponentResource {
  readonly secrets: aws.cloudwatch.EventRule;
  readonly parameters: aws.cloudwatch.EventRule;
  readonly deployments: aws.cloudwatch.EventRule;
  readonly sweep: aws.cloudwatch.EventRule;
  readonly names: Readonly<Record<RuleKind, pulumi.Output<string>>>;

  constructor(name: string, args: RulesArgs, opts?: pulumi.ComponentResourceOptions) {
    super("ecs-secret-recycler:index:Rules", name, {}, opts);

    const rule = (kind: RuleKind, trigger: Trigger) => this.#rule(name, args, kind, trigger);
    this.secrets = rule("secrets", { eventPattern: rulePattern("secrets") });
    this.parameters = rule("parameters", { eventPattern: rulePattern("parameters") });
    this.deployments = rule("deployments", {
      eventPattern: deploymentsPattern(args.context.place, args.clusters),
    });
    this.sweep = rule("sweep", { scheduleExpression: args.sweep });

    this.names = {
      secrets: this.secrets.name,
      parameters: this.parameters.name,
      deployments: this.deployments.name,
      sweep: this.sweep.name,
    };
    this.registerOutputs(this.names);
  }

  #rule(
    name: string,
    { context, queue, mode }: RulesArgs,
    kind: RuleKind,
    trigger: Trigger,
  ): aws.cloudwatch.EventRule {
    const rule = new aws.cloudwatch.EventRule(
      `${name}-${kind}`,
      {
        name: context.names.rules[kind],
        description: DESCRIPTIONS[kind],
        state: mode === "off" ? "DISABLED" : "ENABLED",
        tags: context.tags,
        ...("eventPattern" in trigger ? { eventPattern: JSON.stringify(trigger.eventPattern) } : trigger),
      },
      { parent: this },
    );
    new aws.cloudwatch.EventTarget(
      `${name}-${kind}-to-queue`,
      {
        rule: rule.name,
        targetId: "queue",
        arn: queue.queue.arn,
        sqsTarget: { messageGroupId: MESSAGE_GROUP_ID },
        deadLetterConfig: { arn: queue.undelivered.arn },
      },
      { parent: rule },
    );
    return rule;
  }
}
