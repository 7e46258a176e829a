/** Which operations of the embedded AWS a run called. */
export interface Coverage {
  readonly operations: number;
  readonly called: number;
  /** `service:Operation`, sorted. */
  readonly never: readonly string[];
}

/** @param answered the lines that the processes of the run wrote; an operation may be there many times */
export function coverageOf(operations: readonly string[], answered: readonly string[]): Coverage {
  const seen = new Set(answered);
  const never = operations.filter((operation) => !seen.has(operation)).sort();
  return { operations: operations.length, called: operations.length - never.length, never };
}

/** The report for a person. */
export function coverageText({ operations, called, never }: Coverage): string {
  const lines = [`${called} of ${operations} operations of the embedded AWS were called.`];
  if (never.length > 0)
    lines.push("Never called; test or remove them:", ...never.map((operation) => `  ${operation}`));
  return lines.join("\n");
}
