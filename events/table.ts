/**
 * The events that matter, said once. The rules' patterns (patterns.ts), the recycler's reading of an event (handler/trigger.ts)
 * and the events that the policy pack tries on a rule (sent.ts) are made from this table. Sources: AWS Secrets Manager
 * User Guide, "Match AWS Secrets Manager events with Amazon EventBridge" and "Log AWS Secrets Manager events with AWS
 * CloudTrail"; AWS Systems Manager User Guide, "Monitoring events with Amazon EventBridge"; Amazon ECS Developer Guide,
 * "Amazon ECS service deployment state change events".
 */
import { currentStage } from "../aws-semantics/secret-reference";
import { forms, type FormName } from "./forms";

/**
 * What an event means:
 * - a function: the event proves that these staging labels changed (a call's labels, from its request);
 * - `changed`: the event proves that the value changed;
 * - `look`: the value may have changed;
 * - `rotation-failed`: nothing changed, and a metric counts it;
 * - `deployment-ended`: services that waited for the deployment are evaluated again;
 * - `sweep`: every covered service is evaluated.
 */
export type Meaning =
  | ((request: Readonly<Record<string, unknown>>) => readonly string[])
  | "changed"
  | "look"
  | "rotation-failed"
  | "deployment-ended"
  | "sweep";

/** One event: its form and name, what it means, and its canonical examples (files of `examples/`). */
export interface EventRow {
  readonly form: FormName;
  readonly name: string;
  readonly means: Meaning;
  readonly examples: readonly string[];
}

/** Every event that the recycler acts on or counts. */
export const events = [
  {
    form: "label",
    name: forms.label.detailType,
    means: "changed",
    examples: ["secret-label-updated", "secret-label-updated-custom"],
  },
  {
    form: "call",
    name: "PutSecretValue",
    means: ({ versionStages }) =>
      Array.isArray(versionStages) && versionStages.length > 0 ? (versionStages as string[]) : [currentStage],
    examples: [
      "put-secret-value-by-arn",
      "put-secret-value-by-name",
      "put-secret-value-custom-stage",
      "put-secret-value-no-response",
    ],
  },
  {
    form: "call",
    name: "UpdateSecretVersionStage",
    // Without moveToVersionId the call only removed the label.
    means: ({ versionStage, moveToVersionId }) =>
      typeof versionStage === "string" && moveToVersionId ? [versionStage] : [],
    examples: ["update-secret-version-stage"],
  },
  // The event does not tell whether the call changed the value or only the key or description.
  { form: "call", name: "UpdateSecret", means: "look", examples: ["update-secret"] },
  // A secret deleted and created again under its name has another value.
  { form: "call", name: "CreateSecret", means: "look", examples: ["create-secret"] },
  // The rotation ends shortly after AWSCURRENT changed.
  {
    form: "service",
    name: "RotationSucceeded",
    means: "look",
    examples: ["rotation-succeeded", "rotation-succeeded-rds-managed"],
  },
  { form: "service", name: "RotationFailed", means: "rotation-failed", examples: ["rotation-failed"] },
  { form: "parameter", name: "Create", means: "changed", examples: ["parameter-create"] },
  { form: "parameter", name: "Update", means: "changed", examples: ["parameter-update"] },
  {
    form: "deployment",
    name: "SERVICE_DEPLOYMENT_COMPLETED",
    means: "deployment-ended",
    examples: ["ecs-deployment-completed"],
  },
  {
    form: "deployment",
    name: "SERVICE_DEPLOYMENT_FAILED",
    means: "deployment-ended",
    examples: ["ecs-deployment-failed"],
  },
  { form: "schedule", name: forms.schedule.detailType, means: "sweep", examples: ["sweep"] },
] as const satisfies readonly EventRow[];
