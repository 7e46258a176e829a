import type { Measured } from "./record";

/** A value, or a set of values already put together. */
export interface Sample {
  readonly timeMs: number;
  readonly count: number;
  readonly sum: number;
  readonly minimum: number;
  readonly maximum: number;
  readonly unit: string;
}

/** One metric: a namespace, a name and a set of dimensions. */
export interface Series {
  readonly namespace: string;
  readonly name: string;
  readonly dimensions: Readonly<Record<string, string>>;
  readonly samples: Sample[];
}

/** Every metric of a Region and account. */
export class MetricStore {
  readonly #series = new Map<string, Series>();

  add(namespace: string, name: string, dimensions: Readonly<Record<string, string>>, sample: Sample): void {
    const key = keyOf(namespace, name, dimensions);
    let series = this.#series.get(key);
    if (!series) this.#series.set(key, (series = { namespace, name, dimensions, samples: [] }));
    series.samples.push(sample);
  }

  record({ namespace, dimensions, values, timeMs, unit = "None" }: Measured): void {
    for (const [name, value] of Object.entries(values))
      this.add(namespace, name, dimensions, {
        timeMs,
        count: 1,
        sum: value,
        minimum: value,
        maximum: value,
        unit,
      });
  }

  get(namespace: string, name: string, dimensions: Readonly<Record<string, string>>): Series | undefined {
    return this.#series.get(keyOf(namespace, name, dimensions));
  }

  all(): Series[] {
    return [...this.#series.values()];
  }
}

function keyOf(namespace: string, name: string, dimensions: Readonly<Record<string, string>>): string {
  return JSON.stringify([namespace, name, Object.entries(dimensions).sort(([a], [b]) => (a < b ? -1 : 1))]);
}

/** The samples from `fromMs`, included, to `toMs`, not included. */
export function samplesBetween(
  series: Series | undefined,
  fromMs: number,
  toMs: number,
  unit?: string,
): Sample[] {
  return (series?.samples ?? []).filter(
    (s) => s.timeMs >= fromMs && s.timeMs < toMs && (unit === undefined || s.unit === unit),
  );
}

/** A statistic (`Sum`, `Average`, `Minimum`, `Maximum`, `SampleCount`, `p99.9`) of samples; undefined of none. */
export function statistic(samples: readonly Sample[], stat: string): number | undefined {
  if (samples.length === 0) return undefined;
  const count = samples.reduce((n, s) => n + s.count, 0);
  const sum = samples.reduce((n, s) => n + s.sum, 0);
  switch (stat) {
    case "SampleCount":
      return count;
    case "Sum":
      return sum;
    case "Average":
      return sum / count;
    case "Minimum":
      return Math.min(...samples.map((s) => s.minimum));
    case "Maximum":
      return Math.max(...samples.map((s) => s.maximum));
    default: {
      const percent = Number(/^p(\d{1,2}(?:\.\d+)?|100)$/.exec(stat)?.[1]);
      const sorted = samples
        .flatMap((s) => Array<number>(s.count).fill(s.sum / s.count))
        .sort((a, b) => a - b);
      return sorted[Math.max(0, Math.ceil((percent / 100) * sorted.length) - 1)];
    }
  }
}

/** Whether a text names a statistic that `statistic` knows. */
export function isStatistic(text: string): boolean {
  return /^(SampleCount|Sum|Average|Minimum|Maximum|p(\d{1,2}(\.\d{1,10})?|100))$/.test(text);
}
