import type { Cancel, Clock } from "../clock";

/** Runs `fire` at each time of a rule's schedule. @returns what stops it */
export function runSchedule(
  clock: Clock,
  name: string,
  nextMs: (afterMs: number) => number | undefined,
  fire: (timeMs: number) => void | Promise<void>,
): Cancel {
  let cancel: Cancel = () => undefined;
  const plan = (afterMs: number): void => {
    const at = nextMs(afterMs);
    if (at === undefined) return;
    cancel = clock.schedule(at - clock.now(), `schedule of rule ${name}`, () => {
      plan(at);
      return fire(at);
    });
  };
  plan(clock.now());
  return () => cancel();
}
