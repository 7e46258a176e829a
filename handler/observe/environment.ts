import type { Place } from "../../aws-semantics/arn";
import type { Clients } from "../clients";
import type { Pace } from "../pace";
import type { Memory } from "./memory";

/** What an observer works with. */
export interface ObserveEnvironment {
  readonly clients: Clients;
  readonly pace: Pace;
  readonly memory: Memory;
  /** Partition, Region and account of the function. */
  readonly home: Place;
  readonly queueName: string;
  /** Milliseconds since the epoch. */
  readonly now: () => number;
}
