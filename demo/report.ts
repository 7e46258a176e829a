import type { Deployment } from "../embedded-aws/pulumi/mocks";
import { example, recyclerName } from "./example";
import type { Load, QueryCount, SecondOfQueries } from "./load";
import type { Change } from "./scenario";
import { plain, type Paint } from "./terminal";
import type { Truth } from "./truth";

/** What `npm run demo -- --json` prints. Times in milliseconds, sizes in bytes. */
export interface Report {
  readonly services: readonly {
    readonly cluster: string;
    readonly service: string;
    readonly covered: boolean;
    readonly forcedDeployments: number;
    readonly runningTasks: number;
    /** Tasks created before the last change of a value that they read; `reports`, which is not covered, has some. */
    readonly staleTasks: number;
  }[];
  readonly queries: QueryCount;
  /** The same queries by second, counted from the start of the load. */
  readonly overTime: readonly SecondOfQueries[];
  /** When each change was asked for, and when the value changed, in seconds from the start of the load. */
  readonly changes: readonly {
    readonly what: string;
    readonly startedSecond: number;
    readonly movedSecond: number;
  }[];
  /** From the change of a value until a service has no older task left. */
  readonly secretToFreshMs: { readonly median: number; readonly max: number };
  readonly unneededDeployments: number;
  readonly secretReadsByRecycler: number;
  readonly archiveBytes: { readonly recycler: number; readonly rotator: number };
}

/** The figures of a run. The embedded AWS and the load counted them; the recycler's own log is not asked. */
export function makeReport(of: {
  truth: Truth;
  /** When the services were first deployed, in milliseconds since the epoch. */
  deployedAt: number;
  load: Pick<Load, "count" | "overTime" | "startedAt">;
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
    queries: of.load.count,
    overTime: of.load.overTime,
    changes: of.changes.map(({ what, startedAt, movedAt }) => ({
      what,
      startedSecond: (startedAt - of.load.startedAt) / 1000,
      movedSecond: (movedAt - of.load.startedAt) / 1000,
    })),
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

/** What failed in a run with the recycler; nothing where every covered task has the current values. */
export function faultsOf(report: Report, changes: readonly Change[]): string[] {
  const faults: string[] = [];
  const check = (holds: boolean, text: string): void => {
    if (!holds) faults.push(text);
  };
  for (const { service, covered, forcedDeployments, staleTasks } of report.services) {
    const expected = covered ? changes.length : 0;
    check(
      forcedDeployments === expected,
      `${service}: ${forcedDeployments} forced deployments, expected ${expected}`,
    );
    if (covered) check(staleTasks === 0, `${service}: ${staleTasks} stale tasks, expected none`);
  }
  check(report.queries.total > 0, "0 queries were made, expected at least 1");
  check(report.queries.failed === 0, `${report.queries.failed} queries failed, expected none`);
  check(
    report.unneededDeployments === 0,
    `${report.unneededDeployments} unneeded deployments, expected none`,
  );
  check(
    report.secretReadsByRecycler === 0,
    `the recycler read ${report.secretReadsByRecycler} values, expected none`,
  );
  return faults;
}

/** What failed in a run of the control: a load that never fails proves nothing about the recycler. */
export function faultsOfControl(report: Report): string[] {
  return report.queries.failed > 0
    ? []
    : ["no query failed without the recycler, so the load proves nothing"];
}

/** The closing table. */
export function table(report: Report, paint: Paint = plain): string {
  const yes = (value: boolean): string => (value ? "yes" : "no");
  const header = ["service", "covered", "forced deployments", "running tasks", "stale tasks"];
  const rows = report.services.map((row) => [
    `${row.cluster}/${row.service}`,
    yes(row.covered),
    String(row.forcedDeployments),
    String(row.runningTasks),
    String(row.staleTasks),
  ]);
  const widths = header.map((title, column) =>
    Math.max(title.length, ...rows.map((row) => row[column]!.length)),
  );
  const line = (row: readonly string[]): string =>
    row
      .map((cell, column) => (column === 0 ? cell.padEnd(widths[0]!) : cell.padStart(widths[column]!)))
      .join("   ");
  const seconds = (ms: number): string => `${(ms / 1000).toFixed(1)} s`;
  const { total, failed } = report.queries;
  const { median, max } = report.secretToFreshMs;
  const freshness = [["from new value to fresh", `${seconds(median)} (median), ${seconds(max)} (longest)`]];
  const figures = [
    ["queries", `${total}, ${paint(failed === 0 ? "green" : "red", `${failed} failed`)}`],
    // In the control no service becomes fresh.
    ...(max > 0 ? freshness : []),
    ["unneeded deployments", String(report.unneededDeployments)],
    ["values read by the recycler", String(report.secretReadsByRecycler)],
    [
      "size of the functions",
      `recycler ${report.archiveBytes.recycler} bytes, rotator ${report.archiveBytes.rotator} bytes`,
    ],
  ];
  return [
    paint("bold", line(header)),
    ...rows.map(line),
    "",
    ...figures.map(([title = "", figure]) => `${title.padEnd(29)}${figure}`),
  ].join("\n");
}
