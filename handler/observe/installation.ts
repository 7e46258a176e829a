import { sqsPackage } from "../clients";
import { caughtFault } from "../errors";
import type { ObserveEnvironment } from "./environment";

/**
 * When the queue was created, in milliseconds since the epoch: asked once a container (CreatedTimestamp, in seconds:
 * Amazon SQS API Reference, `GetQueueAttributes`). Undefined when it cannot be had; then only moves that an event
 * has proven are acted on.
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
    // Every stale service that no event has announced then says so in its decision.
    caughtFault(error);
  }
  return memory.installedAtMs;
}
