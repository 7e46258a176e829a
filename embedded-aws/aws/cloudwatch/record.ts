import type { World } from "../world";

/** Values of metrics, as CloudWatch keeps them. */
export interface Measured {
  readonly namespace: string;
  readonly dimensions: Readonly<Record<string, string>>;
  readonly values: Readonly<Record<string, number>>;
  /** Milliseconds since the epoch. */
  readonly timeMs: number;
  readonly unit?: string;
}

/** Takes values that AWS itself measures; CloudWatch is one. */
export interface MetricSink {
  record(measured: Measured): void;
}

/** A service measures itself (`AWS/Lambda` Errors). A world without CloudWatch measures nothing. */
export function recordMetrics(
  world: World,
  namespace: string,
  dimensions: Readonly<Record<string, string>>,
  values: Readonly<Record<string, number>>,
  { timeMs = world.clock.now(), unit }: { timeMs?: number; unit?: string } = {},
): void {
  for (const service of world.services)
    if (isSink(service)) service.record({ namespace, dimensions, values, timeMs, unit });
}

function isSink(service: object): service is MetricSink {
  return "record" in service && typeof service.record === "function";
}
