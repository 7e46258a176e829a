/** A decision of the recycler as it stands in its log. */
export interface LoggedDecision {
  readonly decision: string;
  readonly reason: string;
  readonly cluster: string;
  readonly service: string;
  readonly subject?: string;
}

/** The decision in a line of a function's log; undefined for any other line. */
export function decisionIn(line: string): LoggedDecision | undefined {
  if (!line.startsWith("{")) return undefined;
  const fields = JSON.parse(line) as Partial<LoggedDecision>;
  return typeof fields.decision === "string" && typeof fields.service === "string"
    ? (fields as LoggedDecision)
    : undefined;
}

/** The decisions worth a line of a timeline: not the fresh ones, which are most of them. */
export function isNews(decision: LoggedDecision): boolean {
  return decision.decision !== "fresh";
}
