import assert from "node:assert/strict";
import { readdirSync } from "node:fs";
import { tmpdir } from "node:os";
import { strToU8, zipSync } from "fflate";
import { ProcessFunctionRuntime } from "../../runtime/function-process";
import type { FunctionSpec, InvocationResult } from "../../aws/runtime";

const deadlineMs = Date.UTC(2040, 0, 1);
const invokedArn = "arn:aws:lambda:us-west-2:123456789012:function:f:live";

function specOf(source: string, changes: Partial<FunctionSpec> = {}): FunctionSpec {
  return {
    functionArn: "arn:aws:lambda:us-west-2:123456789012:function:f",
    functionName: "f",
    handler: "index.handler",
    runtime: "nodejs24.x",
    memoryMb: 128,
    timeoutMs: 3000,
    zip: zipSync({ "index.js": strToU8(source) }),
    environment: { COLOR: "blue" },
    runtimeEnvironment: {
      _HANDLER: "index.handler",
      AWS_LAMBDA_LOG_FORMAT: "JSON",
      AWS_LAMBDA_LOG_LEVEL: "INFO",
    },
    roleArn: "arn:aws:iam::123456789012:role/f",
    logFormat: "JSON",
    ...changes,
  };
}

function folders(): string[] {
  return readdirSync(tmpdir()).filter((name) => /^ecs-secret-recycler-(layer|function)-/.test(name));
}

function answered(result: InvocationResult): unknown {
  assert.equal(result.kind, "answer", JSON.stringify(result));
  return result.kind === "answer" ? JSON.parse(result.payload) : undefined;
}

function failed(result: InvocationResult): { errorType: string; errorMessage: string } {
  assert.equal(result.kind, "function-error", JSON.stringify(result));
  return JSON.parse(result.kind === "function-error" ? result.error : "") as {
    errorType: string;
    errorMessage: string;
  };
}

describe("ProcessFunctionRuntime", () => {
  const runtime = new ProcessFunctionRuntime();
  const lines: string[] = [];
  const start = (source: string, changes?: Partial<FunctionSpec>) =>
    runtime.start(specOf(source, changes), (line) => lines.push(line));

  afterEach(async () => {
    await runtime.stop();
    lines.length = 0;
  });

  it("keeps the memory of a container between its invocations", async () => {
    const container = await start("let n = 0; exports.handler = async (event) => ({ n: ++n, event });");

    const first = await container.invoke("1", '{"a":1}', deadlineMs, invokedArn);
    const second = await container.invoke("2", "null", deadlineMs, invokedArn);

    assert.deepEqual(answered(first), { n: 1, event: { a: 1 } });
    assert.deepEqual(answered(second), { n: 2, event: null });
  });

  it("gives the function nothing of this process but the environment of its own", async () => {
    const container = await start(
      "exports.handler = async (event, context) => ({ env: Object.keys(process.env).sort(), cwd: process.cwd(), arn: context.invokedFunctionArn, send: typeof process.send, left: context.getRemainingTimeInMillis() > 1000 });",
    );

    const answer = answered(await container.invoke("1", "{}", deadlineMs, invokedArn)) as Record<
      string,
      unknown
    >;

    assert.deepEqual(answer.env, [
      "AWS_LAMBDA_LOG_FORMAT",
      "AWS_LAMBDA_LOG_LEVEL",
      "COLOR",
      "HOME",
      "LAMBDA_TASK_ROOT",
      "NODE_PATH",
      "_HANDLER",
    ]);
    assert.ok(!String(answer.cwd).startsWith(process.cwd()));
    assert.equal(answer.arn, invokedArn);
    assert.equal(answer.send, "undefined");
    assert.equal(answer.left, true);
  });

  it("lets the function resolve the SDK and nothing else of the repository", async () => {
    const container = await start(
      "exports.handler = async (name) => { try { return typeof require(name) } catch (error) { return error.code } };",
    );

    const found = answered(await container.invoke("1", '"@aws-sdk/client-ecs"', deadlineMs, invokedArn));
    const notFound = answered(await container.invoke("2", '"@pulumi/pulumi"', deadlineMs, invokedArn));

    assert.equal(found, "object");
    assert.equal(notFound, "MODULE_NOT_FOUND");
  });

  it("wraps console output under the JSON format and leaves what is written to stdout as it is", async () => {
    const container = await start(
      `exports.handler = async () => {
         console.log("text %d", 7); console.debug("hidden"); process.stdout.write('{"_aws":{}}\\n'); process.stdout.write("no end");
       };`,
    );

    await container.invoke("id-1", "{}", deadlineMs, invokedArn);

    assert.equal(lines.length, 3);
    const { timestamp, ...wrapped } = JSON.parse(lines[0]!) as Record<string, unknown>;
    assert.equal(typeof timestamp, "string");
    assert.deepEqual(wrapped, { level: "INFO", requestId: "id-1", message: "text 7" });
    assert.deepEqual(lines.slice(1), ['{"_aws":{}}', "no end"]);
  });

  it("answers with Lambda's form of the error when the handler throws, and serves the next invocation", async () => {
    const container = await start(
      "exports.handler = async (event) => { if (event.fail) throw new RangeError('too much'); return 'fine'; };",
    );

    const error = failed(await container.invoke("1", '{"fail":true}', deadlineMs, invokedArn));
    const after = await container.invoke("2", "{}", deadlineMs, invokedArn);

    assert.deepEqual([error.errorType, error.errorMessage], ["RangeError", "too much"]);
    assert.equal(answered(after), "fine");
  });

  for (const [what, source, handler, errorType] of [
    ["a module that throws", "throw new TypeError('broken')", "index.handler", "TypeError"],
    ["a module that does not parse", "exports.handler = (", "index.handler", "Runtime.UserCodeSyntaxError"],
    ["a missing export", "exports.other = async () => 1", "index.handler", "Runtime.HandlerNotFound"],
    ["a missing file", "", "other.handler", "Runtime.ImportModuleError"],
    [
      "a callback-style handler",
      "exports.handler = (a, b, c) => c()",
      "index.handler",
      "Runtime.CallbackHandlerDeprecated",
    ],
  ] as const)
    it(`reports ${what} as an error of each invocation`, async () => {
      const container = await start(source, { runtimeEnvironment: { _HANDLER: handler } });

      const errors = [
        await container.invoke("1", "{}", deadlineMs, invokedArn),
        await container.invoke("2", "{}", deadlineMs, invokedArn),
      ];

      assert.deepEqual(
        errors.map((error) => failed(error).errorType),
        [errorType, errorType],
      );
    });

  it("ends an invocation as a crash when the process exits, and starts anew for the next", async () => {
    const container = await start(
      "let n = 0; exports.handler = async (event) => { if (event.exit) process.exit(3); return ++n; };",
    );
    await container.invoke("1", "{}", deadlineMs, invokedArn);

    const crash = await container.invoke("2", '{"exit":true}', deadlineMs, invokedArn);
    const after = await container.invoke("3", "{}", deadlineMs, invokedArn);

    assert.deepEqual(crash, { kind: "crash", reason: "Runtime exited with error: exit status 3" });
    assert.equal(answered(after), 1);
  });

  it("kills the process and removes every folder when it is stopped in the middle of an invocation", async () => {
    const before = folders();
    const container = await start("exports.handler = () => { for (;;); };");
    const running = container.invoke("1", "{}", deadlineMs, invokedArn);
    const [pid] = runtime.pids;

    await container.stop();

    assert.equal((await running).kind, "crash");
    assert.throws(() => process.kill(pid!, 0), { code: "ESRCH" });
    assert.deepEqual(folders(), before);
  });

  it("refuses an archive with an entry outside of it", async () => {
    const before = folders();
    const zip = zipSync({ "../outside.js": strToU8("") });

    await assert.rejects(start("", { zip }), /entry outside of it: \.\.\/outside\.js/);
    assert.deepEqual(folders(), before);
  });
});
