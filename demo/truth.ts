import { Ecs, type RunningTask } from "../embedded-aws/aws/ecs";
import { SecretsManager } from "../embedded-aws/aws/secrets-manager";
import { Ssm } from "../embedded-aws/aws/ssm";
import type { LedgerEntry } from "../embedded-aws/aws/ledger";
import type { World } from "../embedded-aws/aws/world";

/** A value that became what a reader of its label gets. Times are milliseconds since the epoch. */
export interface Move {
  readonly subjectArn: string;
  readonly label?: string;
  readonly versionId: string;
  readonly time: number;
}

/** A forced deployment of the recycler, as the ledger has it. */
export interface ForcedDeployment {
  readonly service: string;
  readonly time: number;
}

/** Operations that return a value. */
const readingOperations: ReadonlySet<string> = new Set([
  "GetSecretValue",
  "BatchGetSecretValue",
  "GetParameter",
  "GetParameters",
  "GetParametersByPath",
  "GetParameterHistory",
]);

/** What really happened, as the embedded AWS knows it: nothing here asks the recycler. */
export class Truth {
  constructor(
    private readonly world: World,
    private readonly cluster: string,
    private readonly recyclerRoleArn: string,
    /** Number of calls in the ledger when the counting begins. */
    private readonly since = world.ledger.length,
  ) {}

  /** Every move of every value, in order of time. */
  moves(): Move[] {
    return [...SecretsManager.of(this.world).moves, ...Ssm.of(this.world).moves].sort(
      (a, b) => a.time - b.time,
    );
  }

  /** Tasks of a service whose containers are up, those on their way out included. */
  tasks(service: string): RunningTask[] {
    return Ecs.of(this.world)
      .runningTasks()
      .filter((task) => task.cluster === this.cluster && task.service === service);
  }

  /** Tasks of a service that were created before a value that they read moved. */
  staleTasks(service: string): RunningTask[] {
    const moves = this.moves();
    return this.tasks(service).filter((task) => moves.some((move) => this.#readsOlder(task, move)));
  }

  /** True when the service has its tasks and none of them is stale. */
  isFresh(service: string, desiredCount: number): boolean {
    const running = this.tasks(service).filter((task) => !task.draining);
    return running.length === desiredCount && this.staleTasks(service).length === 0;
  }

  /** Forced deployments that were accepted, by whomever: nobody but the recycler asks for one. */
  forcedDeployments(): ForcedDeployment[] {
    return this.world.ledger
      .find({ since: this.since, service: "ecs", operation: "UpdateService", outcome: "ok" })
      .map((entry) => ({ service: serviceName(entry), time: entry.time }));
  }

  /**
   * Forced deployments that no move asked for: between the service's deployment before and this one, no value
   * moved that its tasks read.
   * @param marginMs how much earlier than the deployment before a move may be: AWS says when in whole seconds
   */
  unneededDeployments(
    reads: ReadonlyMap<string, ReadonlySet<string>>,
    deployedAt: number,
    marginMs = 0,
  ): ForcedDeployment[] {
    const moves = this.moves();
    const last = new Map<string, number>();
    return this.forcedDeployments().filter(({ service, time }) => {
      const since = last.get(service) ?? deployedAt;
      last.set(service, time);
      return !moves.some(
        (move) =>
          reads.get(service)?.has(subjectOf(move)) && move.time > since - marginMs && move.time <= time,
      );
    });
  }

  /** What the tasks of each service read, by the name of the service. */
  reads(): Map<string, ReadonlySet<string>> {
    const reads = new Map<string, Set<string>>();
    for (const task of Ecs.of(this.world).runningTasks()) {
      const subjects = reads.get(task.service) ?? new Set<string>();
      for (const read of task.reads) subjects.add(subjectOf(read));
      reads.set(task.service, subjects);
    }
    return reads;
  }

  /** Calls of the recycler that would have returned a value, refused ones included. */
  secretReadsByRecycler(): number {
    return this.world.ledger
      .find({ since: this.since, roleArn: this.recyclerRoleArn })
      .filter((entry) => readingOperations.has(entry.operation)).length;
  }

  #readsOlder(task: RunningTask, move: Move): boolean {
    return (
      move.time > task.createdAt &&
      task.reads.some((read) => isFollowed(read) && subjectOf(read) === subjectOf(move))
    );
  }
}

/** A read that is pinned to a version has no label, and is of a secret: it never gets stale. */
function isFollowed(read: { subjectArn: string; label?: string }): boolean {
  return read.label !== undefined || read.subjectArn.includes(":ssm:");
}

function subjectOf(of: { subjectArn: string; label?: string }): string {
  return of.subjectArn.includes(":ssm:") ? of.subjectArn : `${of.subjectArn} ${of.label ?? ""}`;
}

function serviceName(entry: LedgerEntry): string {
  const arn = entry.resources[0] ?? "";
  return arn.slice(arn.lastIndexOf("/") + 1);
}
