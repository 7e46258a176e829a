/** The rules that forward events to the recycler's queue. */
export type RuleKind = "secrets" | "parameters" | "deployments" | "sweep";

/** Events of one shape: where they come from, and which member of `detail` holds the event's name. */
export interface Form {
  readonly rule: RuleKind;
  readonly source: string;
  readonly detailType: string;
  /** Absent: the events of this form have one name, their `detail-type`. */
  readonly nameIn?: "eventName" | "operation";
  /** What else a rule's pattern asks of `detail`. */
  readonly detail?: Readonly<Record<string, unknown>>;
}

const eventSource = ["secretsmanager.amazonaws.com"];
const absent = [{ exists: false }];

/** Every form of event that a rule subscribes to. */
export const forms = {
  /** Secrets Manager's own event; needs no trail. */
  label: { rule: "secrets", source: "aws.secretsmanager", detailType: "Secret Label Updated" },
  /** An API call in CloudTrail. A call that failed has an `errorCode` and changed nothing. */
  call: {
    rule: "secrets",
    source: "aws.secretsmanager",
    detailType: "AWS API Call via CloudTrail",
    nameIn: "eventName",
    detail: { eventSource, errorCode: absent },
  },
  /** What Secrets Manager did by itself, in CloudTrail. The secret is named in `additionalEventData` only. */
  service: {
    rule: "secrets",
    source: "aws.secretsmanager",
    detailType: "AWS Service Event via CloudTrail",
    nameIn: "eventName",
    detail: { eventSource },
  },
  /** `exception` marks a failed validation of an image id, which changed nothing. */
  parameter: {
    rule: "parameters",
    source: "aws.ssm",
    detailType: "Parameter Store Change",
    nameIn: "operation",
    detail: { exception: absent },
  },
  deployment: {
    rule: "deployments",
    source: "aws.ecs",
    detailType: "ECS Deployment State Change",
    nameIn: "eventName",
  },
  schedule: { rule: "sweep", source: "aws.events", detailType: "Scheduled Event" },
} as const satisfies Readonly<Record<string, Form>>;

/** The name of a form. */
export type FormName = keyof typeof forms;
