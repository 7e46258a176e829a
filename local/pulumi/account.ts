import { operator, type Caller } from "../aws/caller";
import type { World } from "../aws/world";
import type { Account } from "./resource-type";

/**
 * The embedded AWS as one resource's provider sees it. The suffix of a name depends on the seed, the type and
 * the logical name only: resources may be made in any order.
 */
export function accountOf(
  world: World,
  resource: { type: string; name: string },
  options: { caller?: Caller; defaultTags?: Readonly<Record<string, string>> } = {},
): Account {
  const caller = options.caller ?? operator;
  const random = world.random.fork(`pulumi/${resource.type}/${resource.name}`);
  return {
    partition: world.partition,
    region: world.region,
    account: world.account,
    defaultTags: options.defaultTags ?? {},
    call: (prefix, operation, input) => world.dispatch(prefix, operation, input, { caller, door: "pulumi" }),
    suffix: () => random.hex(7),
    sleep: (delayMs) => world.clock.sleep(delayMs, `${resource.type} ${resource.name}`),
  };
}
