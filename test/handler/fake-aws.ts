import { readFileSync } from "node:fs";
import { join } from "node:path";
import type {
  DeploymentLifecycleHookDetail,
  Service,
  ServiceDeploymentBrief,
  Task,
  TaskDefinition,
} from "@aws-sdk/client-ecs";
import type { ParameterMetadata } from "@aws-sdk/client-ssm";
import type { DescribeSecretResponse, SecretVersionsListEntry } from "@aws-sdk/client-secrets-manager";
import type { Clients } from "../../handler/clients";
import type { CoveredServices, RecyclerSettings } from "../../handler/coverage";
import { createRecycler, type Dependencies, type LambdaContext } from "../../handler";
import type { DecisionLine } from "../../handler/log";

/** Everything happens around this instant. */
export const start = Date.parse("2026-02-05T19:15:10Z");
export const home = { partition: "aws", region: "us-west-2", account: "123456789012" };
/** The secret of the canonical events. */
export const secretName = "/development/credentials/test.json";
export const secretArn = `arn:aws:secretsmanager:us-west-2:123456789012:secret:${secretName}-fWJsLX`;
export const parameterName = secretName;
/** The version that the canonical PutSecretValue makes. */
export const versionId = "4d383ea9-084a-49c9-8722-cbfb0f25c456";
/** The cluster of all fake services. */
export const cluster = "shop";

export const context: LambdaContext = {
  invokedFunctionArn: "arn:aws:lambda:us-west-2:123456789012:function:ecs-secret-recycler-dev",
  functionName: "ecs-secret-recycler-dev",
  getRemainingTimeInMillis: () => 60_000,
};

/** The context of a question: it goes to the alias. */
export const questionContext: LambdaContext = {
  ...context,
  invokedFunctionArn: `${context.invokedFunctionArn}:questions`,
};

/** A canonical event, with what the test changes about it. */
export function canonical(file: string, change: (event: EventFields) => void = () => undefined): EventFields {
  const text = readFileSync(join(__dirname, "..", "..", "events", "examples", `${file}.json`), "utf8");
  const event = JSON.parse(text) as EventFields;
  change(event);
  return event;
}

/** An event as far as tests change it. */
export interface EventFields {
  source: string;
  time: string;
  resources: string[];
  detail: Record<string, unknown>;
  [field: string]: unknown;
}

/** A batch of SQS with one message, its sender and when it was sent. */
export function messageOf(body: unknown, SenderId: string, sentAtMs: number): { Records: object[] } {
  const attributes = { SenderId, SentTimestamp: String(sentAtMs) };
  return { Records: [{ messageId: "message-0", body: JSON.stringify(body), attributes }] };
}

/** A batch of SQS with these events (or texts) as bodies. */
export function batchOf(...events: unknown[]): { Records: { messageId: string; body: string }[] } {
  return {
    Records: events.map((event, index) => ({
      messageId: `message-${index}`,
      body: typeof event === "string" ? event : JSON.stringify(event),
    })),
  };
}

/** Settings that cover one cluster with the listed secret; a test changes what it is about. */
export function settingsWith(
  coverage: Partial<CoveredServices>[],
  change: Partial<RecyclerSettings> = {},
): RecyclerSettings {
  return {
    coverage: coverage.map((entry) => ({
      cluster: "shop",
      exclude: [],
      secrets: [],
      parameters: [],
      wave: 0,
      ...entry,
    })),
    mode: "recycle",
    queueName: "ecs-secret-recycler-dev.fifo",
    delaySeconds: 10,
    limits: {},
    ...change,
  };
}

/** An error as an SDK client throws it. */
export function awsError(name: string, message = name, httpStatusCode = 400): Error {
  return Object.assign(new Error(message), { name, $fault: "client", $metadata: { httpStatusCode } });
}

interface FakeSecret extends DescribeSecretResponse {
  versions: SecretVersionsListEntry[];
}

const account = "us-west-2:123456789012";
/** An image that does not change. */
const image = `shop@sha256:${"0".repeat(64)}`;

/** A few records behind the operations that the recycler calls, and a list of the calls. */
export class FakeAws {
  nowMs = start + 10_000;
  installedAtMs = start - 86_400_000;
  readonly calls: { operation: string; input: Record<string, unknown> }[] = [];
  readonly services = new Map<string, Service>();
  readonly deployments = new Map<string, ServiceDeploymentBrief[]>();
  readonly tasks = new Map<string, Task[]>();
  #tasks = 0;
  readonly taskDefinitions = new Map<string, TaskDefinition>();
  readonly secrets: FakeSecret[] = [];
  readonly parameters: ParameterMetadata[] = [];
  /** Until when tasks are protected from scale-in, by ARN. */
  readonly protectedUntil = new Map<string, number>();
  /** The hook at which the deployment in progress waits. */
  hook: DeploymentLifecycleHookDetail | undefined;
  /** Task definitions of service revisions; by default that of the service. */
  readonly revisions = new Map<string, string>();
  readonly lines: string[] = [];
  readonly sleeps: number[] = [];
  /** Asked before each call: an error makes it fail. */
  fails: (operation: string, input: Record<string, unknown>) => Error | undefined = () => undefined;
  /** DescribeServices answers with what was there before a forced deployment. */
  staleAnswers = false;
  pageSize = 100;

  /** A service whose tasks were created when it was deployed; they read the secret of the canonical events. */
  service(
    name: string,
    deployedAtMs: number,
    change: Partial<Service> = {},
    tasksCreatedAtMs = deployedAtMs,
  ): Service {
    const taskDefinition = `arn:aws:ecs:${account}:task-definition/${name}:1`;
    const desiredCount = change.desiredCount ?? 2;
    const service: Service = {
      serviceName: name,
      serviceArn: `arn:aws:ecs:${account}:service/${cluster}/${name}`,
      status: "ACTIVE",
      desiredCount,
      runningCount: desiredCount,
      taskDefinition,
      deployments: [
        {
          id: `ecs-svc/${name}-${deployedAtMs}`,
          status: "PRIMARY",
          createdAt: new Date(deployedAtMs),
          taskDefinition,
          desiredCount,
          runningCount: desiredCount,
          pendingCount: 0,
        },
      ],
      ...change,
    };
    if (!this.taskDefinitions.has(taskDefinition)) this.reads(name, secretArn);
    this.services.set(name, service);
    this.tasks.set(
      name,
      Array.from({ length: desiredCount }, () => this.task(name, tasksCreatedAtMs, service)),
    );
    return service;
  }

  /** What the service's tasks read, in the place of the secret of the canonical events. */
  reads(name: string, ...valuesFrom: string[]): void {
    this.taskDefinitions.set(`arn:aws:ecs:${account}:task-definition/${name}:1`, {
      containerDefinitions: [
        {
          name,
          image,
          secrets: valuesFrom.map((valueFrom, index) => ({ name: `VALUE_${index}`, valueFrom })),
        },
      ],
    });
  }

  /** A running task of a service's newest deployment. */
  task(name: string, createdAtMs: number, service = this.services.get(name)): Task {
    return {
      taskArn: `arn:aws:ecs:${account}:task/${cluster}/${name}-${++this.#tasks}`,
      taskDefinitionArn: service?.taskDefinition,
      group: `service:${name}`,
      startedBy: service?.deployments?.[0]?.id,
      createdAt: new Date(createdAtMs),
      desiredStatus: "RUNNING",
      lastStatus: "RUNNING",
    };
  }

  /** Ends the newest deployment of a service: all its tasks are new. */
  finish(name: string, createdAtMs = this.nowMs): void {
    const [primary] = this.services.get(name)?.deployments ?? [];
    const atMs = primary?.createdAt?.getTime() ?? createdAtMs;
    this.service(name, atMs);
    const list = this.deployments.get(name) ?? [];
    this.deployments.set(
      name,
      list.map((one) => (one.status === "IN_PROGRESS" ? { ...one, status: "SUCCESSFUL" } : one)),
    );
  }

  serviceDeployment(name: string, createdAtMs: number, status: ServiceDeploymentBrief["status"]): void {
    const list = this.deployments.get(name) ?? [];
    list.push({
      serviceDeploymentArn: `arn:aws:ecs:${account}:service-deployment/${cluster}/${name}/${createdAtMs}`,
      targetServiceRevisionArn: `arn:aws:ecs:${account}:service-revision/${cluster}/${name}/1`,
      createdAt: new Date(createdAtMs),
      status,
    });
    this.deployments.set(name, list);
  }

  /** A secret whose AWSCURRENT version was made at a time, AWSPREVIOUS a day before. */
  secret(movedAtMs: number, change: Partial<FakeSecret> = {}): FakeSecret {
    const secret: FakeSecret = {
      ARN: secretArn,
      Name: secretName,
      LastChangedDate: new Date(movedAtMs),
      versions: [
        { VersionId: versionId, VersionStages: ["AWSCURRENT"], CreatedDate: new Date(movedAtMs) },
        { VersionId: "old", VersionStages: ["AWSPREVIOUS"], CreatedDate: new Date(movedAtMs - 86_400_000) },
      ],
      ...change,
    };
    const same = this.secrets.findIndex(({ ARN }) => ARN === secret.ARN);
    this.secrets.splice(same < 0 ? this.secrets.length : same, same < 0 ? 0 : 1, secret);
    return secret;
  }

  /** The secret gets a version from PutSecretValue; gives the event that says so. */
  put(atMs: number, version = `version-${atMs}`): EventFields {
    const [before] = this.secrets;
    const current = before?.versions.find(({ VersionStages }) => VersionStages?.includes("AWSCURRENT"));
    this.secret(atMs, {
      versions: [
        { VersionId: version, VersionStages: ["AWSCURRENT"], CreatedDate: new Date(atMs) },
        ...(current ? [{ ...current, VersionStages: ["AWSPREVIOUS"] }] : []),
      ],
    });
    return canonical("put-secret-value-by-arn", (event) => {
      event.time = event.detail["eventTime"] = new Date(atMs).toISOString();
      (event.detail["requestParameters"] as Record<string, unknown>)["clientRequestToken"] = version;
    });
  }

  /** How often each operation was called since the last time this was asked. */
  counts(): Record<string, number> {
    const counts: Record<string, number> = {};
    for (const { operation } of this.calls.splice(0)) counts[operation] = (counts[operation] ?? 0) + 1;
    return counts;
  }

  /** The decisions logged since the last time this was asked. */
  decisions(): DecisionLine[] {
    return this.lines
      .splice(0)
      .map((line) => JSON.parse(line) as Partial<DecisionLine>)
      .filter((line): line is DecisionLine => line.decision !== undefined);
  }

  get dependencies(): Dependencies {
    return {
      clients: this.clients,
      now: () => this.nowMs,
      sleep: (delayMs) => {
        this.sleeps.push(delayMs);
        this.nowMs += delayMs;
        return Promise.resolve();
      },
      random: () => 0.5,
      write: (line) => void this.lines.push(line),
    };
  }

  recycler(
    settings: RecyclerSettings,
    change: Partial<Dependencies> = {},
  ): (event: unknown, on?: LambdaContext) => ReturnType<ReturnType<typeof createRecycler>> {
    const recycler = createRecycler(settings, { ...this.dependencies, ...change });
    return (event, on = context) => recycler(event, on);
  }

  get clients(): Clients {
    const send = (command: {
      constructor: { name: string };
      input: Record<string, unknown>;
    }): Promise<object> => {
      const operation = command.constructor.name.replace(/Command$/, "");
      this.calls.push({ operation, input: command.input });
      const error = this.fails(operation, command.input);
      return error
        ? Promise.reject(error)
        : Promise.resolve().then(() => this.answer(operation, command.input));
    };
    const client = { send };
    return { ecs: client, secretsManager: client, ssm: client, sqs: client } as unknown as Clients;
  }

  private answer(operation: string, input: Record<string, unknown>): object {
    switch (operation) {
      case "GetQueueUrl":
        return { QueueUrl: "https://sqs.us-west-2.amazonaws.com/123456789012/queue" };
      case "GetQueueAttributes":
        return { Attributes: { CreatedTimestamp: String(Math.floor(this.installedAtMs / 1000)) } };
      case "ListServices":
        return this.page(
          [...this.services.values()].map((service) => service.serviceArn),
          "serviceArns",
          "nextToken",
          input["nextToken"],
        );
      case "DescribeServices":
        return this.describeServices(input["services"] as string[]);
      case "DescribeTaskDefinition": {
        const taskDefinition = this.taskDefinitions.get(input["taskDefinition"] as string);
        if (!taskDefinition) throw awsError("ClientException", "Unable to describe task definition.");
        return { taskDefinition };
      }
      case "ListTasks": {
        const service = input["serviceName"] as string | undefined;
        const listed =
          service === undefined ? [...this.tasks.values()].flat() : (this.tasks.get(service) ?? []);
        return this.page(
          listed.map(({ taskArn }) => taskArn),
          "taskArns",
          "nextToken",
          input["nextToken"],
        );
      }
      case "DescribeTasks": {
        const arns = input["tasks"] as string[];
        return {
          tasks: [...this.tasks.values()].flat().filter(({ taskArn = "" }) => arns.includes(taskArn)),
        };
      }
      case "GetTaskProtection":
        return {
          protectedTasks: (input["tasks"] as string[]).flatMap((taskArn) => {
            const untilMs = this.protectedUntil.get(taskArn);
            return untilMs === undefined
              ? []
              : [{ taskArn, protectionEnabled: true, expirationDate: new Date(untilMs) }];
          }),
        };
      case "DescribeServiceDeployments": {
        const arns = input["serviceDeploymentArns"] as string[];
        const lifecycleHookDetails = this.hook ? [this.hook] : [];
        return {
          serviceDeployments: [...this.deployments.values()]
            .flat()
            .filter(({ serviceDeploymentArn = "" }) => arns.includes(serviceDeploymentArn))
            .map((one) => ({ ...one, lifecycleHookDetails })),
        };
      }
      case "DescribeServiceRevisions":
        return {
          serviceRevisions: (input["serviceRevisionArns"] as string[]).map((serviceRevisionArn) => ({
            serviceRevisionArn,
            taskDefinition: this.revisions.get(serviceRevisionArn) ?? this.definitionOf(serviceRevisionArn),
          })),
        };
      case "ListServiceDeployments": {
        const after = (input["createdAt"] as { after: Date }).after;
        const all = this.deployments.get(input["service"] as string) ?? [];
        return { serviceDeployments: all.filter(({ createdAt }) => createdAt && createdAt > after) };
      }
      case "UpdateService":
        return this.updateService(input);
      case "DescribeSecret":
        return described(this.secretOf(input));
      case "ListSecretVersionIds":
        return { Versions: this.secretOf(input).versions };
      case "ListSecrets":
        return this.page(
          this.secrets.map((secret) => ({
            ...secret,
            SecretVersionsToStages: described(secret).VersionIdsToStages,
          })),
          "SecretList",
          "NextToken",
          input["NextToken"],
        );
      case "DescribeParameters": {
        const names = (input["ParameterFilters"] as { Values: string[] }[])[0]?.Values ?? [];
        return { Parameters: this.parameters.filter(({ Name }) => names.includes(Name ?? "")) };
      }
      default:
        throw new Error(`the fake has no ${operation}`);
    }
  }

  private definitionOf(revisionArn: string): string | undefined {
    return this.services.get(revisionArn.split("/")[2] ?? "")?.taskDefinition;
  }

  private describeServices(names: string[]): object {
    const services = names.flatMap((name) => this.services.get(name) ?? []);
    const failures = names
      .filter((name) => !this.services.has(name))
      .map((name) => ({ arn: `arn:aws:ecs:us-west-2:123456789012:service/shop/${name}`, reason: "MISSING" }));
    return { services: structuredClone(services), failures };
  }

  private updateService(input: Record<string, unknown>): object {
    const name = input["service"] as string;
    const service = this.services.get(name);
    if (!service) throw awsError("ServiceNotFoundException");
    const forced: Service = {
      ...service,
      deployments: [
        {
          id: `ecs-svc/${name}-${this.nowMs}`,
          status: "PRIMARY",
          createdAt: new Date(this.nowMs),
          taskDefinition: service.taskDefinition,
          desiredCount: 2,
          runningCount: 0,
          pendingCount: 2,
        },
        ...(service.deployments ?? []).map((deployment) => ({ ...deployment, status: "ACTIVE" })),
      ],
    };
    this.serviceDeployment(name, this.nowMs, "IN_PROGRESS");
    if (!this.staleAnswers) this.services.set(name, forced);
    return { service: forced };
  }

  private secretOf(input: Record<string, unknown>): FakeSecret {
    const id = input["SecretId"];
    const secret = this.secrets.find(
      ({ ARN, Name }) => id === ARN || id === Name || id === ARN?.slice(0, -7),
    );
    if (!secret)
      throw awsError("ResourceNotFoundException", "Secrets Manager can't find the specified secret.");
    return secret;
  }

  private page(items: readonly unknown[], key: string, tokenKey: string, token: unknown): object {
    const from = typeof token === "string" ? Number(token) : 0;
    const next = from + this.pageSize;
    return { [key]: items.slice(from, next), ...(next < items.length ? { [tokenKey]: String(next) } : {}) };
  }
}

/** A secret as DescribeSecret shows it. */
function described({ versions, ...secret }: FakeSecret): DescribeSecretResponse {
  return {
    ...secret,
    VersionIdsToStages: Object.fromEntries(
      versions.map(({ VersionId = "", VersionStages = [] }) => [VersionId, VersionStages]),
    ),
  };
}
