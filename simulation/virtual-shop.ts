import type { GetMetricStatisticsOutput } from "@aws-sdk/client-cloudwatch";
import type { GetQueueAttributesResult } from "@aws-sdk/client-sqs";
import { metricNamespace, type MetricName } from "../handler/log";
import type { PolicyStatement } from "../embedded-aws/aws/service";
import type { World } from "../embedded-aws/aws/world";
import { decisionIn, type LoggedDecision } from "../demo/decisions";
import { example, recyclerName } from "../demo/example";
import { Load } from "../demo/load";
import { truthOf } from "../demo/stage";
import type { Truth } from "../demo/truth";
import { openVirtualStage, type RecordedExample, type VirtualStage } from "./virtual-run";
import { Invariants } from "./invariants";

/** A queue and its messages that wait or are being worked on. */
export interface QueueCount {
  readonly visible: number;
  readonly inFlight: number;
  readonly delayed: number;
}

/** Nothing waits, nothing is being worked on. */
export const emptyQueue: QueueCount = { visible: 0, inFlight: 0, delayed: 0 };

/** The names of the recycler's queues, after its own name. */
export const queues = {
  events: `${recyclerName}.fifo`,
  deadLetters: `${recyclerName}-dead-letters.fifo`,
  undelivered: `${recyclerName}-undelivered`,
} as const;

export const secondMs = 1000;
export const minuteMs = 60 * secondMs;
/** The next sweep has come, and what it started has ended. */
export const sweepMs = 6 * minuteMs;

/** Between two queries, in milliseconds. */
const queryIntervalMs = 500;

/** The example with the recycler on it, on virtual time and under load, and whoever watches it. */
export class VirtualShop {
  readonly world: World;
  readonly truth: Truth;
  readonly invariants: Invariants;
  readonly #load: Load;
  #tokens = 0;

  private constructor(
    readonly stage: VirtualStage,
    /** The names of the alarms that told somebody; that one is over is not counted. */
    readonly alarms: readonly string[],
  ) {
    this.world = stage.world;
    this.truth = truthOf(stage.world);
    this.invariants = new Invariants(stage);
    this.#load = new Load(
      stage.world,
      example.cluster,
      ["web", "worker"],
      stage.platform.probe,
      queryIntervalMs,
    );
  }

  /**
   * Deploys both and lets the first sweep pass: whatever comes later is the test's doing.
   * @param started told of the world before anything is deployed into it
   */
  static async open(
    recorded: RecordedExample,
    seed: string | number,
    started?: (world: World) => void,
  ): Promise<VirtualShop> {
    const alarms: string[] = [];
    const stage = await openVirtualStage(recorded, seed, (world) => {
      listenToAlarms(world, alarms);
      started?.(world);
    });
    await stage.install();
    await stage.platform.clock.runUntil(stage.platform.clock.now() + sweepMs);
    const shop = new VirtualShop(stage, alarms);
    await shop.invariants.begin();
    shop.#load.start();
    return shop;
  }

  async pass(delayMs: number): Promise<void> {
    const { clock } = this.stage.platform;
    await clock.runUntil(clock.now() + delayMs);
  }

  /** What the operator does. */
  call<Output extends object = object>(prefix: string, operation: string, input: object): Promise<Output> {
    return this.stage.platform.clock.drive(this.world.asOperator<Output>(prefix, operation, input));
  }

  /** A new value of a secret. */
  putSecret(SecretId: string, SecretString = `value ${this.#tokens}`): Promise<object> {
    const ClientRequestToken = `00000000-0000-4000-9000-${String(++this.#tokens).padStart(12, "0")}`;
    return this.call("secretsmanager", "PutSecretValue", { SecretId, SecretString, ClientRequestToken });
  }

  putParameter(): Promise<object> {
    const Value = JSON.stringify({ giftWrapping: ++this.#tokens });
    return this.call("ssm", "PutParameter", { Name: example.parameter, Value, Overwrite: true });
  }

  /** A message that no rule sent. */
  send(MessageBody: string): Promise<object> {
    const QueueUrl = this.#urlOf(queues.events);
    return this.call("sqs", "SendMessage", { QueueUrl, MessageBody, MessageGroupId: "recycler" });
  }

  async count(queue: string): Promise<QueueCount> {
    const { Attributes = {} } = await this.call<GetQueueAttributesResult>("sqs", "GetQueueAttributes", {
      QueueUrl: this.#urlOf(queue),
      AttributeNames: ["All"],
    });
    return {
      visible: Number(Attributes.ApproximateNumberOfMessages),
      inFlight: Number(Attributes.ApproximateNumberOfMessagesNotVisible),
      delayed: Number(Attributes.ApproximateNumberOfMessagesDelayed),
    };
  }

  /** The sum of a metric of the recycler since virtual time began. */
  async metric(MetricName: MetricName): Promise<number> {
    const now = this.world.clock.now();
    const { Datapoints = [] } = await this.call<GetMetricStatisticsOutput>(
      "cloudwatch",
      "GetMetricStatistics",
      {
        Namespace: metricNamespace,
        MetricName,
        Dimensions: [{ Name: "FunctionName", Value: recyclerName }],
        StartTime: new Date(now - 24 * 60 * minuteMs),
        EndTime: new Date(now + minuteMs),
        Period: 60 * 60,
        Statistics: ["Sum"],
      },
    );
    return Datapoints.reduce((sum, { Sum = 0 }) => sum + Sum, 0);
  }

  /** Whether an alarm of the stack, called by the end of its name, told somebody. */
  alarmed(key: string): boolean {
    return this.alarms.includes(`${recyclerName}-${key}`);
  }

  /** Denies something to a role by a policy of its own; `undefined` takes that back. */
  async deny(
    RoleName: string,
    statement: Pick<PolicyStatement, "Action" | "Resource"> | undefined,
  ): Promise<void> {
    const policy = { RoleName, PolicyName: "denied" };
    if (statement === undefined) await this.call("iam", "DeleteRolePolicy", policy);
    else
      await this.call("iam", "PutRolePolicy", {
        ...policy,
        PolicyDocument: JSON.stringify({
          Version: "2012-10-17",
          Statement: [{ Effect: "Deny", ...statement }],
        }),
      });
  }

  /** What the recycler decided so far, and about one service. */
  decisions(service?: string): LoggedDecision[] {
    return this.stage.log
      .flatMap((line) => decisionIn(line) ?? [])
      .filter((logged) => service === undefined || logged.service === service);
  }

  /** Its lines that are no decision and no metrics. */
  notes(): { event: string; reason: string }[] {
    return this.stage.log
      .filter((line) => line.startsWith('{"event"'))
      .map((line) => JSON.parse(line) as { event: string; reason: string });
  }

  /** How often each service was deployed by force. */
  forced(): Record<string, number> {
    const forced: Record<string, number> = {};
    for (const { service } of this.truth.forcedDeployments()) forced[service] = (forced[service] ?? 0) + 1;
    return forced;
  }

  /** The ARN of a secret or parameter of the example. */
  arnOf(name: string): string {
    const found = this.truth.moves().find(({ subjectArn }) => subjectArn.includes(name));
    if (!found) throw new Error(`no value of ${name} ever moved`);
    return found.subjectArn;
  }

  /** Lets everything come to its end and gives what the run broke of the invariants. */
  async end(excused: Readonly<Record<string, string>> = {}): Promise<string[]> {
    await this.#load.stop();
    const violations = await this.invariants.violations(excused);
    const { total, failed } = this.#load.count;
    if (failed > 0 || total === 0)
      violations.push(`${failed} of ${total} queries failed: ${this.#load.failures.join("; ")}`);
    await this.world.stop();
    return violations;
  }

  #urlOf(queue: string): string {
    return `https://sqs.${this.world.region}.amazonaws.com/${this.world.account}/${queue}`;
  }
}

function listenToAlarms(world: World, alarms: string[]): void {
  world.observe(({ call, input, error }) => {
    if (call.service !== "sns" || call.operation !== "Publish" || error) return;
    const name = /^ALARM: "([^"]+)"/.exec((input as { Subject?: string }).Subject ?? "")?.[1];
    if (name !== undefined) alarms.push(name);
  });
}
