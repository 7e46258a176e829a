import type { Deployment } from "../embedded-aws/pulumi/mocks";
import { example, recyclerName } from "./example";
import type { QueryCount } from "./load";
import type { Change } from "./scenario";
import type { Truth } from "./truth";

/** What `npm run demo -- --json` prints. Times in milliseconds, sizes in bytes. */
export interface Report {
  readonly services: readonly {
    readonly cluster: string;
    readonly service: string;
    readonly covered: boolean;
    readonly forcedDeployments: number;
    readonly runningTasks: number;
    /** Tasks created before a value that they read moved; `reports` has some, for nobody covers it. */
    readonly staleTasks: number;
  }[];
  readonly queries: QueryCount;
  /** From the move of a value to the moment when a service has no task left that is older. */
  readonly secretToFreshMs: { readonly median: number; readonly max: number };
  readonly unneededDeployments: number;
  readonly secretReadsByRecycler: number;
  readonly archiveBytes: { readonly recycler: number; readonly rotator: number };
}

/** Puts the figures of a run together, all of them from the embedded AWS and the load. */
export function makeReport(of: {
  truth: Truth;
  /** When the services were first deployed, in milliseconds since the epoch. */
  deployedAt: number;
  queries: QueryCount;
  changes: readonly Change[];
  recycler: Deployment;
}): Report {
  const forced = of.truth.forcedDeployments();
  const freshMs = of.changes.flatMap((change) => Object.values(change.freshMs)).sort((a, b) => a - b);
  return {
    services: example.services.map(({ service, covered }) => ({
      cluster: example.cluster,
      service,
      covered,
      forcedDeployments: forced.filter((deployment) => deployment.service === service).length,
      runningTasks: of.truth.tasks(service).length,
      staleTasks: of.truth.staleTasks(service).length,
    })),
    queries: of.queries,
    secretToFreshMs: { median: median(freshMs), max: freshMs.at(-1) ?? 0 },
    unneededDeployments: of.truth.unneededDeployments(of.truth.reads(), of.deployedAt).length,
    secretReadsByRecycler: of.truth.secretReadsByRecycler(),
    archiveBytes: {
      recycler: archiveBytes(of.recycler, (name) => name === recyclerName),
      rotator: archiveBytes(of.recycler, (name) => name.startsWith(`${recyclerName}-rotator`)),
    },
  };
}

function median(sorted: readonly number[]): number {
  const middle = sorted.length >> 1;
  if (sorted.length === 0) return 0;
  return sorted.length % 2 === 1 ? sorted[middle]! : Math.round((sorted[middle - 1]! + sorted[middle]!) / 2);
}

function archiveBytes(deployment: Deployment, isIt: (functionName: string) => boolean): number {
  const found = deployment.resources.find(
    ({ type, id }) => type === "aws:lambda/function:Function" && isIt(id),
  );
  return Number(found?.state.sourceCodeSize ?? 0);
}

/** What is wrong with a run with the recycler; nothing, when it did what it is for. */
export function faultsOf(report: Report, changes: readonly Change[]): string[] {
  const faults: string[] = [];
  const wrong = (holds: boolean, text: string): void => {
    if (!holds) faults.push(text);
  };
  for (const { service, covered, forcedDeployments, staleTasks } of report.services) {
    const wanted = covered ? changes.length : 0;
    wrong(
      forcedDeployments === wanted,
      `${service}: ${forcedDeployments} forced deployments, wanted ${wanted}`,
    );
    if (covered) wrong(staleTasks === 0, `${service}: ${staleTasks} stale tasks, wanted none`);
  }
  wrong(report.queries.total > 0, "no query was made");
  wrong(report.queries.failed === 0, `${report.queries.failed} queries failed, wanted none`);
  wrong(report.unneededDeployments === 0, `${report.unneededDeployments} unneeded deployments, wanted none`);
  wrong(
    report.secretReadsByRecycler === 0,
    `the recycler asked for a value ${report.secretReadsByRecycler} times, wanted never`,
  );
  return faults;
}

/** What is wrong with a run of the control: queries must have failed, or their count proves nothing. */
export function faultsOfControl(report: Report): string[] {
  return report.queries.failed > 0 ? [] : ["no query failed without the recycler: the load proves nothing"];
}

/** The closing table. */
export function table(report: Report): string {
  const yes = (value: boolean): string => (value ? "yes" : "no");
  const rows = [
    ["service", "covered", "forced deployments", "running tasks", "stale tasks"],
    ...report.services.map((row) => [
      `${row.cluster}/${row.service}`,
      yes(row.covered),
      String(row.forcedDeployments),
      String(row.runningTasks),
      String(row.staleTasks),
    ]),
  ];
  const widths = rows[0]!.map((_, column) => Math.max(...rows.map((row) => row[column]!.length)));
  const line = (row: readonly string[]): string =>
    row
      .map((cell, column) => (column === 0 ? cell.padEnd(widths[0]!) : cell.padStart(widths[column]!)))
      .join("   ");
  const seconds = (ms: number): string => `${(ms / 1000).toFixed(1)} s`;
  return [
    ...rows.map(line),
    "",
    `queries                      ${report.queries.total}, of which failed: ${report.queries.failed}`,
    ...(report.secretToFreshMs.max > 0
      ? [
          `from a new value to fresh    ${seconds(report.secretToFreshMs.median)} (median), ${seconds(report.secretToFreshMs.max)} (longest)`,
        ]
      : []),
    `unneeded deployments         ${report.unneededDeployments}`,
    `values read by the recycler  ${report.secretReadsByRecycler}`,
    `archives                     recycler ${report.archiveBytes.recycler} bytes, rotator ${report.archiveBytes.rotator} bytes`,
  ].join("\n");
}
