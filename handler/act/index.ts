import type { Clients } from "../clients";
import type { Pace } from "../pace";
import { forceNewDeployment } from "./force-new-deployment";

/** What an act works with. */
export interface ActEnvironment {
  readonly clients: Clients;
  readonly pace: Pace;
}

/** The result of an act. */
export interface Acted {
  /** By ECS's clock, milliseconds since the epoch; absent if ECS returned no date. */
  readonly deploymentCreatedAtMs?: number;
}

/** Replaces the tasks of a service. Throws a `Fault`. */
export type Act = (environment: ActEnvironment, cluster: string, service: string) => Promise<Acted>;

/** The same for every deployment strategy of controller ECS, daemons too; `plan` refuses other controllers. */
export const act: Act = forceNewDeployment;
