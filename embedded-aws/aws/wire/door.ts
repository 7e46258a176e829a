import type { Caller } from "../caller";
import { queryCodeOf, ServiceError } from "../errors";
import type { Door } from "../ledger";
import { missingCaller, unknownCaller, unknownOperation } from "./refusals";
import type { Service } from "../service";
import type { World } from "../world";
import { bytes, type WireRequest, type WireResponse } from "./message";
import { ServiceModel, type OperationModel } from "./model";
import type { Failure, Protocol } from "./protocol";
import { ec2, query, actionOf } from "./query";
import { restJson, restXml } from "./rest";
import { findRestOperation } from "./rest-route";
import { awsJson, rpcV2Cbor } from "./rpc";

const json10 = awsJson("1.0");
const json11 = awsJson("1.1");

/** Whose access key a request carries; undefined for a key that is nobody's. */
export type CallerOf = (accessKeyId: string) => Caller | undefined;

interface Route {
  readonly service: Service;
  readonly model: ServiceModel;
  readonly protocol: Protocol;
  readonly operation: OperationModel | undefined;
  /** What the request asked for, to name it when there is no such operation. */
  readonly asked: string;
}

/** A request that names no service. */
const unroutable: WireResponse = {
  status: 404,
  headers: { "content-type": "application/json" },
  body: bytes(
    JSON.stringify({
      message:
        "no service of the embedded AWS fits this request: it needs an X-Amz-Target, or an Authorization header " +
        "with a credential scope (sign with any access key that it gave out)",
    }),
  ),
};

/**
 * Answers one request, whichever door it came through: finds the service and the operation, reads the input by
 * the model, dispatches, writes the answer by the model. The signature itself is not verified: the access key in
 * it says who calls.
 */
export async function answer(
  world: World,
  request: WireRequest,
  door: Door,
  callerOf: CallerOf,
): Promise<WireResponse> {
  const scope = credentialScope(request.headers.authorization);
  const route = findRoute(world, request, scope?.signingName);
  if (!route) return unroutable;
  const { service, model, protocol, operation } = route;
  let requestId: string | undefined;
  let record: (responseBytes: number) => void = () => undefined;
  const respond = (): WireResponse | Promise<WireResponse> => {
    if (!operation) throw unknownOperation(model.protocol, route.asked);
    if (!scope) throw missingCaller(model.protocol);
    const caller = callerOf(scope.accessKeyId);
    if (!caller) throw unknownCaller(model.protocol);
    const input = protocol.read(model, operation, request);
    return world
      .carryOut(service.prefix, operation.name, input, {
        caller,
        door,
        requestBytes: request.body.byteLength,
      })
      .then((finished) => {
        ({ requestId, record } = finished);
        if (finished.error !== undefined) throw finished.error;
        return protocol.write(model, operation, finished.output!, finished.requestId);
      });
  };
  let response: WireResponse;
  try {
    response = await respond();
  } catch (error) {
    if (!(error instanceof ServiceError)) world.mistakes.push(error);
    response = protocol.fail(model, failureOf(model, error), requestId ?? world.random.uuid());
  }
  record(response.body.byteLength);
  return response;
}

function failureOf(model: ServiceModel, error: unknown): Failure {
  const known =
    error instanceof ServiceError
      ? error
      : new ServiceError(
          "InternalFailure",
          `a mistake of the embedded AWS: ${error instanceof Error ? error.message : String(error)}`,
          500,
        );
  const shape = model.error(known.code);
  return {
    code: shape?.name ?? known.code,
    queryCode: shape?.queryCode ?? (model.queryCompatible ? queryCodeOf(known.code) : known.code),
    message: known.message,
    status: shape?.status ?? (shape?.fault === "server" ? 500 : known.status),
    fault: shape?.fault ?? (known.status < 500 ? "client" : "server"),
    shape: shape?.shape,
    members: known.members,
  };
}

/** Access key and service of `AWS4-HMAC-SHA256 Credential=KEY/DATE/REGION/SERVICE/aws4_request, ...`. */
function credentialScope(
  authorization: string | undefined,
): { accessKeyId: string; signingName: string } | undefined {
  const credential = /Credential=([^,\s]+)/.exec(authorization ?? "")?.[1]?.split("/");
  if (!credential || credential.length < 5) return undefined;
  return { accessKeyId: credential.slice(0, -4).join("/"), signingName: credential.at(-2)! };
}

function findRoute(world: World, request: WireRequest, signingName: string | undefined): Route | undefined {
  const target = request.headers["x-amz-target"];
  if (target) {
    const dot = target.lastIndexOf(".");
    return rpcRoute(world, target.slice(0, dot), target.slice(dot + 1));
  }
  const rpcV2 = /\/service\/([^/]+)\/operation\/([^/]+)$/.exec(request.path);
  if (rpcV2 && request.headers["smithy-protocol"] === "rpc-v2-cbor")
    return rpcRoute(world, rpcV2[1]!, rpcV2[2]!, rpcV2Cbor);
  const service = [...world.services].find((one) => (one.signingName ?? one.prefix) === signingName);
  if (!service) return undefined;
  const model = ServiceModel.of(service.sdk);
  const action = actionOf(request);
  if (action !== undefined)
    return {
      service,
      model,
      protocol: model.protocol === "ec2" ? ec2 : query,
      operation: model.operation(action),
      asked: action,
    };
  if (model.protocol !== "rest-json" && model.protocol !== "rest-xml") return undefined;
  return {
    service,
    model,
    protocol: model.protocol === "rest-json" ? restJson : restXml,
    operation: findRestOperation(model, request)?.operation,
    asked: `${request.method} ${request.path}`,
  };
}

function rpcRoute(world: World, target: string, name: string, protocol?: Protocol): Route | undefined {
  // Some clients put the namespace of the model before the target (the AWS CLI does for CloudTrail).
  const service = byTarget(world, target.slice(target.lastIndexOf(".") + 1));
  if (!service) return undefined;
  const model = ServiceModel.of(service.sdk);
  return {
    service,
    model,
    protocol: protocol ?? (model.protocol === "json-1.0" ? json10 : json11),
    operation: model.operation(name),
    asked: name,
  };
}

const targets = new WeakMap<World, Map<string, Service>>();

function byTarget(world: World, target: string): Service | undefined {
  let table = targets.get(world);
  if (!table) {
    table = new Map();
    for (const service of world.services) {
      const own = ServiceModel.of(service.sdk).target;
      if (own) table.set(own, service);
    }
    targets.set(world, table);
  }
  // CloudTrail's other SDKs and the AWS CLI send its Java package in front of the target.
  return table.get(target) ?? table.get(target.slice(target.lastIndexOf(".") + 1));
}
