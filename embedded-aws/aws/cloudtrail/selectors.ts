import * as sdk from "@aws-sdk/client-cloudtrail";
import { oneOf } from "../constraints";
import { ServiceError, notImplemented } from "../errors";
import type { TrailRecord } from "./record";

/** A new trail logs every management event and no data event. */
export const defaultSelectors: readonly sdk.EventSelector[] = [
  {
    ReadWriteType: "All",
    IncludeManagementEvents: true,
    DataResources: [],
    ExcludeManagementEventSources: [],
  },
];

const refused = (message: string) => new ServiceError("InvalidEventSelectorsException", message);

/** Checks what PutEventSelectors gives. */
export function parseSelectors(input: {
  EventSelectors?: sdk.EventSelector[];
  AdvancedEventSelectors?: sdk.AdvancedEventSelector[];
}): readonly sdk.EventSelector[] {
  if (input.AdvancedEventSelectors) throw notImplemented("a trail with AdvancedEventSelectors");
  const selectors = input.EventSelectors ?? [];
  if (selectors.length === 0 || selectors.length > 5)
    throw refused("A trail has one to five event selectors.");
  return selectors.map((selector) => {
    oneOf(selector.ReadWriteType, sdk.ReadWriteType, "ReadWriteType", {
      code: "InvalidEventSelectorsException",
    });
    if (selector.DataResources?.length) throw notImplemented("a trail of data events");
    for (const source of selector.ExcludeManagementEventSources ?? [])
      if (!["kms.amazonaws.com", "rdsdata.amazonaws.com"].includes(source))
        throw refused(`${source} is not a valid event source to exclude.`);
    return {
      ReadWriteType: selector.ReadWriteType ?? "All",
      IncludeManagementEvents: selector.IncludeManagementEvents ?? true,
      DataResources: [],
      ExcludeManagementEventSources: selector.ExcludeManagementEventSources ?? [],
    };
  });
}

/** Whether a trail with these selectors logs a record. */
export function logs(selectors: readonly sdk.EventSelector[], record: TrailRecord): boolean {
  return selectors.some(
    (selector) =>
      selector.IncludeManagementEvents !== false &&
      !selector.ExcludeManagementEventSources?.includes(record.eventSource) &&
      (selector.ReadWriteType === "All" || (selector.ReadWriteType === "ReadOnly") === record.readOnly),
  );
}
