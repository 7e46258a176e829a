import type { GetSecretValueRequest, GetSecretValueResponse } from "@aws-sdk/client-secrets-manager";
import type { GetParametersRequest, GetParametersResult } from "@aws-sdk/client-ssm";
import type { ContainerDefinition } from "@aws-sdk/client-ecs";
import { currentStage } from "../../../aws-semantics/secret-reference";
import type { TaskSpec } from "../runtime";
import type { Caller } from "../caller";
import { ServiceError } from "../errors";
import { Iam } from "../iam";
import type { World } from "../world";
import type { SecretRead, TaskRecord } from "./state";

/** A task that cannot get what it needs before its containers start. `message` is ECS's stopped reason. */
export class StartFailure extends Error {}

interface Resolved {
  readonly value: string;
  readonly read: SecretRead;
}

/**
 * Reads everything a task definition refers to, as its execution role, and gives what the containers are
 * started with: container secrets become environment, log driver secrets become options of the driver,
 * repository credentials are read for the pull of the image and not handed to anyone (Amazon ECS Developer
 * Guide, "Pass sensitive data to an Amazon ECS container").
 */
export async function injectSecrets(
  world: World,
  task: TaskRecord,
): Promise<{ containers: TaskSpec["containers"]; reads: SecretRead[] }> {
  const definition = task.definition.definition;
  checkTrust(world, definition.executionRoleArn);
  const reader = new Reader(world, definition.executionRoleArn, task.id);
  const containers: TaskSpec["containers"][number][] = [];
  for (const container of definition.containerDefinitions ?? []) {
    await readRepositoryCredentials(reader, container);
    const environment: Record<string, string> = {};
    for (const { name, value } of container.environment ?? [])
      if (name !== undefined) environment[name] = value ?? "";
    for (const { name, valueFrom } of container.secrets ?? [])
      environment[name ?? ""] = await reader.read(valueFrom ?? "");
    const logOptions: Record<string, string> = { ...container.logConfiguration?.options };
    for (const { name, valueFrom } of container.logConfiguration?.secretOptions ?? [])
      logOptions[name ?? ""] = await reader.read(valueFrom ?? "");
    containers.push({
      name: container.name ?? "",
      image: container.image ?? "",
      command: container.command ?? [],
      environment,
      logOptions,
    });
  }
  for (const { valueFrom } of serviceConnectLogSecrets(task)) await reader.read(valueFrom ?? "");
  return { containers, reads: reader.reads };
}

/** ECS assumes the execution role for every task that has one, whether something is to be read or not. */
function checkTrust(world: World, roleArn: string | undefined): void {
  if (roleArn === undefined) return;
  const context = { "aws:SourceArn": world.arn("ecs", "*"), "aws:SourceAccount": world.account };
  if (!Iam.of(world).trusts(roleArn, "ecs-tasks.amazonaws.com", context))
    throw new StartFailure(
      `ECS was unable to assume the role '${roleArn}' that was provided for this task. Please verify that the role being passed has the proper trust relationship and permissions and that your IAM user has permissions to pass this role.`,
    );
}

/** The Service Connect proxy is a container that ECS adds: its log driver's secrets are read with the others. */
function serviceConnectLogSecrets(task: TaskRecord): { valueFrom: string | undefined }[] {
  const connect = task.deployment?.rollout.serviceConnectConfiguration;
  return connect?.enabled ? (connect.logConfiguration?.secretOptions ?? []) : [];
}

async function readRepositoryCredentials(reader: Reader, container: ContainerDefinition): Promise<void> {
  const from = container.repositoryCredentials?.credentialsParameter;
  if (from === undefined) return;
  // A secret's ARN, or its name in the same Region. Running tasks keep nothing of it: no read is recorded.
  await reader.secret({ SecretId: from }, "unable to get registry auth from asm");
}

/** Reads each reference once a task, as ECS does. */
class Reader {
  readonly reads: SecretRead[] = [];
  readonly #values = new Map<string, Promise<Resolved>>();
  readonly #caller: Caller | undefined;

  constructor(
    private readonly world: World,
    roleArn: string | undefined,
    session: string,
  ) {
    this.#caller = roleArn === undefined ? undefined : { kind: "role", roleArn, session };
  }

  async read(valueFrom: string): Promise<string> {
    let resolved = this.#values.get(valueFrom);
    if (!resolved) {
      resolved = isSecretArn(valueFrom) ? this.#secretValue(valueFrom) : this.#parameter(valueFrom);
      this.#values.set(valueFrom, resolved);
      this.reads.push((await resolved).read);
    }
    return (await resolved).value;
  }

  /** `arn:PARTITION:secretsmanager:REGION:ACCOUNT:secret:NAME[:json-key:version-stage:version-id]`. */
  async #secretValue(valueFrom: string): Promise<Resolved> {
    const parts = valueFrom.split(":");
    const [jsonKey, stage, id] = parts.slice(7);
    const arn = parts.slice(0, 7).join(":");
    const request: GetSecretValueRequest = { SecretId: arn };
    if (stage) request.VersionStage = stage;
    if (id) request.VersionId = id;
    const answer = await this.secret(request, "unable to retrieve secret from asm");
    const text = answer.SecretString ?? Buffer.from(answer.SecretBinary ?? []).toString("base64");
    return {
      value: jsonKey ? pickKey(text, jsonKey, arn) : text,
      read: {
        subjectArn: answer.ARN ?? arn,
        ...(id ? {} : { label: stage || "AWSCURRENT" }),
        ...(answer.VersionId === undefined ? {} : { versionId: answer.VersionId }),
      },
    };
  }

  async secret(request: GetSecretValueRequest, purpose: string): Promise<GetSecretValueResponse> {
    const caller = this.#roleOrFail(purpose);
    try {
      return await this.world.call<GetSecretValueResponse>(
        "secretsmanager",
        "GetSecretValue",
        request,
        caller,
      );
    } catch (error) {
      if (!(error instanceof ServiceError)) throw error;
      throw resourceFailure(
        `${purpose}: service call has been retried 1 time(s): failed to fetch secret ${request.SecretId} from ` +
          `secrets manager: ${error.code}: ${error.message} status code: ${error.status}`,
      );
    }
  }

  /** A parameter's name in the same Region, or its ARN. */
  async #parameter(valueFrom: string): Promise<Resolved> {
    const purpose = "unable to retrieve secrets from ssm";
    const caller = this.#roleOrFail(purpose);
    const request: GetParametersRequest = { Names: [valueFrom], WithDecryption: true };
    let answer: GetParametersResult;
    try {
      answer = await this.world.call<GetParametersResult>("ssm", "GetParameters", request, caller);
    } catch (error) {
      if (!(error instanceof ServiceError)) throw error;
      throw resourceFailure(
        `${purpose}: service call has been retried 1 time(s): ${error.code}: ${error.message} status code: ${error.status}`,
      );
    }
    const parameter = answer.Parameters?.[0];
    if (parameter?.Value === undefined)
      throw resourceFailure(
        `${purpose}: service call has been retried 1 time(s): invalid parameters: ${valueFrom}`,
      );
    const subjectArn = parameter.ARN ?? valueFrom;
    // Only a parameter that stands for a secret has a source: what was read is the secret.
    const { VersionId } = JSON.parse(parameter.SourceResult ?? "{}") as { VersionId?: string };
    return {
      value: parameter.Value,
      read: VersionId
        ? { subjectArn, label: currentStage, versionId: VersionId }
        : { subjectArn, versionId: String(parameter.Version ?? 1) },
    };
  }

  #roleOrFail(purpose: string): Caller {
    if (!this.#caller) throw resourceFailure(`${purpose}: the task definition has no execution role`);
    return this.#caller;
  }
}

function isSecretArn(valueFrom: string): boolean {
  return /^arn:[^:]+:secretsmanager:/.test(valueFrom);
}

function pickKey(text: string, key: string, arn: string): string {
  let parsed: unknown;
  try {
    parsed = JSON.parse(text);
  } catch {
    // The parser's own message would quote the value.
    throw resourceFailure(
      `unable to retrieve secret from asm: secret ${arn} is not JSON, key ${key} was asked for`,
    );
  }
  const value =
    typeof parsed === "object" && parsed !== null && Object.hasOwn(parsed, key)
      ? (parsed as Record<string, unknown>)[key]
      : undefined;
  if (value === undefined || value === null)
    throw resourceFailure(
      `unable to retrieve secret from asm: service call has been retried 1 time(s): retrieved secret from ` +
        `Secrets Manager did not contain json key ${key}`,
    );
  return typeof value === "string" ? value : JSON.stringify(value);
}

function resourceFailure(text: string): StartFailure {
  return new StartFailure(
    `ResourceInitializationError: unable to pull secrets or registry auth: execution resource retrieval failed: ${text}`,
  );
}
