import * as grpc from "@grpc/grpc-js";
import * as empty from "google-protobuf/google/protobuf/empty_pb";
import { Struct, type JavaScriptValue } from "google-protobuf/google/protobuf/struct_pb";
import * as rpc from "@pulumi/pulumi/runtime/rpc";
import * as plugin from "@pulumi/pulumi/proto/plugin_pb";
import * as services from "@pulumi/pulumi/proto/provider_grpc_pb";
import * as messages from "@pulumi/pulumi/proto/provider_pb";

/** Properties of a resource as plain values; what is not known yet is `rpc.unknownValue`. */
export type Properties = Record<string, unknown>;

/**
 * What the engine's provider protocol needs to know of a set of resource types. Inputs are plain: secrets are
 * unwrapped (the engine marks outputs again), assets are Pulumi's own objects.
 */
export interface ResourceTypes {
  /** Inputs as the provider would hold them: names filled in. Throws for a type that it does not have. */
  check(
    type: string,
    name: string,
    inputs: Properties,
    old: Properties | undefined,
  ): Properties | Promise<Properties>;
  /** Names of outputs that only the service can tell: unknown while the resource does not exist. */
  computed(type: string): readonly string[];
  /** Inputs whose change means another resource. */
  replaceOnChanges(type: string): readonly string[];
  create(type: string, name: string, inputs: Properties): Promise<{ id: string; state: Properties }>;
  read(type: string, id: string, state: Properties): Promise<Properties | undefined>;
  update(type: string, id: string, old: Properties, inputs: Properties): Promise<Properties>;
  delete(type: string, id: string, state: Properties): Promise<void>;
  invoke(token: string, args: Properties): Promise<Properties>;
  /** The provider's own configuration (`aws:region`, `aws:defaultTags`), as given. */
  configure?(variables: Properties): void;
}

/**
 * Serves resource types to a real Pulumi engine, on a port of 127.0.0.1 that the kernel chooses. The engine
 * starts an executable that prints this port.
 */
export async function serveProvider(types: ResourceTypes): Promise<{ port: number; close(): Promise<void> }> {
  const server = new grpc.Server({ "grpc.max_receive_message_length": -1 });
  server.addService(services.ResourceProviderService, methods(types));
  const port = await new Promise<number>((resolve, reject) => {
    server.bindAsync("127.0.0.1:0", grpc.ServerCredentials.createInsecure(), (error, bound) =>
      error ? reject(error) : resolve(bound),
    );
  });
  return {
    port,
    close: () => {
      server.forceShutdown();
      return Promise.resolve();
    },
  };
}

type Handler<Request, Response> = (request: Request) => Promise<Response> | Response;

function unary<Request, Response>(
  handle: Handler<Request, Response>,
): grpc.handleUnaryCall<Request, Response> {
  return (call, callback) => {
    void (async () => handle(call.request))().then(
      (response) => callback(null, response),
      (error: unknown) =>
        callback({
          code: grpc.status.UNKNOWN,
          message: error instanceof Error ? error.message : String(error),
        }),
    );
  };
}

function methods(types: ResourceTypes): grpc.UntypedServiceImplementation {
  const nothing = () => new empty.Empty();
  return {
    handshake: unary((_: messages.ProviderHandshakeRequest) => new messages.ProviderHandshakeResponse()),
    getPluginInfo: unary((_: empty.Empty) => {
      const info = new plugin.PluginInfo();
      info.setVersion("7.48.0");
      return info;
    }),
    getSchema: unary((_: messages.GetSchemaRequest) => {
      const response = new messages.GetSchemaResponse();
      response.setSchema("{}");
      return response;
    }),
    attach: unary(nothing),
    cancel: unary(nothing),
    checkConfig: unary((request: messages.CheckRequest) => {
      const response = new messages.CheckResponse();
      response.setInputs(request.getNews());
      return response;
    }),
    diffConfig: unary((_: messages.DiffRequest) => {
      const response = new messages.DiffResponse();
      response.setChanges(messages.DiffResponse.DiffChanges.DIFF_NONE);
      return response;
    }),
    configure: unary((request: messages.ConfigureRequest) => {
      types.configure?.(fromWire(request.getArgs()));
      const response = new messages.ConfigureResponse();
      response.setSupportspreview(true);
      return response;
    }),
    invoke: unary(async (request: messages.InvokeRequest) => {
      const response = new messages.InvokeResponse();
      response.setReturn(toWire(await types.invoke(request.getTok(), fromWire(request.getArgs()))));
      return response;
    }),
    check: unary(async (request: messages.CheckRequest) => {
      const news = fromWire(request.getNews());
      const olds = request.getOlds() && fromWire(request.getOlds());
      const { type, name } = identity(request.getUrn());
      const checked = await types.check(type, name, news, olds);
      const added = Object.fromEntries(Object.entries(checked).filter(([key]) => !(key in news)));
      const response = new messages.CheckResponse();
      // What the engine sent goes back as it came: assets stay assets.
      response.setInputs(
        Struct.fromJavaScript({
          ...request.getNews()?.toJavaScript(),
          ...toValue(added),
        }),
      );
      return response;
    }),
    diff: unary((request: messages.DiffRequest) => {
      const { type } = identity(request.getUrn());
      const olds = rawObject(request.getOldInputs() ?? request.getOlds());
      const news = rawObject(request.getNews());
      const ignored = new Set(request.getIgnorechangesList());
      const changed = [...new Set([...Object.keys(olds), ...Object.keys(news)])]
        .filter((key) => !key.startsWith("__") && !ignored.has(key) && !same(olds[key], news[key]))
        .sort();
      const replaces = new Set(types.replaceOnChanges(type));
      const response = new messages.DiffResponse();
      response.setChanges(
        changed.length > 0
          ? messages.DiffResponse.DiffChanges.DIFF_SOME
          : messages.DiffResponse.DiffChanges.DIFF_NONE,
      );
      response.setDiffsList(changed);
      response.setReplacesList(changed.filter((key) => replaces.has(key)));
      response.setDeletebeforereplace(true);
      return response;
    }),
    create: unary(async (request: messages.CreateRequest) => {
      const { type, name } = identity(request.getUrn());
      const response = new messages.CreateResponse();
      if (request.getPreview()) {
        response.setProperties(withUnknown(request.getProperties(), types.computed(type)));
        return response;
      }
      const { id, state } = await types.create(type, name, fromWire(request.getProperties()));
      response.setId(id);
      response.setProperties(mergeState(request.getProperties(), state));
      return response;
    }),
    update: unary(async (request: messages.UpdateRequest) => {
      const { type } = identity(request.getUrn());
      const response = new messages.UpdateResponse();
      if (request.getPreview()) {
        response.setProperties(
          Struct.fromJavaScript({
            ...request.getOlds()?.toJavaScript(),
            ...request.getNews()?.toJavaScript(),
          }),
        );
        return response;
      }
      const state = await types.update(
        type,
        request.getId(),
        fromWire(request.getOlds()),
        fromWire(request.getNews()),
      );
      response.setProperties(mergeState(request.getNews(), state));
      return response;
    }),
    read: unary(async (request: messages.ReadRequest) => {
      const { type } = identity(request.getUrn());
      const response = new messages.ReadResponse();
      const state = await types.read(type, request.getId(), fromWire(request.getProperties()));
      if (!state) return response; // an empty id says that it is gone
      response.setId(request.getId());
      response.setProperties(mergeState(request.getProperties(), state));
      response.setInputs(readInputs(request, state));
      return response;
    }),
    delete: unary(async (request: messages.DeleteRequest) => {
      const { type } = identity(request.getUrn());
      await types.delete(type, request.getId(), fromWire(request.getProperties()));
      return new empty.Empty();
    }),
  };
}

type JavaScriptObject = { [key: string]: JavaScriptValue };

/** `urn:pulumi:STACK::PROJECT::PARENT$TYPE::NAME` */
function identity(urn: string): { type: string; name: string } {
  const [, , qualified, ...name] = urn.split("::");
  if (!qualified || name.length === 0) throw new Error(`not a URN: ${urn}`);
  return { type: qualified.slice(qualified.lastIndexOf("$") + 1), name: name.join("::") };
}

/** Plain values: secrets unwrapped, assets as Pulumi's objects, unknowns as the engine writes them. */
function fromWire(struct: Struct | undefined): Properties {
  return Object.fromEntries(
    Object.entries(rawObject(struct)).map(([key, value]) => [key, unwrap(value)] as const),
  );
}

function unwrap(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(unwrap);
  if (typeof value !== "object" || value === null) return value;
  const signature = (value as Properties)[rpc.specialSigKey];
  if (signature === rpc.specialSecretSig) return unwrap((value as { value: unknown }).value);
  if (signature === rpc.specialAssetSig || signature === rpc.specialArchiveSig)
    // A state holds an asset's hash only; what was uploaded is not needed to change or delete.
    return ["assets", "path", "text", "uri"].some((content) => content in value)
      ? (rpc.deserializeProperty(value, true) as unknown)
      : undefined;
  return Object.fromEntries(Object.entries(value).map(([key, member]) => [key, unwrap(member)]));
}

function rawObject(struct: Struct | undefined): Properties {
  return struct?.toJavaScript() ?? {};
}

function toValue(properties: Properties): JavaScriptObject {
  return JSON.parse(JSON.stringify(properties)) as JavaScriptObject;
}

function toWire(properties: Properties): Struct {
  return Struct.fromJavaScript(toValue(properties));
}

/** The engine's own rendering of the inputs (assets and all), and over it what the service answered. */
function mergeState(inputs: Struct | undefined, state: Properties): Struct {
  const answered = Object.entries(state).filter(([, value]) => !isAsset(value) && value !== undefined);
  return Struct.fromJavaScript({
    ...inputs?.toJavaScript(),
    ...toValue(Object.fromEntries(answered)),
  });
}

/** The inputs as the program gave them, but what somebody has changed since: a refresh shows it as drift. */
function readInputs(request: messages.ReadRequest, state: Properties): Struct {
  const before = fromWire(request.getProperties());
  const changed = Object.entries(state).filter(([key, value]) => !same(before[key], value));
  const inputs = request.getInputs()?.toJavaScript() ?? {};
  return Struct.fromJavaScript({
    ...inputs,
    ...toValue(Object.fromEntries(changed.filter(([key]) => key in inputs))),
  });
}

function isAsset(value: unknown): boolean {
  return (
    typeof value === "object" && value !== null && ("__pulumiAsset" in value || "__pulumiArchive" in value)
  );
}

function withUnknown(inputs: Struct | undefined, computed: readonly string[]): Struct {
  const known = inputs?.toJavaScript() ?? {};
  const unknown = computed.filter((key) => !(key in known)).map((key) => [key, rpc.unknownValue]);
  return Struct.fromJavaScript({ ...known, ...(Object.fromEntries(unknown) as JavaScriptObject) });
}

/** Equal as values. An archive is compared by its hash, which the engine adds; an absent member is null. */
function same(a: unknown, b: unknown): boolean {
  if (a === b || ((a ?? null) === null && (b ?? null) === null)) return true;
  if (typeof a !== "object" || typeof b !== "object" || a === null || b === null) return false;
  if ("hash" in a && "hash" in b && rpc.specialSigKey in a) return a.hash === b.hash;
  const keys = new Set([...Object.keys(a), ...Object.keys(b)]);
  return [...keys].every((key) => same((a as Properties)[key], (b as Properties)[key]));
}
