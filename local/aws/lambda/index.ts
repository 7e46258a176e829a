import * as sdk from "@aws-sdk/client-lambda";
import type { GetObjectOutput } from "@aws-sdk/client-s3";
import type { GetQueueAttributesResult } from "@aws-sdk/client-sqs";
import { between, lengthBetween, matchesPattern, oneOf, page } from "../constraints";
import { ServiceError, notImplemented } from "../errors";
import { recordMetrics } from "../cloudwatch/record";
import { operation, type Authorization, type Call, type PolicyStatement, type Service } from "../service";
import type { World } from "../world";
import { invokeAsynchronously } from "./asynchronous";
import { callerOf, type Invocation } from "./containers";
import { EventSourceMapping, type Target } from "./event-source-mapping";
import {
  checkConfiguration,
  checkZip,
  configurationOf,
  containersOf,
  parseFunctionName,
  type LambdaFunction,
} from "./function";

const invalid = { code: "InvalidParameterValueException" } as const;
const ACCOUNT_CONCURRENCY = 1000;
/** Payload of an invocation, in bytes: synchronous, asynchronous (AWS Lambda Developer Guide, "Lambda quotas"). */
const PAYLOAD_BYTES = { RequestResponse: 6_291_556, Event: 1_048_576, DryRun: 6_291_556 } as const;

/** AWS Lambda: functions from archives, invocation, event source mappings of queues. */
export class Lambda implements Service {
  readonly prefix = "lambda";
  readonly sdk = sdk;
  readonly #functions = new Map<string, LambdaFunction>();
  readonly #mappings = new Map<string, EventSourceMapping>();

  constructor(private readonly world: World) {}

  /** The functions of a world. */
  static of(world: World): Lambda {
    const service = world.service("lambda");
    if (!(service instanceof Lambda)) throw new Error("the world's lambda is not the embedded one");
    return service;
  }

  resourcePolicy(resourceArn: string): readonly PolicyStatement[] | undefined {
    const found = this.#functions.get(parseFunctionName(resourceArn)?.name ?? "");
    return found && [...found.statements.values()];
  }

  /**
   * Ends the containers of a function as a crash of the machine would: their memory is gone, an invocation under
   * way fails. For faults and for judging; no operation of AWS.
   */
  async crash(functionName: string): Promise<void> {
    await this.#functions.get(functionName)?.containers.stop();
  }

  /** The deployment package of a function, for tests that look into it. */
  archive(functionName: string): Uint8Array | undefined {
    return this.#functions.get(functionName)?.zip;
  }

  async stop(): Promise<void> {
    for (const mapping of this.#mappings.values()) mapping.stop();
    await Promise.all([...this.#functions.values()].map((f) => f.containers.stop()));
  }

  #on(name: string | undefined, action?: string): Authorization {
    const resource = this.world.arn("lambda", `function:${parseFunctionName(name ?? "")?.name ?? ""}`);
    return { resource, action };
  }

  #function(text: string | undefined, qualifier?: string): LambdaFunction {
    const parsed = parseFunctionName(text ?? "");
    const found = parsed && this.#functions.get(parsed.name);
    const asked = qualifier ?? parsed?.qualifier;
    if (
      !found ||
      (asked !== undefined && asked !== "$LATEST") ||
      (text?.startsWith("arn:") && !text.startsWith(found.arn))
    )
      throw new ServiceError(
        "ResourceNotFoundException",
        `Function not found: ${this.world.arn("lambda", `function:${parsed?.name ?? text}`)}${asked ? `:${asked}` : ""}`,
        404,
        { Type: "User" },
      );
    return found;
  }

  async #code(code: sdk.FunctionCode, call: Call): Promise<Uint8Array> {
    if (code.ImageUri !== undefined) throw notImplemented("lambda with a container image");
    let zip = code.ZipFile;
    if (zip === undefined && code.S3Bucket !== undefined && code.S3Key !== undefined) {
      const object = await this.world.call<GetObjectOutput>(
        "s3",
        "GetObject",
        { Bucket: code.S3Bucket, Key: code.S3Key },
        call.caller,
      );
      zip = object.Body as unknown as Uint8Array;
    }
    if (zip === undefined || zip.length === 0)
      throw new ServiceError("InvalidParameterValueException", "Please provide a source for function code.");
    checkZip(zip);
    return zip;
  }

  /** Invokes with what AWS checks before: the concurrency of the function and of the account. */
  async #invoke(fn: LambdaFunction, payload: string, requestId: string): Promise<Invocation> {
    if (this.#functions.get(fn.name) !== fn)
      throw new ServiceError("ResourceNotFoundException", `Function not found: ${fn.arn}`, 404);
    const running = [...this.#functions.values()].reduce((sum, f) => sum + f.containers.running, 0);
    if (
      fn.containers.running >= (fn.reservedConcurrency ?? ACCOUNT_CONCURRENCY) ||
      running >= ACCOUNT_CONCURRENCY
    ) {
      this.#metrics(fn, { Throttles: 1 });
      throw new ServiceError("TooManyRequestsException", "Rate Exceeded.", 429, {
        Reason:
          fn.reservedConcurrency === undefined
            ? "ConcurrentInvocationLimitExceeded"
            : "ReservedFunctionConcurrentInvocationLimitExceeded",
        Type: "User",
      });
    }
    const invocation = await fn.containers.invoke(payload, requestId);
    this.#metrics(fn, {
      Invocations: 1,
      Errors: invocation.result.kind === "answer" ? 0 : 1,
      Duration: invocation.durationMs,
    });
    return invocation;
  }

  #metrics(fn: LambdaFunction, values: Readonly<Record<string, number>>): void {
    recordMetrics(this.world, "AWS/Lambda", { FunctionName: fn.name }, values);
  }

  #target(fn: LambdaFunction): Target {
    return {
      functionArn: fn.arn,
      caller: () => callerOf({ roleArn: fn.configuration.Role ?? "", functionName: fn.name }),
      invoke: (payload) => this.#invoke(fn, payload, this.world.random.uuid()),
    };
  }

  #configuration(fn: LambdaFunction): sdk.FunctionConfiguration {
    const environment =
      Object.keys(fn.environment).length > 0 ? { Variables: { ...fn.environment } } : undefined;
    return { ...fn.configuration, Environment: environment };
  }

  async #update(
    fn: LambdaFunction,
    given: sdk.UpdateFunctionConfigurationRequest,
    zip: Uint8Array,
    revision?: string,
  ) {
    if (revision !== undefined && revision !== fn.configuration.RevisionId)
      throw new ServiceError(
        "PreconditionFailedException",
        "The RevisionId provided does not match the latest RevisionId. Call the GetFunction/GetAlias API to retrieve the latest RevisionId",
        412,
        { Type: "User" },
      );
    const before = fn.containers;
    fn.configuration = configurationOf(this.world, fn.name, fn.configuration, given, zip);
    fn.environment = given.Environment ? { ...given.Environment.Variables } : fn.environment;
    fn.zip = zip;
    fn.containers = containersOf(this.world, fn.configuration, fn.environment, zip);
    await before.retire();
    return this.#configuration(fn);
  }

  #mapping(uuid: string | undefined): EventSourceMapping {
    const mapping = this.#mappings.get(uuid ?? "");
    if (!mapping)
      throw new ServiceError("ResourceNotFoundException", "The resource you requested does not exist.", 404, {
        Type: "User",
      });
    return mapping;
  }

  #mappingOn(uuid: string | undefined): Authorization {
    return { resource: this.world.arn("lambda", `event-source-mapping:${uuid ?? ""}`) };
  }

  /** What AWS checks of a queue before it polls it; the role needs these permissions already here. */
  async #checkQueue(
    fn: LambdaFunction,
    queueArn: string,
    batchSize: number,
    windowSeconds: number,
  ): Promise<void> {
    const name = queueArn.split(":").pop() ?? "";
    const caller = callerOf({ roleArn: fn.configuration.Role ?? "", functionName: fn.name });
    let attributes: Record<string, string> | undefined;
    try {
      const call = { world: this.world, service: "sqs", caller, door: "internal", requestId: "" } as const;
      for (const action of ["ReceiveMessage", "DeleteMessage"])
        this.world.gate.authorize({ ...call, operation: action, time: this.world.clock.now() }, [
          { action: `sqs:${action}`, resource: queueArn },
        ]);
      ({ Attributes: attributes } = await this.world.call<GetQueueAttributesResult>(
        "sqs",
        "GetQueueAttributes",
        {
          QueueUrl: `https://sqs.${this.world.region}.amazonaws.com/${this.world.account}/${name}`,
          AttributeNames: ["VisibilityTimeout", "FifoQueue"],
        },
        caller,
      ));
    } catch (error) {
      if (!(error instanceof ServiceError)) throw error;
      throw new ServiceError(
        "InvalidParameterValueException",
        error.code.startsWith("AccessDenied")
          ? `The function execution role does not have permissions to call ReceiveMessage on SQS (${error.message})`
          : `Error occurred while ReceiveMessage. SQS Error Code: ${error.code}. SQS Error Message: ${error.message}`,
      );
    }
    const visibility = Number(attributes?.VisibilityTimeout);
    const timeout = fn.configuration.Timeout ?? 3;
    if (visibility < timeout)
      throw new ServiceError(
        "InvalidParameterValueException",
        `Queue visibility timeout: ${visibility} seconds is less than Function timeout: ${timeout} seconds`,
      );
    if (attributes?.FifoQueue === "true" && windowSeconds > 0)
      throw new ServiceError(
        "InvalidParameterValueException",
        "Batching window is not supported for FIFO queues.",
      );
    if (batchSize > 10 && (attributes?.FifoQueue === "true" || windowSeconds === 0))
      throw new ServiceError(
        "InvalidParameterValueException",
        "Maximum batch size for FIFO queues, and without a batching window, is 10.",
      );
  }

  readonly operations = {
    CreateFunction: operation<sdk.CreateFunctionRequest, sdk.FunctionConfiguration>({
      access: "write",
      authorize: (input) => [
        this.#on(input.FunctionName),
        {
          action: "iam:PassRole",
          resource: input.Role ?? "",
          context: { "iam:PassedToService": "lambda.amazonaws.com" },
        },
      ],
      handle: async (input, call) => {
        const name = parseFunctionName(input.FunctionName ?? "")?.name;
        if (name === undefined)
          throw new ServiceError(
            "InvalidParameterValueException",
            `${input.FunctionName} is no function name.`,
          );
        if (input.PackageType === "Image") throw notImplemented("lambda with a container image");
        if (input.Publish) throw notImplemented("lambda with Publish");
        checkConfiguration(this.world, input);
        if (input.Runtime === undefined || input.Handler === undefined)
          throw new ServiceError(
            "InvalidParameterValueException",
            "Runtime and Handler are mandatory parameters for functions created with deployment packages.",
          );
        for (const architecture of input.Architectures ?? [])
          oneOf(architecture, sdk.Architecture, "architectures", invalid);
        if (this.#functions.has(name))
          throw new ServiceError("ResourceConflictException", `Function already exist: ${name}`, 409, {
            Type: "User",
          });
        const zip = await this.#code(input.Code ?? {}, call);
        const configuration = configurationOf(this.world, name, undefined, input, zip);
        const environment = { ...input.Environment?.Variables };
        const fn: LambdaFunction = {
          name,
          arn: this.world.arn("lambda", `function:${name}`),
          configuration,
          environment,
          zip,
          containers: containersOf(this.world, configuration, environment, zip),
          tags: { ...input.Tags },
          statements: new Map(),
        };
        this.#functions.set(name, fn);
        return this.#configuration(fn);
      },
    }),

    UpdateFunctionCode: operation<sdk.UpdateFunctionCodeRequest, sdk.FunctionConfiguration>({
      access: "write",
      authorize: (input) => this.#on(input.FunctionName),
      handle: async (input, call) => {
        const fn = this.#function(input.FunctionName);
        if (input.Publish) throw notImplemented("lambda with Publish");
        const zip = await this.#code(input, call);
        return input.DryRun
          ? this.#configuration(fn)
          : this.#update(fn, { FunctionName: fn.name }, zip, input.RevisionId);
      },
    }),

    UpdateFunctionConfiguration: operation<sdk.UpdateFunctionConfigurationRequest, sdk.FunctionConfiguration>(
      {
        access: "write",
        authorize: (input) => [
          this.#on(input.FunctionName),
          ...(input.Role === undefined ? [] : [{ action: "iam:PassRole", resource: input.Role }]),
        ],
        handle: (input) => {
          const fn = this.#function(input.FunctionName);
          checkConfiguration(this.world, input);
          return this.#update(fn, input, fn.zip, input.RevisionId);
        },
      },
    ),

    GetFunction: operation<sdk.GetFunctionRequest, sdk.GetFunctionResponse>({
      access: "read",
      authorize: (input) => this.#on(input.FunctionName),
      handle: (input) => {
        const fn = this.#function(input.FunctionName, input.Qualifier);
        return {
          Configuration: this.#configuration(fn),
          Code: { RepositoryType: "S3", Location: `${this.world.endpoint ?? ""}/lambda-code/${fn.name}` },
          Tags: Object.keys(fn.tags).length > 0 ? { ...fn.tags } : undefined,
          Concurrency:
            fn.reservedConcurrency === undefined
              ? undefined
              : { ReservedConcurrentExecutions: fn.reservedConcurrency },
        };
      },
    }),

    GetFunctionConfiguration: operation<sdk.GetFunctionConfigurationRequest, sdk.FunctionConfiguration>({
      access: "read",
      authorize: (input) => this.#on(input.FunctionName),
      handle: (input) => this.#configuration(this.#function(input.FunctionName, input.Qualifier)),
    }),

    ListFunctions: operation<sdk.ListFunctionsRequest, sdk.ListFunctionsResponse>({
      access: "read",
      authorize: () => ({ resource: "*" }),
      handle: (input) => {
        between(input.MaxItems, 1, 10_000, "maxItems", invalid);
        const all = [...this.#functions.values()].sort((a, b) => (a.name < b.name ? -1 : 1));
        const { items, nextToken } = page(all, input.Marker, input.MaxItems, 50, invalid);
        return { Functions: items.map((fn) => this.#configuration(fn)), NextMarker: nextToken };
      },
    }),

    ListVersionsByFunction: operation<sdk.ListVersionsByFunctionRequest, sdk.ListVersionsByFunctionResponse>({
      access: "read",
      authorize: (input) => this.#on(input.FunctionName),
      handle: (input) => ({ Versions: [this.#configuration(this.#function(input.FunctionName))] }),
    }),

    DeleteFunction: operation<sdk.DeleteFunctionRequest, sdk.DeleteFunctionResponse>({
      access: "write",
      authorize: (input) => this.#on(input.FunctionName),
      handle: async (input) => {
        const fn = this.#function(input.FunctionName, input.Qualifier);
        this.#functions.delete(fn.name);
        await fn.containers.retire();
        return { StatusCode: 204 };
      },
    }),

    GetFunctionCodeSigningConfig: operation<
      sdk.GetFunctionCodeSigningConfigRequest,
      sdk.GetFunctionCodeSigningConfigResponse
    >({
      access: "read",
      authorize: (input) => this.#on(input.FunctionName),
      handle: (input) => ({
        CodeSigningConfigArn: "",
        FunctionName: this.#function(input.FunctionName).name,
      }),
    }),

    PutFunctionConcurrency: operation<sdk.PutFunctionConcurrencyRequest, sdk.Concurrency>({
      access: "write",
      authorize: (input) => this.#on(input.FunctionName),
      handle: (input) => {
        between(
          input.ReservedConcurrentExecutions,
          0,
          ACCOUNT_CONCURRENCY - 100,
          "reservedConcurrentExecutions",
          invalid,
        );
        const fn = this.#function(input.FunctionName);
        fn.reservedConcurrency = input.ReservedConcurrentExecutions;
        return { ReservedConcurrentExecutions: fn.reservedConcurrency };
      },
    }),

    GetFunctionConcurrency: operation<sdk.GetFunctionConcurrencyRequest, sdk.GetFunctionConcurrencyResponse>({
      access: "read",
      authorize: (input) => this.#on(input.FunctionName),
      handle: (input) => ({
        ReservedConcurrentExecutions: this.#function(input.FunctionName).reservedConcurrency,
      }),
    }),

    DeleteFunctionConcurrency: operation<sdk.DeleteFunctionConcurrencyRequest, object>({
      access: "write",
      authorize: (input) => this.#on(input.FunctionName),
      handle: (input) => {
        this.#function(input.FunctionName).reservedConcurrency = undefined;
        return {};
      },
    }),

    Invoke: operation<sdk.InvocationRequest, sdk.InvocationResponse>({
      access: "data",
      authorize: (input) => this.#on(input.FunctionName, "lambda:InvokeFunction"),
      handle: async (input, call) => {
        oneOf(input.InvocationType, sdk.InvocationType, "invocationType", invalid);
        oneOf(input.LogType, sdk.LogType, "logType", invalid);
        const fn = this.#function(input.FunctionName, input.Qualifier);
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
            this.world,
            {
              ...this.#target(fn),
              invoke: (text, id) => this.#invoke(fn, text, id),
              config: () => fn.eventInvokeConfig,
              deadLetterTargetArn: () => fn.configuration.DeadLetterConfig?.TargetArn,
            },
            payload,
            call.requestId,
          );
          return { StatusCode: 202 };
        }
        return answer(await this.#invoke(fn, payload, call.requestId), input.LogType === "Tail");
      },
    }),

    AddPermission: operation<sdk.AddPermissionRequest, sdk.AddPermissionResponse>({
      access: "write",
      authorize: (input) => this.#on(input.FunctionName),
      handle: (input) => {
        const fn = this.#function(input.FunctionName, input.Qualifier);
        const id = input.StatementId ?? "";
        matchesPattern(id, /[a-zA-Z0-9_-]{1,100}/, "statementId", invalid);
        matchesPattern(input.Action, /lambda:[*]|lambda:[a-zA-Z]+|[*]/, "action", invalid);
        matchesPattern(input.SourceAccount, /\d{12}/, "sourceAccount", invalid);
        if (fn.statements.has(id))
          throw new ServiceError(
            "ResourceConflictException",
            `The statement id (${id}) provided already exists. Please provide a new statement id, or remove the existing statement.`,
            409,
            { Type: "User" },
          );
        const principal = input.Principal ?? "";
        const statement: PolicyStatement = {
          Sid: id,
          Effect: "Allow",
          Principal: principal === "*" ? "*" : principalOf(principal, this.world.partition),
          Action: input.Action,
          Resource: fn.arn,
          ...conditionOf(input),
        };
        fn.statements.set(id, statement);
        return { Statement: JSON.stringify(statement) };
      },
    }),

    RemovePermission: operation<sdk.RemovePermissionRequest, object>({
      access: "write",
      authorize: (input) => this.#on(input.FunctionName),
      handle: (input) => {
        if (!this.#function(input.FunctionName, input.Qualifier).statements.delete(input.StatementId ?? ""))
          throw new ServiceError(
            "ResourceNotFoundException",
            `Statement ${input.StatementId} is not found in resource policy.`,
            404,
            { Type: "User" },
          );
        return {};
      },
    }),

    GetPolicy: operation<sdk.GetPolicyRequest, sdk.GetPolicyResponse>({
      access: "read",
      authorize: (input) => this.#on(input.FunctionName),
      handle: (input) => {
        const fn = this.#function(input.FunctionName, input.Qualifier);
        if (fn.statements.size === 0)
          throw new ServiceError(
            "ResourceNotFoundException",
            "The resource you requested does not exist.",
            404,
            {
              Type: "User",
            },
          );
        return {
          Policy: JSON.stringify({
            Version: "2012-10-17",
            Id: "default",
            Statement: [...fn.statements.values()],
          }),
          RevisionId: fn.configuration.RevisionId,
        };
      },
    }),

    PutFunctionEventInvokeConfig: operation<
      sdk.PutFunctionEventInvokeConfigRequest,
      sdk.FunctionEventInvokeConfig
    >({
      access: "write",
      authorize: (input) => this.#on(input.FunctionName),
      handle: (input) => {
        const fn = this.#function(input.FunctionName, input.Qualifier);
        between(input.MaximumRetryAttempts, 0, 2, "maximumRetryAttempts", invalid);
        between(input.MaximumEventAgeInSeconds, 60, 21_600, "maximumEventAgeInSeconds", invalid);
        fn.eventInvokeConfig = {
          LastModified: new Date(this.world.clock.now()),
          FunctionArn: `${fn.arn}:$LATEST`,
          MaximumRetryAttempts: input.MaximumRetryAttempts,
          MaximumEventAgeInSeconds: input.MaximumEventAgeInSeconds,
          DestinationConfig: input.DestinationConfig ?? { OnSuccess: {}, OnFailure: {} },
        };
        return fn.eventInvokeConfig;
      },
    }),

    GetFunctionEventInvokeConfig: operation<
      sdk.GetFunctionEventInvokeConfigRequest,
      sdk.FunctionEventInvokeConfig
    >({
      access: "read",
      authorize: (input) => this.#on(input.FunctionName),
      handle: (input) => {
        const fn = this.#function(input.FunctionName, input.Qualifier);
        if (!fn.eventInvokeConfig) throw noEventInvokeConfig(fn);
        return fn.eventInvokeConfig;
      },
    }),

    DeleteFunctionEventInvokeConfig: operation<sdk.DeleteFunctionEventInvokeConfigRequest, object>({
      access: "write",
      authorize: (input) => this.#on(input.FunctionName),
      handle: (input) => {
        const fn = this.#function(input.FunctionName, input.Qualifier);
        if (!fn.eventInvokeConfig) throw noEventInvokeConfig(fn);
        fn.eventInvokeConfig = undefined;
        return {};
      },
    }),

    CreateEventSourceMapping: operation<
      sdk.CreateEventSourceMappingRequest,
      sdk.EventSourceMappingConfiguration
    >({
      access: "write",
      authorize: (input) => ({
        resource: "*",
        context: { "lambda:FunctionArn": this.#on(input.FunctionName).resource },
      }),
      handle: async (input) => {
        const fn = this.#function(input.FunctionName);
        const arn = input.EventSourceArn ?? "";
        if (arn.split(":")[2] !== "sqs")
          throw notImplemented(`an event source mapping of ${arn || "no queue"}`);
        checkMapping(input);
        const batchSize = input.BatchSize ?? 10;
        const windowSeconds = input.MaximumBatchingWindowInSeconds ?? 0;
        await this.#checkQueue(fn, arn, batchSize, windowSeconds);
        for (const mapping of this.#mappings.values())
          if (mapping.configuration.EventSourceArn === arn && mapping.target.functionArn === fn.arn)
            throw new ServiceError(
              "ResourceConflictException",
              `The event source arn (" ${arn} ") and function (" ${fn.name} ") provided mapping already exists. Please update or delete the existing mapping with UUID ${mapping.configuration.UUID}`,
              409,
              { Type: "User" },
            );
        const uuid = this.world.random.uuid();
        const mapping = new EventSourceMapping(
          this.world,
          {
            UUID: uuid,
            EventSourceArn: arn,
            EventSourceMappingArn: this.#mappingOn(uuid).resource,
            FunctionArn: fn.arn,
            BatchSize: batchSize,
            MaximumBatchingWindowInSeconds: windowSeconds,
            FunctionResponseTypes: input.FunctionResponseTypes ?? [],
            ScalingConfig: input.ScalingConfig,
            LastModified: new Date(this.world.clock.now()),
            State: "Disabled",
            StateTransitionReason: "USER_INITIATED",
          },
          { ...input.Tags },
          this.#target(fn),
        );
        this.#mappings.set(uuid, mapping);
        if (input.Enabled ?? true) mapping.enable();
        return { ...mapping.configuration };
      },
    }),

    UpdateEventSourceMapping: operation<
      sdk.UpdateEventSourceMappingRequest,
      sdk.EventSourceMappingConfiguration
    >({
      access: "write",
      authorize: (input) => this.#mappingOn(input.UUID),
      handle: async (input) => {
        const mapping = this.#mapping(input.UUID);
        const { configuration } = mapping;
        checkMapping(input);
        const batchSize = input.BatchSize ?? configuration.BatchSize ?? 10;
        const windowSeconds =
          input.MaximumBatchingWindowInSeconds ?? configuration.MaximumBatchingWindowInSeconds ?? 0;
        const fn = this.#function(mapping.target.functionArn);
        if (input.FunctionName !== undefined && this.#function(input.FunctionName) !== fn)
          throw notImplemented("another function for an event source mapping");
        await this.#checkQueue(fn, configuration.EventSourceArn, batchSize, windowSeconds);
        Object.assign(configuration, {
          BatchSize: batchSize,
          MaximumBatchingWindowInSeconds: windowSeconds,
          FunctionResponseTypes: input.FunctionResponseTypes ?? configuration.FunctionResponseTypes,
          ScalingConfig: input.ScalingConfig ?? configuration.ScalingConfig,
          LastModified: new Date(this.world.clock.now()),
        });
        if (input.Enabled === true) mapping.enable();
        else if (input.Enabled === false) mapping.disable();
        return { ...configuration };
      },
    }),

    GetEventSourceMapping: operation<sdk.GetEventSourceMappingRequest, sdk.EventSourceMappingConfiguration>({
      access: "read",
      authorize: (input) => this.#mappingOn(input.UUID),
      handle: (input) => ({ ...this.#mapping(input.UUID).configuration }),
    }),

    ListEventSourceMappings: operation<
      sdk.ListEventSourceMappingsRequest,
      sdk.ListEventSourceMappingsResponse
    >({
      access: "read",
      authorize: () => ({ resource: "*" }),
      handle: (input) => {
        between(input.MaxItems, 1, 10_000, "maxItems", invalid);
        const arn = input.FunctionName === undefined ? undefined : this.#on(input.FunctionName).resource;
        const all = [...this.#mappings.values()]
          .map((mapping) => mapping.configuration)
          .filter(
            (c) =>
              (arn === undefined || c.FunctionArn === arn) &&
              (input.EventSourceArn ?? c.EventSourceArn) === c.EventSourceArn,
          );
        const { items, nextToken } = page(all, input.Marker, input.MaxItems, 100, invalid);
        return { EventSourceMappings: items.map((item) => ({ ...item })), NextMarker: nextToken };
      },
    }),

    DeleteEventSourceMapping: operation<
      sdk.DeleteEventSourceMappingRequest,
      sdk.EventSourceMappingConfiguration
    >({
      access: "write",
      authorize: (input) => this.#mappingOn(input.UUID),
      handle: (input) => {
        const mapping = this.#mapping(input.UUID);
        mapping.stop();
        this.#mappings.delete(mapping.configuration.UUID);
        return { ...mapping.configuration };
      },
    }),

    TagResource: operation<sdk.TagResourceRequest, object>({
      access: "write",
      authorize: (input) => ({ resource: input.Resource ?? "" }),
      handle: (input) => {
        const tags = this.#tags(input.Resource);
        lengthBetween(Object.keys({ ...tags, ...input.Tags }), 0, 50, "tags", invalid);
        Object.assign(tags, input.Tags);
        return {};
      },
    }),

    UntagResource: operation<sdk.UntagResourceRequest, object>({
      access: "write",
      authorize: (input) => ({ resource: input.Resource ?? "" }),
      handle: (input) => {
        const tags = this.#tags(input.Resource);
        for (const key of input.TagKeys ?? []) delete tags[key];
        return {};
      },
    }),

    ListTags: operation<sdk.ListTagsRequest, sdk.ListTagsResponse>({
      access: "read",
      authorize: (input) => ({ resource: input.Resource ?? "" }),
      handle: (input) => ({ Tags: { ...this.#tags(input.Resource) } }),
    }),
  };

  #tags(arn: string | undefined): Record<string, string> {
    const uuid = /:event-source-mapping:(.+)$/.exec(arn ?? "")?.[1];
    return uuid === undefined ? this.#function(arn).tags : this.#mapping(uuid).tags;
  }
}

function checkMapping(
  input: sdk.CreateEventSourceMappingRequest | sdk.UpdateEventSourceMappingRequest,
): void {
  between(input.BatchSize, 1, 10_000, "batchSize", invalid);
  between(input.MaximumBatchingWindowInSeconds, 0, 300, "maximumBatchingWindowInSeconds", invalid);
  between(input.ScalingConfig?.MaximumConcurrency, 2, 1000, "scalingConfig.maximumConcurrency", invalid);
  for (const type of input.FunctionResponseTypes ?? [])
    oneOf(type, sdk.FunctionResponseType, "functionResponseTypes", invalid);
  if ((input.FilterCriteria?.Filters?.length ?? 0) > 0)
    throw notImplemented("filters of an event source mapping");
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
      { Type: "User" },
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

function principalOf(principal: string, partition: string): Record<string, string> {
  if (/^\d{12}$/.test(principal)) return { AWS: `arn:${partition}:iam::${principal}:root` };
  if (principal.startsWith("arn:")) return { AWS: principal };
  if (/^[a-z0-9.-]+\.amazonaws\.com(\.cn)?$/.test(principal)) return { Service: principal };
  throw new ServiceError(
    "InvalidParameterValueException",
    "The provided principal was invalid. Please check the principal and try again.",
    400,
    { Type: "User" },
  );
}

function conditionOf(input: sdk.AddPermissionRequest): Pick<PolicyStatement, "Condition"> {
  const condition = {
    ...(input.SourceArn !== undefined && { ArnLike: { "AWS:SourceArn": input.SourceArn } }),
    ...((input.SourceAccount !== undefined || input.PrincipalOrgID !== undefined) && {
      StringEquals: {
        ...(input.SourceAccount !== undefined && { "AWS:SourceAccount": input.SourceAccount }),
        ...(input.PrincipalOrgID !== undefined && { "aws:PrincipalOrgID": input.PrincipalOrgID }),
      },
    }),
  };
  return Object.keys(condition).length > 0 ? { Condition: condition } : {};
}

function noEventInvokeConfig(fn: LambdaFunction): ServiceError {
  return new ServiceError(
    "ResourceNotFoundException",
    `The function ${fn.arn}:$LATEST doesn't have an EventInvokeConfig`,
    404,
    { Type: "User" },
  );
}
