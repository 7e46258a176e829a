import * as aws from "@pulumi/aws";
import * as pulumi from "@pulumi/pulumi";
import { type Context } from "./context";
import { localArn } from "../aws-semantics/arn";
import { queuePolicy } from "./queue-policy";

/** Arguments of `Queue`. */
export interface QueueArgs {
  readonly context: Context;
  /** Seconds by which SQS delays every message, so that the events of one change arrive together. 3 to 900. */
  readonly delaySeconds: number;
  /** Names of the rules that may send to the queue and to `undelivered`. */
  readonly rules: readonly string[];
  /** ARNs of the roles that may send requests. */
  readonly requesters: readonly string[];
  /** Names of further rules, which may send only to `undelivered`. */
  readonly otherRules: readonly string[];
}

/** The timeout of the recycler's function, in seconds. */
export const FUNCTION_TIMEOUT_SECONDS = 60;

/** Longer than the function's timeout: SQS must not deliver a message again while it is being processed. */
export const VISIBILITY_TIMEOUT_SECONDS = 90;

/** How often SQS delivers a message before it goes to the dead-letter queue. */
export const MAX_RECEIVE_COUNT = 3;

/** 14 days, the longest that SQS keeps a message. */
const DEAD_LETTER_RETENTION_SECONDS = 14 * 24 * 60 * 60;

/**
 * The queue between the rules and the function. FIFO with one message group: the function runs one batch at a time
 * and needs no lock. There are two dead-letter queues: a FIFO queue's must be FIFO, a rule's must be standard (Amazon
 * SQS Developer Guide; Amazon EventBridge User Guide).
 */
export class Queue extends pulumi.ComponentResource {
  readonly queue: aws.sqs.Queue;
  /** Messages that the function failed three times to process. */
  readonly deadLetters: aws.sqs.Queue;
  /** Events that a rule could not deliver. */
  readonly undelivered: aws.sqs.Queue;

  constructor(name: string, args: QueueArgs, opts?: pulumi.ComponentResourceOptions) {
    super("ecs-secret-recycler:index:Queue", name, {}, opts);
    const { place, names, tags } = args.context;
    const common = { sqsManagedSseEnabled: true, tags };

    this.deadLetters = new aws.sqs.Queue(
      `${name}-dead-letters`,
      {
        ...common,
        name: names.deadLetters,
        fifoQueue: true,
        messageRetentionSeconds: DEAD_LETTER_RETENTION_SECONDS,
        redriveAllowPolicy: JSON.stringify({
          redrivePermission: "byQueue",
          sourceQueueArns: [localArn(place, "sqs", names.queue)],
        }),
        policy: queuePolicy(place, names.deadLetters, []),
      },
      { parent: this },
    );
    this.queue = new aws.sqs.Queue(
      `${name}-events`,
      {
        ...common,
        name: names.queue,
        fifoQueue: true,
        contentBasedDeduplication: true,
        delaySeconds: args.delaySeconds,
        visibilityTimeoutSeconds: VISIBILITY_TIMEOUT_SECONDS,
        redrivePolicy: pulumi.jsonStringify({
          deadLetterTargetArn: this.deadLetters.arn,
          maxReceiveCount: MAX_RECEIVE_COUNT,
        }),
        policy: queuePolicy(place, names.queue, args.rules, args.requesters),
      },
      { parent: this },
    );
    this.undelivered = new aws.sqs.Queue(
      `${name}-undelivered`,
      {
        ...common,
        name: names.undelivered,
        messageRetentionSeconds: DEAD_LETTER_RETENTION_SECONDS,
        policy: queuePolicy(place, names.undelivered, [...args.rules, ...args.otherRules]),
      },
      { parent: this },
    );
    this.registerOutputs({
      queue: this.queue.name,
      deadLetters: this.deadLetters.name,
      undelivered: this.undelivered.name,
    });
  }
}
