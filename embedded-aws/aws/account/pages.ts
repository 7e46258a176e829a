import type { OperationModel } from "../wire/model";

/** What services call the number of items that a caller wants at most. */
const limitMembers = /^(max(results|items|records|keys)|limit)$/i;
/** What they call the token of the next page. */
const tokenMembers = /^(next_?token|nextmarker|marker|nextcontinuationtoken)$/i;

/**
 * The same input with a smaller page, where the operation gives pages at all: a program that reads only the first
 * page is found out by a test with few items.
 */
export function withPageSize(operation: OperationModel, input: object, pageSize: number): object {
  if (!/^(List|Describe|LookupEvents|FilterLogEvents|GetParametersByPath)/.test(operation.name)) return input;
  const [member] =
    [...operation.input.members].find(([name, { kind }]) => kind === "number" && limitMembers.test(name)) ??
    [];
  if (!member || ![...operation.output.members.keys()].some((name) => tokenMembers.test(name))) return input;
  const given = (input as Readonly<Record<string, unknown>>)[member];
  // A value that the operation is going to refuse is left for it to refuse.
  if (typeof given === "number" && given <= pageSize) return input;
  return { ...input, [member]: pageSize };
}
