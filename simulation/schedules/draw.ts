import { noFaults, type DeliveryFaults } from "../../embedded-aws/aws/eventbridge/faults";
import type { EcsSettings } from "../../embedded-aws/aws/ecs";
import { Random } from "../../embedded-aws/aws/random";
import type { Conduct } from "../../embedded-aws/aws/world";
import type { Limits } from "../../handler/facts";
import type { CrashPoint } from "../faults";

const secondMs = 1000;
const minuteMs = 60 * secondMs;

/** A secret of a schedule: one text, or a JSON object with one key. */
export interface DrawnSecret {
  readonly json: boolean;
}

/** How a task definition refers to a value. */
export type DrawnReference =
  | { readonly parameter: number; readonly by: "name" | "arn" }
  | {
      readonly secret: number;
      readonly by: "arn" | "partial-arn" | "parameter-store";
      readonly label?: typeof ownLabel | "AWSPREVIOUS";
      readonly jsonKey?: boolean;
      /** The version that is current in the beginning. */
      readonly pinned?: boolean;
    };

/** A label of the account's own, beside AWSCURRENT. */
export const ownLabel = "blue";
/** The key of a JSON secret. */
export const jsonKey = "password";

/** A service of a schedule. */
export interface DrawnService {
  readonly cluster: number;
  readonly wave: number;
  readonly covered: boolean;
  /** References that the settings leave out; absent: the settings list none, so all are followed. */
  readonly unlisted?: readonly number[];
  readonly desiredCount: number;
  /** What each of its two task definitions reads, the first one in the beginning. */
  readonly reads: readonly [readonly DrawnReference[], readonly DrawnReference[]];
  readonly strategy: "ROLLING" | "BLUE_GREEN";
  readonly percent: { readonly minimum: number; readonly maximum: number };
  readonly deferredCleanUp: boolean;
  /** How many minutes a pause hook waits; absent: there is none. */
  readonly pause?: { readonly minutes: number; readonly action: "CONTINUE" | "ROLLBACK" };
}

/** What an operator, a rotation or ECS does. Numbers are indices, taken modulo of what there is. */
export type Step =
  | { readonly step: "nothing" }
  | { readonly step: "put"; readonly secret: number; readonly broken: boolean }
  | { readonly step: "put-own-label"; readonly secret: number }
  /** The label goes to the version at that index of those that had it, the oldest first. */
  | {
      readonly step: "move-label";
      readonly secret: number;
      readonly label: "AWSCURRENT" | typeof ownLabel;
      readonly to: number;
    }
  | { readonly step: "abandon-pending"; readonly secret: number }
  | { readonly step: "edit"; readonly secret: number; readonly what: "tag" | "description" }
  | { readonly step: "put-parameter"; readonly parameter: number; readonly broken: boolean }
  | { readonly step: "deploy"; readonly service: number; readonly definition: number | "broken" }
  | { readonly step: "force"; readonly service: number }
  | { readonly step: "scale"; readonly service: number; readonly desiredCount: number }
  | { readonly step: "protect"; readonly service: number; readonly task: number; readonly minutes: number }
  | { readonly step: "fail-health-check"; readonly service: number; readonly task: number }
  | { readonly step: "continue"; readonly service: number; readonly action: "CONTINUE" | "ROLLBACK" }
  | { readonly step: "stop-deployment"; readonly service: number; readonly abort: boolean }
  /** A message of an event that never happened. */
  | { readonly step: "forge"; readonly secret: number }
  | { readonly step: "lose-memory" };

const operations = ["DescribeServices", "ListTasks", "ListServiceDeployments", "UpdateService"] as const;
const outageKinds = ["throttle", "breakDown", "loseAnswers"] as const;

/** Calls of the recycler that fail for some of the steps. */
export interface DrawnOutage {
  readonly kind: (typeof outageKinds)[number];
  readonly operation: (typeof operations)[number];
  /** Steps after which it ends. */
  readonly ends: number;
}

/** Everything that one seed draws. */
export interface Schedule {
  readonly seed: number;
  readonly faults: boolean;
  readonly clusters: number;
  readonly secrets: readonly DrawnSecret[];
  readonly parameters: number;
  readonly services: readonly DrawnService[];
  readonly delaySeconds: number;
  readonly limits: Limits;
  readonly ecs: Partial<EcsSettings>;
  readonly conduct: Conduct;
  readonly delivery: DeliveryFaults;
  readonly outage?: DrawnOutage;
  readonly crash?: CrashPoint;
  /** Steps in their order, each with the time that passes after it. The first ones come before the installation. */
  readonly steps: readonly { readonly does: Step; readonly thenMs: number }[];
  readonly stepsBeforeInstallation: number;
}

/**
 * Draws a schedule: the same seed gives the same one.
 * @param faults whether events get lost, doubled and late, calls fail, answers are old and the function loses its memory
 */
export function drawSchedule(seed: number, faults: boolean): Schedule {
  const random = new Random(`schedule ${seed} ${faults ? "with" : "without"} faults`);
  const clusters = random.integer(1, 2);
  const secrets = many(random.integer(1, 3), () => ({ json: random.chance(0.4) }));
  const parameters = random.integer(1, 2);
  const services = many(random.integer(2, 5), () => drawService(random, clusters, secrets, parameters));
  const steps = many(random.integer(2, 20), () => ({
    does: drawStep(random, secrets.length, parameters, services.length, faults),
    thenMs: random.integer(0, random.chance(0.5) ? 20 * secondMs : 9 * minuteMs),
  }));
  return {
    seed,
    faults,
    clusters,
    secrets,
    parameters,
    services,
    delaySeconds: random.pick([3, 10, 15, 15, 30]),
    limits: drawLimits(random),
    ecs: drawEcs(random, faults, services),
    ...drawFaults(random, faults, steps.length),
    steps,
    stepsBeforeInstallation: random.chance(0.25) ? random.integer(1, 3) : 0,
  };
}

function drawService(
  random: Random,
  clusters: number,
  secrets: readonly DrawnSecret[],
  parameters: number,
): DrawnService {
  const first = many(random.integer(1, 4), () => drawReference(random, secrets, parameters));
  const second = random.chance(0.5) ? first : [...first.slice(1), drawReference(random, secrets, parameters)];
  const strategy = random.chance(0.8) ? "ROLLING" : "BLUE_GREEN";
  return {
    cluster: random.integer(0, clusters - 1),
    wave: random.pick([0, 0, 1, 1, 2]),
    covered: random.chance(0.85),
    ...(random.chance(0.3) && { unlisted: random.chance(0.5) ? [] : [0] }),
    desiredCount: random.pick([0, 1, 2, 2, 2, 3, 3]),
    reads: [first, second],
    strategy,
    percent: random.pick([
      { minimum: 100, maximum: 200 },
      { minimum: 100, maximum: 200 },
      { minimum: 50, maximum: 200 },
      { minimum: 50, maximum: 100 },
      { minimum: 100, maximum: 150 },
    ]),
    deferredCleanUp: strategy === "ROLLING" && random.chance(0.2),
    ...(random.chance(0.15) && {
      pause: { minutes: random.integer(1, 30), action: random.pick(["CONTINUE", "ROLLBACK"] as const) },
    }),
  };
}

function drawReference(random: Random, secrets: readonly DrawnSecret[], parameters: number): DrawnReference {
  if (random.chance(0.3))
    return { parameter: random.integer(0, parameters - 1), by: random.pick(["name", "arn"] as const) };
  const secret = random.integer(0, secrets.length - 1);
  const by = random.pick(["arn", "arn", "partial-arn", "parameter-store"] as const);
  if (by === "parameter-store") return { secret, by };
  const kind = random.pick(["current", "current", "current", ownLabel, "AWSPREVIOUS", "pinned"] as const);
  return {
    secret,
    by,
    ...((kind === ownLabel || kind === "AWSPREVIOUS") && { label: kind }),
    ...(kind === "pinned" && { pinned: true }),
    ...(secrets[secret]?.json && random.chance(0.7) && { jsonKey: true }),
  };
}

function drawStep(
  random: Random,
  secrets: number,
  parameters: number,
  services: number,
  faults: boolean,
): Step {
  const [secret, service] = [random.integer(0, secrets - 1), random.integer(0, services - 1)];
  const task = random.integer(0, 2);
  const label = random.pick(["AWSCURRENT", ownLabel] as const);
  const drawn: readonly Step[] = [
    { step: "put", secret, broken: false },
    { step: "put", secret, broken: false },
    { step: "put", secret, broken: false },
    { step: "put", secret, broken: random.chance(0.5) },
    { step: "put", secret, broken: random.chance(0.5) },
    { step: "put-own-label", secret },
    { step: "move-label", secret, label, to: random.integer(0, 5) },
    { step: "move-label", secret, label, to: random.integer(0, 5) },
    { step: "abandon-pending", secret },
    { step: "edit", secret, what: random.pick(["tag", "description"] as const) },
    { step: "edit", secret, what: random.pick(["tag", "description"] as const) },
    { step: "put-parameter", parameter: random.integer(0, parameters - 1), broken: false },
    { step: "put-parameter", parameter: random.integer(0, parameters - 1), broken: random.chance(0.15) },
    { step: "deploy", service, definition: random.integer(0, 1) },
    { step: "deploy", service, definition: "broken" },
    { step: "force", service },
    { step: "scale", service, desiredCount: random.pick([0, 1, 2, 3]) },
    { step: "scale", service, desiredCount: random.pick([1, 2, 3]) },
    { step: "protect", service, task, minutes: random.integer(1, 30) },
    { step: "fail-health-check", service, task },
    { step: "continue", service, action: random.pick(["CONTINUE", "ROLLBACK"] as const) },
    { step: "stop-deployment", service, abort: random.chance(0.3) },
    { step: "forge", secret },
    ...(faults ? ([{ step: "lose-memory" }, { step: "lose-memory" }] as const) : []),
  ];
  return random.pick(drawn);
}

function drawLimits(random: Random): Limits {
  const one = (low: number, high: number): number | undefined =>
    random.chance(0.2) ? random.integer(low, high) : undefined;
  return {
    minutesBetweenDeployments: one(1, 8),
    maxConcurrentDeployments: one(1, 3),
    bakeTimeInMinutes: one(1, 4),
    overtakeAfterMinutes: one(1, 10),
  };
}

function drawEcs(random: Random, faults: boolean, services: readonly DrawnService[]): Partial<EcsSettings> {
  const isRolling = services.every(({ strategy }) => strategy === "ROLLING");
  const [lag, old] = [random.pick([0, 0, 0.5]), random.pick([0, 0, 0.5])];
  return {
    ...(faults && {
      listLagMs: { share: lag, low: 0, high: 5 * secondMs },
      staleAnswers: { share: old, maxMs: 5 * secondMs },
    }),
    oldPrimaryAfterRollback: random.pick([0, 0.5, 1]),
    // No circuit breaker ends a rollback of shifted traffic whose tasks do not start: then none are started for it.
    oldTasksAfterRollback: isRolling ? random.pick([0, 0.5, 1]) : 1,
    unhealthyOldTasks: {
      share: isRolling ? random.pick([0, 0, 0.5]) : 0,
      withinMs: random.integer(secondMs, minuteMs),
    },
    deferredCleanUpMs: { low: secondMs, high: random.pick([10 * secondMs, 10 * minuteMs]) },
  };
}

function drawFaults(
  random: Random,
  faults: boolean,
  steps: number,
): Pick<Schedule, "conduct" | "delivery" | "outage" | "crash"> {
  if (!faults) return { conduct: {}, delivery: noFaults };
  const probability = (): number => (random.chance(0.5) ? random.next() : 0);
  return {
    conduct: {
      throttling: random.chance(0.3),
      ...(random.chance(0.3) && { pageSize: random.integer(1, 5) }),
      ...(random.chance(0.3) && { staleness: { chance: random.next(), longestMs: longestStalenessMs } }),
    },
    delivery: {
      ...noFaults,
      lostProbability: probability(),
      doubledProbability: probability(),
      lateProbability: probability(),
      lateMs: random.integer(secondMs, 2 * minuteMs),
    },
    ...(random.chance(0.4) && {
      outage: {
        kind: random.pick(outageKinds),
        operation: random.pick(operations),
        ends: random.integer(1, steps),
      },
    }),
    ...(random.chance(0.3) && {
      crash: { operation: random.pick(operations), when: random.pick(["before", "after"] as const) },
    }),
  };
}

/** How old an answer may be where a schedule draws old answers: less than the margin of the shortest delay. */
export const longestStalenessMs = 1_500;

function many<Item>(count: number, make: () => Item): Item[] {
  return Array.from({ length: count }, make);
}
