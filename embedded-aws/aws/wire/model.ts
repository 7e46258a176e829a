import { Shape } from "./shape";
import type { SdkPackage } from "../service";

/** The protocols that the services of this program speak. */
export type ProtocolName = "json-1.0" | "json-1.1" | "rest-json" | "rest-xml" | "query" | "ec2";

const protocols: Readonly<Record<string, ProtocolName>> = {
  "aws.protocols#awsJson1_0": "json-1.0",
  "aws.protocols#awsJson1_1": "json-1.1",
  "aws.protocols#restJson1": "rest-json",
  "aws.protocols#restXml": "rest-xml",
  "aws.protocols#awsQuery": "query",
  "aws.protocols#ec2Query": "ec2",
};

/** Hosts in the XML namespace of services whose query protocol the SDK has no longer; botocore and recordings have it. */
const queryHosts: Readonly<Record<string, string>> = {
  "com.amazonaws.cloudwatch": "monitoring",
  "com.amazonaws.sqs": "queue",
};

/** An operation of a service's model. */
export interface OperationModel {
  readonly name: string;
  readonly input: Shape;
  readonly output: Shape;
  /** Method, path template and status of a REST operation. */
  readonly http?: readonly [method: string, path: string, status: number];
}

/** An error of a service's model. */
export interface ErrorModel {
  /** The name of its class in the SDK. */
  readonly name: string;
  /** The code on the wire of the query protocols (`NoSuchEntity` of NoSuchEntityException). */
  readonly queryCode: string;
  readonly status: number | undefined;
  readonly fault: "client" | "server";
  readonly shape: Shape;
}

interface ClientProtocol {
  getShapeId(): string;
  readonly serviceTarget?: string;
  readonly awsQueryCompatible?: boolean;
  readonly options?: { readonly xmlNamespace?: string; readonly version?: string };
}

type ClientClass = new (config: object) => {
  readonly config: { readonly protocol: ClientProtocol; readonly apiVersion: string };
};

const models = new WeakMap<object, ServiceModel>();

/** AWS's own model of a service, read from what its SDK package exports. */
export class ServiceModel {
  readonly protocol: ProtocolName;
  /** What stands before the operation in `X-Amz-Target` and in the path of RPC v2. */
  readonly target: string | undefined;
  /** The JSON protocol replaced a query protocol, whose error codes older clients still want. */
  readonly queryCompatible: boolean;
  readonly xmlNamespace: string;
  readonly apiVersion: string;
  /** The Smithy namespace, `com.amazonaws.sqs`. */
  readonly namespace: string;
  readonly #schemas = new Map<string, readonly unknown[]>();
  readonly #operations = new Map<string, OperationModel>();
  readonly #errors = new Map<string, ErrorModel>();

  private constructor(sdk: SdkPackage) {
    const { protocol, apiVersion } = new (clientClass(sdk))({
      region: "us-east-1",
      credentials: { accessKeyId: "none", secretAccessKey: "none" },
    }).config;
    const name = protocols[protocol.getShapeId()];
    if (!name) throw new Error(`no protocol for ${protocol.getShapeId()}: add it to embedded-aws/aws/wire`);
    this.protocol = name;
    this.target = protocol.serviceTarget;
    this.queryCompatible = protocol.awsQueryCompatible ?? false;
    this.apiVersion = apiVersion;
    let namespace = "";
    for (const value of Object.values(sdk)) {
      if (!Array.isArray(value) || value.length < 5) continue;
      const schema = value as readonly unknown[];
      if (schema[0] === 9) {
        this.#schemas.set(schema[2] as string, schema);
        namespace = schema[1] as string;
      } else if (schema[0] === -3) {
        this.#addError(schema);
      }
    }
    this.namespace = namespace;
    this.xmlNamespace =
      protocol.options?.xmlNamespace ?? `http://${queryHosts[namespace]}.amazonaws.com/doc/${apiVersion}/`;
  }

  /** The model of an SDK package; read once. */
  static of(sdk: SdkPackage): ServiceModel {
    let model = models.get(sdk);
    if (!model) models.set(sdk, (model = new ServiceModel(sdk)));
    return model;
  }

  /** Names of all operations that AWS has. */
  get operationNames(): string[] {
    return [...this.#schemas.keys()];
  }

  /** An operation of AWS, whether the embedded AWS has it or not. */
  operation(name: string): OperationModel | undefined {
    const known = this.#operations.get(name);
    const schema = this.#schemas.get(name);
    if (known || !schema) return known;
    const input = Shape.of(schema[4]);
    const traits = schema[3] as { http?: OperationModel["http"] } | number;
    const made: OperationModel = {
      name,
      input,
      output: Shape.of(schema[5]),
      http: typeof traits === "object" ? traits.http : undefined,
    };
    this.#operations.set(name, made);
    return made;
  }

  /** An error by its class or by its code in the query protocols. */
  error(code: string): ErrorModel | undefined {
    return this.#errors.get(code);
  }

  #addError(schema: readonly unknown[]): void {
    const shape = Shape.of(schema);
    const { awsQueryError, httpError, error = "client" } = shape.traits;
    // As recorded: JSON answers every mistake of a client with 400, but in services that spoke the query protocol once.
    const isPlainJson = this.protocol.startsWith("json-") && !this.queryCompatible;
    const model: ErrorModel = {
      name: shape.name,
      queryCode: awsQueryError?.[0] ?? shape.name,
      status: isPlainJson && error === "client" ? 400 : (httpError ?? awsQueryError?.[1]),
      fault: error,
      shape,
    };
    this.#errors.set(model.name, model);
    if (!this.#errors.has(model.queryCode)) this.#errors.set(model.queryCode, model);
  }
}

/** The one client of a package: it exports its base classes too, and only the client has an exception beside it. */
function clientClass(sdk: SdkPackage): ClientClass {
  const name = Object.keys(sdk).find(
    (key) => key.endsWith("Client") && `${key.slice(0, -"Client".length)}ServiceException` in sdk,
  );
  if (!name) throw new Error("not a package of AWS SDK for JavaScript v3: no client is exported");
  return sdk[name] as ClientClass;
}
