import type { Place } from "../aws-semantics/arn";
import type { Act } from "./act";
import type { Clients } from "./clients";
import type { Coverage, RecyclerSettings } from "./coverage";
import type { Log } from "./log";
import type { Memory } from "./observe/memory";
import type { Pace } from "./pace";
import type { plan } from "./plan/plan";
import type { Change, DeploymentEnded, Request, Sweep } from "./trigger";

/** The parts of a run that simulation replaces, also with ones that are wrong on purpose. */
export interface RunParts {
  readonly plan: typeof plan;
  readonly act: Act;
}

/** What a run works with. */
export interface RunEnvironment {
  readonly settings: RecyclerSettings;
  readonly coverage: Coverage;
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
  readonly ended: readonly DeploymentEnded[];
  readonly requests: readonly Request[];
  /** Every covered service is evaluated; absent: only what changes and ended deployments name. */
  readonly sweep?: Sweep;
  /** True for a full batch: more messages wait. */
  readonly full?: boolean;
  /** True for a question: nothing is changed. */
  readonly asking: boolean;
}
