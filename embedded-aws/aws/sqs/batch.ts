import { queryCodeOf, ServiceError } from "../errors";

/**
 * Carries out each entry of a batch by itself: an entry that is refused is one of `Failed`, the others go on.
 * The batch as a whole is refused for no entries, more than ten, and ids that are not distinct or not valid.
 */
export function batch<Entry extends { Id?: string }, Answer extends object>(
  entries: readonly Entry[],
  one: (entry: Entry) => Answer,
) {
  if (entries.length === 0)
    throw new ServiceError("EmptyBatchRequest", "There should be at least one entry in the request.");
  if (entries.length > 10)
    throw new ServiceError(
      "TooManyEntriesInBatchRequest",
      `Maximum number of entries per request are 10. You have sent ${entries.length}.`,
    );
  const ids = new Set<string>();
  for (const { Id = "" } of entries) {
    if (!/^[A-Za-z0-9_-]{1,80}$/.test(Id))
      throw new ServiceError(
        "InvalidBatchEntryId",
        "A batch entry id can only contain alphanumeric characters, hyphens and underscores. It can be at most 80 letters long.",
      );
    if (ids.has(Id)) throw new ServiceError("BatchEntryIdsNotDistinct", `Id ${Id} repeated.`);
    ids.add(Id);
  }
  const Successful: (Answer & { Id: string })[] = [];
  const Failed: { Id: string; Code: string; Message: string; SenderFault: boolean }[] = [];
  for (const entry of entries) {
    const Id = entry.Id ?? "";
    try {
      Successful.push({ Id, ...one(entry) });
    } catch (error) {
      if (!(error instanceof ServiceError)) throw error;
      Failed.push({
        Id,
        Code: queryCodeOf(error.code),
        Message: error.message,
        SenderFault: error.status < 500,
      });
    }
  }
  // The model has both as required members.
  return { Successful, Failed };
}
