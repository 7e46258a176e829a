import { recyclerName } from "./example";
import type { Platform } from "./platform";
import type { Timeline } from "./timeline";

/** A decision of the recycler, as its log has it. */
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

/** Decisions that a timeline shows: all but `fresh`, the most frequent one. */
export function isNews(decision: LoggedDecision): boolean {
  return decision.decision !== "fresh";
}

/** Writes the recycler's decisions into a timeline as they are logged. `listener` gets those that it leaves out too. */
export function followDecisions(
  platform: Platform,
  timeline: Timeline,
  listener: (decision: LoggedDecision) => void = () => undefined,
): void {
  platform.onFunctionLine = (functionName, line) => {
    const decision = functionName === recyclerName ? decisionIn(line) : undefined;
    if (!decision) return;
    listener(decision);
    if (isNews(decision)) timeline.event(decision.decision, `${decision.service}: ${decision.reason}`);
  };
}
