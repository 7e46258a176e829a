import type * as aws from "@pulumi/aws";
import type { CreateQueueResult, GetQueueAttributesResult } from "@aws-sdk/client-sqs";
import {
  allTags,
  physicalName,
  policyText,
  resourceType,
  type Account,
  type ResourceType,
} from "./resource-type";
import type { Unwrap } from "@pulumi/pulumi";

type Queue = Unwrap<aws.sqs.QueueArgs>;

function attributes(queue: Queue): Record<string, string> {
  const named = {
    DelaySeconds: queue.delaySeconds,
    VisibilityTimeout: queue.visibilityTimeoutSeconds,
    MessageRetentionPeriod: queue.messageRetentionSeconds,
    MaximumMessageSize: queue.maxMessageSize,
    ReceiveMessageWaitTimeSeconds: queue.receiveWaitTimeSeconds,
    ContentBasedDeduplication: queue.fifoQueue ? queue.contentBasedDeduplication : undefined,
    DeduplicationScope: queue.deduplicationScope,
    FifoThroughputLimit: queue.fifoThroughputLimit,
    KmsMasterKeyId: queue.kmsMasterKeyId,
    KmsDataKeyReusePeriodSeconds: queue.kmsDataKeyReusePeriodSeconds,
    SqsManagedSseEnabled: queue.sqsManagedSseEnabled,
    RedrivePolicy: queue.redrivePolicy === undefined ? undefined : policyText(queue.redrivePolicy),
    RedriveAllowPolicy:
      queue.redriveAllowPolicy === undefined ? undefined : policyText(queue.redriveAllowPolicy),
    Policy: queue.policy === undefined ? undefined : policyText(queue.policy),
  };
  return Object.fromEntries(
    Object.entries(named)
      .filter(([, value]) => value !== undefined)
      .map(([key, value]) => [key, String(value)]),
  );
}

async function arnOf(account: Account, url: string): Promise<string> {
  const answer = await account.call<GetQueueAttributesResult>("sqs", "GetQueueAttributes", {
    QueueUrl: url,
    AttributeNames: ["QueueArn"],
  });
  return answer.Attributes!.QueueArn!;
}

/** Amazon SQS: queues. */
export const sqs: Readonly<Record<string, ResourceType>> = {
  "aws:sqs/queue:Queue": resourceType<aws.sqs.QueueArgs>({
    computed: ["id", "arn", "url", "name", "tagsAll"],
    replaceOnChanges: ["name", "namePrefix", "fifoQueue"],
    async create(account, inputs, logicalName) {
      const name = physicalName(account, logicalName, inputs, inputs.fifoQueue ? ".fifo" : "");
      const tagsAll = allTags(account, inputs.tags);
      const { QueueUrl } = await account.call<CreateQueueResult>("sqs", "CreateQueue", {
        QueueName: name,
        Attributes: { ...attributes(inputs), ...(inputs.fifoQueue ? { FifoQueue: "true" } : {}) },
        tags: tagsAll,
      });
      const url = QueueUrl!;
      return { id: url, state: { ...inputs, name, url, arn: await arnOf(account, url), tagsAll } };
    },
    async update(account, url, olds, inputs) {
      await account.call("sqs", "SetQueueAttributes", { QueueUrl: url, Attributes: attributes(inputs) });
      return { ...inputs, name: olds.name, url, arn: olds.arn, tagsAll: allTags(account, inputs.tags) };
    },
    async delete(account, url) {
      await account.call("sqs", "DeleteQueue", { QueueUrl: url });
    },
  }),
};
