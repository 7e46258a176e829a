import { recyclerName } from "../demo/example";
import { Lambda } from "../embedded-aws/aws/lambda";
import { serviceFailure, throttled } from "../embedded-aws/aws/wire/refusals";
import type { ServiceError } from "../embedded-aws/aws/errors";
import type { Authorization, Call } from "../embedded-aws/aws/service";
import type { World } from "../embedded-aws/aws/world";

/** Calls of the recycler, and how each of them is turned away. */
export interface Outage {
  /** Calls that were turned away so far. */
  readonly count: number;
  /** From now on they are carried out again. */
  end(): void;
}

/** Whether a call is the recycler's own: its event source mapping takes messages with the same role. */
export function isOfRecycler({ caller, door }: Pick<Call, "caller" | "door">): boolean {
  return caller.kind === "role" && caller.roleArn.endsWith(`:role/${recyclerName}`) && door === "in-process";
}

/** Every call of the recycler that `concerns` names fails, until the end. */
function outage(
  world: World,
  concerns: (call: Call, requests: readonly Authorization[]) => boolean,
  error: () => ServiceError,
): Outage {
  const { gate } = world;
  const before = gate.authorize.bind(gate);
  let count = 0;
  gate.authorize = (call, requests) => {
    before(call, requests);
    if (!isOfRecycler(call) || !concerns(call, requests)) return;
    count++;
    throw error();
  };
  return {
    get count() {
      return count;
    },
    end: () => void (gate.authorize = before),
  };
}

/** ECS turns calls of an operation away: too many of them. */
export function throttle(world: World, operation: string): Outage {
  return outage(
    world,
    (call) => call.service === "ecs" && call.operation === operation,
    () => throttled("ecs", "json-1.1"),
  );
}

/** An operation of ECS answers 500, for one service where that is named. */
export function breakDown(world: World, operation: string, service?: string): Outage {
  return outage(
    world,
    (call, requests) =>
      call.service === "ecs" &&
      call.operation === operation &&
      (service === undefined || requests.some(({ resource }) => resource.endsWith(`/${service}`))),
    () => serviceFailure("ecs"),
  );
}

/** Where a function's machine goes away: before its nth call of AWS, or after it was carried out and before the answer. */
export interface CrashPoint {
  readonly operation: string;
  readonly when: "before" | "after";
}

/**
 * The recycler's machine goes away once, at the first call that is the point. Whatever else it asks in that moment is
 * not sent, and nothing is ever answered to it: its code stands still for good.
 * @returns whether it has happened
 */
export function crashAt(world: World, { operation, when }: CrashPoint): () => boolean {
  const carryOut = world.carryOut.bind(world);
  let crashedMs: number | undefined;
  world.carryOut = async (prefix, name, input, from) => {
    if (!isOfRecycler(from)) return carryOut(prefix, name, input, from);
    const isPoint = crashedMs === undefined && name === operation;
    // A container that comes later begins later: the batch is not visible until then.
    if (!isPoint && crashedMs !== world.clock.now()) return carryOut(prefix, name, input, from);
    if (isPoint) {
      crashedMs = world.clock.now();
      if (when === "after") await carryOut(prefix, name, input, from);
      await Lambda.of(world).crash(recyclerName);
    }
    return new Promise<never>(() => undefined);
  };
  return () => crashedMs !== undefined;
}

/**
 * Calls of the recycler are carried out and nobody learns it: ECS answers 500 instead. From now on, until the end.
 */
export function loseAnswers(world: World, operation: string): Outage {
  const carryOut = world.carryOut.bind(world);
  let count = 0;
  world.carryOut = async (prefix, name, input, from) => {
    const finished = await carryOut(prefix, name, input, from);
    if (!isOfRecycler(from) || name !== operation || finished.error) return finished;
    count++;
    return { ...finished, output: undefined, error: serviceFailure("ecs") };
  };
  return {
    get count() {
      return count;
    },
    end: () => void (world.carryOut = carryOut),
  };
}
