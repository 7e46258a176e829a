import type { World } from "../embedded-aws/aws/world";
import type { AnsweredCall } from "../embedded-aws/pulumi/account";
import { operator } from "../embedded-aws/aws/caller";

/** Operations of a provider that only look: a replay waits on the clock instead. */
const looks = /^(Describe|Get|List)/;

/**
 * The calls of a deployment, to make them again in another world without Pulumi: ids and ARNs that the other
 * world draws anew take the place of the recorded ones.
 */
export class Recording {
  readonly #calls: AnsweredCall[];

  constructor(calls: readonly AnsweredCall[] = []) {
    this.#calls = [...calls];
  }

  /** The calls so far, in order. */
  get calls(): readonly AnsweredCall[] {
    return this.#calls;
  }

  /** Keeps a call; its input as it was, whatever becomes of the object. */
  readonly add = (call: AnsweredCall): void => {
    if (!looks.test(call.operation)) this.#calls.push(call);
  };

  /**
   * Makes the calls, one after the other.
   * @param renamed what is called otherwise in this world; grows. Recordings that speak of each other share it.
   */
  async replay(world: World, renamed = new Map<string, string>()): Promise<void> {
    for (const { prefix, operation, input, output } of this.#calls) {
      const answer = await world.dispatch(prefix, operation, rename(input, renamed) as object, {
        caller: operator,
        door: "pulumi",
      });
      compare(output, answer, renamed);
    }
  }
}

/** Notes each text of the recorded answer that is another one now. */
function compare(recorded: unknown, actual: unknown, renamed: Map<string, string>): void {
  if (typeof recorded === "string" && typeof actual === "string") {
    if (recorded !== actual) renamed.set(recorded, actual);
  } else if (isObject(recorded) && isObject(actual))
    for (const key of Object.keys(recorded)) compare(recorded[key], actual[key], renamed);
}

function rename(value: unknown, renamed: ReadonlyMap<string, string>): unknown {
  if (typeof value === "string") {
    let text = value;
    for (const [recorded, actual] of renamed) text = text.replaceAll(recorded, actual);
    return text;
  }
  if (Array.isArray(value)) return value.map((member) => rename(member, renamed));
  if (!isObject(value) || value instanceof Uint8Array || value instanceof Date) return value;
  return Object.fromEntries(Object.entries(value).map(([key, member]) => [key, rename(member, renamed)]));
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null;
}
