import { coverings } from "./coverage";
import { serviceSecrets, types } from "./ecs";
import { text } from "./graph";
import type { PolicyInput } from "./policy";
import { heldSubjects, nowhere } from "./subjects";

/** What a change of one secret or parameter would restart. */
export interface Impact {
  readonly subject: string;
  /** Services that are covered and read it, or that perhaps do. */
  readonly restarts: readonly string[];
  /** Services that read it and are not covered. */
  readonly stale: readonly string[];
  /** Services whose definition is not known in a preview and was made from it. */
  readonly perhaps: readonly string[];
}

/** Every secret and parameter that a service of the stack reads, by name. */
export function impacts(input: PolicyInput): Impact[] {
  const found = new Map<
    string,
    { subject: string; restarts: Set<string>; stale: Set<string>; perhaps: Set<string> }
  >();
  // A parameter may have the name of a secret.
  const of = (kind: "ssm" | "secretsmanager", subject: string) => {
    const key = `${subject} ${kind}`;
    let entry = found.get(key);
    if (!entry)
      found.set(key, (entry = { subject, restarts: new Set(), stale: new Set(), perhaps: new Set() }));
    return entry;
  };
  for (const service of input.services) {
    const covered = coverings(input, service).length > 0;
    const secrets = serviceSecrets(input.graph, service, input.home ?? nowhere);
    for (const { subject } of heldSubjects(secrets)) {
      const entry = of(subject.service, subject.name);
      (covered ? entry.restarts : entry.stale).add(service.label);
    }
    for (const node of secrets.possible)
      of(
        node.type === types.parameter ? "ssm" : "secretsmanager",
        text(node.properties.name) ?? node.name,
      ).perhaps.add(service.label);
  }
  const sorted = (set: ReadonlySet<string>) => [...set].sort();
  return [...found]
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([, { subject, restarts, stale, perhaps }]) => ({
      subject,
      restarts: sorted(restarts),
      stale: sorted(stale),
      perhaps: sorted(perhaps),
    }));
}

/** The impacts as a Markdown table, for a job's summary. */
export function impactTable(input: PolicyInput): string {
  const rows = impacts(input);
  const cell = (labels: readonly string[]) =>
    labels.length > 0 ? labels.map((label) => `\`${label}\``).join(", ") : "–";
  return [
    "### What a change of each secret would restart",
    "",
    ...(rows.length === 0
      ? ["No service of this stack reads a secret."]
      : [
          "| secret or parameter | restarts | stays stale (not covered) | perhaps (not known in a preview) |",
          "|---|---|---|---|",
          ...rows.map(
            ({ subject, restarts, stale, perhaps }) =>
              `| \`${subject}\` | ${cell(restarts)} | ${cell(stale)} | ${cell(perhaps)} |`,
          ),
        ]),
    "",
    "",
  ].join("\n");
}
