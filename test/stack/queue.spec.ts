import assert from "node:assert/strict";
import { COMPUTED, runIndex, type Run } from "../support/declared";

const settings = { services: [{ cluster: "shop" }], trail: "none", timing: { delaySeconds: 7 } };

describe("Queue", () => {
  let run: Run;
  before(async () => {
    run = await runIndex(settings);
  });
  const inputsOf = (name: string) => run.resources.find((resource) => resource.name === name)?.inputs ?? {};

  it("is FIFO, tells messages apart by their content and holds each back for the delay", () => {
    const { fifoQueue, contentBasedDeduplication, delaySeconds, name } = inputsOf("queue-events");

    assert.deepEqual(
      { fifoQueue, contentBasedDeduplication, delaySeconds, name },
      {
        fifoQueue: true,
        contentBasedDeduplication: true,
        delaySeconds: 7,
        name: "ecs-secret-recycler-dev.fifo",
      },
    );
  });

  it("gives a message up after three tries, to a FIFO queue that takes from it alone", () => {
    const deadLetters = inputsOf("queue-dead-letters");

    assert.deepEqual(JSON.parse(inputsOf("queue-events").redrivePolicy as string), {
      deadLetterTargetArn: `${COMPUTED}queue-dead-letters.arn`,
      maxReceiveCount: 3,
    });
    assert.equal(deadLetters.fifoQueue, true);
    assert.deepEqual(JSON.parse(deadLetters.redriveAllowPolicy as string), {
      redrivePermission: "byQueue",
      sourceQueueArns: ["arn:aws:sqs:us-west-2:123456789012:ecs-secret-recycler-dev.fifo"],
    });
  });

  it("has a standard queue for what a rule could not deliver", () => {
    assert.equal(inputsOf("queue-undelivered").fifoQueue, undefined);
    assert.equal(inputsOf("queue-undelivered").name, "ecs-secret-recycler-dev-undelivered");
  });

  it("is encrypted by SQS, all three", () => {
    for (const name of ["queue-events", "queue-dead-letters", "queue-undelivered"])
      assert.equal(inputsOf(name).sqsManagedSseEnabled, true, name);
  });
});
