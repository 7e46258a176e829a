import * as aws from "@pulumi/aws";
import * as pulumi from "@pulumi/pulumi";
import type { Context } from "./context";

/** Saved queries of CloudWatch Logs Insights, by the part of their name that follows the stack's. */
export const savedQueries = {
  /** The services that are not known to hold every value, with the newest decision about each. */
  services: [
    "filter ispresent(decision)",
    "| stats latest(decision) as newest, latest(reason) as why, latest(subject) as value, max(@timestamp) as at by cluster, service",
    '| filter newest not in ["fresh", "proved", "presumed"]',
    "| sort newest, cluster, service",
  ],
  /** What the recycler got and did not act on. */
  messages: [
    'filter event in ["ignored", "skipped"]',
    "| stats count(*) as times, max(@timestamp) as at by event, reason, subject",
    "| sort at desc",
  ],
  /** What Lambda says of runs that failed, and what the functions wrote in them. */
  errors: [
    "fields @timestamp, @log, errorType, errorMessage, record.status, @message",
    '| filter level in ["ERROR", "FATAL"] or record.status in ["error", "failure", "timeout"]',
    "| sort @timestamp desc",
    "| limit 100",
  ],
} as const satisfies Readonly<Record<string, readonly string[]>>;

/** The name of a saved query. */
export type SavedQueryName = keyof typeof savedQueries;

/** The name under which Logs Insights lists a query: a folder for each stack. */
export function queryName(names: Context["names"], name: SavedQueryName): string {
  return `${names.prefix}/${name}`;
}

/** Arguments of `SavedQueries`. */
export interface SavedQueriesArgs {
  readonly context: Context;
  /** The recycler's log group. */
  readonly logGroup: pulumi.Input<string>;
  /** Log groups of further functions, whose errors are shown, too. */
  readonly otherLogGroups: readonly pulumi.Input<string>[];
}

/** The questions that a person on call asks the log. They cost nothing until they are run. */
export class SavedQueries extends pulumi.ComponentResource {
  constructor(name: string, args: SavedQueriesArgs, opts?: pulumi.ComponentResourceOptions) {
    super("ecs-secret-recycler:index:SavedQueries", name, {}, opts);
    const { names } = args.context;
    const entries = Object.entries(savedQueries) as [SavedQueryName, readonly string[]][];
    for (const [query, lines] of entries)
      new aws.cloudwatch.QueryDefinition(
        `${name}-${query}`,
        {
          name: queryName(names, query),
          logGroupNames: [args.logGroup, ...(query === "errors" ? args.otherLogGroups : [])],
          queryString: lines.join("\n"),
        },
        { parent: this },
      );
    this.registerOutputs({ names: entries.map(([query]) => queryName(names, query)) });
  }
}
