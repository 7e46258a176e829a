import { Ecs } from "../embedded-aws/aws/ecs";
import { EventBridge } from "../embedded-aws/aws/eventbridge";
import { noFaults } from "../embedded-aws/aws/eventbridge/faults";
import { SecretsManager } from "../embedded-aws/aws/secrets-manager";
import { Ssm } from "../embedded-aws/aws/ssm";
import type { Caller } from "../embedded-aws/aws/caller";
import type {
  DescribeServicesResponse,
  DescribeTaskDefinitionResponse,
  DescribeTasksResponse,
  ListServiceDeploymentsResponse,
  ListTasksResponse,
  RegisterTaskDefinitionResponse,
} from "@aws-sdk/client-ecs";
import type { LedgerEntry } from "../embedded-aws/aws/ledger";
import type { World } from "../embedded-aws/aws/world";
import { example, recyclerName } from "../demo/example";
import { truthOf } from "../demo/stage";
import { decisionIn } from "../demo/decisions";
import { openVirtualStage, type RecordedExample, type VirtualStage } from "./virtual-run";
import { everyFeature } from "./every-feature";

const minuteMs = 60_000;
/** Virtual time begins in this hour. */
const hourMs = Date.UTC(2026, 0, 5, 8);
/** The recycler's queue and CloudTrail wait a few seconds, a roll takes a few more; a sweep comes later than that. */
const changeMs = 40_000;

/** What IAM refused, and to whom: the name of a role, or a service principal. */
export interface Refusal {
  readonly who: string;
  readonly action: string;
}

/** What came of a deployment and of everything that was done with it. */
export interface Outcome {
  readonly refused: readonly Refusal[];
  /** Why the deployment ended before its end. */
  readonly failure?: string;
  /** What did not happen that has to. */
  readonly missed: readonly string[];
  /** What ECS said of the services, and why the task outside services stopped, if it did. */
  readonly ecsMessages: readonly string[];
  readonly world: World;
}

/** Notes every decision of IAM against a caller, but for what is gone: its policy went with it. */
function listen(world: World, refused: Refusal[], gone: ReadonlySet<string>): void {
  const { gate } = world;
  world.gate = {
    checkInput: gate.checkInput.bind(gate),
    checkOutput: gate.checkOutput.bind(gate),
    prepare: gate.prepare.bind(gate),
    fault: gate.fault.bind(gate),
    authorize(call, requests) {
      for (const request of requests)
        try {
          gate.authorize(call, [request]);
        } catch (error) {
          const { caller } = call;
          if (gone.has(request.resource)) throw error;
          refused.push({
            who: caller.kind === "role" ? caller.roleArn.split("/").pop()! : principalOf(caller),
            action: request.action ?? `${call.service}:${call.operation}`,
          });
          throw error;
        }
    },
  };
}

function principalOf(caller: Caller): string {
  return caller.kind === "service" ? caller.principal : "the operator";
}

/** Deploys, and does everything that some statement is there for. */
export async function useEveryPermission(recorded: RecordedExample): Promise<Outcome> {
  const refused: Refusal[] = [];
  const missed: string[] = [];
  const gone = new Set<string>();
  let world!: World;
  let failure: string | undefined;
  const ecsMessages: string[] = [];
  try {
    const stage = await openVirtualStage(recorded, "statements", (started) => {
      world = started;
      listen(world, refused, gone);
    });
    const { database } = stage.platform;
    database.setPassword(everyFeature.singleUser, everyFeature.oldestPassword);
    database.setPassword(everyFeature.admin, everyFeature.adminPassword);
    for (const user of everyFeature.parameterUsers)
      database.setPassword(user, everyFeature.parameterPassword);
    await stage.install();
    const check: Check = (what, happened) => {
      if (!happened) missed.push(what);
    };
    await doEverything(stage, check);
    await deliverNothing(stage, recorded, gone, check);
    ecsMessages.push(...(await messagesOf(world)));
  } catch (error) {
    failure = (error as Error).message;
  } finally {
    await world.stop();
  }
  return { refused, failure, missed, ecsMessages, world };
}

async function messagesOf(world: World): Promise<string[]> {
  const { cluster } = example;
  const { services = [] } = await world.asOperator<DescribeServicesResponse>("ecs", "DescribeServices", {
    cluster,
    services: example.services.map(({ service }) => service),
  });
  const { taskArns = [] } = await world.asOperator<ListTasksResponse>("ecs", "ListTasks", {
    cluster,
    family: everyFeature.manyReader,
    desiredStatus: "STOPPED",
  });
  const { tasks = [] } =
    taskArns.length === 0
      ? {}
      : await world.asOperator<DescribeTasksResponse>("ecs", "DescribeTasks", { cluster, tasks: taskArns });
  return [
    ...services.flatMap(({ events = [] }) => events.map(({ message = "" }) => message)),
    ...tasks.map(({ stoppedReason = "" }) => stoppedReason),
  ];
}

type Check = (what: string, happened: boolean) => void;

/** What the operator does with a stage. */
function handsOn({ world, platform: { clock } }: VirtualStage) {
  const call = (prefix: string, operation: string, input: object): Promise<object> =>
    clock.drive(world.asOperator(prefix, operation, input));
  return {
    call,
    pass: (delayMs: number): Promise<void> => clock.runUntil(clock.now() + delayMs),
    putSecret: (SecretId: string): Promise<object> =>
      call("secretsmanager", "PutSecretValue", {
        SecretId,
        SecretString: `value at ${clock.now()}`,
        ClientRequestToken: `00000000-0000-4000-9000-${String(clock.now()).slice(-12).padStart(12, "0")}`,
      }),
    putParameter: (): Promise<object> =>
      call("ssm", "PutParameter", { Name: example.parameter, Value: String(clock.now()), Overwrite: true }),
    done: (filter: Parameters<World["ledger"]["find"]>[0]): LedgerEntry[] =>
      world.ledger.find({ ...filter, outcome: "ok" }),
  };
}

/** Rotates, changes, loses events: what the recycler and the rotators are for. */
async function doEverything(stage: VirtualStage, check: Check): Promise<void> {
  const { world, platform, log } = stage;
  const { call, pass, putSecret, putParameter, done } = handsOn(stage);
  const truth = truthOf(world);
  const fresh = (after: string): void => {
    for (const { service, covered, desiredCount } of example.services)
      check(
        `${service} runs and is fresh after ${after}`,
        covered ? truth.isFresh(service, desiredCount) : truth.tasks(service).length === desiredCount,
      );
  };
  const moves = (name: string): number =>
    [...SecretsManager.of(world).moves, ...Ssm.of(world).moves].filter(
      ({ subjectArn, label = "AWSCURRENT" }) => label === "AWSCURRENT" && subjectArn.includes(name),
    ).length;
  fresh("the deployment");
  await call("ecs", "RunTask", {
    cluster: example.cluster,
    taskDefinition: everyFeature.manyReader,
    launchType: "FARGATE",
    networkConfiguration: { awsvpcConfiguration: { subnets: ["subnet-00000001"] } },
  });
  for (const secret of [example.databaseSecret, everyFeature.singleSecret]) {
    const before = moves(`:${secret}-`);
    await call("secretsmanager", "RotateSecret", { SecretId: secret });
    await pass(changeMs);
    check(`${secret} is rotated`, moves(`:${secret}-`) > before);
  }
  const { taskArns = [] } = await world.asOperator<ListTasksResponse>("ecs", "ListTasks", {
    cluster: example.cluster,
    family: everyFeature.manyReader,
  });
  check("the task outside services runs", taskArns.length === 1);
  fresh("a rotation");
  await putParameter();
  await pass(changeMs);
  fresh("a change of a parameter");

  for (const [what, change] of [
    ["secret", () => putSecret(example.logTokenSecret)],
    ["parameter", putParameter],
  ] as const) {
    EventBridge.of(world).faults = { ...noFaults, lostProbability: 1 };
    await change();
    await pass(10_000);
    EventBridge.of(world).faults = noFaults;
    await pass(6 * minuteMs);
    fresh(`a change of a ${what} whose events were lost`);
  }
  check("secrets are listed", done({ operation: "ListSecrets" }).length > 0);
  await deployByHand(stage, check);

  await platform.clock.runUntil(hourMs + 21 * minuteMs);
  for (const parameter of everyFeature.parameters)
    check(`${parameter} is rotated`, moves(`:parameter${parameter}`) > 1);
  check("CloudTrail writes a file", done({ operation: "PutObject" }).length > 0);
  check("every event is delivered", undelivered(world).length === 0);
  const denied = log.filter((line) => decisionIn(line)?.decision === "denied");
  check("the recycler finds nothing denied", denied.length === 0);
}

/** What people do with deployments of their own, which the recycler must see. */
async function deployByHand(stage: VirtualStage, check: Check): Promise<void> {
  const { world } = stage;
  const { call, pass, putParameter, done } = handsOn(stage);
  const [web] = example.services;
  const service = { cluster: example.cluster, service: web.service };
  const update = (change: object): Promise<object> => call("ecs", "UpdateService", { ...service, ...change });
  const seen = (operation: string): boolean => done({ operation }).some(({ caller }) => isRecycler(caller));
  const fresh = (after: string): void =>
    check(`web is fresh after ${after}`, truthOf(world).isFresh(web.service, web.desiredCount));

  const pause = {
    targetType: "PAUSE",
    lifecycleStages: ["PRE_SCALE_UP"],
    timeoutConfiguration: { timeoutInMinutes: 8, action: "CONTINUE" },
  };
  await update({ deploymentConfiguration: { lifecycleHooks: [pause] } });
  await putParameter();
  await pass(7 * minuteMs);
  check("the recycler asks what a deployment waits for", seen("DescribeServiceDeployments"));
  await pass(2 * minuteMs);
  fresh("a deployment that waited");

  Ecs.of(world).settings.deferredCleanUpMs = { low: minuteMs, high: minuteMs };
  const early = { enable: true, healthyPercent: 100, sourceServiceRevisionCleanup: "DEFERRED" };
  await update({ deploymentConfiguration: { lifecycleHooks: [], earlySuccessCriteria: early } });
  await putParameter();
  await pass(3 * minuteMs);
  check("the recycler asks what protects tasks that outlive a deployment", seen("GetTaskProtection"));
  fresh("a deferred clean-up");
  await update({ deploymentConfiguration: { earlySuccessCriteria: { ...early, enable: false } } });

  EventBridge.of(world).faults = { ...noFaults, lostProbability: 1 };
  await putParameter();
  await pass(10_000);
  await update({ taskDefinition: await anotherDefinition(world, `shop-${web.service}`) });
  await pass(1_000);
  const { serviceDeployments = [] } = await world.asOperator<ListServiceDeploymentsResponse>(
    "ecs",
    "ListServiceDeployments",
    { ...service, status: ["IN_PROGRESS"] },
  );
  for (const { serviceDeploymentArn } of serviceDeployments)
    await call("ecs", "StopServiceDeployment", { serviceDeploymentArn, stopType: "ROLLBACK" });
  EventBridge.of(world).faults = noFaults;
  await pass(6 * minuteMs);
  check("the recycler asks whose deployment failed", seen("DescribeServiceRevisions"));
  fresh("a failed deployment of another task definition");
}

/** Registers the newest definition of a family once more, with one variable besides. @returns its ARN */
async function anotherDefinition(world: World, family: string): Promise<string> {
  const { taskDefinition: old } = await world.asOperator<DescribeTaskDefinitionResponse>(
    "ecs",
    "DescribeTaskDefinition",
    { taskDefinition: family },
  );
  const {
    executionRoleArn,
    requiresCompatibilities,
    networkMode,
    cpu,
    memory,
    containerDefinitions = [],
  } = old!;
  const { taskDefinition } = await world.asOperator<RegisterTaskDefinitionResponse>(
    "ecs",
    "RegisterTaskDefinition",
    {
      ...{ family, executionRoleArn, requiresCompatibilities, networkMode, cpu, memory },
      containerDefinitions: containerDefinitions.map((container) => ({
        ...container,
        environment: [...(container.environment ?? []), { name: "RELEASE", value: "another" }],
      })),
    },
  );
  return taskDefinition!.taskDefinitionArn!;
}

function isRecycler(caller: Caller): boolean {
  return caller.kind === "role" && caller.roleArn.endsWith(`:role/${recyclerName}`);
}

/** Takes the rules' targets away: what the queue of the undelivered and the alarms are for. */
async function deliverNothing(
  stage: VirtualStage,
  { deployment }: RecordedExample,
  gone: Set<string>,
  check: Check,
): Promise<void> {
  const { world, platform } = stage;
  const { call, putSecret, putParameter, done } = handsOn(stage);
  const functions = deployment.resources
    .filter(({ type }) => type === "aws:lambda/function:Function")
    .map(({ id }) => id);
  const rotators = functions.filter((name) => name.includes("credential"));
  const queue = `${recyclerName}.fifo`;
  gone.add(world.arn("sqs", queue));
  for (const name of rotators) gone.add(world.arn("lambda", `function:${name}`));
  await call("sqs", "DeleteQueue", {
    QueueUrl: `https://sqs.${world.region}.amazonaws.com/${world.account}/${queue}`,
  });
  for (const FunctionName of rotators) await call("lambda", "DeleteFunction", { FunctionName });
  await putSecret(example.logTokenSecret);
  await putParameter();
  await call("ecs", "UpdateService", { cluster: "shop", service: "web", forceNewDeployment: true });
  await platform.clock.runUntil(hourMs + 43 * minuteMs);

  const senders = new Set(
    undelivered(world).map(({ caller }) => (caller.kind === "service" ? caller.sourceArn : undefined)),
  );
  check("what any rule could not deliver is kept", senders.size === 4 + rotators.length);
  check("an alarm is published", done({ service: "sns", operation: "Publish" }).length > 0);
  for (const name of functions) {
    const roleArn = `arn:${world.partition}:iam::${world.account}:role/${name}`;
    check(`${name} writes its log`, done({ operation: "PutLogEvents", roleArn }).length > 0);
  }
}

function undelivered(world: World): LedgerEntry[] {
  return world.ledger
    .find({ operation: "SendMessage", outcome: "ok" })
    .filter(({ resources }) => resources[0]?.endsWith("-undelivered"));
}
