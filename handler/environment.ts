import type { Place } from "../aws-semantics/arn";
import type { Act } from "./act";
import type { Change, LookAround } from "../events/wake-up";
import type { Clients } from "./clients";
import type { RecyclerSettings } from "./coverage";
import type { Log } from "./log";
import type { Memory } from "./memory";
import type { Observe } from "./observe";
import type { Pace } from "./pace";
import type { Compare } from "./decision";
import type { plan } from "./plan";

/** The parts of a run that simulation replaces, also with ones that are wrong on purpose. */
export interface RunParts {
  readonly observe: Observe;
  readonly freshness: Compare;
  readonly plan: typeof plan;
  readonly act: Act;
}

/** What a run works with. */
export interface RunEnvironment {
  readonly settings: RecyclerSettings;
  readonly home: Place;
  readonly clients: Clients;
  readonly memory: Memory;
  readonly pace: Pace;
  readonly log: Log;
  /** Milliseconds since the epoch. */
  readonly now: () => number;
  readonly parts: RunParts;
}

/** What a run has to do. */
export interface Task {
  readonly changes: readonly Change[];
  readonly looks: readonly LookAround[];
  /** True for a question: every service and its deployments are checked, and nothing is changed. */
  readonly asking: boolean;
}
