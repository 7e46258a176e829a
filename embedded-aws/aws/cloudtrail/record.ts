import type { Caller } from "../caller";
import { callerName } from "../caller";
import { Iam } from "../iam";
import type { Service } from "../service";
import { ServiceModel } from "../wire/model";
import type { FinishedCall, ServiceEvent, World } from "../world";
import { trailMembers } from "./members";

/** A record of CloudTrail: `detail` of the event on the bus, and one of `Records` in a log file. */
export interface TrailRecord {
  readonly eventVersion: string;
  readonly userIdentity: Readonly<Record<string, unknown>>;
  /** RFC 3339, whole seconds. */
  readonly eventTime: string;
  readonly eventSource: string;
  readonly eventName: string;
  readonly awsRegion: string;
  readonly sourceIPAddress: string;
  readonly userAgent: string;
  readonly requestParameters: unknown;
  readonly responseElements: unknown;
  readonly additionalEventData?: unknown;
  readonly requestID: string;
  readonly eventID: string;
  readonly readOnly: boolean;
  readonly eventType: "AwsApiCall" | "AwsServiceEvent";
  readonly managementEvent: true;
  readonly recipientAccountId: string;
  readonly eventCategory: "Management";
  readonly errorCode?: string;
  readonly errorMessage?: string;
}

/** What CloudTrail keeps of Secrets Manager's answers; nothing where an operation is not named. */
const secretsManagerAnswers: Readonly<Record<string, readonly string[]>> = {
  CreateSecret: ["arn"],
  PutSecretValue: ["arn"],
  ReplicateSecretToRegions: ["arn"],
  UpdateSecret: ["arn", "name"],
  UpdateSecretVersionStage: ["arn", "name"],
  RotateSecret: ["arn", "name"],
  CancelRotateSecret: ["arn", "name"],
  RestoreSecret: ["arn", "name"],
  DeleteSecret: ["arn", "name", "deletionDate"],
};

/** `secretsmanager.amazonaws.com`. CloudWatch alone goes by another name than its IAM prefix. */
export function eventSourceOf(prefix: string): string {
  return `${prefix === "cloudwatch" ? "monitoring" : prefix}.amazonaws.com`;
}

/** The record of one call. */
export function callRecord(world: World, finished: FinishedCall, eventID: string): TrailRecord {
  const { call, operation, error } = finished;
  const readOnly = operation.access === "read";
  const service = world.service(call.service);
  const model = ServiceModel.of(service.sdk).operation(call.operation);
  const eventTime = seconds(call.time);
  const internal = call.caller.kind === "service" ? call.caller.principal : undefined;
  return {
    ...common(world),
    userIdentity: identity(world, call.caller, eventTime),
    eventTime,
    eventSource: eventSourceOf(call.service),
    eventName: call.service === "lambda" ? `${call.operation}20150331` : call.operation,
    sourceIPAddress: internal ?? "127.0.0.1",
    userAgent: internal ?? `ecs-secret-recycler/local ${call.door}`,
    requestParameters: model ? orNull(trailMembers(model.input, finished.input)) : null,
    responseElements: readOnly || error ? null : answer(service, call.operation, finished.output),
    requestID: call.requestId,
    eventID,
    readOnly,
    eventType: "AwsApiCall",
    ...(error && {
      errorCode: error.code === "AccessDeniedException" ? "AccessDenied" : error.code,
      errorMessage: error.message,
    }),
  };
}

/** The record of what a service did by itself. */
export function serviceEventRecord(world: World, event: ServiceEvent, eventID: string): TrailRecord {
  return {
    ...common(world),
    userIdentity: { accountId: world.account, invokedBy: event.eventSource },
    eventTime: seconds(world.clock.now()),
    eventSource: event.eventSource,
    eventName: event.eventName,
    sourceIPAddress: event.eventSource,
    userAgent: event.eventSource,
    requestParameters: null,
    responseElements: null,
    additionalEventData: event.additionalEventData,
    requestID: event.requestID,
    eventID,
    readOnly: false,
    eventType: "AwsServiceEvent",
    ...(event.errorMessage !== undefined && { errorMessage: event.errorMessage }),
  };
}

/** What every record of a world has. */
function common({ region, account }: World) {
  return {
    eventVersion: "1.08",
    awsRegion: region,
    managementEvent: true,
    recipientAccountId: account,
    eventCategory: "Management",
  } as const;
}

function answer(service: Service, operation: string, output: object | undefined): unknown {
  const model = ServiceModel.of(service.sdk).operation(operation);
  if (!model || !output) return null;
  const members = trailMembers(model.output, output) as Record<string, unknown> | undefined;
  if (service.prefix !== "secretsmanager") return orNull(members);
  const { aRN, ...rest } = members ?? {};
  const named: Record<string, unknown> = { arn: aRN, ...rest };
  const kept = (secretsManagerAnswers[operation] ?? []).filter((name) => named[name] !== undefined);
  return orNull(Object.fromEntries(kept.map((name) => [name, named[name]])));
}

function identity(world: World, caller: Caller, eventTime: string): Record<string, unknown> {
  const { account, partition } = world;
  switch (caller.kind) {
    case "operator":
      return {
        type: "IAMUser",
        principalId: Iam.of(world).userId(caller),
        arn: callerName(caller, partition, account),
        accountId: account,
        userName: caller.userName,
      };
    case "service":
      return { type: "AWSService", invokedBy: caller.principal };
    case "role": {
      const principalId = Iam.of(world).userId(caller);
      return {
        type: "AssumedRole",
        principalId,
        arn: callerName(caller, partition, account),
        accountId: account,
        sessionContext: {
          sessionIssuer: {
            type: "Role",
            principalId: principalId.split(":")[0],
            arn: caller.roleArn,
            accountId: account,
            userName: caller.roleArn.slice(caller.roleArn.lastIndexOf("/") + 1),
          },
          attributes: { creationDate: eventTime, mfaAuthenticated: "false" },
        },
      };
    }
  }
}

function orNull(value: unknown): unknown {
  return value === undefined || Object.keys(value as object).length === 0 ? null : value;
}

function seconds(timeMs: number): string {
  return `${new Date(timeMs).toISOString().slice(0, 19)}Z`;
}
