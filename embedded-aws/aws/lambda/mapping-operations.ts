import * as sdk from "@aws-sdk/client-lambda";
import type { GetQueueAttributesResult } from "@aws-sdk/client-sqs";
import { between, oneOf, page, refused } from "../constraints";
import { ServiceError, notImplemented } from "../errors";
import { onAnything, operation, operationsOn, type Authorization } from "../service";
import { queueUrlOf } from "../sqs/queue-url";
import type { World } from "../world";
import { callerOf } from "./containers";
import { EventSourceMapping } from "./event-source-mapping";
import { invalid, type LambdaFunction } from "./function";
import type { Functions } from "./functions";

type Configuration = sdk.EventSourceMappingConfiguration;

/** The event source mappings of a world. */
export class Mappings {
  readonly #mappings = new Map<string, EventSourceMapping>();

  constructor(private readonly world: World) {}

  all(): IterableIterator<EventSourceMapping> {
    return this.#mappings.values();
  }

  add(mapping: EventSourceMapping): void {
    this.#mappings.set(mapping.configuration.UUID, mapping);
  }

  delete(mapping: EventSourceMapping): void {
    this.#mappings.delete(mapping.configuration.UUID);
  }

  /** A mapping by its UUID; throws when there is none. */
  find(uuid: string | undefined): EventSourceMapping {
    const mapping = this.#mappings.get(uuid ?? "");
    if (!mapping)
      throw new ServiceError("ResourceNotFoundException", "The resource you requested does not exist.", 404);
    return mapping;
  }

  /** What IAM is asked about a mapping. */
  on(uuid: string | undefined): Authorization {
    const { FunctionArn = "" } = this.#mappings.get(uuid ?? "")?.configuration ?? {};
    const resource = this.world.arn("lambda", `event-source-mapping:${uuid ?? ""}`);
    return { resource, context: { "lambda:FunctionArn": FunctionArn } };
  }
}

/** Operations on event source mappings. */
export function mappingOperations(functions: Functions, mappings: Mappings) {
  const { world } = functions;
  const onMapping = operationsOn<{ UUID?: string }>((input) => mappings.on(input.UUID));

  return {
    CreateEventSourceMapping: operation<sdk.CreateEventSourceMappingRequest, Configuration>({
      access: "write",
      authorize: (input) => ({
        resource: "*",
        context: { "lambda:FunctionArn": functions.on(input.FunctionName).resource },
      }),
      handle: async (input) => {
        const fn = functions.find(input.FunctionName);
        const arn = input.EventSourceArn ?? "";
        if (arn.split(":")[2] !== "sqs")
          throw notImplemented(`an event source mapping of ${arn || "no queue"}`);
        checkMapping(input);
        const batchSize = input.BatchSize ?? 10;
        const windowSeconds = input.MaximumBatchingWindowInSeconds ?? 0;
        await checkQueue(functions, fn, arn, batchSize, windowSeconds);
        for (const mapping of mappings.all())
          if (mapping.configuration.EventSourceArn === arn && mapping.target.functionArn === fn.arn)
            throw new ServiceError(
              "ResourceConflictException",
              `The event source arn (" ${arn} ") and function (" ${fn.name} ") provided mapping already exists. Please update or delete the existing mapping with UUID ${mapping.configuration.UUID}`,
              409,
            );
        const uuid = world.random.uuid();
        const mapping = new EventSourceMapping(
          world,
          {
            UUID: uuid,
            EventSourceArn: arn,
            EventSourceMappingArn: mappings.on(uuid).resource,
            FunctionArn: fn.arn,
            BatchSize: batchSize,
            MaximumBatchingWindowInSeconds: windowSeconds,
            FunctionResponseTypes: input.FunctionResponseTypes ?? [],
            ScalingConfig: input.ScalingConfig,
            LastModified: new Date(world.clock.now()),
            State: "Disabled",
            StateTransitionReason: "USER_INITIATED",
          },
          { ...input.Tags },
          functions.target(fn),
        );
        mappings.add(mapping);
        if (input.Enabled ?? true) mapping.enable();
        return { ...mapping.configuration };
      },
    }),

    UpdateEventSourceMapping: onMapping<sdk.UpdateEventSourceMappingRequest, Configuration>(
      "write",
      async (input) => {
        const mapping = mappings.find(input.UUID);
        const { configuration } = mapping;
        checkMapping(input);
        const batchSize = input.BatchSize ?? configuration.BatchSize ?? 10;
        const windowSeconds =
          input.MaximumBatchingWindowInSeconds ?? configuration.MaximumBatchingWindowInSeconds ?? 0;
        const fn = functions.find(mapping.target.functionArn);
        if (input.FunctionName !== undefined && functions.find(input.FunctionName) !== fn)
          throw notImplemented("another function for an event source mapping");
        await checkQueue(functions, fn, configuration.EventSourceArn, batchSize, windowSeconds);
        Object.assign(configuration, {
          BatchSize: batchSize,
          MaximumBatchingWindowInSeconds: windowSeconds,
          FunctionResponseTypes: input.FunctionResponseTypes ?? configuration.FunctionResponseTypes,
          ScalingConfig: input.ScalingConfig ?? configuration.ScalingConfig,
          LastModified: new Date(world.clock.now()),
        });
        if (input.Enabled === true) mapping.enable();
        else if (input.Enabled === false) mapping.disable();
        return { ...configuration };
      },
    ),

    GetEventSourceMapping: onMapping<sdk.GetEventSourceMappingRequest, Configuration>("read", (input) => ({
      ...mappings.find(input.UUID).configuration,
    })),

    ListEventSourceMappings: onAnything<
      sdk.ListEventSourceMappingsRequest,
      sdk.ListEventSourceMappingsResponse
    >("read", (input) => {
      between(input.MaxItems, 1, 10_000, "maxItems", invalid);
      const arn = input.FunctionName === undefined ? undefined : functions.on(input.FunctionName).resource;
      const all = [...mappings.all()]
        .map((mapping) => mapping.configuration)
        .filter(
          (c) =>
            (arn === undefined || c.FunctionArn === arn) &&
            (input.EventSourceArn ?? c.EventSourceArn) === c.EventSourceArn,
        );
      const { items, nextToken } = page(all, input.Marker, input.MaxItems, 100, invalid);
      return { EventSourceMappings: items.map((item) => ({ ...item })), NextMarker: nextToken };
    }),

    DeleteEventSourceMapping: onMapping<sdk.DeleteEventSourceMappingRequest, Configuration>(
      "write",
      (input) => {
        const mapping = mappings.find(input.UUID);
        mapping.stop();
        mappings.delete(mapping);
        return { ...mapping.configuration };
      },
    ),
  };
}

/** What AWS checks of a queue before it polls it; the role needs these permissions already here. */
async function checkQueue(
  functions: Functions,
  fn: LambdaFunction,
  queueArn: string,
  batchSize: number,
  windowSeconds: number,
): Promise<void> {
  const caller = callerOf({ roleArn: fn.configuration.Role ?? "", functionName: fn.name });
  let attributes: Record<string, string> | undefined;
  try {
    const call = { world: functions.world, service: "sqs", caller, door: "internal", requestId: "" } as const;
    for (const action of ["ReceiveMessage", "DeleteMessage"])
      functions.world.gate.authorize({ ...call, operation: action, time: functions.world.clock.now() }, [
        { action: `sqs:${action}`, resource: queueArn },
      ]);
    ({ Attributes: attributes } = await functions.world.call<GetQueueAttributesResult>(
      "sqs",
      "GetQueueAttributes",
      {
        QueueUrl: queueUrlOf(queueArn),
        AttributeNames: ["VisibilityTimeout", "FifoQueue"],
      },
      caller,
    ));
  } catch (error) {
    if (!(error instanceof ServiceError)) throw error;
    throw refused(
      invalid,
      error.code.startsWith("AccessDenied")
        ? `The function execution role does not have permissions to call ReceiveMessage on SQS (${error.message})`
        : `Error occurred while ReceiveMessage. SQS Error Code: ${error.code}. SQS Error Message: ${error.message}`,
    );
  }
  const visibility = Number(attributes?.VisibilityTimeout);
  const timeout = fn.configuration.Timeout ?? 3;
  if (visibility < timeout)
    throw refused(
      invalid,
      `Queue visibility timeout: ${visibility} seconds is less than Function timeout: ${timeout} seconds`,
    );
  if (attributes?.FifoQueue === "true" && windowSeconds > 0)
    throw refused(invalid, "Batching window is not supported for FIFO queues.");
  if (batchSize > 10 && (attributes?.FifoQueue === "true" || windowSeconds === 0))
    throw refused(invalid, "Maximum batch size for FIFO queues, and without a batching window, is 10.");
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
