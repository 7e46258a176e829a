import { example } from "../demo/example";
import { EventBridge } from "../embedded-aws/aws/eventbridge";
import { noFaults, type DeliveryFaults } from "../embedded-aws/aws/eventbridge/faults";
import { Random } from "../embedded-aws/aws/random";
import { breakDown, crashAt, loseAnswers, throttle, type CrashPoint, type Outage } from "./faults";
import type { RecordedExample } from "./virtual-run";
import { minuteMs, secondMs, sweepMs, VirtualShop } from "./virtual-shop";

/** What an operator or a rotation does in a schedule. */
const changes = {
  "the parameter changes": (shop: VirtualShop) => shop.putParameter(),
  "the log token changes": (shop: VirtualShop) => shop.putSecret(example.logTokenSecret),
  "the database secret is rotated": (shop: VirtualShop) =>
    shop.call("secretsmanager", "RotateSecret", { SecretId: example.databaseSecret }),
} as const;
type Change = keyof typeof changes;
const rotation: Change = "the database secret is rotated";

const outages = { throttle, breakDown, loseAnswers } as const;
const operations = ["DescribeServices", "ListServiceDeployments", "UpdateService"] as const;

/** A batch is tried three times, 90 seconds apart; then the sweeps have made up for what was lost. */
const convergeMs = 12 * minuteMs + 2 * sweepMs;

/** Everything that one seed draws. */
export interface Schedule {
  readonly seed: number;
  /** Changes in their order, each with the time that passes after it. */
  readonly changes: readonly { readonly change: Change; readonly thenMs: number }[];
  readonly delivery: DeliveryFaults;
  readonly outage?: {
    readonly kind: keyof typeof outages;
    readonly operation: (typeof operations)[number];
    /** Changes after which it ends; with all of them, it ends when the last one has passed. */
    readonly ends: number;
  };
  readonly crash?: CrashPoint;
}

/** Draws a schedule: the same seed gives the same one. */
export function drawSchedule(seed: number): Schedule {
  const random = new Random(`schedule ${seed}`);
  const probability = (): number => (random.chance(0.5) ? random.next() : 0);
  const drawn: { change: Change; thenMs: number }[] = [];
  for (let count = random.integer(1, 8); count > 0; count--) {
    const change = random.pick(Object.keys(changes) as Change[]);
    const thenMs = random.integer(0, random.chance(0.5) ? 5 * secondMs : 9 * minuteMs);
    // With two users in turn, the second rotation ends what tasks read before the first: one rotation a schedule.
    if (change !== rotation || !drawn.some(({ change }) => change === rotation))
      drawn.push({ change, thenMs });
  }
  return {
    seed,
    changes: drawn,
    delivery: {
      ...noFaults,
      lostProbability: probability(),
      doubledProbability: probability(),
      lateProbability: probability(),
      lateMs: random.integer(secondMs, 2 * minuteMs),
    },
    ...(random.chance(0.5) && {
      outage: {
        kind: random.pick(Object.keys(outages) as (keyof typeof outages)[]),
        operation: random.pick(operations),
        ends: random.integer(1, drawn.length),
      },
    }),
    ...(random.chance(0.3) && {
      crash: { operation: random.pick(operations), when: random.pick(["before", "after"] as const) },
    }),
  };
}

/**
 * Runs a schedule on virtual time: first changes and faults, then a time without either, in which everything must
 * become fresh.
 * @param convergence for how long nothing happens at the end, in milliseconds
 * @returns what the run broke of the invariants
 */
export async function runSchedule(
  recorded: RecordedExample,
  schedule: Schedule,
  convergence = convergeMs,
): Promise<string[]> {
  const { outage: drawn, crash } = schedule;
  const shop = await VirtualShop.open(recorded, schedule.seed);
  const events = EventBridge.of(shop.world);
  events.faults = schedule.delivery;
  // The crash first: the end of an outage takes back what stood before the outage.
  if (crash) crashAt(shop.world, crash);
  const outage: Outage | undefined = drawn && outages[drawn.kind](shop.world, drawn.operation);

  for (const [index, { change, thenMs }] of schedule.changes.entries()) {
    await changes[change](shop);
    await shop.pass(thenMs);
    if (index + 1 === drawn?.ends) outage?.end();
  }
  events.faults = noFaults;
  await shop.pass(convergence);
  return shop.end();
}
