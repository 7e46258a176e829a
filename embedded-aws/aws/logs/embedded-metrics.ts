/** One value of a metric that a log line carries. */
export interface EmbeddedMetric {
  readonly namespace: string;
  readonly dimensions: Readonly<Record<string, string>>;
  readonly name: string;
  readonly values: readonly number[];
  readonly unit?: string;
  /** Milliseconds since the epoch. */
  readonly timestampMs: number;
}

/** Most dimensions of one set (Amazon CloudWatch User Guide, "Specification: CloudWatch embedded metric format"). */
const MAXIMUM_DIMENSIONS = 30;
const MAXIMUM_METRICS = 100;

/**
 * The metrics of a line in embedded metric format. `_aws` must be a member of the line's root: text that a logger
 * has wrapped into a message of its own carries none, as in AWS. A line that breaks the format carries none either.
 */
export function embeddedMetrics(line: string): EmbeddedMetric[] {
  if (!line.includes('"_aws"')) return [];
  let root: unknown;
  try {
    root = JSON.parse(line);
  } catch (error) {
    if (error instanceof SyntaxError) return [];
    throw error;
  }
  if (!isRecord(root) || !isRecord(root._aws)) return [];
  const { Timestamp, CloudWatchMetrics } = root._aws;
  if (typeof Timestamp !== "number" || !Array.isArray(CloudWatchMetrics)) return [];
  return (CloudWatchMetrics as unknown[]).flatMap((directive) =>
    directiveMetrics(root, directive, Timestamp),
  );
}

function directiveMetrics(
  root: Readonly<Record<string, unknown>>,
  directive: unknown,
  timestampMs: number,
): EmbeddedMetric[] {
  if (!isRecord(directive)) return [];
  const { Namespace, Dimensions, Metrics } = directive;
  if (typeof Namespace !== "string" || Namespace === "") return [];
  if (!Array.isArray(Dimensions) || !Array.isArray(Metrics) || Metrics.length > MAXIMUM_METRICS) return [];
  const found: EmbeddedMetric[] = [];
  for (const set of Dimensions as unknown[]) {
    if (!Array.isArray(set) || set.length > MAXIMUM_DIMENSIONS) continue;
    const names = set.map(String);
    if (!names.every((name) => typeof root[name] === "string")) continue;
    const dimensions = Object.fromEntries(names.map((name) => [name, String(root[name])]));
    for (const metric of Metrics as unknown[]) {
      if (!isRecord(metric) || typeof metric.Name !== "string") continue;
      const value = root[metric.Name];
      const values: unknown[] = Array.isArray(value) ? value : [value];
      if (values.length === 0 || !values.every((v): v is number => typeof v === "number")) continue;
      const unit = typeof metric.Unit === "string" ? metric.Unit : undefined;
      found.push({ namespace: Namespace, dimensions, name: metric.Name, values, unit, timestampMs });
    }
  }
  return found;
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
