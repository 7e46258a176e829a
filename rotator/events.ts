import { forms } from "../events/forms";
import { rotatorError } from "./errors";

/** The four steps of a rotation, in order (AWS Secrets Manager User Guide, "Lambda rotation functions"). */
export const steps = ["createSecret", "setSecret", "testSecret", "finishSecret"] as const;

/** One of the four steps. */
export type Step = (typeof steps)[number];

/** The event with which Secrets Manager invokes the function. */
export interface RotationEvent {
  readonly Step: Step;
  readonly SecretId: string;
  /** The id of the version that becomes current. */
  readonly ClientRequestToken: string;
}

/** Reads Secrets Manager's event. */
export function parseRotationEvent(event: unknown): RotationEvent {
  const fields = typeof event === "object" && event !== null ? (event as Record<string, unknown>) : {};
  const mistakes: string[] = [];
  for (const name of ["SecretId", "ClientRequestToken"])
    if (typeof fields[name] !== "string" || fields[name] === "") mistakes.push(`${name} is missing`);
  if (!steps.includes(fields["Step"] as Step))
    mistakes.push(`Step: expected one of ${steps.join(", ")}, found ${JSON.stringify(fields["Step"])}`);
  if (mistakes.length > 0)
    throw rotatorError(
      "final",
      "invalid-event",
      `not an event of Secrets Manager: ${mistakes.join("; ")}. To rotate a parameter, set the setting parameter`,
    );
  return event as RotationEvent;
}

/** Whether an event comes from a schedule of EventBridge (a rule's or the Scheduler's). */
export function isScheduledEvent(event: unknown): boolean {
  if (typeof event !== "object" || event === null) return false;
  const { source, "detail-type": detailType } = event as Record<string, unknown>;
  const { schedule } = forms;
  return (source === schedule.source || source === "aws.scheduler") && detailType === schedule.detailType;
}
