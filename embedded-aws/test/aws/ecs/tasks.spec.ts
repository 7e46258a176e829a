import { strict as assert } from "node:assert";
import {
  DescribeServiceRevisionsCommand,
  DescribeTasksCommand,
  ECSClient,
  GetTaskProtectionCommand,
  ListTasksCommand,
  paginateListTasks,
  RunTaskCommand,
  StopTaskCommand,
  UpdateServiceCommand,
  UpdateTaskProtectionCommand,
  type ListTasksCommandInput,
} from "@aws-sdk/client-ecs";
import type { Caller } from "../../../aws/caller";
import { clientConfig } from "../../../aws/account/in-process";
import { createRole, fleet, type Fleet } from "../../support/ecs";

const api = { cluster: "shop", service: "api" };

async function running(options: Parameters<typeof fleet>[0] = {}, desiredCount = 2): Promise<Fleet> {
  const f = await fleet(options);
  await f.create({ desiredCount });
  await f.settle();
  return f;
}

async function list(f: Fleet, more: Partial<ListTasksCommandInput> = {}): Promise<string[]> {
  const { taskArns } = await f.client.send(new ListTasksCommand({ cluster: "shop", ...more }));
  return taskArns!;
}

describe("ListTasks", () => {
  it("lists by service, family, who started the task and desired status", async () => {
    const f = await running();
    await f.register({ family: "job" });
    const run = { cluster: "shop", taskDefinition: "job", startedBy: "me" };
    const { tasks } = await f.client.send(new RunTaskCommand(run));
    await f.clock.runUntil(f.clock.now() + 5_000);
    const own = f.ecs.runningTasks();

    const job = tasks![0]!.taskArn!;
    assert.deepEqual(await list(f, { serviceName: "api" }), own.map((t) => t.taskArn).sort());
    assert.deepEqual(await list(f, { startedBy: own[0]!.deploymentId }), own.map((t) => t.taskArn).sort());
    assert.deepEqual(await list(f, { family: "job" }), [job]);
    assert.deepEqual(await list(f, { startedBy: "me" }), [job]);
    assert.equal((await list(f)).length, 3);
    assert.deepEqual(await list(f, { desiredStatus: "STOPPED" }), []);
  });

  it("tells apart tasks of services and tasks that were run, in their group", async () => {
    const f = await running({}, 1);
    const { tasks } = await f.client.send(new RunTaskCommand({ cluster: "shop", taskDefinition: "api" }));

    const described = await f.client.send(
      new DescribeTasksCommand({
        cluster: "shop",
        tasks: [f.ecs.runningTasks()[0]!.taskArn, tasks![0]!.taskArn!],
      }),
    );

    assert.deepEqual(
      described.tasks!.map((t) => t.group),
      ["service:api", "family:api"],
    );
  });

  it("gives a hundred tasks a page, each once, while tasks come and go", async () => {
    const f = await running({}, 150);
    const sizes: number[] = [];
    const seen: string[] = [];

    for await (const page of paginateListTasks({ client: f.client }, { cluster: "shop" })) {
      sizes.push(page.taskArns!.length);
      seen.push(...page.taskArns!);
      // What the token names leaves the list meanwhile.
      await f.client.send(new UpdateServiceCommand({ ...api, desiredCount: 0 }));
      await f.clock.runUntil(f.clock.now() + 1_000);
    }

    assert.equal(sizes[0], 100);
    assert.equal(new Set(seen).size, seen.length);
  });

  for (const [what, options] of [
    ["its own setting", { settings: { listLagMs: { share: 1, low: 3_000, high: 3_000 } } }],
    ["the world's conduct", { conduct: { staleness: { chance: 1, longestMs: 1 } } }],
  ] as const)
    it(`misses a task that just started, and lists one that just stopped, by ${what}`, async () => {
      const f = await running(options);
      const [old] = f.ecs.runningTasks();
      await f.clock.runUntil(f.clock.now() + 10_000);
      const before = await list(f);

      await f.client.send(new StopTaskCommand({ cluster: "shop", task: old!.taskArn }));
      const { tasks } = await f.client.send(new RunTaskCommand({ cluster: "shop", taskDefinition: "api" }));
      let atOnce = await list(f);
      // The conduct's age is drawn, from none to a millisecond.
      for (let i = 0; i < 50 && !atOnce.includes(old!.taskArn); i++) atOnce = await list(f);
      await f.clock.runUntil(f.clock.now() + 4_000);
      const later = await list(f);

      assert.deepEqual(atOnce, before);
      assert.ok(later.includes(tasks![0]!.taskArn!) && !later.includes(old!.taskArn));
    });
});

describe("A client token", () => {
  it("makes RunTask and CreateService start nothing the second time", async () => {
    const f = await fleet();
    const taskDefinition = await f.register();
    const run = { cluster: "shop", taskDefinition, count: 2, clientToken: "one" };
    const create = { taskDefinition, clientToken: "two" };

    const first = await f.client.send(new RunTaskCommand(run));
    const second = await f.client.send(new RunTaskCommand(run));
    const other = await f.client.send(new RunTaskCommand({ ...run, clientToken: "three" }));
    const made = await f.create(create);
    const again = await f.create(create);

    const arns = (answer: typeof first) => answer.tasks!.map((t) => t.taskArn);
    assert.deepEqual(arns(first), arns(second));
    assert.ok(arns(other).every((arn) => !arns(first).includes(arn)));
    assert.equal(made.serviceArn, again.serviceArn);
    await assert.rejects(f.create({ ...create, clientToken: "four" }), { message: /not idempotent/ });
  });
});

describe("Scale-in protection", () => {
  const protect = (f: Fleet, tasks: string[], more: object = {}) =>
    f.client.send(
      new UpdateTaskProtectionCommand({ cluster: "shop", tasks, protectionEnabled: true, ...more }),
    );

  it("keeps an old task through a deployment until it expires, two hours by default", async () => {
    const f = await running();
    const [old] = f.ecs.runningTasks();
    const protectedAt = f.clock.now();
    const { protectedTasks } = await protect(f, [old!.taskArn]);
    const until = protectedTasks![0]!.expirationDate!.getTime();

    await f.force();
    await f.clock.runUntil(until - 60_000);
    const during = f.ecs.runningTasks();
    const status = (await f.attempts())[0]!.status;
    await f.settle();

    assert.equal(until, Math.floor(protectedAt) + 7_200_000);
    assert.ok(during.length === 3 && during.some((t) => t.taskArn === old!.taskArn && !t.draining));
    assert.equal(status, "IN_PROGRESS");
    assert.equal((await f.attempts())[0]!.status, "SUCCESSFUL");
    assert.ok(f.ecs.runningTasks().every((t) => t.taskArn !== old!.taskArn));
  });

  it("outlives a deployment whose clean-up is deferred, and ends when it is taken off", async () => {
    const f = await running({ settings: { deferredCleanUpMs: { low: 0, high: 0 } } });
    const [old] = f.ecs.runningTasks();
    await protect(f, [old!.taskArn], { expiresInMinutes: 2_880 });
    const criteria = { enable: true, healthyPercent: 100, sourceServiceRevisionCleanup: "DEFERRED" as const };

    await f.force("api", { earlySuccessCriteria: criteria });
    await f.settle();
    await f.clock.runUntil(f.clock.now() + 3_600_000);
    const during = f.ecs.runningTasks().map((t) => t.taskArn);
    await protect(f, [old!.taskArn], { protectionEnabled: false });
    await f.clock.runUntil(f.clock.now() + 10_000);

    assert.equal((await f.attempts())[0]!.status, "SUCCESSFUL");
    assert.ok(during.length === 3 && during.includes(old!.taskArn));
    assert.equal(f.ecs.runningTasks().length, 2);
  });

  it("keeps a task when the service scales in: another one goes", async () => {
    const f = await running();
    const [first, second] = f.ecs.runningTasks();
    await protect(f, [first!.taskArn]);

    await f.client.send(new UpdateServiceCommand({ ...api, desiredCount: 1 }));
    await f.clock.runUntil(f.clock.now() + 30_000);
    const one = f.ecs.runningTasks().map((t) => t.taskArn);
    await protect(f, [first!.taskArn], { protectionEnabled: false });

    assert.deepEqual(one, [first!.taskArn]);
    assert.notEqual(one[0], second!.taskArn);
  });

  it("is shown by GetTaskProtection, with failures for what cannot have it", async () => {
    const f = await running({}, 1);
    const [task] = f.ecs.runningTasks();
    const run = await f.client.send(new RunTaskCommand({ cluster: "shop", taskDefinition: "api" }));
    const alone = run.tasks![0]!.taskArn!;
    const missing = `${alone}0`;

    const refused = await protect(f, [alone, missing]);
    await protect(f, [task!.taskArn], { expiresInMinutes: 5 });
    const { protectedTasks, failures } = await f.client.send(
      new GetTaskProtectionCommand({ cluster: "shop", tasks: [task!.taskArn, alone] }),
    );
    await f.clock.runUntil(f.clock.now() + 300_000);
    const after = await f.client.send(
      new GetTaskProtectionCommand({ cluster: "shop", tasks: [task!.taskArn] }),
    );

    assert.deepEqual(refused.failures, [
      { arn: alone, reason: "TASK_NOT_VALID" },
      { arn: missing, reason: "MISSING" },
    ]);
    assert.deepEqual(failures, [{ arn: alone, reason: "TASK_NOT_VALID" }]);
    assert.equal(protectedTasks![0]!.protectionEnabled, true);
    assert.deepEqual(after.protectedTasks, [{ taskArn: task!.taskArn, protectionEnabled: false }]);
  });

  it("is refused for more tasks than the service wants", async () => {
    const f = await running();
    await f.client.send(new UpdateServiceCommand({ ...api, desiredCount: 1 }));
    const [first, second] = f.ecs.runningTasks();

    const { failures } = await protect(f, [first!.taskArn, second!.taskArn]);

    assert.deepEqual(failures, [{ arn: second!.taskArn, reason: "DEPLOYMENT_BLOCKED" }]);
  });

  it("outlives a task set", async () => {
    const f = await fleet();
    await f.create({ deploymentController: { type: "EXTERNAL" } });
    await f.clock.runUntil(f.clock.now() + 10_000);
    const [old] = f.ecs.runningTasks();
    await protect(f, [old!.taskArn], { expiresInMinutes: 60 });
    const [set] = (await f.describe()).taskSets!;

    await f.world.asOperator("ecs", "DeleteTaskSet", { ...api, taskSet: set!.id, force: true });
    await f.clock.runUntil(f.clock.now() + 60_000);
    const during = f.ecs.runningTasks().map((t) => t.taskArn);
    await f.clock.runUntil(f.clock.now() + 3_600_000);

    assert.deepEqual(during, [old!.taskArn]);
    assert.deepEqual(f.ecs.runningTasks(), []);
  });
});

describe("IAM and the tasks of ECS", () => {
  const arn = (resource: string) => `arn:aws:ecs:us-west-2:123456789012:${resource}`;
  const inShop = { ArnEquals: { "ecs:cluster": arn("cluster/shop") } };

  /** Whether a role with this one statement may make the calls, one after the other. */
  async function allowed(
    statement: { Action: string; Resource: string | string[]; Condition?: object },
    call: (client: ECSClient, f: Fleet) => Promise<unknown>,
  ): Promise<boolean> {
    const f = await running({}, 1);
    await createRole(f.world, "recycler", "lambda.amazonaws.com");
    const PolicyDocument = JSON.stringify({
      Version: "2012-10-17",
      Statement: [{ Effect: "Allow", ...statement }],
    });
    const policy = { RoleName: "recycler", PolicyName: "tasks", PolicyDocument };
    await f.world.asOperator("iam", "PutRolePolicy", policy);
    const roleArn = "arn:aws:iam::123456789012:role/recycler";
    const caller: Caller = { kind: "role", roleArn, session: "one" };
    try {
      await call(new ECSClient(clientConfig(f.world, caller)), f);
      return true;
    } catch (error) {
      assert.equal((error as Error).name, "AccessDeniedException");
      return false;
    }
  }

  const listing = (client: ECSClient) => client.send(new ListTasksCommand({ cluster: "shop" }));
  const describing = (client: ECSClient, f: Fleet) =>
    client.send(new DescribeTasksCommand({ cluster: "shop", tasks: [f.ecs.runningTasks()[0]!.taskArn] }));
  const looking = (client: ECSClient, f: Fleet) =>
    client.send(new GetTaskProtectionCommand({ cluster: "shop", tasks: [f.ecs.runningTasks()[0]!.taskArn] }));
  const revising = async (client: ECSClient, f: Fleet) => {
    const serviceRevisionArns = [(await f.describe()).currentServiceRevisions![0]!.arn!];
    await client.send(new DescribeServiceRevisionsCommand({ serviceRevisionArns }));
  };

  for (const [what, expected, statement, call] of [
    [
      "ListTasks on * in the cluster",
      true,
      { Action: "ecs:ListTasks", Resource: "*", Condition: inShop },
      listing,
    ],
    [
      "ListTasks in another cluster",
      false,
      {
        Action: "ecs:ListTasks",
        Resource: "*",
        Condition: { ArnEquals: { "ecs:cluster": arn("cluster/other") } },
      },
      listing,
    ],
    ["ListTasks on tasks", false, { Action: "ecs:ListTasks", Resource: arn("task/shop/*") }, listing],
    [
      "DescribeTasks on the cluster's tasks",
      true,
      { Action: "ecs:DescribeTasks", Resource: arn("task/shop/*"), Condition: inShop },
      describing,
    ],
    [
      "DescribeTasks on others",
      false,
      { Action: "ecs:DescribeTasks", Resource: arn("task/other/*") },
      describing,
    ],
    [
      "GetTaskProtection on the cluster's tasks",
      true,
      { Action: "ecs:GetTaskProtection", Resource: arn("task/shop/*"), Condition: inShop },
      looking,
    ],
    [
      "DescribeServiceRevisions on services and revisions",
      true,
      {
        Action: "ecs:DescribeServiceRevisions",
        Resource: [arn("service/shop/*"), arn("service-revision/shop/*")],
        Condition: inShop,
      },
      revising,
    ],
    [
      "DescribeServiceRevisions on revisions alone",
      false,
      { Action: "ecs:DescribeServiceRevisions", Resource: arn("service-revision/shop/*") },
      revising,
    ],
  ] as const)
    it(`${expected ? "allows" : "denies"} ${what}`, async () => {
      assert.equal(await allowed({ ...statement, Resource: [statement.Resource].flat() }, call), expected);
    });
});
