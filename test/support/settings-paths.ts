import { z } from "zod";
import { settingsSchema } from "../../stack/settings-schema";

/** A JSON schema, as far as settings use it. */
interface JsonSchema {
  readonly properties?: Readonly<Record<string, JsonSchema>>;
  readonly required?: readonly string[];
  readonly items?: JsonSchema;
  readonly enum?: readonly (string | number)[];
  readonly minimum?: number;
  readonly maximum?: number;
  readonly default?: string | number | boolean | object;
}

const schema = z.toJSONSchema(settingsSchema, { io: "input" }) as JsonSchema;

/** What the schema knows of one setting. */
export interface SettingFact {
  /** `services[].wave`. */
  readonly path: string;
  readonly isRequired: boolean;
  /** The words or numbers that it takes; empty when there are others. */
  readonly words: readonly (string | number)[];
  /** Its default, unless that is a list, an object or nothing. */
  readonly fallback?: string;
  readonly minimum?: number;
  readonly maximum?: number;
}

/** Every setting, those inside lists and objects included. */
export const settingFacts: readonly SettingFact[] = factsBelow(schema, "");

function factsBelow({ properties = {}, required = [] }: JsonSchema, prefix: string): SettingFact[] {
  return Object.entries(properties).flatMap(([name, one]) => {
    const path = `${prefix}${name}`;
    const { default: fallback, minimum, maximum } = one;
    const fact: SettingFact = {
      path,
      isRequired: required.includes(name),
      words: one.enum ?? [],
      fallback: typeof fallback === "object" ? undefined : fallback?.toString() || undefined,
      minimum,
      maximum: maximum === Number.MAX_SAFE_INTEGER ? undefined : maximum,
    };
    const below = one.items?.properties ? one.items : one;
    return [fact, ...factsBelow(below, one.items ? `${path}[].` : `${path}.`)];
  });
}

/** The names of the settings themselves. */
export const settingNames: readonly string[] = Object.keys(schema.properties ?? {});

/** Whether a path is a setting's: `limits.maxConcurrentDeployments`, `services[].wave`, `services[0].cluster`. */
export function isSettingPath(path: string): boolean {
  let here: JsonSchema | undefined = schema;
  for (const [, key, isItem] of path.matchAll(/([^.[\]]+)|(\[\d*\])/g))
    here = isItem === undefined ? here?.properties?.[key!] : here?.items;
  return here !== undefined;
}
