import type { Random } from "../../aws/random";
import type { Shape } from "../../aws/wire/shape";

/** How values are drawn. */
export interface GenerateOptions {
  /** How likely an optional member is there, from 0 to 1. */
  readonly optional: number;
  /** How deep structures, lists and maps are filled; below that they are as small as they may be. */
  readonly depth: number;
  /** Draws text for a member of this name; undefined leaves it to the generator. */
  readonly text?: (member: string, random: Random) => string | undefined;
  /** How likely a value is broken: of another type, out of range, an unknown enum value. */
  readonly broken?: number;
}

/** A value of a shape as an SDK client takes it, drawn from `random`. */
export function generate(shape: Shape, random: Random, options: GenerateOptions, member = ""): unknown {
  if (options.broken !== undefined && random.chance(options.broken)) return broken(shape, random);
  switch (shape.kind) {
    case "string":
      return options.text?.(member, random) ?? random.text(random.integer(1, 12));
    case "boolean":
      return random.chance(0.5);
    case "number":
      return random.integer(0, 1000);
    case "timestamp":
      return new Date(random.integer(0, 2_000_000_000) * 1000);
    case "blob":
      return new Uint8Array(Buffer.from(random.text(random.integer(1, 8))));
    case "document":
      return { a: random.text(3) };
    case "list":
      return Array.from({ length: lengthFor(random, options) }, () =>
        generate(shape.element, random, deeper(options), member),
      );
    case "map":
      return Object.fromEntries(
        Array.from({ length: lengthFor(random, options) }, () => [
          random.text(random.integer(1, 6)).toLowerCase(),
          generate(shape.element, random, deeper(options), member),
        ]),
      );
    case "structure": {
      const made: Record<string, unknown> = {};
      const { required } = shape;
      for (const [name, inner] of shape.members) {
        // An idempotency token that is left out is filled in by the client, at random.
        const token = inner.traits.idempotencyToken !== undefined;
        const here = token || (options.depth > 0 && random.chance(options.optional));
        if (!here && (!required.includes(name) || isDropped(options, random))) continue;
        made[name] = generate(inner, random, deeper(options), name);
      }
      return made;
    }
    case "union": {
      const [name, inner] = random.pick([...shape.members]);
      return { [name]: generate(inner, random, deeper(options), name) };
    }
    case "unit":
      return {};
  }
}

function isDropped(options: GenerateOptions, random: Random): boolean {
  return options.broken !== undefined && random.chance(options.broken);
}

function deeper(options: GenerateOptions): GenerateOptions {
  return { ...options, depth: options.depth - 1 };
}

function lengthFor(random: Random, options: GenerateOptions): number {
  return options.depth > 0 ? random.integer(1, 2) : 1;
}

function broken(shape: Shape, random: Random): unknown {
  switch (shape.kind) {
    case "string":
      return random.pick<unknown>([
        "",
        " ",
        "NO_SUCH_VALUE",
        "a".repeat(3000),
        "arn:aws:nothing",
        "../..",
        "a,b;c\"d'é\u{1f600}",
        "{",
        "*",
        "-1",
        "__proto__",
        "constructor",
        7,
        true,
        ["a"],
        {},
      ]);
    case "number":
      return random.pick<unknown>([-1, 0, 0.5, 1e12, -1e12, 2 ** 53, "x", true, [], {}]);
    case "boolean":
      return random.pick<unknown>(["maybe", 1, [], {}]);
    case "timestamp":
      return random.pick<unknown>([new Date(-1e12), new Date(8.64e15), new Date(0)]);
    case "list":
      return random.pick<unknown>([[], "x", 5, {}]);
    case "map":
    case "structure":
    case "union":
      return random.pick<unknown>([{}, { unknown: 1 }, "x", 5]);
    case "blob":
      return random.pick<unknown>([new Uint8Array(), new Uint8Array([255, 0, 1])]);
    default:
      return undefined;
  }
}
