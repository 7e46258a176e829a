import { matches } from "../aws-semantics/event-pattern";
import { currentStage, parameterArn } from "../aws-semantics/secret-reference";
import type { Reference } from "../aws-semantics/secret-reference";
import type { Place } from "../aws-semantics/arn";
import { isUnknown } from "./graph";
import type { Rule } from "./recyclers";

/** An EventBridge event as far as a pattern can look at it. */
type SentEvent = Readonly<Record<string, unknown>>;

/** Where a subject's events are sent, and by which name: what an unknown reference stands for, too. */
export interface Subject {
  readonly service: "secretsmanager" | "ssm";
  readonly name: string;
  readonly arn: string;
  /** The staging label that readers follow. */
  readonly label: string;
}

/** The subject of a reference. A partial ARN gets six characters, as the secret's own ARN has them. */
export function subjectOf(reference: Reference): Subject {
  return reference.service === "ssm"
    ? { service: "ssm", name: reference.name, arn: reference.arn, label: "" }
    : {
        service: "secretsmanager",
        name: reference.name,
        arn: `arn:${reference.partition}:secretsmanager:${reference.region}:${reference.account}:secret:${reference.complete ? reference.id.slice(reference.id.lastIndexOf(":") + 1) : `${reference.name}-AbCdEf`}`,
        label: reference.versionStage ?? currentStage,
      };
}

/** A secret or parameter of which only the name is known. */
export function namedSubject(service: Subject["service"], name: string, home: Place): Subject {
  return service === "ssm"
    ? { service, name, arn: parameterArn(name, home), label: "" }
    : {
        service,
        name,
        arn: `arn:${home.partition}:secretsmanager:${home.region}:${home.account}:secret:${name}-AbCdEf`,
        label: currentStage,
      };
}

/**
 * The events that prove that the value moved, as AWS sends them. Source: AWS Secrets Manager User Guide, events in
 * EventBridge and AWS CloudTrail entries; AWS Systems Manager User Guide, Parameter Store events.
 */
export function provingEvents(subject: Subject, home: Place): SentEvent[] {
  const envelope = {
    version: "0",
    id: "6a7e8feb-b491-4cf7-a9f1-bf3703467718",
    account: home.account,
    time: "2026-01-01T00:00:00Z",
    region: home.region,
  };
  if (subject.service === "ssm")
    return [
      {
        ...envelope,
        "detail-type": "Parameter Store Change",
        source: "aws.ssm",
        resources: [subject.arn],
        detail: { name: subject.name, type: "SecureString", operation: "Update" },
      },
    ];
  const call = (eventName: string, requestParameters: object): SentEvent => ({
    ...envelope,
    "detail-type": "AWS API Call via CloudTrail",
    source: "aws.secretsmanager",
    resources: [],
    detail: {
      eventVersion: "1.08",
      eventTime: "2026-01-01T00:00:00Z",
      eventSource: "secretsmanager.amazonaws.com",
      eventName,
      awsRegion: home.region,
      requestParameters,
      responseElements: { arn: subject.arn },
      readOnly: false,
      eventType: "AwsApiCall",
      managementEvent: true,
      recipientAccountId: home.account,
      eventCategory: "Management",
    },
  });
  return [
    {
      ...envelope,
      "detail-type": "Secret Label Updated",
      source: "aws.secretsmanager",
      resources: [subject.arn],
      detail: {
        name: subject.name,
        labelUpdated: subject.label,
        versionId: "a1b2c3d4-5678-90ab-cdef-EXAMPLE11111",
      },
    },
    call("PutSecretValue", { secretId: subject.arn, versionStages: [subject.label] }),
    call("UpdateSecretVersionStage", {
      secretId: subject.arn,
      versionStage: subject.label,
      moveToVersionId: "a1b2c3d4-5678-90ab-cdef-EXAMPLE11111",
    }),
  ];
}

/** The first rule that is enabled and matches one of the events that the subject would send. */
export function ruleFor(rules: readonly Rule[], subject: Subject, home: Place): Rule | undefined {
  const events = provingEvents(subject, home);
  return rules.find(
    ({ enabled, pattern }) =>
      enabled &&
      pattern !== undefined &&
      !isUnknown(pattern) &&
      events.some((event) => matches(pattern, event)),
  );
}
