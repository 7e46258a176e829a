/**
 * Who reads what: the references of a covered service, and which of them an event is about. Pure.
 */
import type { FoundReference } from "../aws-semantics/references";
import { isHeldByTasks } from "../aws-semantics/references";
import type { Reference } from "../aws-semantics/secret-reference";
import type { Place } from "../aws-semantics/arn";
import {
  currentStage,
  isPinned,
  parseReference,
  refersTo,
  secretKey,
} from "../aws-semantics/secret-reference";
import type { Change } from "./trigger";
import type { CoveredServices } from "./coverage";

/** What a service reads, as far as it decides about recycling. */
export interface Reads {
  /** What its tasks hold, each once. */
  readonly references: readonly Reference[];
  /** References that cannot be followed, with the reason. */
  readonly problems: readonly { readonly subject: string; readonly reason: string }[];
  /** Repository credentials: read at each pull of the image, so that running tasks hold nothing of them. */
  readonly pulls: readonly string[];
}

/** The secrets and parameters that an entry of the settings lists. */
export function listedReads(entry: Pick<CoveredServices, "secrets" | "parameters">, home: Place): Reads {
  return readsOf([
    ...entry.secrets.map((text, index) => ({
      path: `secrets[${index}]`,
      reference: parseReference(text, home, "secret"),
    })),
    ...entry.parameters.map((text, index) => ({
      path: `parameters[${index}]`,
      reference: parseReference(text, home, "parameter"),
    })),
  ]);
}

/** What a task definition or a service refers to. */
export function foundReads(found: readonly FoundReference[]): Reads {
  return {
    ...readsOf(found.filter(isHeldByTasks)),
    pulls: found.flatMap(({ use, reference }) =>
      use === "repository-credentials" && reference.service !== "invalid" ? [reference.id] : [],
    ),
  };
}

/** The staging label that a reference follows; absent for a parameter. */
export function labelOf(reference: Reference): string | undefined {
  return reference.service === "secretsmanager" ? (reference.versionStage ?? currentStage) : undefined;
}

/**
 * True when a change is of what a reference follows. AWSPREVIOUS changes with AWSCURRENT (AWS Secrets Manager API
 * Reference, `UpdateSecretVersionStage`).
 */
export function concerns(
  change: Pick<Change, "store" | "subject" | "labels">,
  reference: Reference,
  home?: Place,
): boolean {
  if (reference.service !== change.store || isPinned(reference)) return false;
  if (!refersTo(reference, change.subject, home)) return false;
  const label = labelOf(reference);
  if (label === undefined) return true;
  return change.labels.includes(label) || (label === "AWSPREVIOUS" && change.labels.includes(currentStage));
}

/** True when one of the listed references covers a reference: it follows the same label of the same secret. */
export function lists(listed: readonly Reference[], reference: Reference, home?: Place): boolean {
  const label = labelOf(reference);
  const change = { store: reference.service, subject: reference.id, labels: label ? [label] : [] };
  return listed.some((one) => concerns(change, one, home));
}

/** The same for all references to one value, by name or by ARN; namesakes share it. */
export function sharedKey(reference: Reference, home: Place): string {
  return reference.service === "ssm"
    ? reference.arn
    : `${secretKey(reference.id, home)} ${labelOf(reference) ?? ""}`;
}

function readsOf(found: readonly Pick<FoundReference, "path" | "reference">[]): Reads {
  const references: Reference[] = [];
  const problems: { subject: string; reason: string }[] = [];
  for (const { path, reference } of found)
    if (reference.service === "invalid") problems.push({ subject: path, reason: reference.problem });
    else references.push(reference);
  return { references: once(references), problems, pulls: [] };
}

/** The same for references to one value: the JSON key does not matter to when it changed. */
export function valueKey(reference: Reference): string {
  return `${reference.service} ${reference.id} ${labelOf(reference) ?? ""} ${reference.versionId ?? ""}`;
}

/** One reference for each value. */
function once(references: readonly Reference[]): Reference[] {
  const seen = new Map<string, Reference>();
  for (const reference of references)
    if (!seen.has(valueKey(reference))) seen.set(valueKey(reference), reference);
  return [...seen.values()];
}
