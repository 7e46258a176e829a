import { strict as assert } from "node:assert";
import type { CreateSecretResponse } from "@aws-sdk/client-secrets-manager";
import type { DescribeTasksResponse, ListTasksResponse } from "@aws-sdk/client-ecs";
import type { VirtualClock } from "../../../aws/clock";
import { Ecs } from "../../../aws/ecs";
import { Random } from "../../../aws/random";
import { SecretsManager } from "../../../aws/secrets-manager";
import { Ssm } from "../../../aws/ssm";
import type { World } from "../../../aws/world";
import { taskRecords } from "../../../runtime/task-record";
import type { TaskRuntime } from "../../../aws/runtime";
import { createRole, executionRoleArn } from "../../support/ecs";
import { noRuntime, virtualWorld } from "../../support/world";

describe("ECS with the real Secrets Manager, Parameter Store and IAM", () => {
  /** A service of two tasks that reads a secret and, by name, a parameter; its role may read what is given. */
  async function shop(policy: (secretArn: string) => object[]) {
    const tasks: TaskRuntime = { start: (spec) => records.start(spec) };
    const { world, clock } = virtualWorld({ runtime: { ...noRuntime, tasks } });
    const records = taskRecords({ clock, random: new Random("tasks") });
    const call = <T extends object>(service: string, operation: string, input: object) =>
      drive(world, clock, () => world.asOperator<T>(service, operation, input));
    const { ARN: secretArn } = await call<CreateSecretResponse>("secretsmanager", "CreateSecret", {
      Name: "shop/db",
      SecretString: JSON.stringify({ password: "first" }),
    });
    await call("ssm", "PutParameter", { Name: "/shop/flags", Value: "on", Type: "String" });
    await createRole(world, "shop-execution", "ecs-tasks.amazonaws.com");
    await call("iam", "PutRolePolicy", {
      RoleName: "shop-execution",
      PolicyName: "reads",
      PolicyDocument: JSON.stringify({ Version: "2012-10-17", Statement: policy(secretArn!) }),
    });
    await call("ecs", "CreateCluster", { clusterName: "shop" });
    await call("ecs", "RegisterTaskDefinition", {
      family: "api",
      executionRoleArn,
      containerDefinitions: [
        {
          name: "app",
          image: "shop/api:1",
          memory: 256,
          secrets: [
            { name: "DB", valueFrom: `${secretArn}:password::` },
            { name: "FLAGS", valueFrom: "/shop/flags" },
            { name: "DB_TOO", valueFrom: "/aws/reference/secretsmanager/shop/db" },
          ],
        },
      ],
    });
    await call("ecs", "CreateService", {
      cluster: "shop",
      serviceName: "api",
      taskDefinition: "api",
      desiredCount: 2,
    });
    await clock.runUntil(clock.now() + 20_000);
    return { world, clock, call, secretArn: secretArn! };
  }

  const reads = (secretArn: string) => [
    { Effect: "Allow", Action: "secretsmanager:GetSecretValue", Resource: secretArn },
    {
      Effect: "Allow",
      Action: "ssm:GetParameters",
      Resource: "arn:aws:ssm:us-west-2:123456789012:parameter/shop/flags",
    },
    {
      Effect: "Allow",
      Action: "ssm:GetParameters",
      Resource: "arn:aws:ssm:us-west-2:123456789012:parameter/aws/reference/secretsmanager/shop/db",
    },
  ];

  it("injects what moved last, so that reads and moves name the same versions", async () => {
    const { world, clock, call, secretArn } = await shop(reads);
    await call("secretsmanager", "PutSecretValue", {
      SecretId: secretArn,
      SecretString: JSON.stringify({ password: "second" }),
    });
    await clock.runUntil(clock.now() + 5_000);

    await call("ecs", "UpdateService", { cluster: "shop", service: "api", forceNewDeployment: true });
    await clock.runUntil(clock.now() + 30_000);

    const tasks = Ecs.of(world).runningTasks();
    const secretMove = SecretsManager.of(world)
      .moves.filter((m) => m.label === "AWSCURRENT")
      .at(-1)!;
    const parameterMove = Ssm.of(world).moves.at(-1)!;
    assert.equal(tasks.length, 2);
    for (const task of tasks) {
      const [secret, parameter, secretByParameter] = task.reads;
      assert.deepEqual(secret, {
        subjectArn: secretMove.subjectArn,
        label: "AWSCURRENT",
        versionId: secretMove.versionId,
      });
      assert.deepEqual(secretByParameter, secret);
      assert.equal(parameter!.subjectArn, parameterMove.subjectArn);
      assert.equal(parameter!.versionId, parameterMove.versionId);
      assert.ok(task.createdAt > secretMove.time);
    }
  });

  for (const [what, index, action] of [
    ["the secret", 0, "secretsmanager:GetSecretValue"],
    ["the parameter", 1, "ssm:GetParameters"],
    ["the parameter that stands for a secret", 2, "ssm:GetParameters"],
  ] as const)
    it(`starts no task when the execution role may not read ${what}`, async () => {
      const { world, call } = await shop((arn) => reads(arn).filter((_, i) => i !== index));

      const list = { cluster: "shop", serviceName: "api", desiredStatus: "STOPPED" };
      const { taskArns } = await call<ListTasksResponse>("ecs", "ListTasks", list);
      const { tasks } = await call<DescribeTasksResponse>("ecs", "DescribeTasks", {
        cluster: "shop",
        tasks: taskArns,
      });

      assert.deepEqual(Ecs.of(world).runningTasks(), []);
      assert.match(tasks![0]!.stoppedReason!, new RegExp(`^ResourceInitializationError.*${action}`));
    });
});

/** Runs the clock until the call has its answer. */
async function drive<T>(world: World, clock: VirtualClock, call: () => Promise<T>): Promise<T> {
  let done = false;
  const answer = call().finally(() => (done = true));
  answer.catch(() => undefined);
  await clock.runUntil(world.clock.now());
  while (!done) assert.ok(await clock.step(), "something is scheduled while a call is open");
  return answer;
}
