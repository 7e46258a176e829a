import assert from "node:assert/strict";
import { VirtualClock } from "../../aws/clock";
import { InProcessFunctionRuntime, type InProcessFactory } from "../../runtime/function-in-process";
import type { FunctionSpec } from "../../aws/runtime";

const invokedArn = "arn:aws:lambda:us-west-2:123456789012:function:f1:live";

describe("InProcessFunctionRuntime", () => {
  const clock = new VirtualClock(1000);
  const lines: string[] = [];
  const start = (factory: InProcessFactory, changes: Partial<FunctionSpec> = {}) => {
    lines.length = 0;
    const runtime = new InProcessFunctionRuntime(clock, { "f*": factory });
    const spec: FunctionSpec = {
      functionArn: "arn:aws:lambda:us-west-2:123456789012:function:f1",
      functionName: "f1",
      handler: "index.handler",
      runtime: "nodejs24.x",
      memoryMb: 128,
      timeoutMs: 3000,
      zip: new Uint8Array(),
      environment: {},
      runtimeEnvironment: {},
      roleArn: "",
      logFormat: "JSON",
      ...changes,
    };
    return runtime.start(spec, (line) => lines.push(line));
  };

  it("gives each container a memory of its own", async () => {
    const counting: InProcessFactory = () => {
      let n = 0;
      return async () => ++n;
    };
    const [first, second] = [await start(counting), await start(counting)];

    const answers = [
      await first.invoke("1", "{}", 0, invokedArn),
      await first.invoke("2", "{}", 0, invokedArn),
      await second.invoke("3", "{}", 0, invokedArn),
    ];

    assert.deepEqual(
      answers,
      ["1", "2", "1"].map((payload) => ({ kind: "answer", payload })),
    );
  });

  it("tells the handler its ARN and the time that is left on the clock", async () => {
    const container = await start(() => async (event, context) => [
      event,
      context.invokedFunctionArn,
      context.getRemainingTimeInMillis(),
    ]);

    const answer = await container.invoke("1", '{"a":1}', 4000, invokedArn);

    assert.deepEqual(answer, {
      kind: "answer",
      payload: JSON.stringify([{ a: 1 }, invokedArn, 3000]),
    });
  });

  it("ends an invocation as a crash when it is stopped, and does not hear what comes after", async () => {
    let go: (value: string) => void = assert.fail;
    const container = await start(() => () => new Promise((resolve) => (go = resolve)));
    const running = container.invoke("1", "{}", 0, invokedArn);

    await container.stop();
    go("too late");

    assert.deepEqual(await running, { kind: "crash", reason: "the container was stopped" });
  });

  it("ends an invocation as a function error when the handler or its module throws", async () => {
    const failing = await start(() => async () => {
      throw new RangeError("no");
    });
    const broken = await start(() => {
      throw new TypeError("module");
    });

    const results = [
      await failing.invoke("1", "{}", 0, invokedArn),
      await broken.invoke("2", "{}", 0, invokedArn),
    ];

    const types = results.map((result) =>
      result.kind === "function-error"
        ? (JSON.parse(result.error) as { errorType: string }).errorType
        : result.kind,
    );
    assert.deepEqual(types, ["RangeError", "TypeError"]);
  });

  it("wraps what is logged under the JSON format and leaves what is written as it is", async () => {
    const container = await start(({ log, write }) => async () => {
      log("n = %d", 1);
      write('{"_aws":{}}\n{"b":1}\n');
    });

    await container.invoke("id", "{}", 0, invokedArn);

    assert.deepEqual(lines, [
      '{"timestamp":"1970-01-01T00:00:01.000Z","level":"INFO","requestId":"id","message":"n = 1"}',
      '{"_aws":{}}',
      '{"b":1}',
    ]);
  });

  it("refuses a function for which there is no source, naming what there is", async () => {
    await assert.rejects(
      start(() => async () => 1, { functionName: "other" }),
      /no source for function other: there is one for f\*/,
    );
  });
});
