import type { TaskStopCode } from "@aws-sdk/client-ecs";
import type { Random } from "../random";
import type { World } from "../world";
import type { Registry } from "./references";
import type {
  ClusterRecord,
  DeploymentRecord,
  EcsSettings,
  Rollout,
  ServiceRecord,
  TaskDefinitionRecord,
  TaskRecord,
} from "./state";

/** What a task is started for. */
export interface TaskRequest {
  readonly cluster: ClusterRecord;
  readonly definition: TaskDefinitionRecord;
  readonly service?: ServiceRecord;
  readonly deployment?: DeploymentRecord;
  readonly group?: string;
  readonly startedBy?: string;
  readonly launchType?: TaskRecord["launchType"];
}

/** What the parts of the embedded ECS share. */
export interface EcsContext {
  readonly world: World;
  readonly random: Random;
  readonly registry: Registry;
  readonly settings: EcsSettings;
  readonly scheduler: {
    deploy(service: ServiceRecord, rollout: Rollout): DeploymentRecord;
    newDeployment(service: ServiceRecord, rollout: Rollout, externalId?: string): DeploymentRecord;
    wake(service: ServiceRecord, delayMs?: number): void;
  };
  readonly runner: {
    start(request: TaskRequest): TaskRecord;
    stop(task: TaskRecord, reason: string, code: TaskStopCode): void;
  };
}
