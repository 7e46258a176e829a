import type * as sdk from "@aws-sdk/client-ecs";
import type { TaskHandle } from "../runtime";
import type { Cancel } from "../clock";

/** What a task received when it started: one entry a value that was injected. Never the value itself. */
export interface SecretRead {
  /** ARN of the secret or parameter that was read. */
  readonly subjectArn: string;
  /** The staging label that was asked for; absent for a parameter and for a pinned version. */
  readonly label?: string;
  /** The secret's version id, or the parameter's version number as text. */
  readonly versionId?: string;
}

/** A revision of a task definition and its tags. */
export interface TaskDefinitionRecord {
  readonly definition: sdk.TaskDefinition & { taskDefinitionArn: string; family: string; revision: number };
  tags: sdk.Tag[];
}

/** A task, standing for the containers that run. `lastStatus` takes ECS's own values. */
export interface TaskRecord {
  readonly arn: string;
  readonly id: string;
  readonly cluster: ClusterRecord;
  readonly service?: ServiceRecord;
  /** The deployment (task set) that the task counts for; a rollback may move it to another. */
  deployment?: DeploymentRecord;
  readonly definition: TaskDefinitionRecord;
  readonly group: string;
  readonly startedBy?: string;
  readonly launchType: sdk.Service["launchType"];
  readonly tags: sdk.Tag[];
  readonly createdAt: number;
  desiredStatus: "RUNNING" | "STOPPED";
  /** True once it failed its health check: it takes no traffic and is replaced. */
  unhealthy?: boolean;
  lastStatus: "PROVISIONING" | "PENDING" | "ACTIVATING" | "RUNNING" | "DEACTIVATING" | "STOPPING" | "STOPPED";
  /** Until when neither a deployment nor a smaller desired count ends it (milliseconds since the epoch). */
  protectedUntil?: number;
  reads: SecretRead[];
  handle?: TaskHandle;
  port?: number;
  exitCode?: number;
  pullStartedAt?: number;
  startedAt?: number;
  stoppingAt?: number;
  stoppedAt?: number;
  stoppedReason?: string;
  stopCode?: sdk.TaskStopCode;
  version: number;
}

/** What a deployment rolls out, taken from the service when the deployment is made. */
export interface Rollout {
  readonly taskDefinition: TaskDefinitionRecord;
  readonly launchType?: sdk.Service["launchType"];
  readonly platformVersion?: string;
  readonly capacityProviderStrategy?: sdk.CapacityProviderStrategyItem[];
  readonly networkConfiguration?: sdk.Service["networkConfiguration"];
  readonly serviceConnectConfiguration?: sdk.ServiceConnectConfiguration;
  readonly volumeConfigurations?: sdk.ServiceVolumeConfiguration[];
}

/** One entry of `deployments[]` (controller ECS) or of `taskSets[]` (CODE_DEPLOY, EXTERNAL). */
export interface DeploymentRecord {
  /** `ecs-svc/` and 19 digits. */
  readonly id: string;
  status: "PRIMARY" | "ACTIVE";
  readonly rollout: Rollout;
  readonly createdAt: number;
  updatedAt: number;
  rolloutState: sdk.DeploymentRolloutState;
  rolloutStateReason: string;
  /** Tasks that failed one after another; what the circuit breaker counts. */
  failedTasks: number;
  /** When the next task may be started after a failure (milliseconds since the epoch). */
  notBefore: number;
  /** Healthy tasks that it lost while a newer deployment was under way, less those that were replaced. */
  lost: number;
  /** When the old tasks that a deferred clean-up left may be stopped (milliseconds since the epoch). */
  cleanUpAt?: number;
  readonly serviceRevisionArn: string;
  serviceDeployment?: ServiceDeploymentRecord;
  /** Whether production traffic goes to its tasks; always true for the rolling strategy. */
  traffic: boolean;
  /** Task sets only: the id that CodeDeploy or another deployer gave. */
  readonly externalId?: string;
  /** Task sets only: how many percent of the desired count it runs. */
  scalePercent?: number;
  tags?: sdk.Tag[];
}

/** A PAUSE hook that a deployment reached. */
export interface HookRecord {
  readonly id: string;
  readonly stage: sdk.DeploymentLifecycleHookStage;
  status: sdk.DeploymentLifecycleHookStatus;
  readonly expiresAt: number;
  readonly timeoutAction: sdk.DeploymentLifecycleHookAction;
  /** Ends its timer. */
  readonly cancel: Cancel;
}

/** One attempt to roll something out, as ListServiceDeployments shows it for 90 days. */
export interface ServiceDeploymentRecord {
  readonly arn: string;
  readonly createdAt: number;
  startedAt?: number;
  finishedAt?: number;
  stoppedAt?: number;
  updatedAt: number;
  status: sdk.ServiceDeploymentStatus;
  statusReason?: string;
  lifecycleStage?: sdk.ServiceDeploymentLifecycleStage;
  readonly targetRevisionArn: string;
  readonly sourceRevisionArns: readonly string[];
  readonly configuration: sdk.DeploymentConfiguration;
  /** In the order in which they were reached. */
  readonly hooks: HookRecord[];
  rollback?: sdk.Rollback;
  breakerTriggered: boolean;
  failureCount: number;
  /** The task counts of its revisions when it ended: DescribeServiceDeployments shows those from then on. */
  countsAtEnd?: readonly sdk.ServiceRevisionSummary[];
}

/** A service revision: what one deployment rolls out, for ever. */
export interface RevisionRecord {
  readonly arn: string;
  readonly createdAt: number;
  readonly rollout: Rollout;
  readonly kept: Pick<sdk.Service, "loadBalancers" | "serviceRegistries">;
}

/** A service: what was asked for, and the deployments that bring it about. */
export interface ServiceRecord {
  readonly name: string;
  readonly arn: string;
  readonly cluster: ClusterRecord;
  status: "ACTIVE" | "DRAINING" | "INACTIVE";
  readonly createdAt: number;
  readonly createdBy: string;
  /** CreateService with it again answers with this service. */
  readonly clientToken?: string;
  readonly controller: sdk.DeploymentController["type"] & string;
  readonly schedulingStrategy: sdk.SchedulingStrategy;
  desiredCount: number;
  configuration: sdk.DeploymentConfiguration;
  /** Members that are kept and shown as they were given. */
  kept: Partial<sdk.Service>;
  /** PRIMARY first, then the others, newest first. */
  deployments: DeploymentRecord[];
  /** Newest first. */
  serviceDeployments: ServiceDeploymentRecord[];
  /** Oldest first; they are never deleted. */
  readonly revisions: RevisionRecord[];
  /** What a rollback goes back to. */
  lastCompleted?: DeploymentRecord;
  /** Its tasks that have not stopped, oldest first. */
  readonly tasks: Set<TaskRecord>;
  tags: sdk.Tag[];
  events: sdk.ServiceEvent[];
  steady: boolean;
  /** The answer of DescribeServices before the latest write, and until when it may still be given. */
  before?: { readonly view: sdk.Service; readonly untilMs: number };
  reconcile?: Cancel;
  stage?: Cancel;
}

/** A cluster with its services and tasks, each by name or id. */
export interface ClusterRecord {
  readonly name: string;
  readonly arn: string;
  status: "ACTIVE" | "INACTIVE";
  settings: sdk.ClusterSetting[];
  configuration?: sdk.ClusterConfiguration;
  serviceConnectDefaults?: sdk.ClusterServiceConnectDefaults;
  capacityProviders: string[];
  defaultCapacityProviderStrategy: sdk.CapacityProviderStrategyItem[];
  tags: sdk.Tag[];
  readonly services: Map<string, ServiceRecord>;
  readonly tasks: Map<string, TaskRecord>;
}

/** How the embedded ECS behaves where AWS leaves it open, and how long things take. Milliseconds on the clock. */
export interface EcsSettings {
  /** Between a cause and the scheduler's next look at a service. Default 10. */
  schedulerDelayMs: number;
  /** Drawn for each task, between its creation and the reading of its secrets. Default 5 to 20. */
  provisioningMs: { low: number; high: number };
  /** How long a task that left the targets still finishes what it was asked. Default 500. */
  deregistrationDelayMs: number;
  /** Wait before a task is started after one that failed; doubles with each failure. Default 500, at most 15 minutes. */
  restartBackoffMs: { first: number; limit: number };
  /** Drawn: after how long a FAILED deployment without tasks leaves `deployments[]`. Default 1 to 60 s. */
  failedEntryMs: { low: number; high: number };
  /** After a rollback: the share in which PRIMARY is the old deployment with its old `createdAt`. Default 0.5. */
  oldPrimaryAfterRollback: number;
  /** After a rollback: the share in which the old tasks stay, and none are started for it. Default 1. */
  oldTasksAfterRollback: number;
  /** Drawn when a deployment replaces another: the share of old tasks that fail their health check, and within what time. Default none. */
  unhealthyOldTasks: { share: number; withinMs: number };
  /** Drawn: how long after a deployment with deferred clean-up succeeded its old tasks still run. Default 1 to 60 s. */
  deferredCleanUpMs: { low: number; high: number };
  /** DescribeServices after a write: the share of answers that are still the old one, for at most `maxMs`. Default none. */
  staleAnswers: { share: number; maxMs: number };
  /** ListTasks: the share of answers that are drawn from `low` to `high` ago. Default none beside `conduct.staleness`. */
  listLagMs: { share: number; low: number; high: number };
  /** Tasks of a DAEMON service: there are no container instances here, only their number. Default 2. */
  containerInstances: number;
  /** Whether `ECS Task State Change` events are emitted too. Default false: nothing here listens to them. */
  taskStateEvents: boolean;
}

/** The settings of a world that says nothing else. */
export function defaultSettings(): EcsSettings {
  return {
    schedulerDelayMs: 10,
    provisioningMs: { low: 5, high: 20 },
    deregistrationDelayMs: 500,
    restartBackoffMs: { first: 500, limit: 15 * 60_000 },
    failedEntryMs: { low: 1_000, high: 60_000 },
    oldPrimaryAfterRollback: 0.5,
    oldTasksAfterRollback: 1,
    unhealthyOldTasks: { share: 0, withinMs: 0 },
    deferredCleanUpMs: { low: 1_000, high: 60_000 },
    staleAnswers: { share: 0, maxMs: 0 },
    listLagMs: { share: 0, low: 0, high: 0 },
    containerInstances: 2,
    taskStateEvents: false,
  };
}

/** A task that counts as PENDING: asked to run, not up yet. */
export function isPending(task: TaskRecord): boolean {
  return task.desiredStatus === "RUNNING" && task.lastStatus !== "RUNNING" && task.lastStatus !== "STOPPED";
}

/** A task that counts as RUNNING: up, and not on its way out. */
export function isRunning(task: TaskRecord): boolean {
  return task.desiredStatus === "RUNNING" && task.lastStatus === "RUNNING";
}

/** A task that runs and passes its health check: what targets and deployments count. */
export function isHealthy(task: TaskRecord): boolean {
  return isRunning(task) && !task.unhealthy;
}

/** The tasks of a service that have not stopped, oldest first. */
export function tasksOf(service: ServiceRecord): TaskRecord[] {
  return [...service.tasks];
}
