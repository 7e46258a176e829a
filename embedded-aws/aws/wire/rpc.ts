import { cbor, tag } from "@smithy/core/cbor";
import { jsonBody, parseBody, readJson, writeJson } from "./json";
import type { WireResponse } from "./message";
import type { ServiceModel } from "./model";
import type { Failure, Protocol } from "./protocol";
import { ServiceError } from "../errors";
import type { Shape } from "./shape";
import { isObject, readValue, writeValue } from "./values";

/** AWS JSON 1.0 and 1.1: the operation is in `X-Amz-Target`, input and output are one JSON object each. */
export function awsJson(version: "1.0" | "1.1"): Protocol {
  const type = `application/x-amz-json-${version}`;
  return {
    read: (_model, operation, request) => readJson(operation.input, parseBody(request.body)) as object,
    write: (model, operation, output, requestId) => ({
      status: 200,
      headers: { "content-type": type, "x-amzn-requestid": requestId },
      // AWS answers an operation without an output with an empty body.
      body:
        operation.output.kind === "unit"
          ? new Uint8Array()
          : jsonBody(
              writeJson(operation.output, model.target === "AmazonSQS" ? withoutEmptyLists(output) : output),
            ),
    }),
    fail: (model, failure, requestId) => ({
      status: failure.status,
      headers: {
        "content-type": type,
        "x-amzn-requestid": requestId,
        "x-amzn-errortype": failure.code,
        ...queryError(model, failure),
      },
      body: jsonBody({ __type: typeName(model, failure), ...errorMembers(failure, writeJson) }),
    }),
  };
}

/** As recorded: SQS sends no empty list, as its query protocol could not, even where its model has one as required. */
function withoutEmptyLists(output: object): object {
  return Object.fromEntries(
    Object.entries(output).filter(([, value]) => !(Array.isArray(value) && value.length === 0)),
  );
}

/** Smithy RPC v2 with CBOR: what newer AWS CLIs speak to services whose SDK speaks JSON (CloudWatch). */
export const rpcV2Cbor: Protocol = {
  read: (_model, operation, request) =>
    readCbor(operation.input, request.body.byteLength === 0 ? {} : decode(request.body)) as object,
  write: (_model, operation, output, requestId) =>
    cborResponse(200, requestId, operation.output.kind === "unit" ? {} : writeCbor(operation.output, output)),
  fail: (model, failure, requestId) => {
    const answer = cborResponse(failure.status, requestId, {
      __type: typeName(model, failure),
      ...errorMembers(failure, writeCbor),
    });
    return { ...answer, headers: { ...answer.headers, ...queryError(model, failure) } };
  },
};

function cborResponse(status: number, requestId: string, value: unknown): WireResponse {
  return {
    status,
    headers: {
      "content-type": "application/cbor",
      "smithy-protocol": "rpc-v2-cbor",
      "x-amzn-requestid": requestId,
    },
    body: cbor.serialize(value),
  };
}

function decode(body: Uint8Array): unknown {
  try {
    return cbor.deserialize(body) as unknown;
  } catch (cause) {
    throw Object.assign(new ServiceError("SerializationException", "the request body is not CBOR"), {
      cause,
    });
  }
}

/** RFC 8949: an epoch-based date and time. */
const epochTag = 1;

/** CBOR carries bytes and times by itself; the rest is as in JSON. */
function readCbor(shape: Shape, value: unknown): unknown {
  return readValue(shape, value, ({ kind }, given) => {
    if (isTag(given)) return kind === "timestamp" ? new Date(Number(given.value) * 1000) : given.value;
    if (kind === "timestamp" && typeof given === "number") return new Date(given * 1000);
    return kind === "number" && typeof given === "bigint" ? Number(given) : given;
  });
}

function writeCbor(shape: Shape, value: unknown): unknown {
  return writeValue(shape, value, ({ kind }, given) =>
    kind === "timestamp" ? tag({ tag: epochTag, value: (given as Date).getTime() / 1000 }) : given,
  );
}

function isTag(value: unknown): value is { tag: number; value: unknown } {
  return isObject(value) && typeof value.tag === "number" && "value" in value;
}

function errorMembers(
  failure: Failure,
  write: (shape: Shape, value: unknown) => unknown,
): Record<string, unknown> {
  const members = failure.shape ? (write(failure.shape, failure.members) as object) : {};
  // Services do not agree on the spelling, and neither do their clients: both are sent.
  return { ...members, message: failure.message, Message: failure.message };
}

/** A service that came from the query protocol names the namespace too. */
function typeName(model: ServiceModel, failure: Failure): string {
  return model.queryCompatible ? `${model.namespace}#${failure.code}` : failure.code;
}

function queryError(model: ServiceModel, failure: Failure): Record<string, string> {
  if (!model.queryCompatible) return {};
  return {
    "x-amzn-query-error": `${failure.queryCode};${failure.fault === "client" ? "Sender" : "Receiver"}`,
  };
}
