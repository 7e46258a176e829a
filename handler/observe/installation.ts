import { sqsPackage } from "../clients";
import { caughtFault } from "../errors";
import type { ObserveEnvironment } from "./environment";

/**
 * When the queue was created, in milliseconds since the epoch: asked once a container (CreatedTimestamp, in seconds:
 * Amazon SQS API Reference, `GetQueueAttributes`). Undefined if SQS does not answer; then the recycler
 * acts only on changes that an event has proven.
 */
export async function installedAt(environment: ObserveEnvironment): Promise<number | undefined> {
  const { memory, clients, pace, queueName } = environment;
  if (memory.installedAtMs !== undefined) return memory.installedAtMs;
  const { GetQueueUrlCommand, GetQueueAttributesCommand } = sqsPackage();
  try {
    const { QueueUrl } = await pace.call(`GetQueueUrl of ${queueName}`, () =>
      clients.sqs.send(new GetQueueUrlCommand({ QueueName: queueName })),
    );
    const { Attributes } = await pace.call(`GetQueueAttributes of ${queueName}`, () =>
      clients.sqs.send(new GetQueueAttributesCommand({ QueueUrl, AttributeNames: ["CreatedTimestamp"] })),
    );
    const seconds = Number(Attributes?.["CreatedTimestamp"] ?? NaN);
    if (Number.isFinite(seconds)) memory.installedAtMs = seconds * 1000;
  } catch (error) {
    // The decision about a stale service without an event then gives this as its reason.
    caughtFault(error);
  }
  return memory.installedAtMs;
}
