import { z } from "zod";
import type { Report } from "../../demo/report";

const count = z.int().nonnegative();

const run = z.strictObject({
  queries: z.strictObject({ total: count, failed: count }),
  /** When the rotations began. Both runs count from the whole second in which the first one did. */
  rotations: z.array(z.number().nonnegative()).length(2),
  overTime: z.array(z.strictObject({ second: count, total: count, failed: count })).min(10),
});

/** What the command writes beside the picture: the numbers of two runs of the demonstration. */
export const figuresSchema = z.strictObject({
  measured: z.iso.date(),
  withRecycler: run,
  withoutRecycler: run,
});

/** The numbers of both runs. */
export type Figures = z.infer<typeof figuresSchema>;
/** The numbers of one run. */
export type RunFigures = z.infer<typeof run>;

type Measured = Pick<Report, "overTime" | "changes">;

/** The figures of two runs, from the second of their first rotation, cut to the seconds that both of them have. */
export function figuresOf(measured: string, withRecycler: Measured, withoutRecycler: Measured): Figures {
  const runs = [withRecycler, withoutRecycler].map(fromFirstRotation);
  const seconds = Math.min(...runs.map(({ overTime }) => overTime.length));
  const [recycled, control] = runs.map(({ overTime, rotations }) => {
    const kept = overTime.slice(0, seconds);
    const sum = (key: "total" | "failed"): number => kept.reduce((sum, second) => sum + second[key], 0);
    return { queries: { total: sum("total"), failed: sum("failed") }, rotations, overTime: kept };
  });
  return figuresSchema.parse({ measured, withRecycler: recycled, withoutRecycler: control });
}

/** A run without the seconds before its first rotation, and without its last second, which is not a whole one. */
function fromFirstRotation({ overTime, changes }: Measured): Pick<RunFigures, "overTime" | "rotations"> {
  const from = Math.floor(changes[0]?.startedSecond ?? 0);
  return {
    overTime: overTime
      .slice(from, -1)
      .map(({ second, ...queries }) => ({ second: second - from, ...queries })),
    rotations: changes.slice(0, 2).map(({ startedSecond }) => Number((startedSecond - from).toFixed(3))),
  };
}
