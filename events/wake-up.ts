/** What an event means to the recycler, by the table. Pure; the deployed callback captures this file. */
import { parseArn } from "../aws-semantics/arn";
import { forms, type Form, type FormName } from "./forms";
import { events, type Meaning } from "./table";

/** An event says that a value changed, or may have changed. */
export interface Change {
  readonly kind: "change";
  /** Where the value is kept, by IAM prefix. */
  readonly store: "secretsmanager" | "ssm";
  /** As the event names it: name, partial or complete ARN. */
  readonly subject: string;
  /** The staging labels that changed; empty for a parameter. */
  readonly labels: readonly string[];
  /** Milliseconds since the epoch. Present: the event proves the change. Absent: it is a reason to look. */
  readonly movedAtMs?: number;
  /** When the event says it happened: the change is not later. */
  readonly eventAtMs: number;
  /** The event's own name, as the table has it. */
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
  /** The metric that counts it instead of `Ignored`. */
  readonly counts?: "RotationFailed" | "InvalidEvents";
  readonly subject?: string;
}

/** What one message is. */
export type WakeUp = Change | LookAround | Ignored;

type Fields = Readonly<Record<string, unknown>>;

// The callback captures these two values, not the table behind them: its patterns and examples stay here.
const known: Readonly<Record<string, Pick<Form, "nameIn"> & { readonly form: FormName }>> =
  Object.fromEntries(
    (Object.keys(forms) as FormName[]).map((form) => {
      const { source, detailType, nameIn }: Form = forms[form];
      return [`${source}: ${detailType}`, { form, nameIn }];
    }),
  );
const meanings: Readonly<Record<string, Meaning>> = Object.fromEntries(
  events.map(({ form, name, means }) => [`${form}: ${name}`, means]),
);

/** What an event of EventBridge means to the recycler. Total: what is not an event is `Ignored`, too. */
export function wakeUpOf(event: unknown): WakeUp {
  const fields = record(event);
  const detail = record(fields?.["detail"]);
  const detailType = text(fields?.["detail-type"]);
  if (!fields || !detail || !detailType || !text(fields["source"]))
    return invalid("not an EventBridge event: expected source, detail-type and detail");
  const key = `${text(fields["source"])}: ${detailType}`;
  const found = known[key];
  if (!found) return ignored(`${key}: changes no value and ends no deployment`);
  const { form, nameIn } = found;
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
      return ofValue(fields, detail, form, cause, meanings[`${form}: ${name}`]);
  }
}

/** An event about a secret or parameter. */
function ofValue(
  event: Fields,
  detail: Fields,
  form: FormName,
  cause: string,
  means: Meaning | undefined,
): WakeUp {
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
  const eventAtMs = time(trailed ? detail["eventTime"] : event["time"]);
  const labels = labelsOf(detail, form, means);
  if (!subject || !labels || eventAtMs === undefined)
    return invalid(`${cause}: expected a time and the name of a secret (and its label) or parameter`);
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
    movedAtMs: means === "look" ? undefined : eventAtMs,
    eventAtMs,
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
function ofDeployment(event: Fields, detail: Fields, cause: string): WakeUp {
  const resource = parseArn(firstText(event["resources"]) ?? "")?.resource.split("/") ?? [];
  const service = resource[resource.length - 1];
  // The old format of a service's ARN has no cluster in it.
  const cluster = resource.length === 3 ? resource[1] : text(detail["clusterArn"])?.split("/")[1];
  return service && cluster && resource[0] === "service"
    ? { kind: "deployment-ended", cause, cluster, service }
    : invalid(`${cause}: expected the ARN of a service and its cluster`);
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
