import * as sdk from "@aws-sdk/client-cloudtrail";
import { between, page, refused } from "../constraints";
import { ServiceError } from "../errors";
import type { TrailRecord } from "./record";

const invalidAttribute = { code: "InvalidLookupAttributesException" } as const;
const DAYS_90_MS = 90 * 86_400_000;

/** A record in the event history; it is found from `visibleMs` on (milliseconds since the epoch). */
export interface HistoryEntry {
  readonly record: TrailRecord;
  readonly timeMs: number;
  readonly visibleMs: number;
}

/** LookupEvents: the management events of the last 90 days, newest first, by one attribute at most. */
export function lookupEvents(
  history: readonly HistoryEntry[],
  input: sdk.LookupEventsRequest,
  nowMs: number,
): sdk.LookupEventsResponse {
  const attributes = input.LookupAttributes ?? [];
  if (attributes.length > 1) throw refused(invalidAttribute, "Only one lookup attribute can be given.");
  const [attribute] = attributes;
  const key = attribute?.AttributeKey;
  const value = attribute?.AttributeValue ?? "";
  if (key !== undefined && !Object.values<string>(sdk.LookupAttributeKey).includes(key))
    throw refused(invalidAttribute, `${String(key)} is no lookup attribute.`);
  if (attribute && (value.length < 1 || value.length > 2000))
    throw refused(invalidAttribute, "A lookup attribute has a value of 1 to 2000 characters.");
  if (input.EventCategory !== undefined && input.EventCategory !== "insight")
    throw new ServiceError(
      "InvalidEventCategoryException",
      `${String(input.EventCategory)} is no event category.`,
    );
  between(input.MaxResults, 1, 50, "MaxResults", { code: "InvalidMaxResultsException" });
  const startMs = Math.max(input.StartTime?.getTime() ?? 0, nowMs - DAYS_90_MS);
  const endMs = input.EndTime?.getTime() ?? nowMs;
  if (input.StartTime && input.EndTime && input.StartTime > input.EndTime)
    throw new ServiceError("InvalidTimeRangeException", "StartTime is after EndTime.");
  const found =
    input.EventCategory === "insight"
      ? []
      : history.filter(
          ({ record, timeMs, visibleMs }) =>
            visibleMs <= nowMs && timeMs >= startMs && timeMs <= endMs && fits(record, key, value),
        );
  const { items, nextToken } = page([...found].reverse(), input.NextToken, input.MaxResults, 50, {
    code: "InvalidNextTokenException",
  });
  return { Events: items.map(({ record, timeMs }) => shown(record, timeMs)), NextToken: nextToken };
}

function fits(record: TrailRecord, key: sdk.LookupAttributeKey | undefined, value: string): boolean {
  switch (key) {
    case undefined:
      return true;
    case "EventId":
      return record.eventID === value;
    case "EventName":
      return record.eventName === value;
    case "EventSource":
      return record.eventSource === value;
    case "ReadOnly":
      return String(record.readOnly) === value;
    case "Username":
      return userName(record) === value;
    case "ResourceName":
      return resources(record).some((resource) => resource.ResourceName === value);
    case "ResourceType":
      return resources(record).some((resource) => resource.ResourceType === value);
    case "AccessKeyId":
      return false;
  }
}

function userName({ userIdentity }: TrailRecord): string | undefined {
  if (typeof userIdentity.userName === "string") return userIdentity.userName;
  const { arn } = userIdentity;
  return typeof arn === "string" ? arn.slice(arn.lastIndexOf("/") + 1) : undefined;
}

/** Resources as the history has them: for Secrets Manager whatever the request called the secret. */
function resources(record: TrailRecord): sdk.Resource[] {
  if (record.eventSource !== "secretsmanager.amazonaws.com") return [];
  const parameters = record.requestParameters as { secretId?: string; name?: string } | null;
  const name = parameters?.secretId ?? parameters?.name;
  return name === undefined ? [] : [{ ResourceType: "AWS::SecretsManager::Secret", ResourceName: name }];
}

function shown(record: TrailRecord, timeMs: number): sdk.Event {
  return {
    EventId: record.eventID,
    EventName: record.eventName,
    ReadOnly: String(record.readOnly),
    EventTime: new Date(Math.floor(timeMs / 1000) * 1000),
    EventSource: record.eventSource,
    Username: userName(record),
    Resources: resources(record),
    CloudTrailEvent: JSON.stringify(record),
  };
}
