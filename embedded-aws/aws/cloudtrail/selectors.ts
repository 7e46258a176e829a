import * as sdk from "@aws-sdk/client-cloudtrail";
import { oneOf } from "../constraints";
import { ServiceError, notImplemented } from "../errors";
import type { TrailRecord } from "./record";

/** What a trail logs: one of both is set. */
export interface Selectors {
  readonly basic?: readonly sdk.EventSelector[];
  readonly advanced?: readonly sdk.AdvancedEventSelector[];
}

/** A new trail logs every management event and no data event. */
export const defaultSelectors: Selectors = {
  basic: [
    {
      ReadWriteType: "All",
      IncludeManagementEvents: true,
      DataResources: [],
      ExcludeManagementEventSources: [],
    },
  ],
};

const refused = (message: string) => new ServiceError("InvalidEventSelectorsException", message);

/** Checks what PutEventSelectors gives. */
export function parseSelectors(input: {
  EventSelectors?: sdk.EventSelector[];
  AdvancedEventSelectors?: sdk.AdvancedEventSelector[];
}): Selectors {
  const { EventSelectors: basic, AdvancedEventSelectors: advanced } = input;
  if ((basic === undefined) === (advanced === undefined))
    throw refused("Exactly one of EventSelectors and AdvancedEventSelectors must be given.");
  if (basic) {
    if (basic.length === 0 || basic.length > 5) throw refused("A trail has one to five event selectors.");
    return {
      basic: basic.map((selector) => {
        oneOf(selector.ReadWriteType, sdk.ReadWriteType, "ReadWriteType", {
          code: "InvalidEventSelectorsException",
        });
        if ((selector.DataResources?.length ?? 0) > 0) throw notImplemented("a trail of data events");
        for (const source of selector.ExcludeManagementEventSources ?? [])
          if (!["kms.amazonaws.com", "rdsdata.amazonaws.com"].includes(source))
            throw refused(`${source} is not a valid event source to exclude.`);
        return {
          ReadWriteType: selector.ReadWriteType ?? "All",
          IncludeManagementEvents: selector.IncludeManagementEvents ?? true,
          DataResources: [],
          ExcludeManagementEventSources: selector.ExcludeManagementEventSources ?? [],
        };
      }),
    };
  }
  for (const selector of advanced ?? []) {
    const fields = selector.FieldSelectors ?? [];
    const category = fields.find((field) => field.Field === "eventCategory")?.Equals?.[0];
    if (category === undefined) throw refused("An advanced event selector needs the field eventCategory.");
    if (category !== "Management") throw notImplemented(`a trail of ${category} events`);
    for (const { Field } of fields)
      if (!["eventCategory", "readOnly", "eventSource"].includes(Field ?? ""))
        throw refused(`The field ${Field} is not valid for management events.`);
  }
  return { advanced };
}

/** Whether a trail with these selectors logs a record. */
export function logs({ basic, advanced }: Selectors, record: TrailRecord): boolean {
  return (
    (basic ?? []).some(
      (selector) =>
        selector.IncludeManagementEvents !== false &&
        !selector.ExcludeManagementEventSources?.includes(record.eventSource) &&
        (selector.ReadWriteType === "All" || (selector.ReadWriteType === "ReadOnly") === record.readOnly),
    ) ||
    (advanced ?? []).some((selector) =>
      (selector.FieldSelectors ?? []).every((field) => fieldFits(field, record)),
    )
  );
}

function fieldFits(field: sdk.AdvancedFieldSelector, record: TrailRecord): boolean {
  const value =
    field.Field === "readOnly"
      ? String(record.readOnly)
      : field.Field === "eventSource"
        ? record.eventSource
        : record.eventCategory;
  const { Equals, NotEquals, StartsWith, NotStartsWith, EndsWith, NotEndsWith } = field;
  return (
    (Equals?.includes(value) ?? true) &&
    !(NotEquals?.includes(value) ?? false) &&
    (StartsWith?.some((text) => value.startsWith(text)) ?? true) &&
    !(NotStartsWith?.some((text) => value.startsWith(text)) ?? false) &&
    (EndsWith?.some((text) => value.endsWith(text)) ?? true) &&
    !(NotEndsWith?.some((text) => value.endsWith(text)) ?? false)
  );
}
