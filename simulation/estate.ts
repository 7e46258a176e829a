import type { CreateServiceRequest } from "@aws-sdk/client-ecs";
import { strToU8, zipSync } from "fflate";
import type { CoveredServices, RecyclerSettings } from "../handler/coverage";
import type { Limits } from "../handler/facts";
import type { Dependencies } from "../handler/index";
import { rulePattern } from "../events/patterns";
import type { RuleKind } from "../events/forms";
import { recyclerName } from "../demo/example";
import { createWorld } from "../embedded-aws/aws/account";
import { VirtualClock } from "../embedded-aws/aws/clock";
import { CloudTrail } from "../embedded-aws/aws/cloudtrail";
import { Ecs, type EcsSettings } from "../embedded-aws/aws/ecs";
import { Random } from "../embedded-aws/aws/random";
import type { TaskSpec } from "../embedded-aws/aws/runtime";
import type { Conduct, World } from "../embedded-aws/aws/world";
import { InProcessFunctionRuntime, type InProcessFactory } from "../embedded-aws/runtime/function-in-process";
import { taskRecords, type TaskScript } from "../embedded-aws/runtime/task-record";
import { queuePolicy } from "../stack/queue-policy";
import { lambdaAssumeRolePolicy, policyDocument, recyclerStatements } from "../stack/role-statements";
import type { Names } from "../stack/context";
import { recyclerIn } from "./virtual-platform";

/** First instant of an estate. */
const startMs = Date.UTC(2026, 0, 5, 8);
/** As in stack/queue.ts. */
const functionTimeoutSeconds = 60;
const visibilityTimeoutSeconds = 90;
/** Between two sweeps. */
export const sweepIntervalMs = 5 * 60_000;
/** A task whose image or value begins so never gets healthy. */
export const broken = "broken";

const executionRole = "estate-execution";
const bucket = "estate-trail";
const names: Names = {
  prefix: recyclerName,
  queue: `${recyclerName}.fifo`,
  deadLetters: `${recyclerName}-dead-letters.fifo`,
  undelivered: `${recyclerName}-undelivered`,
  logGroup: `/aws/lambda/${recyclerName}`,
  rules: {
    secrets: `${recyclerName}-secrets`,
    parameters: `${recyclerName}-parameters`,
    deployments: `${recyclerName}-deployments`,
    sweep: `${recyclerName}-sweep`,
  },
};

/** What differs between two estates. */
export interface EstateOptions {
  readonly seed: string | number;
  readonly coverage: readonly CoveredServices[];
  readonly limits?: Limits;
  /** Default: 15. */
  readonly delaySeconds?: number;
  readonly ecs?: Partial<EcsSettings>;
  readonly conduct?: Conduct;
  readonly parts?: Dependencies["parts"];
  /** Told of each line of the recycler's log as it is written. */
  readonly onLine?: (line: EstateLine) => void;
  /** From a call to its event on the bus, in milliseconds. Default: 2 seconds. */
  readonly trailDelayMs?: number;
  /** Functions beside the recycler's, by name. */
  readonly functions?: Readonly<Record<string, InProcessFactory>>;
}

/** A line of the recycler's log. */
export interface EstateLine {
  readonly atMs: number;
  /** When the invocation began that wrote it. */
  readonly sinceMs: number;
  readonly line: string;
}

/**
 * Any number of services that read secrets and parameters, and the recycler beside them with its role, queue, rules and
 * trail: an account on virtual time, made call by call in a few milliseconds.
 */
export class Estate {
  readonly clock = new VirtualClock(startMs);
  readonly world: World;
  readonly lines: EstateLine[] = [];
  readonly roleArn: string;
  readonly settings: RecyclerSettings;
  /** How often the recycler's function was invoked. */
  invocations = 0;
  #versions = 0;
  #runSinceMs = startMs;

  constructor(options: EstateOptions) {
    const random = new Random(options.seed);
    const { clock } = this;
    this.settings = {
      coverage: options.coverage,
      mode: "recycle",
      queueName: names.queue,
      delaySeconds: options.delaySeconds ?? 15,
      limits: options.limits ?? {},
    };
    const functions = new InProcessFunctionRuntime(clock, {
      ...options.functions,
      [recyclerName]: (tools) => {
        const write = (text: string): void => {
          const line = { atMs: clock.now(), sinceMs: this.#runSinceMs, line: text };
          this.lines.push(line);
          options.onLine?.(line);
          tools.write(text);
        };
        const recycle = recyclerIn(this.world, this.settings, { ...tools, write }, options.parts);
        return (event, context) => {
          this.#runSinceMs = clock.now();
          this.invocations++;
          return recycle(event, context);
        };
      },
    });
    this.world = createWorld({
      partition: "aws",
      region: "us-west-2",
      account: "123456789012",
      clock,
      random,
      conduct: options.conduct,
      runtime: {
        functions,
        tasks: taskRecords({ clock, random: random.fork("tasks"), script: scriptOf }),
        databases: { start: () => Promise.reject(new Error("an estate has no database")) },
      },
    });
    Object.assign(Ecs.of(this.world).settings, options.ecs);
    CloudTrail.of(this.world).eventDelayMs = options.trailDelayMs ?? 2_000;
    this.roleArn = `arn:aws:iam::${this.world.account}:role/${recyclerName}`;
  }

  /** What the operator does. */
  call<Output extends object = object>(prefix: string, operation: string, input: object): Promise<Output> {
    return this.clock.drive(this.world.asOperator<Output>(prefix, operation, input));
  }

  async pass(delayMs: number): Promise<void> {
    await this.clock.runUntil(this.clock.now() + delayMs);
  }

  /** When the last invocation of the recycler began. */
  get runSinceMs(): number {
    return this.#runSinceMs;
  }

  /** A version's id: Secrets Manager takes the one that it is given. */
  version(): string {
    return `00000000-0000-4000-9000-${String(++this.#versions).padStart(12, "0")}`;
  }

  /** Makes the clusters, and the role with which tasks get their values. */
  async begin(clusters: readonly string[]): Promise<void> {
    await this.#role(executionRole, policyDocument([trust("ecs-tasks.amazonaws.com")]), [
      { Effect: "Allow", Action: ["secretsmanager:GetSecretValue", "ssm:GetParameters"], Resource: "*" },
    ]);
    for (const clusterName of clusters) await this.call("ecs", "CreateCluster", { clusterName });
  }

  /** Makes a secret. Gives its ARN. */
  async secret(Name: string, SecretString = "first"): Promise<string> {
    const input = { Name, SecretString, ClientRequestToken: this.version() };
    return (await this.call<{ ARN: string }>("secretsmanager", "CreateSecret", input)).ARN;
  }

  async parameter(Name: string, Value = "first"): Promise<void> {
    await this.call("ssm", "PutParameter", { Name, Value, Type: "String", Overwrite: true });
  }

  /** Registers a task definition that reads these values. Gives its ARN. */
  async define(family: string, valuesFrom: readonly string[], image = "shop:1"): Promise<string> {
    const { taskDefinition } = await this.call<{ taskDefinition: { taskDefinitionArn: string } }>(
      "ecs",
      "RegisterTaskDefinition",
      {
        family,
        executionRoleArn: `arn:aws:iam::${this.world.account}:role/${executionRole}`,
        containerDefinitions: [
          {
            name: "app",
            image,
            memory: 64,
            secrets: valuesFrom.map((valueFrom, index) => ({ name: `VALUE_${index}`, valueFrom })),
          },
        ],
      },
    );
    return taskDefinition.taskDefinitionArn;
  }

  /** Makes a service whose failed deployments are rolled back. */
  async service(
    cluster: string,
    serviceName: string,
    taskDefinition: string,
    desiredCount: number,
    change: Partial<CreateServiceRequest> = {},
  ): Promise<void> {
    await this.call("ecs", "CreateService", {
      cluster,
      serviceName,
      taskDefinition,
      desiredCount,
      deploymentConfiguration: { deploymentCircuitBreaker: { enable: true, rollback: true } },
      ...change,
    });
  }

  /** Makes what the stack declares: role, queue, trail, rules and function. */
  async install(): Promise<void> {
    const { world, settings } = this;
    const { partition, region, account } = world;
    const place = { partition, region, account };
    const clusters = [...new Set(settings.coverage.map(({ cluster }) => cluster))];
    await this.call("logs", "CreateLogGroup", { logGroupName: names.logGroup });
    await this.#role(recyclerName, lambdaAssumeRolePolicy, recyclerStatements(place, names, clusters));
    await this.call("sqs", "CreateQueue", {
      QueueName: names.queue,
      Attributes: {
        FifoQueue: "true",
        ContentBasedDeduplication: "true",
        DelaySeconds: String(settings.delaySeconds),
        VisibilityTimeout: String(visibilityTimeoutSeconds),
        Policy: queuePolicy(place, names.queue, Object.values(names.rules)),
      },
    });
    await this.#trail();
    for (const rule of ["secrets", "parameters", "deployments"] as const)
      await this.#rule(rule, { EventPattern: JSON.stringify(rulePattern(rule)) });
    await this.#rule("sweep", { ScheduleExpression: "rate(5 minutes)" });
    await this.call("lambda", "CreateFunction", {
      FunctionName: recyclerName,
      Role: this.roleArn,
      Runtime: "nodejs24.x",
      Handler: "index.handler",
      Timeout: functionTimeoutSeconds,
      Code: { ZipFile: zipSync({ "index.js": strToU8("") }) },
      LoggingConfig: { LogGroup: names.logGroup },
    });
    await this.call("lambda", "CreateEventSourceMapping", {
      FunctionName: recyclerName,
      EventSourceArn: world.arn("sqs", names.queue),
      BatchSize: 10,
      FunctionResponseTypes: ["ReportBatchItemFailures"],
    });
  }

  /** A message that no rule sent. */
  async send(MessageBody: string): Promise<void> {
    const { region, account } = this.world;
    const QueueUrl = `https://sqs.${region}.amazonaws.com/${account}/${names.queue}`;
    await this.call("sqs", "SendMessage", { QueueUrl, MessageBody, MessageGroupId: "recycler" });
  }

  /** Lets time pass until a moment before the next sweep begins. */
  async untilSweep(): Promise<void> {
    const sincePrevious = (this.clock.now() - this.#sweepBeganMs) % sweepIntervalMs;
    await this.pass(sweepIntervalMs - sincePrevious - 1);
  }
  #sweepBeganMs = startMs;

  async #rule(kind: RuleKind, trigger: object): Promise<void> {
    const Name = names.rules[kind];
    await this.call("events", "PutRule", { Name, State: "ENABLED", ...trigger });
    if (kind === "sweep") this.#sweepBeganMs = this.clock.now();
    await this.call("events", "PutTargets", {
      Rule: Name,
      Targets: [
        {
          Id: "queue",
          Arn: this.world.arn("sqs", names.queue),
          SqsParameters: { MessageGroupId: "recycler" },
        },
      ],
    });
  }

  async #trail(): Promise<void> {
    const { world } = this;
    const service = { Service: "cloudtrail.amazonaws.com" };
    await this.call("s3", "CreateBucket", {
      Bucket: bucket,
      CreateBucketConfiguration: { LocationConstraint: world.region },
    });
    const Policy = policyDocument([
      { Effect: "Allow", Principal: service, Action: "s3:GetBucketAcl", Resource: `arn:aws:s3:::${bucket}` },
      {
        Effect: "Allow",
        Principal: service,
        Action: "s3:PutObject",
        Resource: `arn:aws:s3:::${bucket}/AWSLogs/${world.account}/*`,
      },
    ]);
    await this.call("s3", "PutBucketPolicy", { Bucket: bucket, Policy });
    await this.call("cloudtrail", "CreateTrail", { Name: names.prefix, S3BucketName: bucket });
    await this.call("cloudtrail", "PutEventSelectors", {
      TrailName: names.prefix,
      EventSelectors: [{ ReadWriteType: "WriteOnly", IncludeManagementEvents: true }],
    });
    await this.call("cloudtrail", "StartLogging", { Name: names.prefix });
  }

  async #role(
    RoleName: string,
    AssumeRolePolicyDocument: string,
    statements: Parameters<typeof policyDocument>[0],
  ): Promise<void> {
    await this.call("iam", "CreateRole", { RoleName, AssumeRolePolicyDocument });
    const PolicyDocument = policyDocument(statements);
    await this.call("iam", "PutRolePolicy", { RoleName, PolicyName: "inline", PolicyDocument });
  }
}

function trust(service: string) {
  return { Effect: "Allow", Principal: { Service: service }, Action: "sts:AssumeRole" } as const;
}

/** A broken image or value lets no task get healthy. */
function scriptOf({ containers }: TaskSpec): TaskScript {
  const isBroken = containers.some(
    ({ image, environment }) =>
      image.startsWith(broken) || Object.values(environment).some((value) => value.startsWith(broken)),
  );
  return isBroken ? { startMs: 500, failure: "the container exited" } : {};
}
