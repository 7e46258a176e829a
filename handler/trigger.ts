/** What an event means to the recycler, by the table of events. Pure. */
import { parseArn, type Place } from "../aws-semantics/arn";
import { forms, type Form, type FormName } from "../events/forms";
import { events, type Meaning } from "../events/table";
import { record, text, type Fields } from "./fields";

/** An event says that a value changed, or may have changed. */
export interface Change {
  readonly kind: "change";
  /** Where the value is kept, by IAM prefix. */
  readonly store: "secretsmanager" | "ssm";
  /** As the event names it: name, partial or complete ARN. */
  readonly subject: string;
  /** The staging labels that changed; empty for a parameter. */
  readonly labels: readonly string[];
  /** The version that got the labels. Absent: the event is a reason to look, and proves nothing. */
  readonly versionId?: string;
  /** When the event says it happened, in milliseconds since the epoch. */
  readonly atMs: number;
  /** The event's own name, as the table has it. */
  readonly cause: string;
  /** ARN of the caller, where the event has one. */
  readonly who?: string;
}

/** Every covered service is to be evaluated. */
export interface Sweep {
  readonly kind: "sweep";
  readonly cause: string;
}

/** A deployment of a service ended. */
export interface DeploymentEnded {
  readonly kind: "deployment-ended";
  readonly cause: string;
  readonly cluster: string;
  readonly service: string;
}

/** Nothing to do, and why. */
export interface Ignored {
  readonly kind: "ignored";
  readonly reason: string;
  /** The metric that counts it instead of `Ignored`. */
  readonly counts?: "RotationFailed" | "InvalidEvents";
  readonly subject?: string;
}

/** A person asks for services to be recycled. */
export interface Request {
  readonly kind: "request";
  readonly id: string;
  readonly services: readonly { readonly cluster: string; readonly service: string }[];
  /** What shall not hold it back: `limits`, `bakeTime`. */
  readonly past: readonly string[];
  /** When SQS got it, in milliseconds since the epoch. */
  readonly atMs: number;
  /** Who sent it, by SQS. */
  readonly who?: string;
  /** Who asks and why, as the message has it. */
  readonly says: string;
}

/** What one message is. */
export type Trigger = Change | Sweep | DeploymentEnded | Request | Ignored;

/** Clocks of AWS's services differ, and events give whole seconds: by this much, in milliseconds, a time may be off. */
export const clockToleranceMs = 2000;

/** The `source` of a request. */
export const requestSource = "ecs-secret-recycler.request";
/** Services in one request, at most. */
const mostServices = 100;
/** What a request may pass. */
const passes = ["limits", "bakeTime"];
const serviceName = /^[A-Za-z0-9_-]{1,255}\/[A-Za-z0-9_-]{1,255}$/;

// The callback captures these values, not the table behind them: its patterns and examples stay here.
const formNames = Object.keys(forms) as FormName[];
const formOf: Readonly<Record<string, FormName>> = Object.fromEntries(
  formNames.map((form) => [`${forms[form].source}: ${forms[form].detailType}`, form]),
);
const namesIn: Readonly<Record<string, string | undefined>> = Object.fromEntries(
  formNames.map((form) => [form, (forms[form] as Form).nameIn]),
);
const meanings: Readonly<Record<string, Meaning>> = Object.fromEntries(
  events.map(({ form, name, means }) => [`${form}: ${name}`, means]),
);

/**
 * What an event of EventBridge means to the recycler. Total: what is not an event is `Ignored`, too.
 * @param home the recycler's account and Region: events of others are ignored, because a name in them means another secret
 * @param sentAtMs when the message was sent (`SentTimestamp` of SQS): no event is later than its message
 * @param sender who sent it (`SenderId` of SQS): ROLE-ID:SESSION for a role, which can only ask; AWS services are no roles
 */
export function triggerOf(event: unknown, home: Place, sentAtMs: number, sender?: string): Trigger {
  const fields = record(event);
  if (fields?.["source"] === requestSource) return requestOf(fields, sentAtMs, sender);
  if (sender?.includes(":")) return invalid(`a message of the role ${sender}: expected a request`);
  const detail = record(fields?.["detail"]);
  const detailType = text(fields?.["detail-type"]);
  if (!fields || !detail || !detailType || !text(fields["source"]))
    return invalid("not an EventBridge event: expected source, detail-type and detail");
  const key = `${text(fields["source"])}: ${detailType}`;
  if (!isOfHome(fields, detail, home)) return ignored(`${key}: the event is of another account or Region`);
  const form = formOf[key];
  if (!form) return ignored(`${key}: changes no value and ends no deployment`);
  const nameIn = namesIn[form];
  const name = nameIn ? text(detail[nameIn]) : detailType;
  if (!name) return invalid(`${detailType}: missing ${nameIn}`);
  const cause = form === "parameter" ? `${detailType}: ${name}` : name;
  switch (form) {
    case "schedule":
      return { kind: "sweep", cause: "sweep" };
    case "deployment":
      return meanings[`${form}: ${name}`]
        ? ofDeployment(fields, detail, cause)
        : ignored(`${cause}: ends no deployment`);
    default:
      return ofValue(fields, detail, form, cause, meanings[`${form}: ${name}`], sentAtMs);
  }
}

/** An event about a secret or parameter. */
function ofValue(
  event: Fields,
  detail: Fields,
  form: FormName,
  cause: string,
  means: Meaning | undefined,
  sentAtMs: number,
): Trigger {
  const trailed = form === "call" || form === "service";
  const subject = trailed ? secretOf(detail) : (firstText(event["resources"]) ?? text(detail["name"]));
  if (means === "rotation-failed")
    return {
      ...ignored(`${cause}: ${text(detail["errorMessage"]) ?? "no message"}`),
      counts: "RotationFailed",
      subject,
    };
  if (trailed && detail["errorCode"] !== undefined && detail["errorCode"] !== null)
    return ignored(`${cause}: the call failed (${text(detail["errorCode"]) ?? "no code"}), nothing changed`);
  if (detail["exception"] !== undefined)
    return ignored(`${cause}: the validation of an image id failed, nothing changed`);
  if (means === undefined) return ignored(`${cause}: changes no value`);
  const atMs = time(trailed ? detail["eventTime"] : event["time"]);
  const labels = labelsOf(detail, form, means);
  if (!subject || !labels || atMs === undefined)
    return invalid(`${cause}: expected a time and the name of a secret (and its label) or parameter`);
  if (atMs > sentAtMs + clockToleranceMs)
    return invalid(
      `${cause}: expected a time before the message was sent, found ${new Date(atMs).toISOString()}`,
    );
  const read = labels.filter((label) => label !== "AWSPENDING");
  if (read.length === 0 && form !== "parameter")
    return ignored(
      `${cause}: ${labels.length === 0 ? "removed a label only" : "AWSPENDING versions are not read by tasks"}`,
    );
  const identity = record(detail["userIdentity"]) ?? {};
  return {
    kind: "change",
    store: form === "parameter" ? "ssm" : "secretsmanager",
    subject,
    labels: read,
    versionId: means === "look" ? undefined : versionOf(detail),
    atMs,
    cause,
    who: text(identity["arn"]) ?? text(identity["invokedBy"]),
  };
}

/** The staging labels that changed; none for a parameter, undefined where the event should name one and does not. */
function labelsOf(detail: Fields, form: FormName, means: Meaning): readonly string[] | undefined {
  if (form === "parameter") return [];
  if (typeof means === "function") return means(record(detail["requestParameters"]) ?? {});
  if (means === "look") return ["AWSCURRENT"];
  const label = text(detail["labelUpdated"]);
  return label === undefined ? undefined : [label];
}

/** The version that got the label: in the native event, in a call's request (`clientRequestToken` is a version's id). */
function versionOf(detail: Fields): string | undefined {
  const request = record(detail["requestParameters"]) ?? {};
  const response = record(detail["responseElements"]) ?? {};
  return (
    text(detail["versionId"]) ??
    text(request["moveToVersionId"]) ??
    text(response["versionId"]) ??
    text(request["clientRequestToken"])
  );
}

/** Whether the event is of the recycler's own account and Region. A bus may get events of other accounts. */
function isOfHome(event: Fields, detail: Fields, home: Place): boolean {
  const accounts = [event["account"], detail["recipientAccountId"]];
  const regions = [event["region"], detail["awsRegion"]];
  return (
    accounts.every((account) => account === undefined || account === home.account) &&
    regions.every((region) => region === undefined || region === home.region)
  );
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

/** The service whose deployment ended. */
function ofDeployment(event: Fields, detail: Fields, cause: string): Trigger {
  const resource = parseArn(firstText(event["resources"]) ?? "")?.resource.split("/") ?? [];
  const service = resource[resource.length - 1];
  // The old format of a service's ARN has no cluster in it.
  const cluster = resource.length === 3 ? resource[1] : text(detail["clusterArn"])?.split("/")[1];
  return service && cluster && resource[0] === "service"
    ? { kind: "deployment-ended", cause, cluster, service }
    : invalid(`${cause}: expected the ARN of a service and its cluster`);
}

/** A request. The reason why it is none repeats no text of it: that could hold anything. */
function requestOf({ id, recycle, past = [], by, reason }: Fields, atMs: number, who?: string): Trigger {
  const services = texts(recycle, (one) => serviceName.test(one));
  const passed = texts(past, (one) => passes.includes(one));
  if (!text(id) || !services || !passed || services.length === 0 || services.length > mostServices)
    return invalid(
      `a request: expected id, recycle (1 to ${mostServices} of CLUSTER/SERVICE) and past (of ${passes.join(", ")})`,
    );
  return {
    kind: "request",
    id: String(id).slice(0, 200),
    services: services.map((one) => {
      const [cluster = "", service = ""] = one.split("/");
      return { cluster, service };
    }),
    past: passed,
    atMs,
    who,
    says: [by, reason].flatMap((one) => text(one)?.slice(0, 200) ?? []).join(": "),
  };
}

/** A list of texts that are all right. */
function texts(value: unknown, isRight: (one: string) => boolean): readonly string[] | undefined {
  return Array.isArray(value) && value.every((one) => typeof one === "string" && isRight(one))
    ? (value as string[])
    : undefined;
}

function ignored(reason: string): Ignored {
  return { kind: "ignored", reason };
}

/** A message that neither a rule nor a requester sends. */
export function invalid(reason: string): Ignored {
  return { kind: "ignored", reason, counts: "InvalidEvents" };
}

function firstText(value: unknown): string | undefined {
  return Array.isArray(value) ? text(value[0]) : undefined;
}

/** Milliseconds since the epoch; CloudTrail and EventBridge write ISO 8601 in UTC. */
function time(value: unknown): number | undefined {
  const parsed = typeof value === "string" ? Date.parse(value) : NaN;
  return Number.isFinite(parsed) ? parsed : undefined;
}
