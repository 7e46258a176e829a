import { isInvalid } from "../aws-semantics/cron-expression";
import { nextTimes, parseRotation, parseSchedule, type Schedule } from "../aws-semantics/schedule-expression";
import type { Mistake } from "./settings-messages";
import { ROTATION_DEFAULTS, type RotationEntry } from "./settings-schema";

/** Any moment: the gaps of a schedule are the same in every year that matters here. */
const SOME_DAY_MS = Date.UTC(2026, 0, 1);

/** So many runs of a schedule are compared: two weeks of one that runs every four hours. */
const COMPARED_RUNS = 84;

/** What is wrong with the schedule of the sweep. */
export function sweepMistakes(sweep: unknown): Mistake[] {
  if (typeof sweep !== "string") return [];
  const schedule = parseSchedule(sweep, "events");
  return isInvalid(schedule) ? [{ path: ["timing", "sweep"], message: schedule.problem }] : [];
}

/** What AWS would refuse about the schedule of a rotation, or the rotator itself at every run. */
export function scheduleMistakes(entry: RotationEntry): Mistake[] {
  const ofSecret = entry.secret !== undefined;
  const mistakes: Mistake[] = [];
  const schedule = parseSchedule(entry.schedule, ofSecret ? "rotation" : "events");
  if (isInvalid(schedule)) mistakes.push({ path: ["schedule"], message: schedule.problem });
  else mistakes.push(...intervalMistakes(schedule, entry));

  if (ofSecret) {
    const window = entry.window ?? ROTATION_DEFAULTS.window;
    const rotation = parseRotation(entry.schedule, window);
    if (!isInvalid(schedule) && isInvalid(rotation)) {
      const from = entry.window === undefined ? ` (${window} is the default; set another)` : "";
      mistakes.push({ path: ["window"], message: `${rotation.problem}${from}` });
    }
    return mistakes;
  }
  if (entry.window !== undefined)
    mistakes.push({
      path: ["window"],
      message: "a parameter has no window: a rule starts its rotation; leave it out",
    });
  if (entry.rotateImmediately)
    mistakes.push({
      path: ["rotateImmediately"],
      message: "a parameter's rotation starts by its schedule only; leave it out",
    });
  return mistakes;
}

/** The built-in rotator refuses a version that is too young: such a schedule would fail every other time. */
function intervalMistakes(schedule: Schedule, { rotator }: RotationEntry): Mistake[] {
  if (rotator.kind !== "built-in") return [];
  const times = nextTimes(schedule, SOME_DAY_MS, COMPARED_RUNS);
  const gaps = times.slice(1).map((time, index) => time - (times[index] ?? 0));
  const shortestMinutes = Math.min(...gaps) / 60_000;
  return rotator.minimumIntervalMinutes < shortestMinutes
    ? []
    : [
        {
          path: ["rotator", "minimumIntervalMinutes"],
          message:
            `wanted less than the shortest time between two rotations of the schedule, ${shortestMinutes} minutes, ` +
            `found ${rotator.minimumIntervalMinutes}: the rotator would refuse to start`,
        },
      ];
}
