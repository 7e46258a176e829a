import { coverings } from "./coverage";
import { text } from "./graph";
import type { PolicyInput } from "./policy";
import { allReads, type Read } from "./readers";
import { types } from "./types";

/** What a change of one secret or parameter would restart. */
export interface Impact {
  readonly subject: string;
  /** Services that are covered and read it. */
  readonly restarts: readonly string[];
  /** Services that read it and are not covered. */
  readonly stale: readonly string[];
  /** Services whose definition is not known in a preview and was made from it. */
  readonly perhaps: readonly string[];
}

/** Every secret and parameter that a service of the stack reads, by name. */
export function impacts(input: PolicyInput): Impact[] {
  const covered = new Set(input.services.filter((service) => coverings(input, service).length > 0));
  const labels = (reads: readonly Read[]) => [...new Set(reads.map(({ service }) => service.label))].sort();
  // A parameter may have the name of a secret.
  const bySubject = Map.groupBy(allReads(input), (read) => `${nameOf(read)} ${storeOf(read)}`);
  return [...bySubject]
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([, reads]) => {
      const sure = reads.filter(({ node }) => node === undefined);
      return {
        subject: nameOf(reads[0]!),
        restarts: labels(sure.filter(({ service }) => covered.has(service))),
        stale: labels(sure.filter(({ service }) => !covered.has(service))),
        perhaps: labels(reads.filter(({ node }) => node !== undefined)),
      };
    });
}

function nameOf({ reference, node }: Read): string {
  return text(node?.properties.name) ?? node?.name ?? reference?.name ?? "";
}

function storeOf({ reference, node }: Read): string {
  return reference?.service ?? (node?.type === types.parameter ? "ssm" : "secretsmanager");
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
          "| secret or parameter | restarts | stays stale (not covered) | perhaps (unknown at preview) |",
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
