import type { Home } from "../../aws-semantics/secret-reference";
import type { Clients } from "../clients";
import type { Compare } from "../decision";
import type { Memory } from "../memory";
import type { Pace } from "../pace";

/** What a look needs. */
export interface ObserveEnvironment {
  readonly clients: Clients;
  readonly pace: Pace;
  readonly memory: Memory;
  /** Partition, Region and account of the function. */
  readonly home: Home;
  readonly queueName: string;
  /** Milliseconds since the epoch. */
  readonly now: () => number;
  readonly compare: Compare;
}
