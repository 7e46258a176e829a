import { Ecs, type RunningTask, type SecretRead, type StandingService } from "../../embedded-aws/aws/ecs";
import type { LedgerEntry } from "../../embedded-aws/aws/ledger";
import { SecretsManager } from "../../embedded-aws/aws/secrets-manager";
import type { Move } from "../../embedded-aws/aws/secrets-manager/store";
import type { Call } from "../../embedded-aws/aws/service";
import { Ssm } from "../../embedded-aws/aws/ssm";
import type { DecisionLine } from "../../handler/log";
import { marginOf } from "../../handler/plan/freshness";
import { decisionIn } from "../../demo/decisions";
import type { Estate, EstateLine } from "../estate";
import { isOfRecycler } from "../faults";

/** What ECS really ran at a moment. */
export interface Snapshot {
  readonly atMs: number;
  /** Tasks that are up and are not being stopped. */
  readonly tasks: readonly RunningTask[];
  readonly services: readonly StandingService[];
}

/** A decision of the recycler, and what was true when it was logged. */
export interface Reported {
  readonly line: DecisionLine;
  /** When the invocation began that logged it. */
  readonly sinceMs: number;
  readonly truth: Snapshot;
}

/** A deployment that the recycler asked for, and what was true just before. */
export interface Forced {
  readonly service: string;
  readonly input: object;
  readonly sinceMs: number;
  readonly truth: Snapshot;
  /** Decisions logged before it. */
  readonly reports: number;
}

/** Where a covered service stands. */
export interface Covered {
  readonly wave: number;
  /** The values that the settings let it follow, by `keyOf`; absent: all. */
  readonly listed?: ReadonlySet<string>;
}

/** Names a value as a task reads it: the same for a move and for a read. Undefined for a pinned version. */
export function keyOf({ subjectArn, label }: Pick<SecretRead, "subjectArn" | "label">): string | undefined {
  if (subjectArn.includes(":ssm:")) return subjectArn;
  return label === undefined ? undefined : `${subjectArn} ${label}`;
}

/**
 * What really happened, from the embedded AWS's own records, and what the recycler said and did meanwhile. The
 * invariants are judged by it.
 */
export class History {
  readonly reported: Reported[] = [];
  readonly forced: Forced[] = [];
  /** What every task definition reads, by `keyOf`. */
  readonly definitions = new Map<string, ReadonlySet<string>>();
  installedAtMs = Infinity;
  readonly #before = new Map<Call, Snapshot>();
  #estate: Estate | undefined;
  #last: Snapshot | undefined;

  /** The covered services by name. */
  readonly covered = new Map<string, Covered>();

  /** @param faults whether the schedule has any */
  constructor(readonly faults: boolean) {}

  /** The estate that it is the history of; set once, before anything happens. */
  set estate(estate: Estate) {
    this.#estate = estate;
  }

  get estate(): Estate {
    if (!this.#estate) throw new Error("the history has no estate yet");
    return this.#estate;
  }

  /** By how much a task must be younger than a change to count as fresh, in milliseconds. */
  get marginMs(): number {
    return marginOf(this.estate.settings.delaySeconds);
  }

  /** Hears a line of the log. */
  hear({ line, sinceMs }: EstateLine): void {
    if (decisionIn(line))
      this.reported.push({ line: JSON.parse(line) as DecisionLine, sinceMs, truth: this.now() });
  }

  /** Sees a call just before it is carried out. */
  seeBefore(call: Call): void {
    if (call.service === "ecs" && call.operation === "UpdateService" && isOfRecycler(call))
      this.#before.set(call, this.now());
  }

  /** Sees a call that was carried out. */
  seeAfter(call: Call, input: object): void {
    const truth = this.#before.get(call);
    if (!truth) return;
    const { service = "" } = input as { service?: string };
    const { runSinceMs } = this.estate;
    this.forced.push({ service, input, sinceMs: runSinceMs, truth, reports: this.reported.length });
  }

  /** Nothing happens any more. */
  end(): void {
    this.#last = this.now();
  }

  /** What was true in the end. */
  get last(): Snapshot {
    if (!this.#last) throw new Error("the history has not ended");
    return this.#last;
  }

  /** What is true now. */
  now(): Snapshot {
    const { world, clock } = this.estate;
    const ecs = Ecs.of(world);
    const tasks = ecs.runningTasks().filter(({ draining }) => !draining);
    return { atMs: clock.now(), tasks, services: ecs.standing() };
  }

  /** Every move of every value, the oldest first. */
  moves(): readonly Move[] {
    const { world } = this.estate;
    return [...SecretsManager.of(world).moves, ...Ssm.of(world).moves].sort((a, b) => a.time - b.time);
  }

  /** When a value last moved, up to a time. Undefined: it did not. */
  lastMoveMs(key: string, untilMs = Infinity): number | undefined {
    return this.moves().findLast((move) => keyOf(move) === key && move.time <= untilMs)?.time;
  }

  /** The values that a service follows of those with these keys. */
  followed(service: string, keys: Iterable<string | undefined>): ReadonlySet<string> {
    const covered = this.covered.get(service);
    const all = [...keys].filter((key): key is string => key !== undefined);
    return new Set(all.filter((key) => covered && (covered.listed?.has(key) ?? true)));
  }

  /** The values that a service follows and that a running task of it lacked then, by their keys. */
  lacking(service: string, { tasks, atMs }: Snapshot, untilMs = atMs): ReadonlySet<string> {
    const own = tasks.filter((task) => task.service === service);
    return new Set(
      own.flatMap(({ reads, createdAt }) =>
        [...this.followed(service, reads.map(keyOf))].filter(
          (key) => (this.lastMoveMs(key, untilMs) ?? 0) >= createdAt,
        ),
      ),
    );
  }

  /** Calls that the recycler made. */
  calls(): readonly LedgerEntry[] {
    const { world, roleArn } = this.estate;
    return world.ledger.find({ roleArn });
  }

  /** The last decision about each covered service. */
  lastReports(): ReadonlyMap<string, Reported> {
    return new Map(this.reported.map((one) => [one.line.service, one]));
  }
}
