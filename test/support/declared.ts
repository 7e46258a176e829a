import path from "node:path";
import * as pulumi from "@pulumi/pulumi";
import { loadedModule } from "../../embedded-aws/pulumi/mocks";
import { runProgram } from "../../embedded-aws/pulumi/run-program";
import { recyclerStub } from "../../simulation/recycler-stub";

/** What stands in every output that AWS would compute: found in a policy or pattern, it is an unknown of a preview. */
export const COMPUTED = "<computed>";

/** A resource as the program declared it. */
export interface Declared {
  readonly type: string;
  readonly name: string;
  readonly inputs: Readonly<Record<string, unknown>>;
  readonly custom: boolean;
  /** Logical name of the parent; undefined below the stack itself. */
  parent?: string;
  /** Logical names of what it depends on, in any way. */
  dependencies: string[];
  retainOnDelete: boolean;
  /** What a component registered as its outputs. */
  outputs?: Readonly<Record<string, unknown>>;
  readonly transforms: readonly pulumi.ResourceTransform[];
}

/** Where and as what a program runs. */
export interface Surroundings {
  readonly partition: string;
  readonly region: string;
  readonly account: string;
  readonly project: string;
  readonly stack: string;
  /**
   * What the deployed function is made of: `stub` is a recycler that does nothing, serialised in no time; `real` is the
   * one of handler/.
   */
  readonly recycler: "stub" | "real";
  /** Keys of settings, with their namespace, that are encrypted in the stack's file. */
  readonly secretKeys: readonly string[];
  /** Told of each resource as it is declared, in a program that fails too. */
  readonly onResource: (name: string) => void;
  /** Outputs that resources of a type have beside those of the mocks. */
  readonly outputs: Readonly<Record<string, Readonly<Record<string, unknown>>>>;
  /** Answers of further provider functions, by token. */
  readonly calls: Readonly<Record<string, (inputs: Record<string, unknown>) => Record<string, unknown>>>;
}

/** A program that ran. */
export interface Run {
  readonly resources: readonly Declared[];
  readonly outputs: Readonly<Record<string, unknown>>;
}

/** A type that the mocks know: whether it takes tags, and which outputs AWS computes. */
interface KnownType {
  readonly taggable: boolean;
  readonly computed: readonly string[];
}

const taggable = (...computed: string[]): KnownType => ({ taggable: true, computed });
const untagged = (...computed: string[]): KnownType => ({ taggable: false, computed });

/** The closed list: a type that is not here throws. */
const TYPES: Readonly<Record<string, KnownType>> = {
  "aws:sqs/queue:Queue": taggable("arn", "url"),
  "aws:cloudwatch/eventRule:EventRule": taggable("arn"),
  "aws:cloudwatch/eventTarget:EventTarget": untagged(),
  "aws:cloudwatch/logGroup:LogGroup": taggable("arn"),
  "aws:cloudwatch/metricAlarm:MetricAlarm": taggable("arn"),
  "aws:cloudwatch/queryDefinition:QueryDefinition": untagged("queryDefinitionId"),
  "aws:iam/role:Role": taggable("arn", "uniqueId"),
  "aws:iam/rolePolicy:RolePolicy": untagged(),
  "aws:lambda/function:Function": taggable("arn", "invokeArn", "version"),
  "aws:lambda/eventSourceMapping:EventSourceMapping": taggable("arn", "uuid"),
  "aws:lambda/alias:Alias": untagged("arn", "invokeArn"),
  "aws:lambda/permission:Permission": untagged(),
  "aws:s3/bucket:Bucket": taggable("arn", "bucket", "bucketDomainName"),
  "aws:s3/bucketPublicAccessBlock:BucketPublicAccessBlock": untagged(),
  "aws:s3/bucketOwnershipControls:BucketOwnershipControls": untagged(),
  "aws:s3/bucketServerSideEncryptionConfiguration:BucketServerSideEncryptionConfiguration": untagged(),
  "aws:s3/bucketLifecycleConfiguration:BucketLifecycleConfiguration": untagged(),
  "awsx:cloudtrail:Trail": taggable(),
  "aws:secretsmanager/secretRotation:SecretRotation": untagged(),
  "aws:sns/topic:Topic": taggable("arn"),
  "aws:sns/topicPolicy:TopicPolicy": untagged(),
  "aws:sns/topicSubscription:TopicSubscription": untagged("arn"),
};

/** True when resources of the type take tags. */
export function isTaggable(type: string): boolean {
  return TYPES[type]?.taggable === true;
}

/** Surroundings of most tests. */
export const somewhere: Surroundings = {
  partition: "aws",
  region: "us-west-2",
  account: "123456789012",
  project: "ecs-secret-recycler",
  stack: "dev",
  recycler: "stub",
  secretKeys: [],
  onResource: () => {},
  outputs: {},
  calls: {},
};

/** Runs a program and answers what it declared; no resource is made. */
async function declaredBy(
  load: () => unknown,
  config: Readonly<Record<string, unknown>>,
  around: Surroundings,
): Promise<Run> {
  const { project, stack, secretKeys } = around;
  const declared = new Map<string, Declared>();
  const outputs = await runProgram(
    load,
    { project, stack, config, secretKeys },
    {
      newResource: (args) => {
        if (args.type !== "pulumi:pulumi:Stack") around.onResource(args.name);
        return newResource(args, declared, around.outputs[args.type] ?? {});
      },
      call: ({ token, inputs }) => {
        try {
          return answer(token, inputs as Record<string, unknown>, around);
        } catch (error) {
          // The SDK expects the errors of gRPC, whose text is in `details`.
          if (error instanceof Error) Object.assign(error, { details: error.message });
          throw error;
        }
      },
      ready: () => recordOptions(declared),
    },
  );
  return { resources: [...declared.values()], outputs };
}

function newResource(
  args: pulumi.runtime.MockResourceArgs,
  declared: Map<string, Declared>,
  outputs: Readonly<Record<string, unknown>>,
): pulumi.runtime.MockResourceResult {
  if (args.type === "pulumi:pulumi:Stack") return { id: undefined, state: {} };
  const known = TYPES[args.type];
  const component = args.type.startsWith("ecs-secret-recycler:");
  if (!known && !component) throw new Error(`the mocks do not know the type ${args.type} (of ${args.name})`);
  const key = `${args.type}::${args.name}`;
  if (declared.has(key)) throw new Error(`${args.type} ${args.name} was declared twice`);
  const inputs = args.inputs as Record<string, unknown>;
  declared.set(key, {
    type: args.type,
    name: args.name,
    inputs,
    custom: args.custom === true,
    dependencies: [],
    retainOnDelete: false,
    transforms: args.transforms ?? [],
  });
  const computed = Object.fromEntries(
    (known?.computed ?? []).map((output) => [output, `${COMPUTED}${args.name}.${output}`]),
  );
  return {
    id: args.custom ? `${COMPUTED}${args.name}.id` : undefined,
    state: { name: args.name, ...inputs, ...computed, ...outputs },
  };
}

/** The mocks hand over inputs only; parents, dependencies and options stand in the request to the engine. */
function recordOptions(declared: Map<string, Declared>): void {
  const monitor = pulumi.runtime.getMonitor() as unknown as {
    registerResource(request: RegisterRequest, callback: unknown): unknown;
    registerResourceOutputs(request: OutputsRequest, callback: unknown): unknown;
  };
  const register = monitor.registerResource.bind(monitor);
  const registerOutputs = monitor.registerResourceOutputs.bind(monitor);
  monitor.registerResource = async (request, callback) => {
    await register(request, callback);
    const resource = declared.get(`${request.getType()}::${request.getName()}`);
    if (!resource) return;
    resource.parent = nameOf(request.getParent());
    resource.retainOnDelete = request.getRetainondelete();
    resource.dependencies = [...new Set(request.getDependenciesList().map(nameOf))].filter(
      (name) => name !== undefined,
    );
  };
  monitor.registerResourceOutputs = (request, callback) => {
    const [type = "", name = ""] = typeAndName(request.getUrn());
    const resource = declared.get(`${type}::${name}`);
    if (resource) resource.outputs = request.getOutputs()?.toJavaScript() ?? {};
    return registerOutputs(request, callback);
  };
}

interface RegisterRequest {
  getType(): string;
  getName(): string;
  getParent(): string;
  getRetainondelete(): boolean;
  getDependenciesList(): string[];
}

interface OutputsRequest {
  getUrn(): string;
  getOutputs(): { toJavaScript(): Record<string, unknown> } | undefined;
}

/** `urn:pulumi:STACK::PROJECT::PARENT$TYPE::NAME`. */
function typeAndName(urn: string): [string | undefined, string | undefined] {
  const [, , types, ...name] = urn.split("::");
  return [types?.split("$").pop(), name.join("::")];
}

function nameOf(urn: string): string | undefined {
  const [type, name] = typeAndName(urn);
  return type === undefined || type === "pulumi:pulumi:Stack" ? undefined : name;
}

function answer(
  token: string,
  inputs: Record<string, unknown>,
  around: Surroundings,
): Record<string, unknown> {
  const { partition, region, account } = around;
  switch (token) {
    case "aws:index/getCallerIdentity:getCallerIdentity":
      return {
        accountId: account,
        arn: `arn:${partition}:iam::${account}:user/operator`,
        id: account,
        userId: "AIDA",
      };
    case "aws:index/getRegion:getRegion":
      return { region, name: region, id: region, description: "", endpoint: "" };
    case "aws:index/getPartition:getPartition":
      return { partition, id: partition, dnsSuffix: "amazonaws.com", reverseDnsPrefix: "com.amazonaws" };
    default: {
      const call = around.calls[token];
      if (!call) throw new Error(`the mocks do not know the function ${token}`);
      return call(inputs);
    }
  }
}

const root = path.join(__dirname, "..", "..");

/** Loads index.ts as a fresh process would: it, and what it declares with, out of the cache first. */
function loadIndex(recycler: Surroundings["recycler"]): unknown {
  for (const file of Object.keys(require.cache)) {
    if (file === path.join(root, "index.ts") || file.startsWith(path.join(root, "stack") + path.sep))
      delete require.cache[file];
  }
  const handler = path.join(root, "handler", "index.ts");
  const loaded = require.cache[handler];
  if (recycler === "stub") require.cache[handler] = loadedModule(handler, recyclerStub);
  try {
    // eslint-disable-next-line @typescript-eslint/no-require-imports -- loaded anew for each run, as the engine does it
    return require(path.join(root, "index.ts")) as unknown;
  } finally {
    if (loaded) require.cache[handler] = loaded;
    else if (recycler === "stub") delete require.cache[handler];
  }
}

/** Runs the real index.ts with settings of the namespace `ecs-secret-recycler`. */
export function runIndex(
  settings: Readonly<Record<string, unknown>>,
  surroundings: Partial<Surroundings> = {},
): Promise<Run> {
  const around = { ...somewhere, ...surroundings };
  const config: Record<string, unknown> = { "aws:region": around.region };
  for (const [key, value] of Object.entries(settings)) config[`ecs-secret-recycler:${key}`] = value;
  return declaredBy(() => loadIndex(around.recycler), config, around);
}

/** The files of a function's archive and the text of each; undefined for one that is a file on disk. */
export async function archiveOf(run: Run, functionName: string): Promise<Record<string, string | undefined>> {
  const found = run.resources.find(({ name }) => name === functionName);
  if (!found) throw new Error(`no resource is named ${functionName}`);
  const assets = await (found.inputs.code as pulumi.asset.AssetArchive).assets;
  const texts = Object.entries(assets).map(async ([file, asset]) => {
    const text = "text" in asset ? await (asset as pulumi.asset.StringAsset).text : undefined;
    return [file, text] as const;
  });
  return Object.fromEntries(await Promise.all(texts));
}
