import * as ecs from "@aws-sdk/client-ecs";
import type { ServiceError } from "../errors";
import { invalidParameter } from "./errors";

/** Makes the error that refuses a value. */
type Refuse = (message: string) => ServiceError;

/**
 * Allowed values by member name, or by `parent.member` where a name means different things. The SDK's schemas
 * hold no enum values; its enum objects do.
 */
const enums: Readonly<Record<string, Readonly<Record<string, string>>>> = {
  accessType: ecs.AccessType,
  agentUpdateStatus: ecs.AgentUpdateStatus,
  appProtocol: ecs.ApplicationProtocol,
  assignPublicIp: ecs.AssignPublicIp,
  availabilityZoneRebalancing: ecs.AvailabilityZoneRebalancing,
  ".action": ecs.DeploymentLifecycleHookAction,
  "timeoutConfiguration.action": ecs.DeploymentLifecycleHookAction,
  "clusterSettings.name": ecs.ClusterSettingName,
  "settings.name": ecs.ClusterSettingName,
  condition: ecs.ContainerCondition,
  cpuArchitecture: ecs.CPUArchitecture,
  "deploymentController.type": ecs.DeploymentControllerType,
  desiredStatus: ecs.DesiredStatus,
  "environmentFiles.type": ecs.EnvironmentFileType,
  "firelensConfiguration.type": ecs.FirelensConfigurationType,
  iam: ecs.EFSAuthorizationConfigIAM,
  ipcMode: ecs.IpcMode,
  launchType: ecs.LaunchType,
  logDriver: ecs.LogDriver,
  logging: ecs.ExecuteCommandLogging,
  networkMode: ecs.NetworkMode,
  operatingSystemFamily: ecs.OSFamily,
  permissions: ecs.DeviceCgroupPermission,
  pidMode: ecs.PidMode,
  propagateTags: ecs.PropagateTags,
  protocol: ecs.TransportProtocol,
  requiresCompatibilities: ecs.Compatibility,
  "resourceRequirements.type": ecs.ResourceType,
  schedulingStrategy: ecs.SchedulingStrategy,
  scope: ecs.Scope,
  "scale.unit": ecs.ScaleUnit,
  sourceServiceRevisionCleanup: ecs.ServiceRevisionCleanup,
  stopType: ecs.StopServiceDeploymentStopType,
  strategy: ecs.DeploymentStrategy,
  lifecycleStages: ecs.DeploymentLifecycleHookStage,
  targetType: ecs.DeploymentLifecycleHookTargetType,
  "thresholdConfiguration.type": ecs.ThresholdType,
  transitEncryption: ecs.EFSTransitEncryption,
  "ulimits.name": ecs.UlimitName,
  "placementStrategy.type": ecs.PlacementStrategyType,
};

/** Whole numbers and their ranges, by the same names. */
const ranges: Readonly<Record<string, readonly [number, number]>> = {
  bakeTimeInMinutes: [0, 1440],
  base: [0, 100_000],
  containerPort: [0, 65_535],
  cpu: [0, 1_048_576],
  desiredCount: [0, 5_000],
  expiresInMinutes: [1, 2_880],
  healthyPercent: [0, 100],
  healthCheckGracePeriodSeconds: [0, 2_147_483_647],
  hostPort: [0, 65_535],
  maximumPercent: [0, 2_147_483_647],
  minimumHealthyPercent: [0, 2_147_483_647],
  timeoutInMinutes: [1, 20_160],
  stopTimeout: [0, 1_209_600],
  weight: [0, 1_000],
  "thresholdConfiguration.value": [1, 2_147_483_647],
};

/** The longest text of some members. */
const lengths: Readonly<Record<string, number>> = {
  reason: 1024,
  startedBy: 128,
  clientToken: 36,
  externalId: 1024,
};

/**
 * Refuses values that the schemas let through: unknown enum values, numbers out of range or not whole, texts
 * too long. `refuse` makes the error; InvalidParameterException by default.
 */
export function checkInput(input: object, refuse: Refuse = invalidParameter): void {
  check(input, "", refuse);
}

function check(value: unknown, parent: string, refuse: Refuse): void {
  if (Array.isArray(value)) {
    for (const item of value) check(item, parent, refuse);
    return;
  }
  if (typeof value !== "object" || value === null || value instanceof Date || ArrayBuffer.isView(value))
    return;
  for (const [member, inside] of Object.entries(value)) {
    const qualified = `${parent}.${member}`;
    const values = Array.isArray(inside) ? inside : [inside];
    for (const one of values) {
      if (typeof one === "string") checkText(one, member, qualified, refuse);
      if (typeof one === "number") checkNumber(one, member, qualified, refuse);
    }
    // Maps with free keys (log driver options, labels) hold no members of ours.
    if (!["options", "dockerLabels", "driverOpts", "labels", "hookDetails"].includes(member))
      check(inside, member, refuse);
  }
}

function checkText(text: string, member: string, qualified: string, refuse: Refuse): void {
  const allowed = enums[qualified] ?? enums[member];
  if (allowed && !Object.values(allowed).includes(text))
    throw refuse(`Invalid ${member}: expected one of ${Object.values(allowed).join(", ")}.`);
  const longest = lengths[member];
  if (longest !== undefined && text.length > longest)
    throw refuse(`${member} must have length less than or equal to ${longest}.`);
}

function checkNumber(number: number, member: string, qualified: string, refuse: Refuse): void {
  if (!Number.isFinite(number)) throw refuse(`${member} must be a number.`);
  const range = ranges[qualified] ?? ranges[member];
  if (range && (!Number.isInteger(number) || number < range[0] || number > range[1]))
    throw refuse(`${member} must be a whole number between ${range[0]} and ${range[1]}.`);
}

/** Names of clusters, services and families: letters, digits, hyphens and underscores, at most 255. */
export function checkName(name: string, what: string, refuse: Refuse = invalidParameter): void {
  if (!/^[A-Za-z0-9_-]{1,255}$/.test(name))
    throw refuse(
      `${what} must contain 1 to 255 letters (uppercase and lowercase), numbers, hyphens and underscores.`,
    );
}

/** Tags: at most 50, keys of 1 to 128 characters that do not begin with `aws:`, values of at most 256. */
export function checkTags(tags: readonly ecs.Tag[] | undefined, refuse: Refuse = invalidParameter): void {
  if (!tags) return;
  if (tags.length > 50) throw refuse("Too many tags: a resource can have at most 50.");
  const keys = new Set<string>();
  for (const { key = "", value = "" } of tags) {
    if (key.length < 1 || key.length > 128 || /^aws:/i.test(key))
      throw refuse("Tag keys must have 1 to 128 characters and must not begin with aws:.");
    if (value.length > 256) throw refuse("Tag values must have at most 256 characters.");
    if (keys.has(key)) throw refuse("Duplicate tag keys found.");
    keys.add(key);
  }
}
