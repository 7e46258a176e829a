import * as aws from "@pulumi/aws";
import * as pulumi from "@pulumi/pulumi";
import type { Mode } from "../handler/coverage";
import type { Context } from "./context";
import { deploymentsPattern, parametersPattern, secretsPattern, type EventPattern } from "./event-patterns";
import type { Queue } from "./queue";

/** What the rules need to know. */
export interface RulesArgs {
  readonly context: Context;
  readonly queue: Queue;
  /** Names of the covered clusters. */
  readonly clusters: readonly string[];
  /** How often everything is looked at without an event: `rate(...)` or `cron(...)`. */
  readonly sweep: string;
  /** `off` disables the rules. */
  readonly mode: Mode;
}

/** One group for all messages: SQS hands out one batch of a group at a time. */
const MESSAGE_GROUP_ID = "recycler";

/** One of the four rules. */
export type RuleKind = keyof Context["names"]["rules"];

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

    this.secrets = this.#rule(name, args, "secrets", "A secret's value may have moved", {
      eventPattern: secretsPattern(),
    });
    this.parameters = this.#rule(name, args, "parameters", "A parameter has a new value", {
      eventPattern: parametersPattern(),
    });
    this.deployments = this.#rule(
      name,
      args,
      "deployments",
      "A deployment ended: what it blocked can go on",
      {
        eventPattern: deploymentsPattern(args.context.place, args.clusters),
      },
    );
    this.sweep = this.#rule(name, args, "sweep", "Finds what no event told", {
      scheduleExpression: args.sweep,
    });

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
    description: string,
    trigger: Trigger,
  ): aws.cloudwatch.EventRule {
    const rule = new aws.cloudwatch.EventRule(
      `${name}-${kind}`,
      {
        name: context.names.rules[kind],
        description,
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
