import type { Clients } from "../clients";
import type { Pace } from "../pace";

/** What replacing tasks needs. */
export interface ActEnvironment {
  readonly clients: Clients;
  readonly pace: Pace;
}

/** What came of it. */
export interface Acted {
  /** By ECS's clock, milliseconds since the epoch; absent: ECS did not say. */
  readonly deploymentCreatedAtMs?: number;
}

/** Replaces the tasks of a service. Throws a `Fault`. */
export type Act = (environment: ActEnvironment, cluster: string, service: string) => Promise<Acted>;
