import type { Random } from "../random";
import type { World } from "../world";
import type { Registry } from "./references";
import type { Scheduler } from "./scheduler";
import type { EcsSettings, ServiceRecord } from "./state";
import type { TaskRunner } from "./task-runner";

/** What the parts of the embedded ECS share. */
export interface EcsContext {
  readonly world: World;
  readonly random: Random;
  readonly registry: Registry;
  readonly settings: EcsSettings;
  readonly scheduler: Scheduler;
  readonly runner: TaskRunner;
  /** Told when production traffic goes to other tasks of a service. */
  trafficMoved(service: ServiceRecord): void;
}
