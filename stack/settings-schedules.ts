import { isInvalid } from "../aws-semantics/cron-expression";
import {
  intervalMs,
  nextTimes,
  parseRotation,
  parseSchedule,
  type Schedule,
} from "../aws-semantics/schedule-expression";
import { rotatorFields } from "../rotator/settings";
import type { Mistake } from "../rotator/settings-messages";
import type { RotationEntry } from "./settings-schema";

/** How long after its time the rotation of a secret may start, by default. */
export const DEFAULT_WINDOW = "3h";

/** Any moment: the gaps of a schedule are the same in every year that matters here. */
const SOME_DAY_MS = Date.UTC(2026, 0, 1);

/** Years of a cron expression with a star: 1970 to 2199. */
const ALL_YEARS = 230;

/** So many runs of a schedule are compared: two weeks of one that runs every four hours. */
const COMPARED_RUNS = 84;

/** The longest time between two sweeps: an alarm looks this far back for what each sweep reports. */
export const LONGEST_SWEEP_MINUTES = 15;

/** What is wrong with the schedule of the sweep; undefined when nothing is. */
export function sweepMistake(sweep: string): string | undefined {
  const schedule = parseSchedule(sweep, "events");
  if (isInvalid(schedule)) return schedule.problem;
  return longestGapMinutes(schedule) <= LONGEST_SWEEP_MINUTES
    ? undefined
    : `the interval must be at most ${LONGEST_SWEEP_MINUTES} minutes at all times, because an alarm looks no further ` +
        `back, found ${sweep}`;
}

/** The longest time between two runs. More than an hour is not told apart: a cron expression that skips one has it. */
function longestGapMinutes(schedule: Schedule): number {
  if (schedule.kind === "rate") return intervalMs(schedule) / 60_000;
  const { minutes, hours, days, months, years } = schedule;
  const everyDay = "days" in days && days.days.length === (days.by === "month" ? 31 : 7);
  if (!everyDay || hours.length < 24 || months.length < 12 || years.length < ALL_YEARS) return Infinity;
  return Math.max(...minutes.map((minute, index) => (minutes[index + 1] ?? minutes[0]! + 60) - minute));
}

/** What AWS would refuse about the schedule of a rotation, or the rotator itself at every run. */
export function scheduleMistakes(entry: RotationEntry): Mistake[] {
  const ofSecret = entry.secret !== undefined;
  const mistakes: Mistake[] = [];
  const wrong = (key: string, message: string) => mistakes.push({ path: [key], message });
  const schedule = parseSchedule(entry.schedule, ofSecret ? "rotation" : "events");
  if (isInvalid(schedule)) wrong("schedule", schedule.problem);
  else mistakes.push(...intervalMistakes(schedule, entry));

  if (ofSecret) {
    const rotation = parseRotation(entry.schedule, entry.window ?? DEFAULT_WINDOW);
    const hint = entry.window === undefined ? ` (${DEFAULT_WINDOW} is the default; set another)` : "";
    if (!isInvalid(schedule) && isInvalid(rotation)) wrong("window", `${rotation.problem}${hint}`);
    return mistakes;
  }
  if (entry.window !== undefined)
    wrong("window", "a parameter has no window: a rule starts its rotation; leave it out");
  if (entry.rotateImmediately)
    wrong("rotateImmediately", "a parameter's rotation starts by its schedule only; leave it out");
  return mistakes;
}

/** The built-in rotator refuses a version that is too young: such a schedule would fail every other time. */
function intervalMistakes(schedule: Schedule, { rotator }: RotationEntry): Mistake[] {
  if (rotator.kind !== "built-in") return [];
  const { minimumIntervalMinutes = rotatorFields.minimumIntervalMinutes.def.defaultValue } = rotator;
  const times = nextTimes(schedule, SOME_DAY_MS, COMPARED_RUNS);
  const gaps = times.slice(1).map((time, index) => time - (times[index] ?? 0));
  const shortestMinutes = Math.min(...gaps) / 60_000;
  if (minimumIntervalMinutes < shortestMinutes) return [];
  return [
    {
      path: ["rotator", "minimumIntervalMinutes"],
      message:
        `expected less than the shortest time between two rotations of the schedule, ${shortestMinutes} minutes, ` +
        `found ${minimumIntervalMinutes}: the rotator would refuse to start`,
    },
  ];
}
