/**
 * What an event means. Pure. Sources: AWS Secrets Manager User Guide, "Match AWS Secrets Manager events with
 * Amazon EventBridge" and "Log AWS Secrets Manager events with AWS CloudTrail"; AWS Systems Manager User Guide,
 * "Monitoring events with Amazon EventBridge"; Amazon ECS Developer Guide, "Amazon ECS service deployment state
 * change events".
 */
import { parseArn } from "../aws-semantics/arn";
import { currentStage } from "../aws-semantics/secret-reference";

/** Something says that a value moved, or may have. */
export interface Change {
  readonly kind: "change";
  /** Where the value is kept, by IAM prefix. */
  readonly store: "secretsmanager" | "ssm";
  /** As the event names it: name, partial or complete ARN. */
  readonly subject: string;
  /** The staging labels that moved; empty for a parameter. */
  readonly labels: readonly string[];
  /** Milliseconds since the epoch. Present: the event proves the move. Absent: it is a reason to look. */
  readonly movedAtMs?: number;
  /** When the event says it happened: a move that it speaks of is not later. */
  readonly eventAtMs: number;
  /** The event's own name: `PutSecretValue`, `RotationSucceeded`, `Secret Label Updated`, ... */
  readonly cause: string;
  /** ARN of the caller, where the event has one. */
  readonly who?: string;
}

/** A reason to look at everything (a sweep), or at one service (its deployment ended). */
export interface LookAround {
  readonly kind: "sweep" | "deployment-ended";
  readonly cause: string;
  readonly cluster?: string;
  readonly service?: string;
}

/** Nothing to do, and why. */
export interface Ignored {
  readonly kind: "ignored";
  readonly reason: string;
  /** A name to count it by, when somebody should know: a failed rotation, a message that is no event. */
  readonly counts?: "RotationFailed" | "InvalidEvents";
  readonly subject?: string;
}

/** What one message is. */
export type WakeUp = Change | LookAround | Ignored;

type Fields = Readonly<Record<string, unknown>>;

/** What an event of EventBridge means to the recycler. Total: an event that is none is `Ignored`. */
export function wakeUpOf(event: unknown): WakeUp {
  const fields = record(event);
  const detail = record(fields?.["detail"]);
  if (!fields || !detail || !text(fields["source"]) || !text(fields["detail-type"]))
    return invalid("not an event of EventBridge: source, detail-type and detail are wanted");
  const key = `${text(fields["source"])}: ${text(fields["detail-type"])}`;
  switch (key) {
    case "aws.secretsmanager: Secret Label Updated":
      return ofLabel(fields, detail);
    case "aws.secretsmanager: AWS API Call via CloudTrail":
    case "aws.secretsmanager: AWS Service Event via CloudTrail":
      return ofTrail(detail);
    case "aws.ssm: Parameter Store Change":
      return ofParameter(fields, detail);
    case "aws.ecs: ECS Deployment State Change":
      return ofDeployment(fields, detail);
    case "aws.events: Scheduled Event":
      return { kind: "sweep", cause: "sweep" };
    default:
      return ignored(`${key}: changes no value and ends no deployment`);
  }
}

/** The native event carries whole seconds in `time`, and the label that moved. */
function ofLabel(event: Fields, detail: Fields): WakeUp {
  const cause = "Secret Label Updated";
  const subject = firstText(event["resources"]) ?? text(detail["name"]);
  const label = text(detail["labelUpdated"]);
  const movedAtMs = time(event["time"]);
  if (!subject || !label || movedAtMs === undefined)
    return invalid(`${cause}: a secret, labelUpdated and time are wanted`);
  if (label === "AWSPENDING") return ignored(`${cause}: AWSPENDING is not yet the value of anybody`);
  return {
    kind: "change",
    store: "secretsmanager",
    subject,
    labels: [label],
    movedAtMs,
    eventAtMs: movedAtMs,
    cause,
  };
}

/** API calls and what Secrets Manager does by itself, as CloudTrail records them. */
function ofTrail(detail: Fields): WakeUp {
  const name = text(detail["eventName"]);
  const eventAtMs = time(detail["eventTime"]);
  if (!name || eventAtMs === undefined) return invalid("CloudTrail: eventName and eventTime are wanted");
  const subject = secretOf(detail);
  if (name === "RotationFailed")
    return {
      ...ignored(`RotationFailed: ${text(detail["errorMessage"]) ?? "no message"}`),
      counts: "RotationFailed",
      ...(subject === undefined ? {} : { subject }),
    };
  if (detail["errorCode"] !== undefined && detail["errorCode"] !== null)
    return ignored(`${name}: the call failed (${text(detail["errorCode"]) ?? "no code"}), nothing changed`);
  const labels = labelsMovedBy(name, record(detail["requestParameters"]) ?? {});
  if (typeof labels === "string") return ignored(`${name}: ${labels}`);
  if (!subject) return invalid(`${name}: names no secret`);
  const identity = record(detail["userIdentity"]) ?? {};
  const who = text(identity["arn"]) ?? text(identity["invokedBy"]);
  return {
    kind: "change",
    store: "secretsmanager",
    subject,
    labels: labels.moved,
    ...(labels.proven ? { movedAtMs: eventAtMs } : {}),
    eventAtMs,
    cause: name,
    ...(who === undefined ? {} : { who }),
  };
}

/** The labels that a call moved, and whether that is certain; or why it moved none. */
function labelsMovedBy(
  name: string,
  request: Fields,
): { readonly moved: readonly string[]; readonly proven: boolean } | string {
  switch (name) {
    case "PutSecretValue": {
      const stages = request["versionStages"];
      const named = Array.isArray(stages) ? stages.filter((stage) => typeof stage === "string") : [];
      const moved = (named.length === 0 ? [currentStage] : named).filter((stage) => stage !== "AWSPENDING");
      return moved.length === 0 ? "AWSPENDING is not yet the value of anybody" : { moved, proven: true };
    }
    case "UpdateSecretVersionStage": {
      const stage = text(request["versionStage"]);
      if (!stage || !text(request["moveToVersionId"])) return "a label was removed and none was moved";
      return stage === "AWSPENDING"
        ? "AWSPENDING is not yet the value of anybody"
        : { moved: [stage], proven: true };
    }
    // A new value is not visible in UpdateSecret; CreateSecret may bring a name back with another value; a rotation
    // ended just after its move.
    case "UpdateSecret":
    case "CreateSecret":
    case "RotationSucceeded":
      return { moved: [currentStage], proven: false };
    default:
      return "moves no label";
  }
}

/** `arn`, in older operations `aRN`; what the caller asked for; for service events `additionalEventData`. */
function secretOf(detail: Fields): string | undefined {
  const response = record(detail["responseElements"]) ?? {};
  const request = record(detail["requestParameters"]) ?? {};
  const additional = record(detail["additionalEventData"]) ?? {};
  return (
    text(response["arn"]) ??
    text(response["aRN"]) ??
    text(additional["SecretId"]) ??
    text(request["secretId"]) ??
    text(request["name"])
  );
}

/** A parameter has no labels that ECS follows; only a new version is a move. */
function ofParameter(event: Fields, detail: Fields): WakeUp {
  const cause = "Parameter Store Change";
  const subject = firstText(event["resources"]) ?? text(detail["name"]);
  const operation = text(detail["operation"]);
  const movedAtMs = time(event["time"]);
  if (!subject || !operation || movedAtMs === undefined)
    return invalid(`${cause}: a parameter, operation and time are wanted`);
  if (detail["exception"] !== undefined) return ignored(`${cause}: an image was not found, nothing changed`);
  if (operation === "Delete") return ignored(`${cause}: Delete: new tasks could not start without the value`);
  if (operation !== "Create" && operation !== "Update")
    return ignored(`${cause}: ${operation} moves no value`);
  return {
    kind: "change",
    store: "ssm",
    subject,
    labels: [],
    movedAtMs,
    eventAtMs: movedAtMs,
    cause: `${cause}: ${operation}`,
  };
}

/** A deployment's end frees a service that was blocked; its beginning frees nobody. */
function ofDeployment(event: Fields, detail: Fields): WakeUp {
  const name = text(detail["eventName"]) ?? "";
  const resource = parseArn(firstText(event["resources"]) ?? "")?.resource.split("/") ?? [];
  const service = resource[resource.length - 1];
  // The old format of a service's ARN has no cluster in it.
  const cluster = resource.length === 3 ? resource[1] : text(detail["clusterArn"])?.split("/")[1];
  if (!service || !cluster || resource[0] !== "service")
    return invalid("ECS Deployment State Change: a service and its cluster are wanted");
  if (name !== "SERVICE_DEPLOYMENT_COMPLETED" && name !== "SERVICE_DEPLOYMENT_FAILED")
    return ignored(`${name || "ECS Deployment State Change"}: no deployment ended`);
  return { kind: "deployment-ended", cause: name, cluster, service };
}

function ignored(reason: string): Ignored {
  return { kind: "ignored", reason };
}

function invalid(reason: string): Ignored {
  return { kind: "ignored", reason, counts: "InvalidEvents" };
}

function record(value: unknown): Fields | undefined {
  return typeof value === "object" && value !== null && !Array.isArray(value) ? (value as Fields) : undefined;
}

function text(value: unknown): string | undefined {
  return typeof value === "string" && value !== "" ? value : undefined;
}

function firstText(value: unknown): string | undefined {
  return Array.isArray(value) ? text(value[0]) : undefined;
}

/** Milliseconds since the epoch; CloudTrail and EventBridge write ISO 8601 in UTC. */
function time(value: unknown): number | undefined {
  const parsed = typeof value === "string" ? Date.parse(value) : NaN;
  return Number.isFinite(parsed) ? parsed : undefined;
}
