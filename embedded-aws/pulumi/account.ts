import { operator, type Caller } from "../aws/caller";
import type { World } from "../aws/world";
import { defined, type Account } from "./types/resource-type";

/** A call that was answered. */
export interface AnsweredCall {
  readonly prefix: string;
  readonly operation: string;
  readonly input: object;
  readonly output: object;
}

/**
 * The embedded AWS as one resource's provider sees it. The suffix of a name depends on the seed, the type and
 * the logical name only: resources may be made in any order.
 */
export function accountOf(
  world: World,
  resource: { type: string; name: string },
  options: {
    caller?: Caller;
    defaultTags?: Readonly<Record<string, string>>;
    onCall?: (call: AnsweredCall) => void;
    sleep?: (delayMs: number) => Promise<void>;
  } = {},
): Account {
  const caller = options.caller ?? operator;
  const random = world.random.fork(`pulumi/${resource.type}/${resource.name}`);
  return {
    partition: world.partition,
    region: world.region,
    account: world.account,
    arn: (service, resource) => world.arn(service, resource),
    defaultTags: options.defaultTags ?? {},
    async call<Output extends object>(prefix: string, operation: string, given: object): Promise<Output> {
      const input = defined(given);
      const output = await world.dispatch<Output>(prefix, operation, input, { caller, door: "pulumi" });
      options.onCall?.({ prefix, operation, input, output });
      return output;
    },
    suffix: () => random.hex(7),
    sleep: (delayMs) =>
      options.sleep?.(delayMs) ?? world.clock.sleep(delayMs, `${resource.type} ${resource.name}`),
  };
}
