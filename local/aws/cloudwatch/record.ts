import type { World } from "../world";

/** Takes values that AWS itself measures; CloudWatch is one. */
export interface MetricSink {
  /** @param timeMs milliseconds since the epoch */
  record(
    namespace: string,
    dimensions: Readonly<Record<string, string>>,
    values: Readonly<Record<string, number>>,
    timeMs: number,
  ): void;
}

/** A service measures itself (`AWS/Lambda` Errors). A world without CloudWatch measures nothing. */
export function recordMetrics(
  world: World,
  namespace: string,
  dimensions: Readonly<Record<string, string>>,
  values: Readonly<Record<string, number>>,
): void {
  for (const service of world.services)
    if (service.prefix === "cloudwatch")
      (service as unknown as MetricSink).record(namespace, dimensions, values, world.clock.now());
}
