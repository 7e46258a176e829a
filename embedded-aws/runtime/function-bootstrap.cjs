// What stands in for Lambda's Node.js runtime in the child process of a function: it loads the handler, serves
// one invocation at a time and writes console output as the function's log format has it. It is copied to a
// folder outside the repository and runs in a bare process: only Node's own modules may be required here.
"use strict";
const path = require("node:path");
const { format } = require("node:util");
const { pathToFileURL } = require("node:url");

const send = process.send.bind(process);
const end = process.env.FUNCTION_END_OF_LINES;
delete process.env.FUNCTION_END_OF_LINES;
// A function sees no parent process.
process.send = undefined;

const levels = ["TRACE", "DEBUG", "INFO", "WARN", "ERROR", "FATAL"];
const json = process.env.AWS_LAMBDA_LOG_FORMAT === "JSON";
const lowest = Math.max(0, levels.indexOf(process.env.AWS_LAMBDA_LOG_LEVEL || "TRACE"));
let requestId = "";

function describe(error) {
  return { errorType: error.name, errorMessage: error.message, stackTrace: String(error.stack).split("\n") };
}

function write(level, values) {
  if (json && levels.indexOf(level) < lowest) return;
  const timestamp = new Date().toISOString();
  if (!json) {
    process.stdout.write(`${timestamp}\t${requestId}\t${level}\t${format(...values)}\n`);
    return;
  }
  const [first] = values;
  const line = { timestamp, level, requestId: requestId || undefined };
  if (values.length === 1 && first instanceof Error) Object.assign(line, describe(first));
  else line.message = values.length === 1 && typeof first === "object" ? first : format(...values);
  process.stdout.write(`${JSON.stringify(line)}\n`);
}

for (const [method, level] of [
  ["trace", "TRACE"],
  ["debug", "DEBUG"],
  ["info", "INFO"],
  ["log", "INFO"],
  ["warn", "WARN"],
  ["error", "ERROR"],
])
  console[method] = (...values) => write(level, values);

/** Lambda's own form of an error that a handler throws. */
function lambdaError(error) {
  if (!(error instanceof Error)) return { errorType: typeof error, errorMessage: String(error), trace: [] };
  return {
    errorType: error.name,
    errorMessage: error.message,
    trace: String(error.stack || "").split("\n"),
  };
}

function named(name, message) {
  const error = new Error(message);
  error.name = name;
  return error;
}

async function load() {
  const [, file, exported] = /^(.*)\.([^./]+)$/.exec(process.env._HANDLER || "") || [];
  if (!file) throw named("Runtime.MalformedHandlerName", "Bad handler: it must be FILE.EXPORT");
  const base = path.resolve(process.env.LAMBDA_TASK_ROOT, file);
  let loaded;
  try {
    loaded = require(base);
  } catch (error) {
    if (error instanceof SyntaxError) throw named("Runtime.UserCodeSyntaxError", error.stack);
    if (error.code !== "MODULE_NOT_FOUND") throw error;
    try {
      loaded = await import(pathToFileURL(`${base}.mjs`).href);
    } catch (second) {
      if (second.code !== "ERR_MODULE_NOT_FOUND") throw second;
      throw named("Runtime.ImportModuleError", `Error: ${error.message}`);
    }
  }
  const handler = exported.split(".").reduce((value, key) => (value == null ? value : value[key]), loaded);
  if (typeof handler !== "function")
    throw named("Runtime.HandlerNotFound", `${process.env._HANDLER} is undefined or not exported`);
  // Node.js 24 has no callback-style handlers (AWS Lambda Developer Guide, "Node.js 24 runtime").
  if (handler.length > 2)
    throw named(
      "Runtime.CallbackHandlerDeprecated",
      "AWS Lambda has removed support for callback-based function handlers starting with Node.js 24: make it async",
    );
  return handler;
}

function contextOf({ id, deadlineMs, functionArn }) {
  return {
    callbackWaitsForEmptyEventLoop: true,
    functionVersion: process.env.AWS_LAMBDA_FUNCTION_VERSION,
    functionName: process.env.AWS_LAMBDA_FUNCTION_NAME,
    memoryLimitInMB: process.env.AWS_LAMBDA_FUNCTION_MEMORY_SIZE,
    logGroupName: process.env.AWS_LAMBDA_LOG_GROUP_NAME,
    logStreamName: process.env.AWS_LAMBDA_LOG_STREAM_NAME,
    invokedFunctionArn: functionArn,
    awsRequestId: id,
    getRemainingTimeInMillis: () => Math.max(0, deadlineMs - Date.now()),
  };
}

/** Marks the end of what an invocation has written, on both streams, before its answer is sent. */
function flush() {
  return Promise.all(
    [process.stdout, process.stderr].map((stream) => new Promise((done) => stream.write(`${end}\n`, done))),
  );
}

process.once("disconnect", () => process.exit(0));

load().then(
  (handler) => {
    process.on("message", async (invocation) => {
      requestId = invocation.id;
      let answer;
      try {
        const result = await handler(JSON.parse(invocation.payload), contextOf(invocation));
        answer = { id: invocation.id, payload: result === undefined ? "null" : JSON.stringify(result) };
      } catch (error) {
        if (error instanceof Error) write("ERROR", [error]);
        answer = { id: invocation.id, error: JSON.stringify(lambdaError(error)) };
      }
      await flush();
      send(answer);
    });
    send({ ready: true });
  },
  async (error) => {
    write("ERROR", [error]);
    await flush();
    send({ initError: JSON.stringify(lambdaError(error)) }, () => process.exit(1));
  },
);
