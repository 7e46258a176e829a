import * as sdk from "@aws-sdk/client-lambda";
import { oneOf } from "../constraints";
import { ServiceError } from "../errors";
import { operation } from "../service";
import { invokeAsynchronously } from "./asynchronous";
import type { Invocation } from "./containers";
import { invalid } from "./function";
import type { Functions } from "./functions";

/** Payload of an invocation, in bytes: synchronous, asynchronous (AWS Lambda Developer Guide, "Lambda quotas"). */
const PAYLOAD_BYTES = { RequestResponse: 6_291_556, Event: 1_048_576, DryRun: 6_291_556 } as const;

/** Operations that invoke functions. */
export function invocationOperations(functions: Functions) {
  const { world } = functions;
  return {
    Invoke: operation<sdk.InvocationRequest, sdk.InvocationResponse>({
      access: "data",
      authorize: ({ FunctionName, Qualifier }) =>
        functions.on(FunctionName, "lambda:InvokeFunction", functions.aliasIn(FunctionName, Qualifier)),
      handle: async (input, call) => {
        oneOf(input.InvocationType, sdk.InvocationType, "invocationType", invalid);
        oneOf(input.LogType, sdk.LogType, "logType", invalid);
        const fn = functions.qualified(input.FunctionName, input.Qualifier);
        const alias = functions.aliasIn(input.FunctionName, input.Qualifier);
        const invokedArn = alias === undefined ? fn.arn : `${fn.arn}:${alias}`;
        const type = input.InvocationType ?? "RequestResponse";
        const bytes = input.Payload ?? new Uint8Array();
        if (bytes.length > PAYLOAD_BYTES[type])
          throw new ServiceError(
            "RequestTooLargeException",
            `${bytes.length} byte payload is too large for the ${type} invocation type (limit ${PAYLOAD_BYTES[type]} bytes)`,
            413,
          );
        const payload = jsonPayload(bytes);
        if (type === "DryRun") return { StatusCode: 204 };
        if (type === "Event") {
          invokeAsynchronously(
            world,
            {
              ...functions.target(fn),
              invoke: (text, id) => functions.invoke(fn, text, id, invokedArn),
              deadLetterTargetArn: () => fn.configuration.DeadLetterConfig?.TargetArn,
            },
            payload,
            call.requestId,
          );
          return { StatusCode: 202 };
        }
        return answer(
          await functions.invoke(fn, payload, call.requestId, invokedArn),
          input.LogType === "Tail",
        );
      },
    }),
  };
}

function jsonPayload(bytes: Uint8Array): string {
  const text = bytes.length === 0 ? "{}" : Buffer.from(bytes).toString("utf8");
  try {
    JSON.parse(text);
    return text;
  } catch (cause) {
    throw new ServiceError(
      "InvalidRequestContentException",
      `Could not parse request body into json: ${(cause as Error).message}`,
      400,
    );
  }
}

/** The answer of a synchronous invocation; a failed function is a successful call with `FunctionError`. */
function answer({ result, requestId, lines }: Invocation, tail: boolean): sdk.InvocationResponse {
  const log = tail ? { LogResult: Buffer.from(lines.join("\n")).subarray(-4096).toString("base64") } : {};
  const common = { StatusCode: 200, ExecutedVersion: "$LATEST", ...log };
  if (result.kind === "answer") return { ...common, Payload: Buffer.from(result.payload) };
  const error =
    result.kind === "function-error"
      ? result.error
      : JSON.stringify({
          errorType: result.kind === "timeout" ? "Sandbox.Timedout" : "Runtime.ExitError",
          errorMessage: `RequestId: ${requestId} Error: ${result.kind === "timeout" ? "Task timed out" : result.reason}`,
        });
  return { ...common, FunctionError: "Unhandled", Payload: Buffer.from(error) };
}
