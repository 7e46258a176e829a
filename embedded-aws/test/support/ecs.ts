import * as secretsSdk from "@aws-sdk/client-secrets-manager";
import * as ssmSdk from "@aws-sdk/client-ssm";
import {
  CreateClusterCommand,
  CreateServiceCommand,
  DescribeServicesCommand,
  ECSClient,
  ListServiceDeploymentsCommand,
  RegisterTaskDefinitionCommand,
  UpdateServiceCommand,
  type CreateServiceCommandInput,
  type DeploymentConfiguration,
  type RegisterTaskDefinitionCommandInput,
  type Service as EcsService,
  type ServiceDeploymentBrief,
} from "@aws-sdk/client-ecs";
import { operator } from "../../aws/caller";
import { VirtualClock } from "../../aws/clock";
import { Ecs, type EcsSettings } from "../../aws/ecs";
import { ServiceError } from "../../aws/errors";
import { StandardGate } from "../../aws/account/gate";
import { Iam } from "../../aws/iam";
import { clientConfig } from "../../aws/account/in-process";
import { Random } from "../../aws/random";
import { operation, type Operation, type Service } from "../../aws/service";
import { World, type AwsEvent, type Conduct } from "../../aws/world";
import { taskRecords, type TaskScript } from "../../runtime/task-record";
import type { TaskRuntime, TaskSpec } from "../../aws/runtime";
import { noRuntime, startMs } from "./world";

/** ARN of the secret that `Readable.secrets` answers for. */
export const secretArn = "arn:aws:secretsmanager:us-west-2:123456789012:secret:shop/db-AbCdEf";
/** ARN of the parameter that it answers for. */
export const parameterArn = "arn:aws:ssm:us-west-2:123456789012:parameter/shop/flags";
/** The execution role that the tests' task definitions name. */
export const executionRoleArn = "arn:aws:iam::123456789012:role/shop-execution";

/** What the world's secrets hold: the smallest Secrets Manager and Parameter Store that ECS can read from. */
export interface Readable {
  secret: string;
  parameter: string;
  versionId: string;
  /** Set: every read is refused. */
  denied: boolean;
  /** `operation subject caller` of each read. */
  readonly reads: string[];
}

/** A world with ECS on virtual time, real SDK clients in process, and tasks that are records. */
export interface Fleet {
  readonly world: World;
  readonly clock: VirtualClock;
  readonly ecs: Ecs;
  readonly client: ECSClient;
  readonly readable: Readable;
  readonly events: AwsEvent[];
  /** What each task was started with, oldest first. */
  readonly specs: TaskSpec[];
  /** How the next tasks behave. */
  script: (spec: TaskSpec) => TaskScript;
  register(more?: Partial<RegisterTaskDefinitionCommandInput>): Promise<string>;
  create(more?: Partial<CreateServiceCommandInput>): Promise<EcsService>;
  describe(service?: string): Promise<EcsService>;
  /** A forced deployment, with other settings of deployments where they are given. */
  force(service?: string, deploymentConfiguration?: DeploymentConfiguration): Promise<EcsService>;
  attempts(service?: string): Promise<ServiceDeploymentBrief[]>;
  /** Runs until the newest attempt of the service has ended; fails after an hour. */
  settle(service?: string): Promise<void>;
}

/** A cluster `shop` with nothing in it. Services are called `api` unless a test says otherwise. */
export async function fleet(
  options: {
    seed?: string;
    settings?: Partial<EcsSettings>;
    conduct?: Conduct;
    tasks?: TaskRuntime;
    /** Services beside ECS, IAM and the readable values. */
    services?: readonly (new (world: World) => Service)[];
  } = {},
): Promise<Fleet> {
  const clock = new VirtualClock(startMs);
  const random = new Random(options.seed ?? "test");
  const specs: TaskSpec[] = [];
  const records = taskRecords({ clock, random, script: (spec) => made.script(spec) });
  const tasks: TaskRuntime = {
    start(spec) {
      specs.push(spec);
      return (options.tasks ?? records).start(spec);
    },
  };
  const world = new World(
    {
      partition: "aws",
      region: "us-west-2",
      account: "123456789012",
      clock,
      random,
      runtime: { ...noRuntime, tasks },
      conduct: options.conduct,
    },
    StandardGate,
  );
  const readable: Readable = {
    secret: JSON.stringify({ username: "app", password: "first" }),
    parameter: "on",
    versionId: "00000000-0000-4000-8000-000000000001",
    denied: false,
    reads: [],
  };
  for (const service of [new Iam(world), new Ecs(world), ...readers(readable)]) world.add(service);
  for (const Further of options.services ?? []) world.add(new Further(world));
  const ecs = Ecs.of(world);
  Object.assign(ecs.settings, options.settings);
  const events: AwsEvent[] = [];
  world.onEvent((event) => events.push(event));
  await createRole(world, "shop-execution", "ecs-tasks.amazonaws.com");
  const client = new ECSClient(clientConfig(world, operator));
  await client.send(new CreateClusterCommand({ clusterName: "shop" }));
  const made: Fleet = {
    world,
    clock,
    ecs,
    client,
    readable,
    events,
    specs,
    script: () => ({}),
    async register(more) {
      const input = { family: "api", executionRoleArn, containerDefinitions: [container()], ...more };
      const { taskDefinition } = await client.send(new RegisterTaskDefinitionCommand(input));
      return taskDefinition!.taskDefinitionArn!;
    },
    async create(more) {
      const taskDefinition = more?.taskDefinition ?? (await made.register());
      const input = { cluster: "shop", serviceName: "api", desiredCount: 2, taskDefinition, ...more };
      return (await client.send(new CreateServiceCommand(input))).service!;
    },
    async describe(service = "api") {
      const answer = await client.send(new DescribeServicesCommand({ cluster: "shop", services: [service] }));
      return answer.services![0]!;
    },
    async force(service = "api", deploymentConfiguration) {
      const input = { cluster: "shop", service, forceNewDeployment: true, deploymentConfiguration };
      return (await client.send(new UpdateServiceCommand(input))).service!;
    },
    async attempts(service = "api") {
      const input = { cluster: "shop", service };
      return (await client.send(new ListServiceDeploymentsCommand(input))).serviceDeployments!;
    },
    async settle(service = "api") {
      const limit = clock.now() + 3_600_000;
      let stepMs = 100;
      while ((await made.attempts(service))[0]?.finishedAt === undefined) {
        if (clock.now() > limit) throw new Error(`${service} has not settled within an hour`);
        await clock.runUntil(clock.now() + stepMs);
        stepMs = Math.min(10_000, stepMs * 1.2);
      }
    },
  };
  return made;
}

/** A role that this service may assume, without any policy. */
export async function createRole(world: World, RoleName: string, principal: string): Promise<void> {
  const statement = { Effect: "Allow", Principal: { Service: principal }, Action: "sts:AssumeRole" };
  const AssumeRolePolicyDocument = JSON.stringify({ Version: "2012-10-17", Statement: [statement] });
  await world.asOperator("iam", "CreateRole", { RoleName, AssumeRolePolicyDocument });
}

/** A container that has a secret's key, a parameter and a secret log option injected. */
export function container() {
  return {
    name: "app",
    image: "shop/api:1",
    memory: 256,
    environment: [{ name: "MODE", value: "test" }],
    secrets: [
      { name: "DB_PASSWORD", valueFrom: `${secretArn}:password::` },
      { name: "FLAGS", valueFrom: parameterArn },
    ],
    logConfiguration: {
      logDriver: "splunk" as const,
      options: { "splunk-url": "https://logs.example" },
      secretOptions: [{ name: "splunk-token", valueFrom: secretArn }],
    },
  };
}

function readers(readable: Readable): Service[] {
  const guard = (what: string): void => {
    readable.reads.push(what);
    if (readable.denied)
      throw new ServiceError("AccessDeniedException", "User is not authorized to perform this action");
  };
  const secrets: Record<string, Operation> = {
    GetSecretValue: operation<secretsSdk.GetSecretValueRequest, secretsSdk.GetSecretValueResponse>({
      access: "read",
      authorize: () => [],
      handle: (input, call) => {
        guard(`GetSecretValue ${input.SecretId} ${call.caller.kind === "role" ? call.caller.roleArn : ""}`);
        return {
          ARN: secretArn,
          Name: "shop/db",
          SecretString: readable.secret,
          VersionId: input.VersionId ?? readable.versionId,
        };
      },
    }),
  };
  const parameters: Record<string, Operation> = {
    GetParameters: operation<ssmSdk.GetParametersRequest, ssmSdk.GetParametersResult>({
      access: "read",
      authorize: () => [],
      handle: (input) => {
        guard(`GetParameters ${input.Names?.join(",")}`);
        return { Parameters: [{ ARN: parameterArn, Value: readable.parameter, Version: 7 }] };
      },
    }),
  };
  return [
    { prefix: "secretsmanager", sdk: secretsSdk, operations: secrets },
    { prefix: "ssm", sdk: ssmSdk, operations: parameters },
  ];
}
