import type { PolicyResource } from "@pulumi/policy";
import * as rpc from "@pulumi/pulumi/runtime/rpc";
import * as settings from "@pulumi/pulumi/runtime/settings";
import * as messages from "@pulumi/pulumi/proto/resource_pb";
import { Struct, type JavaScriptValue } from "google-protobuf/google/protobuf/struct_pb";
import { runProgram } from "../../embedded-aws/pulumi/run-program";
import { checkedInputs, computedOf } from "../../embedded-aws/pulumi/providers/aws";

/** How a program is recorded. */
export interface RecordOptions {
  /** True: as a preview of a new stack sees it, computed outputs unknown. False: as the end of an update does. */
  readonly preview: boolean;
  readonly config?: Readonly<Record<string, unknown>>;
}

const region = "eu-west-1";
const account = "123456789012";

interface Recorded {
  urn: string;
  type: string;
  name: string;
  parent: string;
  state: Struct;
  dependencies: string[];
  propertyDependencies: Record<string, string[]>;
}

/**
 * Runs a program as Pulumi's runtime does and records what it registers, as a policy pack is given it: the
 * requests are the runtime's own, with its dependencies and its secrets; only the engine's answer is made here.
 */
export async function recordStack(
  program: () => unknown,
  { preview, config }: RecordOptions,
): Promise<PolicyResource[]> {
  const recorded = new Map<string, Recorded>();
  const failures: unknown[] = [];
  const replaceMonitor = (): void => {
    const monitor = settings.getMonitor() as unknown as Monitor;
    monitor.registerResource = (request, callback) => {
      try {
        callback(null, answer(request, preview, recorded));
      } catch (error) {
        failures.push(error);
        callback(error, undefined);
      }
    };
    monitor.registerResourceOutputs = (request, callback) => {
      const of = recorded.get(request.getUrn());
      const outputs = request.getOutputs();
      if (of && outputs) of.state = outputs;
      callback(null, {});
    };
  };
  await runProgram(
    () => async () => void (await program()),
    { project: "recorded", stack: "test", config: { "aws:region": region, ...config }, preview },
    {
      newResource: ({ inputs }) => ({ id: "", state: inputs as object }),
      call: ({ token, inputs }) => invoke(token, inputs as Properties, preview),
      ready: replaceMonitor,
    },
  ).catch((error: unknown) => {
    throw failures[0] ?? error;
  });
  if (failures.length > 0) throw failures[0];
  return toPolicyResources([...recorded.values()]);
}

type Properties = Record<string, unknown>;

interface Monitor {
  registerResource(
    request: messages.RegisterResourceRequest,
    callback: (error: unknown, response: messages.RegisterResourceResponse | undefined) => void,
  ): void;
  registerResourceOutputs(
    request: messages.RegisterResourceOutputsRequest,
    callback: (error: unknown, response: object) => void,
  ): void;
}

function answer(
  request: messages.RegisterResourceRequest,
  preview: boolean,
  recorded: Map<string, Recorded>,
): messages.RegisterResourceResponse {
  const type = request.getType();
  const name = request.getName();
  const urn = urnOf(type, name, request.getParent());
  const inputs = request.getObject()?.toJavaScript() ?? {};
  const custom = request.getCustom() && type.startsWith("aws:");
  const checked = custom ? (checkedInputs(type, name, inputs) as typeof inputs) : inputs;
  const computed = custom ? computedOf(type).filter((key) => key !== "id") : [];
  const id = custom ? identifier(type, name, checked) : "";
  const known = custom && !preview ? outputsOf(type, name, checked, id) : {};
  const state = Struct.fromJavaScript({
    ...checked,
    ...(Object.fromEntries(
      computed
        .filter((key) => !(key in checked))
        .map((key) => [key, preview ? rpc.unknownValue : (known[key] ?? `${key} of ${name}`)]),
    ) as Record<string, JavaScriptValue>),
  });
  const propertyDependencies: Record<string, string[]> = {};
  for (const [key, dependencies] of request.getPropertydependenciesMap().entries() as Iterable<
    [string, messages.RegisterResourceRequest.PropertyDependencies]
  >)
    propertyDependencies[key] = dependencies.getUrnsList();
  recorded.set(urn, {
    urn,
    type,
    name,
    parent: request.getParent(),
    state,
    dependencies: request.getDependenciesList(),
    propertyDependencies,
  });
  const response = new messages.RegisterResourceResponse();
  response.setUrn(urn);
  response.setId(preview ? "" : id);
  response.setObject(state);
  return response;
}

function urnOf(type: string, name: string, parent: string): string {
  const above = parent === "" ? "" : (parent.split("::")[2] ?? "");
  const qualified = above === "" || above === "pulumi:pulumi:Stack" ? type : `${above}$${type}`;
  return `urn:pulumi:test::recorded::${qualified}::${name}`;
}

function identifier(type: string, name: string, inputs: Properties): string {
  if (type === "aws:secretsmanager/secret:Secret")
    return `arn:aws:secretsmanager:${region}:${account}:secret:${String(inputs.name)}-AbCdEf`;
  return typeof inputs.name === "string" ? inputs.name : `${type.split(":").pop()?.toLowerCase()}-${name}`;
}

/** What AWS would have answered, as far as a policy compares it: ARNs. */
function outputsOf(type: string, name: string, inputs: Properties, id: string): Properties {
  const [, module = ""] = type.split(":");
  const service = module.split("/")[0] ?? "";
  const physical = typeof inputs.name === "string" ? inputs.name : name;
  const arn = (of: string, resource: string) => `arn:aws:${of}:${region}:${account}:${resource}`;
  switch (type) {
    case "aws:secretsmanager/secret:Secret":
      return { arn: arn("secretsmanager", `secret:${physical}-AbCdEf`) };
    case "aws:secretsmanager/secretVersion:SecretVersion":
      return { arn: inputs.secretId };
    case "aws:ssm/parameter:Parameter":
      return { arn: arn("ssm", `parameter${physical.startsWith("/") ? "" : "/"}${physical}`) };
    case "aws:ecs/cluster:Cluster":
      return { arn: arn("ecs", `cluster/${physical}`) };
    case "aws:ecs/taskDefinition:TaskDefinition":
      return { arn: arn("ecs", `task-definition/${String(inputs.family)}:1`), revision: 1 };
    case "aws:iam/role:Role":
      return { arn: `arn:aws:iam::${account}:role/${physical}` };
    case "aws:rds/instance:Instance":
      return {
        arn: arn("rds", `db:${physical}`),
        address: "db.example.internal",
        port: 5432,
        masterUserSecrets: inputs.manageMasterUserPassword
          ? [
              {
                secretArn: arn("secretsmanager", "secret:rds!db-0a1b2c3d-AbCdEf"),
                secretStatus: "active",
                kmsKeyId: "",
              },
            ]
          : [],
      };
    case "aws:ecr/repository:Repository":
      return { repositoryUrl: `${account}.dkr.ecr.${region}.amazonaws.com/${physical}` };
    default:
      return { arn: arn(service, physical), name: physical, id };
  }
}

function invoke(token: string, inputs: Properties, preview: boolean): Properties {
  switch (token) {
    case "aws:index/getCallerIdentity:getCallerIdentity":
      return {
        accountId: account,
        id: account,
        arn: `arn:aws:iam::${account}:user/operator`,
        userId: "AIDA",
      };
    case "aws:index/getRegion:getRegion":
      return { region, name: region, id: region };
    case "aws:index/getPartition:getPartition":
      return { partition: "aws", dnsSuffix: "amazonaws.com", id: "aws" };
    case "aws:secretsmanager/getSecret:getSecret":
      return {
        arn: `arn:aws:secretsmanager:${region}:${account}:secret:${String(inputs.name)}-AbCdEf`,
        name: inputs.name,
        id: "",
      };
    case "aws:ecs/getTaskDefinition:getTaskDefinition":
      return {
        arn: `arn:aws:ecs:${region}:${account}:task-definition/${String(inputs.taskDefinition)}:7`,
        id: "",
      };
    default:
      throw new Error(`${token} is not recorded${preview ? " in a preview" : ""}: add it to record-stack.ts`);
  }
}

/** As `@pulumi/policy` hands resources to a stack policy, its proxies included. */
function toPolicyResources(recorded: readonly Recorded[]): PolicyResource[] {
  // eslint-disable-next-line @typescript-eslint/no-require-imports -- internal modules, without declarations
  const { deserializeProperties } = require("@pulumi/policy/deserialize") as {
    deserializeProperties: (struct: Struct, proxySecrets: boolean) => object;
  };
  // eslint-disable-next-line @typescript-eslint/no-require-imports -- internal modules, without declarations
  const { unknownCheckingProxy } = require("@pulumi/policy/proxy") as {
    unknownCheckingProxy: (props: object) => object;
  };
  const resources = new Map<string, PolicyResource>();
  for (const { urn, type, name, state } of recorded) {
    const props = unknownCheckingProxy(deserializeProperties(state, false)) as PolicyResource["props"];
    resources.set(urn, {
      urn,
      type,
      name,
      props,
      opts: {
        protect: false,
        ignoreChanges: [],
        aliases: [],
        customTimeouts: { createSeconds: 0, updateSeconds: 0, deleteSeconds: 0 },
        additionalSecretOutputs: [],
      },
      dependencies: [],
      propertyDependencies: {},
      isType: () => false,
      asType: () => undefined,
    });
  }
  const found = (urns: readonly string[]) => urns.flatMap((urn) => resources.get(urn) ?? []);
  for (const { urn, parent, dependencies, propertyDependencies } of recorded) {
    const resource = resources.get(urn)!;
    resource.parent = resources.get(parent);
    resource.dependencies = found(dependencies);
    for (const [key, urns] of Object.entries(propertyDependencies))
      resource.propertyDependencies[key] = found(urns);
  }
  return [...resources.values()];
}
