import { createHash } from "node:crypto";
import * as sdk from "@aws-sdk/client-lambda";
import { unzipSync } from "fflate";
import { Iam } from "../iam";
import { between, lengthBetween, matchesPattern, oneOf, refused } from "../constraints";
import { notImplemented } from "../errors";
import type { PolicyStatement } from "../service";
import type { World } from "../world";
import { Containers } from "./containers";

/** Lambda's code for a value that it does not take. */
export const invalid = { code: "InvalidParameterValueException" } as const;

/** Members of a configuration that CreateFunction and UpdateFunctionConfiguration share. */
type Given = Omit<sdk.CreateFunctionRequest, "Code"> | sdk.UpdateFunctionConfigurationRequest;

/** A function as the embedded Lambda holds it. */
export interface LambdaFunction {
  readonly name: string;
  readonly arn: string;
  configuration: sdk.FunctionConfiguration;
  /** Kept apart: answers show it, logs and traces must not. */
  environment: Readonly<Record<string, string>>;
  zip: Uint8Array;
  containers: Containers;
  readonly tags: Record<string, string>;
  readonly statements: Map<string, PolicyStatement>;
  readonly aliases: Map<string, sdk.AliasConfiguration>;
  reservedConcurrency?: number;
}

const ROLE_ARN = /arn:aws[a-zA-Z-]*:iam::\d{12}:role\/?[a-zA-Z_0-9+=,.@\-_/]+/;

/** What Lambda does with a function's role before it accepts subnets. */
const NETWORK_ACTIONS = [
  "CreateNetworkInterface",
  "DescribeNetworkInterfaces",
  "DeleteNetworkInterface",
] as const;

/**
 * Checks what the caller gave; refuses what Lambda refuses.
 * @param role the function's role, where it is not given anew
 */
export function checkConfiguration(world: World, given: Given, role?: string): void {
  between(given.Timeout, 1, 900, "timeout", invalid);
  between(given.MemorySize, 128, 10_240, "memorySize", invalid);
  between(given.EphemeralStorage?.Size, 512, 10_240, "ephemeralStorage.size", invalid);
  lengthBetween(given.Description, 0, 256, "description", invalid);
  matchesPattern(given.Handler, /[^\s]{1,128}/, "handler", invalid);
  oneOf(given.Runtime, sdk.Runtime, "runtime", invalid);
  oneOf(given.TracingConfig?.Mode, sdk.TracingMode, "tracingConfig.mode", invalid);
  const { LogFormat, ApplicationLogLevel, SystemLogLevel, LogGroup } = given.LoggingConfig ?? {};
  oneOf(LogFormat, sdk.LogFormat, "loggingConfig.logFormat", invalid);
  oneOf(ApplicationLogLevel, sdk.ApplicationLogLevel, "loggingConfig.applicationLogLevel", invalid);
  oneOf(SystemLogLevel, sdk.SystemLogLevel, "loggingConfig.systemLogLevel", invalid);
  matchesPattern(LogGroup, /[.\-_/#A-Za-z0-9]{1,512}/, "loggingConfig.logGroup", invalid);
  if (LogFormat !== "JSON" && ApplicationLogLevel !== undefined)
    throw refused(invalid, "ApplicationLogLevel needs the log format JSON.");
  if (given.Runtime !== undefined && !given.Runtime.startsWith("nodejs"))
    throw notImplemented(`lambda with runtime ${given.Runtime}`);
  for (const member of ["Layers", "FileSystemConfigs"] as const)
    if ((given[member]?.length ?? 0) > 0) throw notImplemented(`lambda with ${member}`);
  checkEnvironment(given.Environment?.Variables ?? {});
  if (given.Role !== undefined) {
    matchesPattern(given.Role, ROLE_ARN, "role", invalid);
    if (!Iam.of(world).trusts(given.Role, "lambda.amazonaws.com"))
      throw refused(invalid, "The role defined for the function cannot be assumed by Lambda.");
  }
  if ((given.VpcConfig?.SubnetIds?.length ?? 0) > 0) checkNetwork(world, given.Role ?? role ?? "");
}

/** AWS Lambda Developer Guide, "Giving Lambda functions access to resources in an Amazon VPC": required permissions. */
function checkNetwork(world: World, roleArn: string): void {
  for (const action of NETWORK_ACTIONS)
    if (!Iam.of(world).permits({ kind: "role", roleArn, session: "awslambda_network" }, `ec2:${action}`, "*"))
      throw refused(
        invalid,
        `The provided execution role does not have permissions to call ${action} on EC2`,
      );
}

/** Names that the runtime keeps for itself (AWS Lambda Developer Guide, "Defined runtime environment variables"). */
const RESERVED =
  /^(_HANDLER|AWS_(REGION|DEFAULT_REGION|EXECUTION_ENV|ACCESS_KEY(_ID)?|SECRET_ACCESS_KEY|SESSION_TOKEN)|AWS_LAMBDA_.*|LAMBDA_.*)$/;

function checkEnvironment(variables: Readonly<Record<string, string>>): void {
  const names = Object.keys(variables);
  for (const name of names) matchesPattern(name, /[a-zA-Z][a-zA-Z0-9_]+/, "environment.variables", invalid);
  const reserved = names.filter((name) => RESERVED.test(name));
  if (reserved.length > 0)
    throw refused(
      invalid,
      `Lambda was unable to configure your environment variables because the environment variables you have provided contains reserved keys that are currently not supported for modification. Reserved keys used in this request: ${reserved.join(", ")}`,
    );
  const bytes = Buffer.byteLength(JSON.stringify(variables));
  if (bytes > 4096)
    throw refused(
      invalid,
      `Lambda was unable to configure your environment variables because the environment variables you have provided exceeded the 4KB limit (${bytes} bytes).`,
    );
}

/** Refuses what is no ZIP file. */
export function checkZip(zip: Uint8Array): void {
  try {
    unzipSync(zip, { filter: () => false });
  } catch (cause) {
    throw refused(
      invalid,
      `Could not unzip uploaded file. Please check your file, then try to upload again. (${(cause as Error).message})`,
    );
  }
}

/** The configuration after an update: what is given replaces what was there. */
export function configurationOf(
  world: World,
  name: string,
  before: sdk.FunctionConfiguration | undefined,
  given: Given,
  zip: Uint8Array,
): sdk.FunctionConfiguration {
  const logging = given.LoggingConfig ?? before?.LoggingConfig;
  const format = logging?.LogFormat ?? "Text";
  const vpc = given.VpcConfig;
  return {
    FunctionName: name,
    FunctionArn: world.arn("lambda", `function:${name}`),
    Runtime: given.Runtime ?? before?.Runtime,
    Role: given.Role ?? before?.Role,
    Handler: given.Handler ?? before?.Handler,
    CodeSize: zip.length,
    CodeSha256: createHash("sha256").update(zip).digest("base64"),
    Description: given.Description ?? before?.Description ?? "",
    Timeout: given.Timeout ?? before?.Timeout ?? 3,
    MemorySize: given.MemorySize ?? before?.MemorySize ?? 128,
    LastModified: new Date(world.clock.now()).toISOString().replace("Z", "+0000"),
    Version: "$LATEST",
    VpcConfig: vpc
      ? {
          SubnetIds: vpc.SubnetIds ?? [],
          SecurityGroupIds: vpc.SecurityGroupIds ?? [],
          Ipv6AllowedForDualStack: vpc.Ipv6AllowedForDualStack ?? false,
        }
      : before?.VpcConfig,
    DeadLetterConfig: given.DeadLetterConfig ?? before?.DeadLetterConfig,
    KMSKeyArn: given.KMSKeyArn ?? before?.KMSKeyArn,
    TracingConfig: { Mode: given.TracingConfig?.Mode ?? before?.TracingConfig?.Mode ?? "PassThrough" },
    RevisionId: world.random.uuid(),
    State: "Active",
    LastUpdateStatus: "Successful",
    PackageType: "Zip",
    Architectures: ("Architectures" in given ? given.Architectures : undefined) ??
      before?.Architectures ?? ["x86_64"],
    EphemeralStorage: { Size: given.EphemeralStorage?.Size ?? before?.EphemeralStorage?.Size ?? 512 },
    SnapStart: { ApplyOn: "None", OptimizationStatus: "Off" },
    LoggingConfig: {
      LogFormat: format,
      ...(format === "JSON" && {
        ApplicationLogLevel: logging?.ApplicationLogLevel ?? "INFO",
        SystemLogLevel: logging?.SystemLogLevel ?? "INFO",
      }),
      LogGroup: logging?.LogGroup ?? `/aws/lambda/${name}`,
    },
  };
}

/** Containers for a function's present code and configuration. */
export function containersOf(
  world: World,
  configuration: sdk.FunctionConfiguration,
  environment: Readonly<Record<string, string>>,
  zip: Uint8Array,
): Containers {
  const { FunctionName = "", LoggingConfig } = configuration;
  return new Containers(
    world,
    {
      spec: {
        functionArn: configuration.FunctionArn ?? "",
        functionName: FunctionName,
        handler: configuration.Handler ?? "",
        runtime: configuration.Runtime ?? "",
        memoryMb: configuration.MemorySize ?? 128,
        timeoutMs: (configuration.Timeout ?? 3) * 1000,
        zip,
        environment,
        roleArn: configuration.Role ?? "",
        logFormat: LoggingConfig?.LogFormat === "JSON" ? "JSON" : "Text",
      },
      logGroup: LoggingConfig?.LogGroup ?? `/aws/lambda/${FunctionName}`,
      applicationLogLevel: LoggingConfig?.ApplicationLogLevel ?? "INFO",
    },
    configuration.RevisionId ?? "",
  );
}

/** A function's name and qualifier from a name, a partial or a full ARN; undefined for none of them. */
export function parseFunctionName(text: string): { name: string; qualifier?: string } | undefined {
  const match =
    /^(?:arn:[\w-]+:lambda:)?(?:[a-z0-9-]+:(?=\d{12}:))?(?:\d{12}:)?(?:function:)?([A-Za-z0-9_-]{1,64})(?::(\$LATEST|[A-Za-z0-9_-]+))?$/.exec(
      text,
    );
  return match?.[1] === undefined ? undefined : { name: match[1], qualifier: match[2] };
}
