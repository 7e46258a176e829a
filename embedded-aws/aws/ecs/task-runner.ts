import type { TaskStopCode } from "@aws-sdk/client-ecs";
import type { EcsContext, TaskRequest } from "./context";
import { emitTaskEvent } from "./events";
import { injectSecrets, StartFailure } from "./secrets-injection";
import type { ClusterRecord, TaskRecord } from "./state";
import { taskView } from "./views";

/** Seconds between SIGTERM and SIGKILL when no container says otherwise (ContainerDefinition.stopTimeout). */
const defaultStopTimeoutSeconds = 30;

/** Stopped tasks are shown for about an hour (Amazon ECS API Reference, DescribeTasks). */
export const stoppedShownMs = 3_600_000;

/** Starts tasks and brings them to their end: secrets, containers, draining, SIGTERM, SIGKILL. */
export class TaskRunner {
  readonly #watchers = new Map<TaskRecord, Promise<void>>();
  #halted = false;

  constructor(
    private readonly context: EcsContext,
    /** Told when a task became healthy, failed, left the targets or stopped. */
    private readonly changed: (
      task: TaskRecord,
      outcome: "healthy" | "failed" | "draining" | "stopped",
    ) => void,
  ) {}

  /** A new task. Its secrets are read some time after this moment, which is its `createdAt`. */
  start(request: TaskRequest): TaskRecord {
    const { world, random, settings } = this.context;
    const id = random.hex(32);
    const task: TaskRecord = {
      arn: world.arn("ecs", `task/${request.cluster.name}/${id}`),
      id,
      cluster: request.cluster,
      service: request.service,
      deployment: request.deployment,
      definition: request.definition,
      group: request.group ?? `family:${request.definition.definition.family}`,
      startedBy: request.startedBy,
      launchType: request.launchType,
      tags: [],
      createdAt: world.clock.now(),
      desiredStatus: "RUNNING",
      lastStatus: "PROVISIONING",
      reads: [],
      version: 1,
    };
    this.#forgetStopped(request.cluster);
    request.cluster.tasks.set(id, task);
    request.service?.tasks.add(task);
    const delayMs = random.integer(settings.provisioningMs.low, settings.provisioningMs.high);
    world.clock.schedule(delayMs, `task ${task.arn} is provisioned`, () => this.#bringUp(task));
    return task;
  }

  /** Takes a task out of the targets, lets it finish, then ends it. Does nothing for one on its way out. */
  stop(task: TaskRecord, reason: string, code: TaskStopCode): void {
    if (task.desiredStatus === "STOPPED") return;
    const wasRunning = task.lastStatus === "RUNNING";
    task.desiredStatus = "STOPPED";
    task.stoppedReason ??= reason;
    task.stopCode ??= code;
    task.stoppingAt = this.context.world.clock.now();
    if (!wasRunning) {
      // A task without containers ends now or where #bringUp finds it; one whose containers start is ended.
      if (task.handle) this.#terminate(task);
      else if (task.lastStatus === "PROVISIONING") this.#ended(task);
      return;
    }
    this.#move(task, "DEACTIVATING");
    this.changed(task, "draining");
    this.context.world.clock.schedule(
      this.context.settings.deregistrationDelayMs,
      `task ${task.arn} has drained`,
      () => this.#terminate(task),
    );
  }

  /** Ends every task at once and starts none any more; for the end of the world. */
  async stopAll(): Promise<void> {
    this.#halted = true;
    const tasks = [...this.context.registry.clusters.values()].flatMap((c) => [...c.tasks.values()]);
    const handles = tasks.filter((t) => t.lastStatus !== "STOPPED").flatMap((t) => t.handle ?? []);
    await Promise.all(handles.map((handle) => handle.stop(0)));
    await Promise.all(this.#watchers.values());
  }

  async #bringUp(task: TaskRecord): Promise<void> {
    const { world } = this.context;
    if (this.#stopWasAsked(task)) return;
    this.#move(task, "PENDING");
    task.pullStartedAt = world.clock.now();
    try {
      const { containers, reads } = await injectSecrets(world, task);
      task.reads = reads;
      if (this.#stopWasAsked(task)) return this.#ended(task);
      this.#move(task, "ACTIVATING");
      const handle = world.runtime.tasks.start({ taskArn: task.arn, containers });
      task.handle = handle;
      this.#watch(task);
      task.port = (await handle.started).port;
    } catch (error) {
      if (task.handle === undefined && !(error instanceof StartFailure)) throw error;
      return this.#failed(task, error as Error);
    }
    if (this.#stopWasAsked(task) || task.lastStatus !== "ACTIVATING") return;
    task.startedAt = world.clock.now();
    this.#move(task, "RUNNING");
    this.changed(task, "healthy");
  }

  #stopWasAsked(task: TaskRecord): boolean {
    return task.desiredStatus === "STOPPED" || this.#halted;
  }

  #failed(task: TaskRecord, error: Error): void {
    if (task.desiredStatus === "RUNNING") {
      task.desiredStatus = "STOPPED";
      task.stoppedReason = error.message;
      task.stopCode = "TaskFailedToStart";
      task.stoppingAt = this.context.world.clock.now();
      this.changed(task, "failed");
    }
    if (task.handle) this.#terminate(task);
    else this.#ended(task);
  }

  /** An essential container that ends takes the task with it. */
  #watch(task: TaskRecord): void {
    const handle = task.handle!;
    const watching = handle.stopped.then(({ reason, exitCode }) => {
      this.#watchers.delete(task);
      task.exitCode = exitCode;
      if (task.desiredStatus === "RUNNING") {
        const wasRunning = task.lastStatus === "RUNNING";
        task.desiredStatus = "STOPPED";
        task.stoppingAt = this.context.world.clock.now();
        task.stopCode = "EssentialContainerExited";
        task.stoppedReason = `Essential container in task exited${reason ? `: ${reason}` : ""}`;
        this.changed(task, wasRunning ? "draining" : "failed");
      }
      this.#ended(task);
    });
    this.#watchers.set(task, watching);
  }

  #terminate(task: TaskRecord): void {
    if (task.lastStatus === "STOPPED" || task.lastStatus === "STOPPING") return;
    this.#move(task, "STOPPING");
    const seconds = Math.max(
      0,
      ...(task.definition.definition.containerDefinitions ?? []).map(
        (c) => c.stopTimeout ?? defaultStopTimeoutSeconds,
      ),
    );
    // The watcher of the handle sees the end; here only the order is given.
    void task.handle?.stop(seconds * 1000);
  }

  #ended(task: TaskRecord): void {
    if (task.lastStatus === "STOPPED") return;
    task.stoppedAt = this.context.world.clock.now();
    task.service?.tasks.delete(task);
    this.#move(task, "STOPPED");
    this.changed(task, "stopped");
  }

  /** Stopped tasks that are no longer shown go, oldest first, so that a long run does not fill the memory. */
  #forgetStopped(cluster: ClusterRecord): void {
    const oldest = this.context.world.clock.now() - stoppedShownMs;
    for (const task of cluster.tasks.values()) {
      if (task.stoppedAt === undefined || task.stoppedAt > oldest) return;
      cluster.tasks.delete(task.id);
    }
  }

  #move(task: TaskRecord, status: TaskRecord["lastStatus"]): void {
    task.lastStatus = status;
    task.version += 1;
    if (this.context.settings.taskStateEvents) emitTaskEvent(this.context.world, task, taskView(task));
  }
}
