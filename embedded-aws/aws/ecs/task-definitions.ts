import type * as sdk from "@aws-sdk/client-ecs";
import { callerName } from "../caller";
import { onAnything, operation, type Authorization, type Operation } from "../service";
import type { EcsContext } from "./context";
import { clientException, invalidParameter } from "./errors";
import { page } from "./pages";
import type { TaskDefinitionRecord } from "./state";
import { checkInput, checkName, checkTags } from "./validation";
import { compact } from "./views";

/** Task definitions and their revisions. A revision never changes; it only becomes INACTIVE. */
export function taskDefinitionOperations(context: EcsContext): Record<string, Operation> {
  const { registry, world } = context;

  return {
    RegisterTaskDefinition: operation<sdk.RegisterTaskDefinitionRequest, sdk.RegisterTaskDefinitionResponse>({
      access: "write",
      authorize: (input) => [
        { resource: world.arn("ecs", `task-definition/${input.family ?? ""}:*`) },
        ...passRole(input.executionRoleArn),
        ...passRole(input.taskRoleArn),
      ],
      handle: (input, call) => {
        checkTaskDefinition(input);
        const { tags = [], ...given } = input;
        const family = input.family!;
        const revisions = registry.families.get(family) ?? [];
        registry.families.set(family, revisions);
        const revision = revisions.length + 1;
        const record: TaskDefinitionRecord = {
          definition: compact({
            ...given,
            family,
            revision,
            taskDefinitionArn: world.arn("ecs", `task-definition/${family}:${revision}`),
            containerDefinitions: (given.containerDefinitions ?? []).map(withDefaults),
            volumes: given.volumes ?? [],
            placementConstraints: given.placementConstraints ?? [],
            status: "ACTIVE" as const,
            compatibilities: compatibilities(given),
            requiresAttributes: [],
            registeredAt: new Date(call.time),
            registeredBy: callerName(call.caller, world.partition, world.account),
          }),
          tags,
        };
        revisions.push(record);
        return { taskDefinition: record.definition, tags };
      },
    }),

    DescribeTaskDefinition: onAnything<sdk.DescribeTaskDefinitionRequest, sdk.DescribeTaskDefinitionResponse>(
      "read",
      (input) => {
        checkInput(input);
        const record = registry.taskDefinition(input.taskDefinition!);
        return {
          taskDefinition: record.definition,
          tags: input.include?.includes("TAGS") ? record.tags : [],
        };
      },
    ),

    DeregisterTaskDefinition: onAnything<
      sdk.DeregisterTaskDefinitionRequest,
      sdk.DeregisterTaskDefinitionResponse
    >("write", (input, call) => {
      if (!/:\d+$/.test(input.taskDefinition!))
        throw clientException("Invalid revision number. Number: null");
      const record = registry.findTaskDefinition(input.taskDefinition!);
      if (!record) throw clientException("The specified task definition does not exist.");
      if (record.definition.status === "INACTIVE") throw clientException("TaskDefinition is inactive");
      record.definition.status = "INACTIVE";
      record.definition.deregisteredAt = new Date(call.time);
      return { taskDefinition: record.definition };
    }),

    ListTaskDefinitions: onAnything<sdk.ListTaskDefinitionsRequest, sdk.ListTaskDefinitionsResponse>(
      "read",
      (input) => {
        checkStatus(input.status, ["ACTIVE", "INACTIVE", "DELETE_IN_PROGRESS"]);
        checkStatus(input.sort, ["ASC", "DESC"]);
        const arns = [...registry.families.values()]
          .flat()
          .filter((r) => input.familyPrefix === undefined || r.definition.family === input.familyPrefix)
          .filter((r) => r.definition.status === (input.status ?? "ACTIVE"))
          .map((r) => r.definition.taskDefinitionArn);
        if (input.sort === "DESC") arns.reverse();
        const { items, nextToken } = page(arns, input, { fallback: 100, limit: 100 }, (arn) => arn);
        return { taskDefinitionArns: items, nextToken };
      },
    ),
  };
}

/** Whoever registers a definition hands its roles to ECS (Amazon ECS Developer Guide, "Grant permissions to pass a role"). */
function passRole(roleArn: string | undefined): Authorization[] {
  if (!roleArn?.startsWith("arn:")) return [];
  const context = { "iam:PassedToService": "ecs-tasks.amazonaws.com" };
  return [{ action: "iam:PassRole", resource: roleArn, context }];
}

function checkStatus(given: string | undefined, allowed: readonly string[]): void {
  if (given !== undefined && !allowed.includes(given))
    throw invalidParameter(`Expected one of ${allowed.join(", ")}.`);
}

/** The rules that ECS checks before it takes a revision; the errors are ClientException. */
function checkTaskDefinition(input: sdk.RegisterTaskDefinitionRequest): void {
  checkInput(input, clientException);
  checkName(input.family ?? "", "Family", clientException);
  checkTags(input.tags, clientException);
  const containers = input.containerDefinitions ?? [];
  if (containers.length === 0) throw clientException("Container definitions should not be null or empty.");
  if (containers.length > 10) throw clientException("A task definition can have at most 10 containers.");
  const fargate = input.requiresCompatibilities?.includes("FARGATE") === true;
  if (fargate) checkFargate(input);
  const names = new Set<string>();
  for (const container of containers) {
    if (!container.name) throw clientException("Container.name should not be null or empty.");
    checkName(container.name, "Container.name", clientException);
    if (names.has(container.name)) throw clientException(`Duplicate container name '${container.name}'.`);
    names.add(container.name);
    if (!container.image) throw clientException("Container.image should not be null or empty.");
    if (!fargate && !input.memory && !container.memory && !container.memoryReservation)
      throw clientException(
        `Invalid setting for container '${container.name}'. At least one of 'memory' or 'memoryReservation' must be specified.`,
      );
    checkSecrets(container, input.executionRoleArn);
  }
  if (containers.every((c) => c.essential === false))
    throw clientException("At least one container in the task definition must be marked essential.");
}

function checkFargate(input: sdk.RegisterTaskDefinitionRequest): void {
  if (input.networkMode !== undefined && input.networkMode !== "awsvpc")
    throw clientException("Fargate only supports network mode 'awsvpc'.");
  for (const member of ["cpu", "memory"] as const)
    if (!input[member])
      throw clientException(`Fargate requires that '${member}' be defined at the task level.`);
}

function checkSecrets(container: sdk.ContainerDefinition, executionRoleArn: string | undefined): void {
  const secrets = container.secrets ?? [];
  const options = container.logConfiguration?.secretOptions ?? [];
  const needing = [
    secrets.length > 0 && "container secrets",
    options.length > 0 && "a log driver secret",
    container.repositoryCredentials && "repository credentials",
  ].find(Boolean);
  if (needing && !executionRoleArn)
    throw clientException(
      `When you are specifying ${needing}, you must also specify a value for 'executionRoleArn'.`,
    );
  const taken = new Set((container.environment ?? []).map((e) => e.name));
  for (const { name, valueFrom } of secrets) {
    if (!name || taken.has(name))
      throw clientException(
        `The secret name must be unique and not shared with any new or existing environment variables set on the container, such as '${name ?? ""}'.`,
      );
    taken.add(name);
    if (!valueFrom)
      throw clientException("The Systems Manager parameter name or secret ARN must be specified.");
  }
  for (const { valueFrom } of [...secrets, ...options]) checkValueFrom(valueFrom ?? "");
}

/** The full form has a JSON key, a stage and a version id, each perhaps empty; stage and id exclude each other. */
function checkValueFrom(valueFrom: string): void {
  if (!/^arn:[^:]+:secretsmanager:/.test(valueFrom)) return;
  const [stage, id] = valueFrom.split(":").slice(8);
  const fields = valueFrom.split(":").length;
  if ((fields !== 7 && fields !== 10) || (stage && id))
    throw clientException(`Invalid ARN for a secret: ${valueFrom}.`);
}

function withDefaults(container: sdk.ContainerDefinition): sdk.ContainerDefinition {
  return compact({
    ...container,
    cpu: container.cpu ?? 0,
    essential: container.essential ?? true,
    environment: container.environment ?? [],
    mountPoints: container.mountPoints ?? [],
    portMappings: (container.portMappings ?? []).map((p) => ({ ...p, protocol: p.protocol ?? "tcp" })),
    volumesFrom: container.volumesFrom ?? [],
    systemControls: container.systemControls ?? [],
  });
}

function compatibilities(input: sdk.RegisterTaskDefinitionRequest): ("EC2" | "FARGATE")[] {
  const fargate = input.networkMode === "awsvpc" && input.cpu !== undefined && input.memory !== undefined;
  return fargate ? ["EC2", "FARGATE"] : ["EC2"];
}
