import type * as sdk from "@aws-sdk/client-sqs";
import { between, refused } from "../constraints";
import { ServiceError } from "../errors";
import type { World } from "../world";
import { invalid, type Queue } from "./queue";

interface Task {
  readonly handle: string;
  readonly source: Queue;
  readonly destinationArn: string | undefined;
  readonly perSecond: number | undefined;
  readonly startedMs: number;
  status: "RUNNING" | "COMPLETED" | "FAILED";
  moved: number;
  toMove: number;
  failure?: string;
}

/** Messages moved from a dead-letter queue back to where they came from, or to another queue. */
export class MoveTasks {
  readonly #tasks: Task[] = [];

  constructor(
    private readonly world: World,
    private readonly queueByArn: (arn: string) => Queue | undefined,
  ) {}

  start(input: sdk.StartMessageMoveTaskRequest, queues: readonly Queue[]): sdk.StartMessageMoveTaskResult {
    between(input.MaxNumberOfMessagesPerSecond, 1, 500, "MaxNumberOfMessagesPerSecond", invalid);
    const source = this.#known(input.SourceArn ?? "");
    if (!queues.some((queue) => queue.attributes.redrive?.deadLetterTargetArn === source.arn))
      throw refused(invalid, "Source queue must be configured as a Dead Letter Queue.");
    if (input.DestinationArn !== undefined && this.#known(input.DestinationArn).fifo !== source.fifo)
      throw refused(invalid, "Source queue and destination queue must be of the same type.");
    if (this.#tasks.some((task) => task.source === source && task.status === "RUNNING"))
      throw new ServiceError("UnsupportedOperation", "There is already a task running.");
    const task: Task = {
      handle: Buffer.from(
        JSON.stringify({ taskId: this.world.random.uuid(), sourceArn: source.arn }),
      ).toString("base64"),
      source,
      destinationArn: input.DestinationArn,
      perSecond: input.MaxNumberOfMessagesPerSecond,
      startedMs: this.world.clock.now(),
      status: "RUNNING",
      moved: 0,
      toMove: source.counts().visible,
    };
    this.#tasks.unshift(task);
    this.world.clock.schedule(0, `message move task of ${source.name}`, () => this.#run(task));
    return { TaskHandle: task.handle };
  }

  list(input: sdk.ListMessageMoveTasksRequest): sdk.ListMessageMoveTasksResult {
    between(input.MaxResults, 1, 10, "MaxResults", invalid);
    const source = this.#known(input.SourceArn ?? "");
    const tasks = this.#tasks.filter((task) => task.source === source).slice(0, input.MaxResults ?? 1);
    return {
      Results: tasks.map((task) => ({
        // Only a running task has a handle.
        TaskHandle: task.status === "RUNNING" ? task.handle : undefined,
        Status: task.status,
        SourceArn: source.arn,
        DestinationArn: task.destinationArn,
        MaxNumberOfMessagesPerSecond: task.perSecond,
        ApproximateNumberOfMessagesMoved: task.moved,
        ApproximateNumberOfMessagesToMove: task.toMove,
        FailureReason: task.failure,
        StartedTimestamp: task.startedMs,
      })),
    };
  }

  #run(task: Task): void {
    const perSecond = task.perSecond ?? 500;
    for (let i = 0; i < perSecond && task.status === "RUNNING"; i++) {
      const message = task.source.messages().find((m) => m.visibleMs <= this.world.clock.now());
      if (!message) {
        task.status = "COMPLETED";
        return;
      }
      const to = this.queueByArn(task.destinationArn ?? message.sourceArn ?? "");
      if (!to) {
        task.status = "FAILED";
        task.failure = message.sourceArn
          ? "AWS.SimpleQueueService.NonExistentQueue"
          : "CouldNotDetermineMessageSource";
        return;
      }
      const taken = task.source.shift();
      if (taken) to.accept(taken, undefined);
      task.moved++;
    }
    if (task.status === "RUNNING")
      this.world.clock.schedule(1000, `message move task of ${task.source.name}`, () => this.#run(task));
  }

  #known(arn: string): Queue {
    const queue = this.queueByArn(arn);
    if (!queue)
      throw new ServiceError(
        "ResourceNotFoundException",
        "The resource that you specified for the SourceArn parameter doesn't exist.",
        404,
      );
    return queue;
  }
}
