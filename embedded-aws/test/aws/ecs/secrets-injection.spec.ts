import { strict as assert } from "node:assert";
import { DescribeTasksCommand, ListTasksCommand } from "@aws-sdk/client-ecs";
import {
  container,
  createRole,
  executionRoleArn,
  fleet,
  parameterArn,
  secretArn,
  type Fleet,
} from "../../support/ecs";

describe("ECS secrets injection", () => {
  async function stoppedReason(f: Fleet): Promise<string | undefined> {
    const { taskArns } = await f.client.send(
      new ListTasksCommand({ cluster: "shop", serviceName: "api", desiredStatus: "STOPPED" }),
    );
    const { tasks } = await f.client.send(new DescribeTasksCommand({ cluster: "shop", tasks: taskArns }));
    assert.equal(tasks![0]!.stopCode, "TaskFailedToStart");
    return tasks![0]!.stoppedReason;
  }

  it("puts a secret's key, a parameter and a log option where the containers get them", async () => {
    const f = await fleet();

    await f.create({ desiredCount: 1 });
    await f.settle();

    assert.deepEqual(f.specs[0]!.containers[0]!.environment, {
      MODE: "test",
      DB_PASSWORD: "first",
      FLAGS: "on",
    });
    assert.deepEqual(f.specs[0]!.containers[0]!.logOptions, {
      "splunk-url": "https://logs.example",
      "splunk-token": f.readable.secret,
    });
  });

  it("reads each reference once a task, as the execution role", async () => {
    const f = await fleet();

    await f.create({ desiredCount: 1 });
    await f.settle();

    assert.deepEqual(f.readable.reads, [
      `GetSecretValue ${secretArn} ${executionRoleArn}`,
      `GetParameters ${parameterArn}`,
      `GetSecretValue ${secretArn} ${executionRoleArn}`,
    ]);
    const roles = f.world.ledger.find({ roleArn: executionRoleArn });
    assert.equal(roles.length, 3);
  });

  it("tells which version each running task holds, and under which label it was read", async () => {
    const f = await fleet();

    await f.create({ desiredCount: 1 });
    await f.settle();

    const held = { subjectArn: secretArn, label: "AWSCURRENT", versionId: f.readable.versionId };
    assert.deepEqual(f.ecs.runningTasks()[0]!.reads, [
      held,
      { subjectArn: parameterArn, versionId: "7" },
      held,
    ]);
  });

  it("names no label for a reference that is pinned to a version", async () => {
    const f = await fleet();
    const pinned = "00000000-0000-4000-8000-00000000000a";
    const secrets = [{ name: "DB", valueFrom: `${secretArn}:::${pinned}` }];
    const taskDefinition = await f.register({
      containerDefinitions: [{ name: "app", image: "shop/api:1", memory: 256, secrets }],
    });

    await f.create({ desiredCount: 1, taskDefinition });
    await f.settle();

    assert.deepEqual(f.ecs.runningTasks()[0]!.reads, [{ subjectArn: secretArn, versionId: pinned }]);
  });

  it("reads repository credentials at the pull and leaves nothing of them in the task", async () => {
    const f = await fleet();
    const taskDefinition = await f.register({
      containerDefinitions: [
        {
          name: "app",
          image: "registry.example/api:1",
          memory: 256,
          repositoryCredentials: { credentialsParameter: "shop/db" },
        },
      ],
    });

    await f.create({ desiredCount: 1, taskDefinition });
    await f.settle();

    assert.deepEqual(f.readable.reads, [`GetSecretValue shop/db ${executionRoleArn}`]);
    assert.deepEqual(f.ecs.runningTasks()[0]!.reads, []);
    assert.deepEqual(f.specs[0]!.containers[0]!.environment, {});
  });

  it("stops a task whose execution role may not read, and says why in AWS's words", async () => {
    const f = await fleet();
    f.readable.denied = true;

    await f.create({ desiredCount: 1 });
    await f.clock.runUntil(f.clock.now() + 200);

    assert.match(
      (await stoppedReason(f))!,
      /^ResourceInitializationError: unable to pull secrets or registry auth: execution resource retrieval failed: unable to retrieve secret from asm: .*AccessDeniedException/,
    );
    assert.deepEqual(f.specs, []);
  });

  it("stops a task whose secret lacks the key, without naming a value", async () => {
    const f = await fleet();
    f.readable.secret = JSON.stringify({ other: "hidden-value" });

    await f.create({ desiredCount: 1 });
    await f.clock.runUntil(f.clock.now() + 200);

    const reason = (await stoppedReason(f))!;
    assert.match(reason, /did not contain json key password$/);
    assert.doesNotMatch(reason, /hidden-value/);
  });

  it("stops a task whose secret is no JSON though a key was asked for, without naming the value", async () => {
    const f = await fleet();
    f.readable.secret = "hidden-value";

    await f.create({ desiredCount: 1 });
    await f.clock.runUntil(f.clock.now() + 200);

    assert.doesNotMatch((await stoppedReason(f))!, /hidden/);
  });

  it("reads some time after the task was created, never before", async () => {
    const f = await fleet({ settings: { provisioningMs: { low: 5_000, high: 5_000 } } });
    await f.create({ desiredCount: 1 });
    await f.clock.runUntil(f.clock.now() + 3_000);

    f.readable.secret = JSON.stringify({ password: "second" });
    await f.settle();

    assert.equal(f.specs[0]!.containers[0]!.environment.DB_PASSWORD, "second");
  });

  for (const [what, role] of [
    ["does not exist", "none"],
    ["trusts somebody else", "other"],
  ] as const)
    it(`stops a task whose execution role ${what}`, async () => {
      const f = await fleet();
      await createRole(f.world, "other", "lambda.amazonaws.com");
      const taskDefinition = await f.register({
        executionRoleArn: `arn:aws:iam::123456789012:role/${role}`,
      });

      await f.create({ desiredCount: 1, taskDefinition });
      await f.clock.runUntil(f.clock.now() + 200);

      assert.match(
        (await stoppedReason(f))!,
        /^ECS was unable to assume the role 'arn:.*' that was provided/,
      );
      assert.deepEqual(f.readable.reads, []);
    });

  it("refuses a definition with secrets and no execution role", async () => {
    const f = await fleet();

    const registered = f.register({ executionRoleArn: undefined, containerDefinitions: [container()] });

    await assert.rejects(registered, { name: "ClientException", message: /executionRoleArn/ });
  });
});
