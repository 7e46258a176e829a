import assert from "node:assert/strict";
import {
  CreateClusterCommand,
  CreateServiceCommand,
  ECSClient,
  RegisterTaskDefinitionCommand,
} from "@aws-sdk/client-ecs";
import {
  CreateSecretCommand,
  PutSecretValueCommand,
  SecretsManagerClient,
} from "@aws-sdk/client-secrets-manager";
import { SSMClient } from "@aws-sdk/client-ssm";
import { CreateQueueCommand, SQSClient } from "@aws-sdk/client-sqs";
import { operator, type Caller } from "../../embedded-aws/aws/caller";
import { Ecs } from "../../embedded-aws/aws/ecs";
import { clientConfig } from "../../embedded-aws/aws/account/in-process";
import { Random } from "../../embedded-aws/aws/random";
import { SecretsManager } from "../../embedded-aws/aws/secrets-manager";
import type { World } from "../../embedded-aws/aws/world";
import { taskRecords, type TaskScript } from "../../embedded-aws/runtime/task-record";
import { createRecycler } from "../../handler";
import type { DecisionLine } from "../../handler/log";
import { noRuntime, virtualWorld } from "../../embedded-aws/test/support/world";
import { createRole } from "../../embedded-aws/test/support/ecs";
import { batchOf, canonical, settingsWith } from "./fake-aws";

const queueName = "ecs-secret-recycler-dev.fifo";
const functionName = "ecs-secret-recycler-dev";
/** As the queue's delay. */
const delayMs = 10_000;

/** What the recycler may do: the test would see a call beyond it as AccessDenied. */
const allowed = [
  "ecs:DescribeServices",
  "ecs:ListServiceDeployments",
  "ecs:UpdateService",
  "ecs:ListServices",
  "ecs:DescribeTaskDefinition",
  "ecs:ListTasks",
  "ecs:DescribeTasks",
  "ecs:GetTaskProtection",
  "ecs:DescribeServiceDeployments",
  "ecs:DescribeServiceRevisions",
  "secretsmanager:DescribeSecret",
  "secretsmanager:ListSecretVersionIds",
  "secretsmanager:ListSecrets",
  "ssm:DescribeParameters",
  "sqs:GetQueueUrl",
  "sqs:GetQueueAttributes",
];

/** The embedded AWS on virtual time with services that read one secret, and the recycler beside it. */
class Shop {
  readonly clock;
  readonly world: World;
  readonly lines: string[] = [];
  script: () => TaskScript = () => ({});
  #secretArn = "";
  #recycler: ReturnType<typeof createRecycler> | undefined;

  /** @param seed decides, among other things, which PRIMARY deployment is shown after a rollback */
  constructor(seed = "shop") {
    const random = new Random(seed);
    const made = virtualWorld({
      random,
      runtime: {
        ...noRuntime,
        tasks: {
          start: (spec) =>
            taskRecords({ clock: made.clock, random, script: () => this.script() }).start(spec),
        },
      },
    });
    this.clock = made.clock;
    this.world = made.world;
  }

  async drive<T>(promise: Promise<T>): Promise<T> {
    let done = false;
    promise.then(
      () => (done = true),
      () => (done = true),
    );
    await this.clock
      .runUntilTrue(() => done, "a call", this.clock.now() + 600_000)
      .catch(async (error: unknown) => {
        for (let turn = 0; turn < 100 && !done; turn++) await new Promise((next) => setImmediate(next));
        if (!done) throw error;
      });
    return promise;
  }

  pass(seconds: number): Promise<void> {
    return this.clock.runUntil(this.clock.now() + seconds * 1000);
  }

  /** @param valueFrom what the tasks refer to. Default: the secret's ARN */
  async build(names: readonly string[], valueFrom?: string): Promise<void> {
    const { world } = this;
    const ecs = new ECSClient(clientConfig(world, operator));
    const secrets = new SecretsManagerClient(clientConfig(world, operator));
    await this.drive(createRole(world, "execution", "ecs-tasks.amazonaws.com"));
    await this.policy("execution", ["secretsmanager:GetSecretValue", "ssm:GetParameters"]);
    await this.drive(createRole(world, functionName, "lambda.amazonaws.com"));
    await this.policy(functionName, allowed);
    const { ARN } = await this.drive(
      secrets.send(new CreateSecretCommand({ Name: "shop/db", SecretString: "first" })),
    );
    this.#secretArn = ARN ?? "";
    await this.drive(ecs.send(new CreateClusterCommand({ clusterName: "shop" })));
    await this.drive(
      ecs.send(
        new RegisterTaskDefinitionCommand({
          family: "shop",
          executionRoleArn: world.arn("iam", "role/execution").replace("us-west-2", ""),
          containerDefinitions: [
            {
              name: "app",
              image: "shop:1",
              memory: 64,
              secrets: [{ name: "DB", valueFrom: valueFrom ?? this.#secretArn }],
            },
          ],
        }),
      ),
    );
    await this.pass(60);
    for (const serviceName of names)
      await this.drive(
        ecs.send(
          new CreateServiceCommand({
            cluster: "shop",
            serviceName,
            taskDefinition: "shop",
            desiredCount: 2,
            deploymentConfiguration: {
              minimumHealthyPercent: 100,
              maximumPercent: 200,
              deploymentCircuitBreaker: { enable: true, rollback: true },
            },
          }),
        ),
      );
    await this.pass(120);
    await this.drive(
      new SQSClient(clientConfig(world, operator)).send(
        new CreateQueueCommand({ QueueName: queueName, Attributes: { FifoQueue: "true" } }),
      ),
    );
    await this.pass(60);
  }

  async policy(RoleName: string, Action: readonly string[]): Promise<void> {
    const PolicyDocument = JSON.stringify({
      Version: "2012-10-17",
      Statement: [{ Effect: "Allow", Action, Resource: "*" }],
    });
    await this.drive(
      this.world.asOperator("iam", "PutRolePolicy", { RoleName, PolicyName: "inline", PolicyDocument }),
    );
  }

  get roleArn(): string {
    return `arn:aws:iam::123456789012:role/${functionName}`;
  }

  recycler(coverage: Parameters<typeof settingsWith>[0]): (event: unknown) => Promise<unknown> {
    const { world, clock } = this;
    const caller: Caller = { kind: "role", roleArn: this.roleArn, session: functionName };
    const config = { ...clientConfig(world, caller), retryStrategy: undefined, maxAttempts: 1 };
    this.#recycler ??= createRecycler(settingsWith(coverage, { queueName }), {
      clients: {
        ecs: new ECSClient(config),
        secretsManager: new SecretsManagerClient(config),
        ssm: new SSMClient(config),
        sqs: new SQSClient(config),
      },
      now: () => clock.now(),
      sleep: (ms) => clock.sleep(ms, "the recycler's pace"),
      random: () => 0.5,
      write: (line) => void this.lines.push(line),
    });
    const recycle = this.#recycler;
    return (event) =>
      this.drive(
        recycle(event, { invokedFunctionArn: world.arn("lambda", `function:${functionName}`), functionName }),
      );
  }

  /** Changes the value, and gives the event that says so. */
  async put(): Promise<unknown> {
    const secrets = new SecretsManagerClient(clientConfig(this.world, operator));
    const { VersionId } = await this.drive(
      secrets.send(new PutSecretValueCommand({ SecretId: this.#secretArn, SecretString: "next" })),
    );
    const time = new Date(Math.floor(this.clock.now() / 1000) * 1000).toISOString();
    return canonical("secret-label-updated", (event) => {
      event.time = time;
      event.resources = [this.#secretArn];
      event.detail["versionId"] = VersionId;
    });
  }

  /** Calls of the recycler since a mark, by operation. */
  calls(since: number): Record<string, number> {
    const counts: Record<string, number> = {};
    for (const { operation } of this.world.ledger.find({ since, roleArn: this.roleArn }))
      counts[operation] = (counts[operation] ?? 0) + 1;
    return counts;
  }

  /** Tasks that run on an older value than the current one: the embedded AWS's own truth. */
  stale(): number {
    const movedAt = Math.max(...SecretsManager.of(this.world).moves.map(({ time }) => time));
    return Ecs.of(this.world)
      .runningTasks()
      .filter(({ createdAt }) => createdAt <= movedAt).length;
  }

  decisions(): string[] {
    return this.lines
      .splice(0)
      .map((line) => JSON.parse(line) as Partial<DecisionLine>)
      .flatMap(({ decision, service }) => (decision === undefined ? [] : `${service}: ${decision}`));
  }
}

const sweep = batchOf(canonical("sweep"));

describe("createRecycler in the embedded AWS", () => {
  it("replaces every task of twelve services, and the ledger counts its calls", async () => {
    const shop = new Shop();
    const names = Array.from({ length: 12 }, (_, index) => `service-${String(index).padStart(2, "0")}`);
    await shop.build(names);
    const recycler = shop.recycler(names.map((service) => ({ service, secrets: ["shop/db"] })));
    await recycler(sweep);
    const quiet = shop.decisions();
    const event = await shop.put();
    const staleBefore = shop.stale();
    await shop.pass(delayMs / 1000);
    const mark = shop.world.ledger.length;

    await recycler(batchOf(event));
    const first = shop.calls(mark);
    const second = shop.world.ledger.length;
    await recycler(batchOf(event, event));
    const repeated = shop.calls(second);
    await shop.pass(300);
    await recycler(sweep);

    assert.deepEqual(new Set(quiet), new Set(names.map((name) => `${name}: fresh`)));
    assert.equal(staleBefore, 24);
    assert.deepEqual(first, {
      DescribeSecret: 1,
      ListSecretVersionIds: 1,
      DescribeServices: 2,
      ListTasks: 1,
      ListServiceDeployments: 12,
      UpdateService: 12,
    });
    assert.deepEqual(repeated, {});
    assert.equal(shop.stale(), 0);
    assert.equal(Ecs.of(shop.world).runningTasks().length, 24);
    assert.deepEqual(shop.decisions(), [
      ...names.map((name) => `${name}: recycle`),
      ...names.map((name) => `${name}: fresh`),
    ]);
    await shop.world.stop();
  });

  it("recycles what reads a secret by a parameter that stands for it", async () => {
    const shop = new Shop();
    await shop.build(["api"], "/aws/reference/secretsmanager/shop/db");
    const recycler = shop.recycler([{ service: "api", secrets: ["shop/db"] }]);
    await recycler(sweep);
    const event = await shop.put();
    const staleBefore = shop.stale();
    await shop.pass(delayMs / 1000);

    await recycler(batchOf(event));
    await shop.pass(300);
    await recycler(sweep);

    assert.equal(staleBefore, 2);
    assert.equal(shop.stale(), 0);
    assert.deepEqual(shop.decisions(), ["api: fresh", "api: recycle", "api: fresh"]);
    await shop.world.stop();
  });

  it("finds a move whose events were all lost", async () => {
    const shop = new Shop();
    await shop.build(["api"]);
    const recycler = shop.recycler([{}]);
    await shop.put();
    await shop.pass(delayMs / 1000);

    await recycler(sweep);
    await shop.pass(300);

    assert.equal(shop.stale(), 0);
    assert.deepEqual(shop.decisions(), ["api: recycle"]);
    await shop.world.stop();
  });

  for (const seed of ["1", "2", "3", "4", "5", "6"])
    it(`stops at a value with which no task gets healthy, and tries again when it moves (seed ${seed})`, async () => {
      const shop = new Shop(seed);
      await shop.build(["api"]);
      const recycler = shop.recycler([{}]);
      const bad = await shop.put();
      shop.script = () => ({ startMs: 100, failure: "cannot log in" });
      await shop.pass(delayMs / 1000);
      await recycler(batchOf(bad));
      await shop.pass(1800);
      await recycler(sweep);
      await recycler(sweep);
      const halted = shop.decisions();
      shop.script = () => ({});
      const good = await shop.put();
      await shop.pass(delayMs / 1000);

      await recycler(batchOf(good));
      await shop.pass(300);

      assert.deepEqual(halted, ["api: recycle", "api: halted", "api: halted"]);
      assert.deepEqual(shop.decisions(), ["api: recycle"]);
      assert.equal(shop.stale(), 0);
      await shop.world.stop();
    });
});
