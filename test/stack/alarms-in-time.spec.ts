import assert from "node:assert/strict";
import { strToU8, zipSync } from "fflate";
import type { DecisionName } from "../../handler/plan/decisions";
import { plan } from "../../handler/plan/plan";
import type { Call } from "../../embedded-aws/aws/service";
import { ServiceError } from "../../embedded-aws/aws/errors";
import { accountOf } from "../../embedded-aws/pulumi/account";
import { resourceTypeOf } from "../../embedded-aws/pulumi/types";
import { broken, Estate, type EstateOptions } from "../../simulation/estate";
import { canonical } from "../handler/fake-aws";
import { runIndex, type Declared } from "../support/declared";

const name = "ecs-secret-recycler-demo";
const minute = 60_000;
const coverage = [
  { cluster: "shop", service: "web", exclude: [], secrets: [], parameters: [], wave: 0 },
] as const;

/** The cluster `shop` with the service `web`, the recycler, and the alarms that the stack declares. */
class Watched {
  readonly estate: Estate;
  /** Set: what the plan decides about every service. */
  decision?: DecisionName;
  planFails = false;
  /** Set: the operation that is throttled. */
  throttled?: string;
  secret = "";
  readonly #alarms: readonly Declared[];

  private constructor(alarms: readonly Declared[], options: Partial<EstateOptions>) {
    this.#alarms = alarms;
    this.estate = new Estate({
      seed: 1,
      coverage,
      ...options,
      conduct: {
        fault: (call: Call) => {
          if (call.operation === this.throttled)
            throw new ServiceError("ThrottlingException", "Rate exceeded", 400);
        },
      },
      parts: {
        plan: (service, run) => {
          if (this.planFails) throw new TypeError("no plan");
          const planned = plan(service, run);
          return "need" in planned || this.decision === undefined
            ? planned
            : { ...planned, decision: this.decision };
        },
      },
    });
  }

  static async begin(options: Partial<EstateOptions> = {}): Promise<Watched> {
    const { resources } = await runIndex(
      {
        services: [{ cluster: "shop" }],
        trail: "none",
        alarms: { topic: "arn:aws:sns:us-west-2:123456789012:operations" },
        rotations: [
          { secret: "db", rotator: { kind: "built-in", engine: "postgres", adminSecret: "admin" } },
        ],
      },
      { stack: "demo" },
    );
    const watched = new Watched(
      resources.filter(({ type }) => type === "aws:cloudwatch/metricAlarm:MetricAlarm"),
      options,
    );
    await watched.#install();
    return watched;
  }

  async #install(): Promise<void> {
    const { estate } = this;
    await estate.begin(["shop"]);
    this.secret = await estate.secret("shop/database");
    await this.serve("web");
    await estate.pass(5 * minute);
    await estate.install();
    await estate.call("sqs", "CreateQueue", {
      QueueName: `${name}-dead-letters.fifo`,
      Attributes: { FifoQueue: "true" },
    });
    await estate.call("sqs", "CreateQueue", { QueueName: `${name}-undelivered` });
    await this.setQueue({
      RedrivePolicy: JSON.stringify({
        deadLetterTargetArn: estate.world.arn("sqs", `${name}-dead-letters.fifo`),
        maxReceiveCount: 3,
      }),
    });
    for (const { type, name: logical, inputs } of this.#alarms)
      await estate.clock.drive(
        resourceTypeOf(type).create(accountOf(estate.world, { type, name: logical }), inputs, logical),
      );
  }

  async serve(service: string, change: Parameters<Estate["service"]>[4] = {}): Promise<void> {
    const { estate } = this;
    await estate.service("shop", service, await estate.define(service, [this.secret]), 2, change);
  }

  setQueue(Attributes: object): Promise<object> {
    return this.estate.call("sqs", "SetQueueAttributes", { QueueUrl: this.url(`${name}.fifo`), Attributes });
  }

  url(queue: string): string {
    return `https://sqs.us-west-2.amazonaws.com/123456789012/${queue}`;
  }

  write(SecretString: string): Promise<object> {
    return this.estate.call("secretsmanager", "PutSecretValue", {
      SecretId: this.secret,
      SecretString,
      ClientRequestToken: this.estate.version(),
    });
  }

  /** The state of each alarm, by the end of its name. */
  async states(): Promise<Map<string, string>> {
    const { MetricAlarms } = await this.estate.call<{
      MetricAlarms: { AlarmName: string; StateValue: string }[];
    }>("cloudwatch", "DescribeAlarms", {});
    return new Map(
      MetricAlarms.map(({ AlarmName, StateValue }) => [AlarmName.slice(name.length + 1), StateValue]),
    );
  }

  /** Every alarm that was in ALARM at the end of one of so many minutes. */
  async alarmed(minutes: number): Promise<string[]> {
    const seen = new Set<string>();
    for (let passed = 0; passed < minutes; passed++) {
      await this.estate.pass(minute);
      for (const [key, state] of await this.states()) if (state === "ALARM") seen.add(key);
    }
    return [...seen].sort();
  }
}

/** A cause: what begins it, what ends it, and within how many minutes the alarm goes off and ends. */
interface Cause {
  readonly alarm: string;
  readonly what: string;
  readonly options?: Partial<EstateOptions>;
  readonly begin: (watched: Watched) => unknown;
  readonly end: (watched: Watched) => unknown;
  readonly within?: number;
  readonly until?: number;
  /** Alarms of the same cause. */
  readonly also?: readonly string[];
}

const denyAll = {
  RoleName: name,
  PolicyName: "deny",
  PolicyDocument: JSON.stringify({
    Version: "2012-10-17",
    Statement: [{ Effect: "Deny", Action: "ecs:DescribeServices", Resource: "*" }],
  }),
};

async function mapping({ estate }: Watched, Enabled: boolean): Promise<void> {
  const { EventSourceMappings } = await estate.call<{ EventSourceMappings: { UUID: string }[] }>(
    "lambda",
    "ListEventSourceMappings",
    { FunctionName: name },
  );
  await estate.call("lambda", "UpdateEventSourceMapping", { UUID: EventSourceMappings[0]!.UUID, Enabled });
}

const rotator = `${name}-rotator-db`;

const causes: readonly Cause[] = [
  {
    alarm: "no-sweep",
    what: "the rule is disabled",
    begin: ({ estate }) => estate.call("events", "DisableRule", { Name: `${name}-sweep` }),
    end: ({ estate }) => estate.call("events", "EnableRule", { Name: `${name}-sweep` }),
    within: 30,
    also: ["no-wake-up"],
  },
  {
    alarm: "no-wake-up",
    what: "the event source mapping is disabled",
    begin: (watched) => mapping(watched, false),
    end: (watched) => mapping(watched, true),
    within: 30,
    also: ["queue-age"],
  },
  {
    alarm: "queue-age",
    what: "nothing takes the messages",
    begin: (watched) => mapping(watched, false),
    end: (watched) => mapping(watched, true),
    within: 30,
    also: ["no-wake-up"],
  },
  {
    alarm: "throttled",
    what: "the function's concurrency is 0",
    begin: ({ estate }) =>
      estate.call("lambda", "PutFunctionConcurrency", {
        FunctionName: name,
        ReservedConcurrentExecutions: 0,
      }),
    end: ({ estate }) =>
      estate.call("lambda", "PutFunctionConcurrency", {
        FunctionName: name,
        ReservedConcurrentExecutions: 5,
      }),
    also: ["dead-letters", "no-wake-up", "queue-age"],
  },
  {
    alarm: "function-errors",
    what: "a run throws",
    begin: (watched) => (watched.planFails = true),
    end: (watched) => (watched.planFails = false),
    also: ["dead-letters"],
  },
  {
    alarm: "dead-letters",
    what: "a batch fails three times",
    begin: (watched) => (watched.planFails = true),
    end: async (watched) => {
      watched.planFails = false;
      await watched.estate.pass(5 * minute);
      const QueueUrl = watched.url(`${name}-dead-letters.fifo`);
      await watched.estate.call("sqs", "PurgeQueue", { QueueUrl });
    },
    also: ["function-errors"],
  },
  {
    alarm: "undelivered",
    what: "EventBridge could not deliver an event",
    begin: (watched) =>
      watched.estate.call("sqs", "SendMessage", {
        QueueUrl: watched.url(`${name}-undelivered`),
        MessageBody: "{}",
      }),
    end: (watched) =>
      watched.estate.call("sqs", "PurgeQueue", { QueueUrl: watched.url(`${name}-undelivered`) }),
  },
  {
    alarm: "invalid-events",
    what: "a message is no event",
    begin: ({ estate }) => estate.send("no event"),
    end: () => undefined,
  },
  {
    alarm: "unconfirmed",
    what: "events name versions that do not exist",
    begin: async (watched) => {
      for (let sent = 0; sent < 11; sent++) {
        const forged = canonical("secret-label-updated", (event) => {
          event.time = new Date(watched.estate.clock.now()).toISOString();
          event.resources = [watched.secret];
          event.detail.versionId = watched.estate.version();
        });
        await watched.estate.send(JSON.stringify(forged));
        await watched.estate.pass(minute);
      }
    },
    end: () => undefined,
  },
  {
    alarm: "rotation-failed",
    what: "Secrets Manager reports a failed rotation",
    begin: ({ estate }) => estate.send(JSON.stringify(canonical("rotation-failed"))),
    end: () => undefined,
  },
  {
    alarm: "too-many-deployments",
    what: "a value changes again within the hour",
    options: { limits: { maxDeploymentsPerHour: 1 } },
    begin: async (watched) => {
      await watched.write("second");
      await watched.estate.pass(10 * minute);
      await watched.write("third");
    },
    end: () => undefined,
    until: 80,
    also: ["stale"],
  },
  {
    alarm: "halted",
    what: "a deployment with the new value fails",
    begin: (watched) => watched.write(broken),
    end: (watched) => watched.write("good"),
    within: 30,
    also: ["stale"],
  },
  {
    alarm: "cannot-replace",
    what: "its one task may be neither stopped nor joined by another",
    begin: async (watched) => {
      await watched.estate.call("ecs", "UpdateService", {
        cluster: "shop",
        service: "web",
        desiredCount: 1,
        deploymentConfiguration: { minimumHealthyPercent: 100, maximumPercent: 150 },
      });
      await watched.write("second");
    },
    end: (watched) =>
      watched.estate.call("ecs", "UpdateService", {
        cluster: "shop",
        service: "web",
        deploymentConfiguration: { minimumHealthyPercent: 100, maximumPercent: 200 },
      }),
    also: ["stale"],
  },
  {
    alarm: "denied",
    what: "another policy denies a call",
    begin: ({ estate }) => estate.call("iam", "PutRolePolicy", denyAll),
    end: ({ estate }) =>
      estate.call("iam", "DeleteRolePolicy", { RoleName: name, PolicyName: denyAll.PolicyName }),
  },
  {
    alarm: "not-found",
    what: "a covered service is deleted",
    begin: ({ estate }) =>
      estate.call("ecs", "DeleteService", { cluster: "shop", service: "web", force: true }),
    end: (watched) => watched.serve("web"),
  },
  {
    alarm: "deferred",
    what: "an earlier wave cannot be looked at",
    begin: (watched) => (watched.throttled = "ListTasks"),
    end: (watched) => (watched.throttled = undefined),
    within: 45,
    until: 45,
    also: ["dead-letters", "function-errors"],
  },
  ...(["replacing", "unknown"] as const).map((decision) => ({
    alarm: decision,
    what: "a service stays so",
    begin: (watched: Watched) => (watched.decision = decision),
    end: (watched: Watched) => (watched.decision = undefined),
    within: 45,
    until: 45,
  })),
  {
    alarm: "unsupported",
    what: "a service is so",
    begin: (watched) => (watched.decision = "unsupported"),
    end: (watched) => (watched.decision = undefined),
  },
  {
    alarm: "stale",
    what: "a limit holds a service back",
    options: { limits: { minutesBetweenDeployments: 90 } },
    begin: async (watched) => {
      await watched.estate.call("ecs", "UpdateService", {
        cluster: "shop",
        service: "web",
        forceNewDeployment: true,
      });
      await watched.estate.pass(5 * minute);
      await watched.write("second");
    },
    end: (watched) =>
      watched.estate.call("ecs", "UpdateService", {
        cluster: "shop",
        service: "web",
        forceNewDeployment: true,
      }),
    within: 50,
  },
  {
    alarm: "rotator-db-errors",
    what: "the rotation function throws",
    options: { functions: { [rotator]: () => () => Promise.reject(new TypeError("no rotation")) } },
    begin: async ({ estate }) => {
      await estate.call("lambda", "CreateFunction", {
        FunctionName: rotator,
        Role: estate.roleArn,
        Runtime: "nodejs24.x",
        Handler: "index.handler",
        Code: { ZipFile: zipSync({ "index.js": strToU8("") }) },
      });
      await estate.call("lambda", "Invoke", { FunctionName: rotator, Payload: strToU8("{}") });
    },
    end: () => undefined,
  },
];

describe("the alarms on virtual time", () => {
  it("are all quiet after the installation and while every sweep finds everything fresh", async () => {
    const watched = await Watched.begin();

    assert.deepEqual(await watched.alarmed(90), []);
    assert.equal((await watched.states()).get("no-wake-up"), "OK");
  });

  for (const { alarm, what, options, begin, end, within = 25, until = 35, also = [] } of causes)
    it(`${alarm} goes off when ${what}, and is OK after its end`, async () => {
      const watched = await Watched.begin(options);
      await watched.estate.pass(30 * minute);

      await begin(watched);
      const seen = await watched.alarmed(within);
      await end(watched);
      await watched.estate.pass(until * minute);

      assert.ok(seen.includes(alarm), `in ALARM: ${seen.join(", ")}`);
      assert.deepEqual(
        seen.filter((key) => key !== alarm && !also.includes(key)),
        [],
      );
      assert.equal((await watched.states()).get(alarm), "OK");
    });

  it("are each seen there", async () => {
    const watched = await Watched.begin();

    assert.deepEqual(causes.map(({ alarm }) => alarm).sort(), [...(await watched.states()).keys()].sort());
  });
});
