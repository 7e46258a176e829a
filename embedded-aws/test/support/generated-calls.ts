import { ServiceError } from "../../aws/errors";
import { Random } from "../../aws/random";
import { ServiceModel } from "../../aws/wire/model";
import type { World } from "../../aws/world";
import { generate, type GenerateOptions } from "./generate";

/** What became of calls with drawn input. */
export interface GeneratedCalls {
  answers: number;
  refusals: number;
  /** Operations that answered at least once. */
  readonly answered: Set<string>;
  /** Operations that never answered. */
  silent: string[];
  /** Everything that was neither an answer of the model nor an error of the service. */
  readonly mistakes: string[];
}

/** For most texts of a member, one that the member is known to take: ids of what is there, names of filters. */
export function knownTexts(texts: Readonly<Record<string, readonly string[]>>): GenerateOptions["text"] {
  return (member, random) => {
    const known = texts[member];
    return known?.length && random.chance(0.9) ? random.pick(known) : undefined;
  };
}

/**
 * Calls every operation of a service with input drawn from AWS's own schemas, part of it broken on purpose. The
 * gate checks each answer; an error must be one that the service's model, or its front end, knows.
 */
export async function generatedCalls(
  world: World,
  prefix: string,
  options: {
    readonly seed: string;
    readonly perOperation: number;
    /** Codes that stand in no model: of the front end, and of services without modelled errors. */
    readonly codes: RegExp;
    readonly generate: GenerateOptions;
    /** Members that make some of the calls of an operation succeed; used for every second call. */
    readonly fitting?: Readonly<Record<string, object>>;
    /** Run between two calls, to let what they began go on. */
    readonly between?: () => Promise<void>;
  },
): Promise<GeneratedCalls> {
  const service = world.service(prefix);
  const model = ServiceModel.of(service.sdk);
  const random = new Random(options.seed);
  const result: GeneratedCalls = { answers: 0, refusals: 0, answered: new Set(), silent: [], mistakes: [] };
  const names = Object.keys(service.operations);
  for (let round = 0; round < options.perOperation; round++)
    for (const name of names) {
      const drawn = generate(model.operation(name)!.input, random, options.generate) as object;
      const input = round % 2 === 0 ? drawn : { ...drawn, ...options.fitting?.[name] };
      try {
        await world.asOperator(prefix, name, input);
        result.answers += 1;
        result.answered.add(name);
      } catch (error) {
        result.refusals += 1;
        const known =
          error instanceof ServiceError &&
          (error.status < 500 || error.code === "NotImplemented") &&
          (model.error(error.code) !== undefined || options.codes.test(error.code));
        if (!known) result.mistakes.push(`${name} ${JSON.stringify(input).slice(0, 400)}: ${String(error)}`);
      }
      await options.between?.();
    }
  result.silent = names.filter((name) => !result.answered.has(name));
  return result;
}
