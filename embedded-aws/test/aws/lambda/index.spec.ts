import assert from "node:assert/strict";
import {
  AddPermissionCommand,
  CreateEventSourceMappingCommand,
  DeleteEventSourceMappingCommand,
  DeleteFunctionCommand,
  GetEventSourceMappingCommand,
  GetFunctionCommand,
  GetPolicyCommand,
  InvokeCommand,
  ListEventSourceMappingsCommand,
  PutFunctionConcurrencyCommand,
  RemovePermissionCommand,
  UpdateEventSourceMappingCommand,
  UpdateFunctionConfigurationCommand,
  type AliasConfiguration,
  type CreateEventSourceMappingRequest,
  type CreateFunctionRequest,
  type InvokeCommandInput,
  type ListAliasesResponse,
} from "@aws-sdk/client-lambda";
import { SendMessageCommand, SetQueueAttributesCommand } from "@aws-sdk/client-sqs";
import { operator, type Caller } from "../../../aws/caller";
import { CloudWatch } from "../../../aws/cloudwatch";
import { Lambda } from "../../../aws/lambda";
import { failedItems } from "../../../aws/lambda/event-source-mapping";
import { Logs } from "../../../aws/logs";
import { Sqs } from "../../../aws/sqs";
import type { InProcessFactory } from "../../../runtime/function-in-process";
import { Account } from "../../support/account";

interface SqsRecord {
  messageId: string;
  body: string;
  eventSourceARN: string;
  attributes: Record<string, string>;
}

describe("Lambda", () => {
  let account: Account;
  const invoke = (more: Partial<InvokeCommandInput> = {}) =>
    account.run(account.clients.lambda.send(new InvokeCommand({ FunctionName: "f", ...more })));
  const payload = (answer: { Payload?: Uint8Array }) =>
    JSON.parse(Buffer.from(answer.Payload ?? []).toString()) as Record<string, unknown>;
  const make = async (factory: InProcessFactory, more: Partial<CreateFunctionRequest> = {}) => {
    account = new Account({ f: factory });
    await account.function("f", more);
  };

  describe("Invoke", () => {
    it("keeps a container's memory between invocations, and starts a new one with a new configuration", async () => {
      await make(() => {
        let n = 0;
        return async () => ({ n: ++n });
      });
      const counts = [await invoke(), await invoke()].map((answer) => payload(answer).n);

      await account.run(
        account.clients.lambda.send(
          new UpdateFunctionConfigurationCommand({ FunctionName: "f", Timeout: 5 }),
        ),
      );

      assert.deepEqual([...counts, payload(await invoke()).n], [1, 2, 1]);
    });

    it("is a successful call with FunctionError when the function fails", async () => {
      await make(() => async () => {
        throw new RangeError("too much");
      });

      const answer = await invoke();

      assert.deepEqual([answer.StatusCode, answer.FunctionError], [200, "Unhandled"]);
      assert.equal(payload(answer).errorType, "RangeError");
    });

    it("ends a function that never ends at its timeout, and loses its memory", async () => {
      await make(
        () => {
          let n = 0;
          return (event) => (event === "hang" ? new Promise(() => undefined) : Promise.resolve(++n));
        },
        { Timeout: 60 },
      );
      await invoke();
      const started = account.clock.now();

      const answer = await invoke({ Payload: Buffer.from('"hang"') });

      assert.equal(payload(answer).errorType, "Sandbox.Timedout");
      assert.equal(account.clock.now() - started, 60_000);
      assert.equal(payload(await invoke()), 1);
    });

    it("ends an invocation as a crash when its containers crash, and a new one starts with no memory", async () => {
      await make(() => {
        let n = 0;
        return (event) => (event === "hang" ? new Promise(() => undefined) : Promise.resolve(++n));
      });
      await invoke();
      account.clock.schedule(1000, "crash", () => Lambda.of(account.world).crash("f"));

      const answer = await invoke({ Payload: Buffer.from('"hang"') });

      assert.equal(payload(answer).errorType, "Runtime.ExitError");
      assert.equal(payload(await invoke()), 1);
    });

    it("refuses a payload that is no JSON and a function that does not exist", async () => {
      await make(() => async () => 1);

      await assert.rejects(invoke({ Payload: Buffer.from("{") }), { name: "InvalidRequestContentException" });
      await assert.rejects(invoke({ FunctionName: "g" }), { name: "ResourceNotFoundException" });
    });

    it("is throttled beyond the reserved concurrency", async () => {
      await make(() => () => new Promise(() => undefined));
      await account.run(
        account.clients.lambda.send(
          new PutFunctionConcurrencyCommand({ FunctionName: "f", ReservedConcurrentExecutions: 1 }),
        ),
      );
      const first = account.world.asOperator("lambda", "Invoke", { FunctionName: "f" });

      await assert.rejects(account.world.asOperator("lambda", "Invoke", { FunctionName: "f" }), {
        name: "TooManyRequestsException",
      });
      await account.pass(3);
      await first;
    });

    it("writes what the function logs to its log group, wrapped under the JSON format", async () => {
      await make(
        ({ log, write }) =>
          async () => {
            log("hello");
            write('{"plain":1}\n');
          },
        { LoggingConfig: { LogFormat: "JSON" } },
      );

      await invoke();

      const lines = Logs.of(account.world)
        .lines("/aws/lambda/f")
        .map((line) => JSON.parse(line) as Record<string, unknown>);
      assert.deepEqual(
        lines.map((line) => line.type ?? line.message ?? line.plain),
        ["platform.start", "hello", 1, "platform.report"],
      );
    });

    it("answers although the role may not write logs, and the lines are lost", async () => {
      account = new Account({ f: () => async () => "fine" });
      const Role = await account.role("bare", "lambda.amazonaws.com", []);
      await account.function("f", { Role });

      const answer = await invoke();

      assert.equal(payload(answer), "fine");
      assert.deepEqual(Logs.of(account.world).groups(), []);
      assert.equal(
        account.world.ledger.find({ service: "logs", outcome: "AccessDeniedException" }).length,
        1,
      );
    });

    it("gives the function the credentials of its role and no way to the real AWS", async () => {
      const environments: Readonly<Record<string, string>>[] = [];
      await make(
        ({ spec }) =>
          async () => {
            environments.push(spec.runtimeEnvironment, spec.environment);
          },
        { Environment: { Variables: { COLOR: "blue" } } },
      );

      await invoke();

      const [runtime, own] = environments;
      assert.deepEqual(own, { COLOR: "blue" });
      assert.equal(runtime?.AWS_REGION, "us-west-2");
      assert.equal(runtime?.AWS_EC2_METADATA_DISABLED, "true");
      assert.match(runtime?.AWS_ENDPOINT_URL ?? "", /^http:\/\/127\.0\.0\.1:/);
      assert.ok(runtime?.AWS_ACCESS_KEY_ID && runtime.AWS_SESSION_TOKEN);
    });

    it("is measured", async () => {
      await make(() => async (event) => {
        if (event === "fail") throw new Error();
      });

      await invoke();
      await invoke({ Payload: Buffer.from('"fail"') });

      const total = (name: string) =>
        CloudWatch.of(account.world).total("AWS/Lambda", name, { FunctionName: "f" });
      assert.deepEqual([total("Invocations"), total("Errors")], [2, 1]);
    });
  });

  describe("an asynchronous invocation", () => {
    const failing = async () => {
      const times: number[] = [];
      await make(({ clock }) => async () => {
        times.push(clock.now());
        throw new Error("no");
      });
      return times;
    };

    it("is tried again after one minute and after two, and goes to the dead-letter queue", async () => {
      const times = await failing();
      await account.queue("dead");
      await account.run(
        account.clients.lambda.send(
          new UpdateFunctionConfigurationCommand({
            FunctionName: "f",
            DeadLetterConfig: { TargetArn: account.arn("sqs", "dead") },
          }),
        ),
      );
      const start = account.clock.now();

      const { StatusCode } = await invoke({ InvocationType: "Event", Payload: Buffer.from('{"a":1}') });
      await account.pass(600);

      assert.equal(StatusCode, 202);
      assert.deepEqual(
        times.map((time) => time - start),
        [0, 60_000, 180_000],
      );
      const letters = Sqs.of(account.world).queueByArn(account.arn("sqs", "dead"))!.messages();
      assert.deepEqual(
        letters.map(({ body }) => body),
        ['{"a":1}'],
      );
    });
  });

  describe("an event source mapping of a FIFO queue", () => {
    let url: string;
    const map = (more: Partial<CreateEventSourceMappingRequest> = {}) =>
      account.run(
        account.clients.lambda.send(
          new CreateEventSourceMappingCommand({
            FunctionName: "f",
            EventSourceArn: account.arn("sqs", "q.fifo"),
            FunctionResponseTypes: ["ReportBatchItemFailures"],
            ...more,
          }),
        ),
      );
    const send = (MessageBody: string, MessageGroupId = "g") =>
      account.run(
        account.clients.sqs.send(new SendMessageCommand({ QueueUrl: url, MessageBody, MessageGroupId })),
      );
    const left = () =>
      Sqs.of(account.world)
        .queueByArn(account.arn("sqs", "q.fifo"))!
        .messages()
        .map(({ body }) => body);
    const setUp = async (factory: InProcessFactory) => {
      await make(factory, { Timeout: 60 });
      url = await account.queue("q.fifo", { VisibilityTimeout: "90" });
    };
    const collecting = async (answer: (records: SqsRecord[]) => unknown) => {
      const batches: { bodies: string[]; at: number }[] = [];
      await setUp(({ clock }) => async (event) => {
        const { Records } = event as { Records: SqsRecord[] };
        batches.push({ bodies: Records.map(({ body }) => body), at: clock.now() });
        return answer(Records);
      });
      return batches;
    };

    it("hands over up to ten messages and deletes them when the function succeeds", async () => {
      const batches = await collecting(() => ({ batchItemFailures: [] }));
      for (let i = 0; i < 12; i++) await send(String(i));

      await map();
      await account.pass(1);

      assert.deepEqual(
        batches.map(({ bodies }) => bodies),
        [
          ["0", "1", "2", "3", "4", "5", "6", "7", "8", "9"],
          ["10", "11"],
        ],
      );
      assert.deepEqual(left(), []);
    });

    it("runs one batch of a group at a time and other groups beside it", async () => {
      const running: string[] = [];
      await setUp(({ clock }) => async (event) => {
        const { Records } = event as { Records: SqsRecord[] };
        const name = Records.map(({ body }) => body).join("+");
        running.push(`start ${name}`);
        await clock.sleep(10_000, "work");
        running.push(`end ${name}`);
      });
      await map();
      await send("a1", "a");
      await account.pass(1);
      await send("a2", "a");
      await send("b1", "b");

      await account.pass(30);

      assert.deepEqual(running, ["start a1", "start b1", "end a1", "start a2", "end b1", "end a2"]);
    });

    it("keeps what is reported as failed for the visibility timeout, in order, and deletes the rest", async () => {
      let fail = true;
      const batches = await collecting((records) => {
        const failed = fail ? records.slice(1) : [];
        fail = false;
        return { batchItemFailures: failed.map(({ messageId }) => ({ itemIdentifier: messageId })) };
      });
      for (const body of ["1", "2", "3"]) await send(body);
      const start = account.clock.now();

      await map();
      await account.pass(89);
      const waiting = left();
      await account.pass(2);

      assert.deepEqual(waiting, ["2", "3"]);
      assert.deepEqual(
        batches.map(({ bodies, at }) => [bodies, at - start]),
        [
          [["1", "2", "3"], 0],
          [["2", "3"], 90_000],
        ],
      );
      assert.deepEqual(left(), []);
    });

    it("gives every message back when the function fails, and after three tries to the dead-letter queue", async () => {
      let runs = 0;
      await setUp(() => async () => {
        runs++;
        throw new Error("no");
      });
      await account.queue("dead.fifo");
      await account.run(
        account.clients.sqs.send(
          new SetQueueAttributesCommand({
            QueueUrl: url,
            Attributes: {
              RedrivePolicy: JSON.stringify({
                deadLetterTargetArn: account.arn("sqs", "dead.fifo"),
                maxReceiveCount: 3,
              }),
            },
          }),
        ),
      );
      await send("1");
      await send("2");

      await map();
      await account.pass(300);

      assert.equal(runs, 3);
      assert.deepEqual(left(), []);
      const dead = Sqs.of(account.world).queueByArn(account.arn("sqs", "dead.fifo"))!.messages();
      assert.deepEqual(
        dead.map(({ body }) => body),
        ["1", "2"],
      );
    });

    it("polls nothing while it is disabled, and begins when it is enabled", async () => {
      const batches = await collecting(() => undefined);
      const { UUID, State } = await map({ Enabled: false });
      await send("1");
      await account.pass(60);
      const before = batches.length;

      await account.run(
        account.clients.lambda.send(new UpdateEventSourceMappingCommand({ UUID, Enabled: true })),
      );
      await account.pass(1);

      assert.deepEqual([State, before, batches.length], ["Disabled", 0, 1]);
    });

    it("stops after its open poll when it is disabled, and for good when it is deleted", async () => {
      const batches = await collecting(() => undefined);
      const { UUID } = await map();
      const state = async () =>
        (await account.run(account.clients.lambda.send(new GetEventSourceMappingCommand({ UUID })))).State;
      await account.run(
        account.clients.lambda.send(new UpdateEventSourceMappingCommand({ UUID, Enabled: false })),
      );
      const soon = await state();
      await account.pass(21);
      const later = await state();
      await send("1");
      await account.pass(60);

      await account.run(account.clients.lambda.send(new DeleteEventSourceMappingCommand({ UUID })));

      assert.deepEqual([soon, later, batches.length], ["Disabling", "Disabled", 0]);
      await assert.rejects(state(), { name: "ResourceNotFoundException" });
    });

    it("polls as the function's role", async () => {
      await collecting(() => undefined);
      await map();
      await send("1");

      await account.pass(30);

      const roleArn = "arn:aws:iam::123456789012:role/f-role";
      const calls = account.world.ledger.find({ service: "sqs", roleArn }).map(({ operation }) => operation);
      assert.deepEqual(
        new Set(calls),
        new Set(["GetQueueAttributes", "ReceiveMessage", "DeleteMessageBatch"]),
      );
    });

    it("needs a visibility timeout of at least the function's timeout", async () => {
      await collecting(() => undefined);
      await account.run(
        account.clients.sqs.send(
          new SetQueueAttributesCommand({ QueueUrl: url, Attributes: { VisibilityTimeout: "59" } }),
        ),
      );

      await assert.rejects(
        map(),
        /Queue visibility timeout: 59 seconds is less than Function timeout: 60 seconds/,
      );
    });

    it("needs a role that may read the queue", async () => {
      await collecting(() => undefined);
      const Role = await account.role("bare", "lambda.amazonaws.com", []);
      await account.run(
        account.clients.lambda.send(new UpdateFunctionConfigurationCommand({ FunctionName: "f", Role })),
      );

      await assert.rejects(map(), /does not have permissions to call ReceiveMessage on SQS/);
    });

    it("exists once for a queue and a function, and takes at most ten messages", async () => {
      await collecting(() => undefined);
      await map();

      await assert.rejects(map(), { name: "ResourceConflictException" });
      await assert.rejects(map({ BatchSize: 11 }), { name: "InvalidParameterValueException" });
      await assert.rejects(map({ MaximumBatchingWindowInSeconds: 1 }), {
        name: "InvalidParameterValueException",
      });
      const { EventSourceMappings } = await account.run(
        account.clients.lambda.send(new ListEventSourceMappingsCommand({ FunctionName: "f" })),
      );
      assert.equal(EventSourceMappings?.length, 1);
    });
  });

  describe("failedItems", () => {
    const messages = [{ MessageId: "a" }, { MessageId: "b" }];
    for (const [answer, failed] of [
      ["null", []],
      ["", []],
      ["{}", []],
      ['{"batchItemFailures":[]}', []],
      ['{"batchItemFailures":null}', []],
      ['"text"', []],
      ['{"batchItemFailures":[{"itemIdentifier":"b"}]}', ["b"]],
      ['{"batchItemFailures":[{"itemIdentifier":""}]}', ["a", "b"]],
      ['{"batchItemFailures":[{"itemIdentifier":null}]}', ["a", "b"]],
      ['{"batchItemFailures":[{"other":"a"}]}', ["a", "b"]],
      ['{"batchItemFailures":[{"itemIdentifier":"c"}]}', ["a", "b"]],
      ['{"batchItemFailures":1}', ["a", "b"]],
      ["no JSON", ["a", "b"]],
    ] as const)
      it(`takes ${answer || "an empty answer"} as failure of ${failed.join(" and ") || "nothing"}`, () => {
        assert.deepEqual([...failedItems(answer, messages)], failed);
      });
  });

  describe("CreateFunction", () => {
    for (const [what, change, name] of [
      ["a timeout above fifteen minutes", { Timeout: 901 }, "InvalidParameterValueException"],
      ["a runtime that is none", { Runtime: "nodejs5.x" as "nodejs24.x" }, "InvalidParameterValueException"],
      [
        "a reserved variable",
        { Environment: { Variables: { AWS_REGION: "x" } } },
        "InvalidParameterValueException",
      ],
      [
        "an archive that is none",
        { Code: { ZipFile: Buffer.from("text") } },
        "InvalidParameterValueException",
      ],
      ["no code", { Code: {} }, "InvalidParameterValueException"],
      [
        "a role that Lambda may not assume",
        { Role: "arn:aws:iam::123456789012:role/none" },
        "InvalidParameterValueException",
      ],
    ] satisfies [string, Partial<CreateFunctionRequest>, string][])
      it(`refuses ${what}`, async () => {
        account = new Account();

        await assert.rejects(account.function("f", change), { name });
      });

    it("shows what it made, and makes it once", async () => {
      await make(() => async () => 1, { Tags: { team: "shop" }, LoggingConfig: { LogFormat: "JSON" } });

      const { Configuration, Tags } = await account.run(
        account.clients.lambda.send(new GetFunctionCommand({ FunctionName: "f" })),
      );

      assert.deepEqual(Tags, { team: "shop" });
      assert.deepEqual(
        [Configuration?.FunctionArn, Configuration?.State, Configuration?.LoggingConfig?.LogGroup],
        [account.arn("lambda", "function:f"), "Active", "/aws/lambda/f"],
      );
      await assert.rejects(
        account.function("f", { Role: Configuration?.Role }),
        /EntityAlreadyExists|already exist/,
      );
    });

    it("is undone by DeleteFunction", async () => {
      await make(() => async () => 1);

      await account.run(account.clients.lambda.send(new DeleteFunctionCommand({ FunctionName: "f" })));

      await assert.rejects(invoke(), { name: "ResourceNotFoundException" });
    });
  });

  it("adds statements to a function's policy, shows them and takes them away", async () => {
    await make(() => async () => 1);
    const add = () =>
      account.run(
        account.clients.lambda.send(
          new AddPermissionCommand({
            FunctionName: "f",
            StatementId: "s",
            Action: "lambda:InvokeFunction",
            Principal: "secretsmanager.amazonaws.com",
            SourceAccount: "123456789012",
          }),
        ),
      );
    const get = async () => {
      const { Policy } = await account.run(
        account.clients.lambda.send(new GetPolicyCommand({ FunctionName: "f" })),
      );
      return (JSON.parse(Policy!) as { Statement: unknown[] }).Statement;
    };

    await add();

    assert.deepEqual(await get(), [
      {
        Sid: "s",
        Effect: "Allow",
        Principal: { Service: "secretsmanager.amazonaws.com" },
        Action: "lambda:InvokeFunction",
        Resource: account.arn("lambda", "function:f"),
        Condition: { StringEquals: { "AWS:SourceAccount": "123456789012" } },
      },
    ]);
    await assert.rejects(add(), { name: "ResourceConflictException" });
    await account.run(
      account.clients.lambda.send(new RemovePermissionCommand({ FunctionName: "f", StatementId: "s" })),
    );
    await assert.rejects(get(), { name: "ResourceNotFoundException" });
  });

  it("refuses a service that the function's policy does not name", async () => {
    await make(() => async () => 1);

    await assert.rejects(
      account.world.call(
        "lambda",
        "Invoke",
        { FunctionName: "f" },
        {
          kind: "service",
          principal: "secretsmanager.amazonaws.com",
        },
      ),
      { name: "AccessDeniedException" },
    );
  });
});

describe("an alias", () => {
  let account: Account;
  const call = <Output extends object>(operation: string, more: object = {}, caller: Caller = operator) =>
    account.run(
      account.world.call<Output>(
        "lambda",
        operation,
        { FunctionName: "f", Name: "questions", ...more },
        caller,
      ),
    );
  /** The end of the ARN that the function sees. */
  const invoke = async (input: InvokeCommandInput): Promise<unknown> => {
    const answer = await account.run(account.clients.lambda.send(new InvokeCommand(input)));
    return JSON.parse(Buffer.from(answer.Payload ?? []).toString()) as unknown;
  };

  beforeEach(async () => {
    account = new Account({
      f:
        () =>
        async (_event, { invokedFunctionArn }) =>
          invokedFunctionArn.split(":").slice(7).join(":"),
    });
    await account.function("f");
    await call("CreateAlias", { FunctionVersion: "$LATEST" });
  });

  it("is a second name of the function, which sees it in its context", async () => {
    const arn = account.world.arn("lambda", "function:f");

    assert.equal(await invoke({ FunctionName: "f" }), "");
    assert.equal(await invoke({ FunctionName: "f", Qualifier: "questions" }), "questions");
    assert.equal(await invoke({ FunctionName: "f:questions" }), "questions");
    assert.equal(await invoke({ FunctionName: `${arn}:questions` }), "questions");
  });

  it("is a resource of its own for IAM", async () => {
    const { world } = account;
    const Resource = world.arn("lambda", "function:f:questions");
    const roleArn = await account.role("asker", "ecs-tasks.amazonaws.com", [
      { Effect: "Allow", Action: "lambda:InvokeFunction", Resource },
    ]);
    const asker = { kind: "role", roleArn, session: "anna" } as const;
    const asked = (Qualifier?: string) =>
      account.run(world.call("lambda", "Invoke", { FunctionName: "f", Qualifier }, asker));

    await asked("questions");
    await assert.rejects(asked(), { code: "AccessDeniedException" });
  });

  it("exists once, and can be described, changed, listed and deleted", async () => {
    await assert.rejects(call("CreateAlias", { FunctionVersion: "$LATEST" }), {
      code: "ResourceConflictException",
    });
    await assert.rejects(call("CreateAlias", { Name: "live", FunctionVersion: "1" }), /published versions/);
    await call("UpdateAlias", { Description: "asks" });
    const found = await call<AliasConfiguration>("GetAlias");
    const { Aliases = [] } = await call<ListAliasesResponse>("ListAliases", { Name: undefined });
    assert.deepEqual([found.Description, found.FunctionVersion], ["asks", "$LATEST"]);
    assert.deepEqual(
      Aliases.map(({ Name }) => Name),
      ["questions"],
    );

    await call("DeleteAlias");

    await assert.rejects(call("GetAlias"), { code: "ResourceNotFoundException" });
    await assert.rejects(invoke({ FunctionName: "f", Qualifier: "questions" }), {
      name: "ResourceNotFoundException",
    });
  });
});
