import type { PutEventsRequestEntry } from "@aws-sdk/client-eventbridge";
import type { AwsEvent } from "../world";

/** An entry of PutEvents as an event, or why it is refused: one bad entry does not stop the others. */
export function putEventsEntry(
  entry: PutEventsRequestEntry,
): AwsEvent | { readonly ErrorCode: string; readonly ErrorMessage: string } {
  const { Source = "", DetailType = "", Detail = "" } = entry;
  for (const [member, value] of Object.entries({ Source, DetailType, Detail }))
    if (value === "")
      return {
        ErrorCode: "InvalidArgument",
        ErrorMessage: `Parameter ${member} is not valid. Reason: ${member} is a required argument.`,
      };
  // What only AWS services may say: otherwise anybody could make the recycler believe anything.
  if (/^aws\./i.test(Source))
    return { ErrorCode: "NotAuthorizedForSourceException", ErrorMessage: "Not authorized for the source." };
  let detail: unknown;
  try {
    detail = JSON.parse(Detail);
  } catch {
    detail = undefined;
  }
  if (typeof detail !== "object" || detail === null || Array.isArray(detail))
    return { ErrorCode: "MalformedDetail", ErrorMessage: "Detail is malformed." };
  const time = entry.Time?.getTime();
  if (time !== undefined && Number.isNaN(time))
    return { ErrorCode: "InvalidArgument", ErrorMessage: "Parameter Time is not valid. Reason: no date." };
  return {
    source: Source,
    "detail-type": DetailType,
    resources: entry.Resources ?? [],
    detail: detail as Record<string, unknown>,
    time,
  };
}
