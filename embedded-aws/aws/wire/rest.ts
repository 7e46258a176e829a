import { jsonBody, parseBody, readJson, writeJson } from "./json";
import { bytes, text, type WireRequest, type WireResponse } from "./message";
import type { OperationModel } from "./model";
import type { Failure, Protocol } from "./protocol";
import { findRestOperation } from "./rest-route";
import type { Shape } from "./shape";
import { element, escapeXml, parseXml, readElement, readScalar, writeMembers, writeScalar } from "./xml";

/** How the body of a REST service is written: JSON (Lambda) or XML (S3). */
interface BodyFormat {
  readonly type: string;
  read(shape: Shape, body: Uint8Array): unknown;
  write(shape: Shape, value: object): Uint8Array;
}

const json: BodyFormat = {
  type: "application/json",
  read: (shape, body) => readJson(shape, parseBody(body)),
  write: (shape, value) => jsonBody(writeJson(shape, value)),
};

const xml: BodyFormat = {
  type: "application/xml",
  read: (shape, body) => (body.byteLength === 0 ? {} : readElement(shape, parseXml(text(body)))),
  write: (shape, value) => bytes(`<?xml version="1.0" encoding="UTF-8"?>${rootElement(shape, value)}`),
};

/** REST-JSON: members in path, query, headers, status and a JSON body. */
export const restJson: Protocol = {
  read: (model, operation, request) =>
    readRequest(operation, request, findRestOperation(model, request)?.labels ?? {}, json),
  write: (_model, operation, output, requestId) => writeResponse(operation, output, requestId, json),
  fail: (_model, failure, requestId) => ({
    status: failure.status,
    headers: {
      ...errorHeaders(failure),
      "content-type": "application/json",
      "x-amzn-requestid": requestId,
      "x-amzn-errortype": failure.code,
    },
    body: jsonBody({
      Type: failure.fault === "client" ? "User" : "Service",
      ...errorMembers(failure),
      message: failure.message,
      Message: failure.message,
    }),
  }),
};

/** REST-XML, as S3 speaks it. */
export const restXml: Protocol = {
  read: (model, operation, request) =>
    readRequest(
      operation,
      { ...request, body: unchunk(request) },
      findRestOperation(model, request)?.labels ?? {},
      xml,
    ),
  write: (_model, operation, output, requestId) => {
    const response = writeResponse(operation, output, requestId, xml);
    return { ...response, headers: { ...response.headers, "x-amz-request-id": requestId } };
  },
  fail: (_model, failure, requestId) => ({
    status: failure.status,
    headers: { "content-type": "application/xml", "x-amz-request-id": requestId },
    body: bytes(
      `<?xml version="1.0" encoding="UTF-8"?>` +
        element(
          "Error",
          element("Code", escapeXml(failure.queryCode)) +
            element("Message", escapeXml(failure.message)) +
            (failure.shape ? writeMembers(failure.shape, failure.members) : "") +
            element("RequestId", requestId),
        ),
    ),
  }),
};

function readRequest(
  operation: OperationModel,
  request: WireRequest,
  labels: Readonly<Record<string, string>>,
  format: BodyFormat,
): object {
  const { input } = operation;
  const read: Record<string, unknown> = {};
  const inBody: string[] = [];
  for (const [name, member] of input.members) {
    const { httpLabel, httpHeader, httpQuery, httpQueryParams, httpPrefixHeaders, httpPayload } =
      member.traits;
    if (httpLabel !== undefined) {
      if (labels[name] !== undefined) read[name] = readScalar(member, labels[name], "date-time");
    } else if (httpHeader !== undefined) {
      const given = request.headers[httpHeader.toLowerCase()];
      if (given !== undefined) read[name] = readHeader(member, given);
    } else if (httpQuery !== undefined) {
      const given = request.query[httpQuery];
      if (given !== undefined) read[name] = readQueryValue(member, given);
    } else if (httpQueryParams !== undefined) {
      const bound = new Set([...input.members.values()].map((other) => other.traits.httpQuery));
      read[name] = Object.fromEntries(Object.entries(request.query).filter(([key]) => !bound.has(key)));
    } else if (httpPrefixHeaders !== undefined) {
      const prefix = httpPrefixHeaders.toLowerCase();
      const found = Object.entries(request.headers).filter(([key]) => key.startsWith(prefix));
      if (found.length > 0)
        read[name] = Object.fromEntries(found.map(([key, value]) => [key.slice(prefix.length), value]));
    } else if (httpPayload !== undefined) {
      const payload = readPayload(member, request.body, format);
      if (payload !== undefined) read[name] = payload;
    } else {
      inBody.push(name);
    }
  }
  if (inBody.length === 0) return read;
  const body = format.read(input, request.body);
  if (typeof body !== "object" || body === null || Array.isArray(body)) return body as object;
  for (const name of inBody) if (name in body) read[name] = (body as Record<string, unknown>)[name];
  return read;
}

function readPayload(member: Shape, body: Uint8Array, format: BodyFormat): unknown {
  if (member.kind === "blob") return body.byteLength === 0 && !member.streaming ? undefined : body;
  if (member.kind === "string") return text(body);
  return body.byteLength === 0 ? undefined : format.read(member, body);
}

function readHeader(member: Shape, given: string): unknown {
  if (member.kind === "list")
    return given.split(",").map((item) => readScalar(member.element, item.trim(), "http-date"));
  return readScalar(member, given, "http-date");
}

function readQueryValue(member: Shape, given: string | readonly string[]): unknown {
  if (member.kind === "list")
    return [given].flat().map((item) => readScalar(member.element, String(item), "date-time"));
  return readScalar(member, typeof given === "string" ? given : (given.at(-1) ?? ""), "date-time");
}

function writeResponse(
  operation: OperationModel,
  output: object,
  requestId: string,
  format: BodyFormat,
): WireResponse {
  const shape = operation.output;
  const given = output as Readonly<Record<string, unknown>>;
  const headers: Record<string, string> = { "x-amzn-requestid": requestId };
  let status = operation.http?.[2] ?? 200;
  let payload: [Shape, unknown] | undefined;
  let streaming = false;
  const inBody: Record<string, unknown> = {};
  let hasBody = false;
  for (const [name, member] of shape.members) {
    const { httpHeader, httpPrefixHeaders, httpPayload, httpResponseCode } = member.traits;
    const value = given[name];
    if (httpPayload !== undefined) {
      payload = [member, value];
      streaming = member.streaming;
    } else if (httpHeader !== undefined) {
      if (value !== undefined) headers[httpHeader.toLowerCase()] = writeHeader(member, value);
    } else if (httpPrefixHeaders !== undefined) {
      for (const [key, item] of Object.entries((value ?? {}) as Record<string, string>))
        headers[`${httpPrefixHeaders.toLowerCase()}${key}`] = item;
    } else if (httpResponseCode !== undefined) {
      if (typeof value === "number") status = value;
    } else {
      hasBody = true;
      if (value !== undefined) inBody[name] = value;
    }
  }
  const [payloadShape, payloadValue] = payload ?? [];
  let body: Uint8Array = new Uint8Array();
  if (payloadShape?.kind === "blob" || payloadShape?.kind === "string") {
    body = toBytes(payloadValue);
    headers["content-type"] ??= payloadShape.kind === "blob" ? "application/octet-stream" : "text/plain";
  } else if (payloadShape && payloadValue !== undefined) {
    headers["content-type"] = format.type;
    body = format.write(payloadShape, payloadValue as object);
  } else if (hasBody) {
    headers["content-type"] = format.type;
    body = format.write(shape, inBody);
  }
  return { status, headers, body, streaming };
}

function toBytes(value: unknown): Uint8Array {
  if (value === undefined) return new Uint8Array();
  if (typeof value === "string") return bytes(value);
  if (value instanceof Uint8Array) return value;
  throw new Error("an operation answers with a stream: it must answer with bytes");
}

function writeHeader(member: Shape, value: unknown): string {
  if (member.kind === "list")
    return (value as unknown[]).map((item) => writeScalar(member.element, item, "http-date")).join(", ");
  return writeScalar(member, value, "http-date");
}

function errorMembers({ shape, members }: Failure): object {
  return shape ? (writeJson(shape, members) as object) : {};
}

function errorHeaders(failure: Failure): Record<string, string> {
  const headers: Record<string, string> = {};
  for (const [name, member] of failure.shape?.members ?? []) {
    const { httpHeader } = member.traits;
    const value = failure.members[name];
    if (httpHeader !== undefined && value !== undefined)
      headers[httpHeader.toLowerCase()] = writeHeader(member, value);
  }
  return headers;
}

/** The root of an XML answer. */
function rootElement(shape: Shape, value: object): string {
  const name = shape.traits.xmlName ?? shape.name;
  return element(name, writeMembers(shape, value), `xmlns="http://s3.amazonaws.com/doc/2006-03-01/"`);
}

/** Takes the chunks of `aws-chunked` apart: `SIZE[;chunk-signature=...]\r\nBYTES\r\n`, then trailers. */
function unchunk(request: WireRequest): Uint8Array {
  const chunked =
    (request.headers["content-encoding"] ?? "").includes("aws-chunked") ||
    (request.headers["x-amz-content-sha256"] ?? "").startsWith("STREAMING-");
  if (!chunked) return request.body;
  const source = Buffer.from(request.body.buffer, request.body.byteOffset, request.body.byteLength);
  const chunks: Buffer[] = [];
  for (let at = 0; at < source.length;) {
    const lineEnd = source.indexOf("\r\n", at);
    if (lineEnd < 0) break;
    const size = Number.parseInt(source.toString("latin1", at, lineEnd), 16);
    if (!(size > 0)) break;
    chunks.push(source.subarray(lineEnd + 2, lineEnd + 2 + size));
    at = lineEnd + 2 + size + 2;
  }
  return Buffer.concat(chunks);
}
