import type { World } from "../embedded-aws/aws/world";

/** How often a condition is checked, in milliseconds. */
const pollMs = 25;
/** How long a condition may take, in milliseconds: longer than the 90 s that a message stays hidden after a crash. */
const deadlineMs = 180_000;

/** Waits on the world's clock until a condition holds. Throws, naming it, when it takes too long. */
export async function until(
  { clock }: World,
  what: string,
  holds: () => boolean | Promise<boolean>,
): Promise<void> {
  const deadline = clock.now() + deadlineMs;
  while (!(await holds())) {
    if (clock.now() > deadline) throw new Error(`not within ${deadlineMs / 1000} s: ${what}`);
    await clock.sleep(pollMs, what);
  }
}
