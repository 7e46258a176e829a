import type { Random } from "../random";

/**
 * How unreliable delivery is. AWS promises at least once for some events and best effort for others, in no order;
 * how often it happens is drawn from the seed. Probabilities from 0 to 1, times in milliseconds.
 */
export interface DeliveryFaults {
  /** An event reaches no rule. */
  readonly lostProbability: number;
  /** An event reaches its rules a second time, under the same id. */
  readonly doubledProbability: number;
  /** An event is held back for up to `lateMs`, and so may arrive after later ones. */
  readonly lateProbability: number;
  readonly lateMs: number;
  /** One try to hand an event to a target fails as if the target were down. */
  readonly targetFailureProbability: number;
}

/** Delivery that does everything right, once, in order. */
export const noFaults: DeliveryFaults = {
  lostProbability: 0,
  doubledProbability: 0,
  lateProbability: 0,
  lateMs: 0,
  targetFailureProbability: 0,
};

/** The delays, in milliseconds, with which the copies of an event arrive: none when it is lost. */
export function drawDelays(faults: DeliveryFaults, random: Random): number[] {
  // Every draw is made each time, so that one probability does not change what another one draws.
  const [lost, doubled, late, late2] = [random.next(), random.next(), random.next(), random.next()];
  const delays = [random.integer(0, faults.lateMs), random.integer(0, faults.lateMs)] as const;
  if (lost < faults.lostProbability) return [];
  const first = late < faults.lateProbability ? delays[0] : 0;
  if (doubled >= faults.doubledProbability) return [first];
  return [first, late2 < faults.lateProbability ? delays[1] : 0];
}
