import { z } from "zod";
import { settingsSchema } from "../../stack/settings-schema";

/** A JSON schema, as far as settings use it. */
interface JsonSchema {
  readonly properties?: Readonly<Record<string, JsonSchema>>;
  readonly items?: JsonSchema;
  readonly anyOf?: readonly JsonSchema[];
  readonly oneOf?: readonly JsonSchema[];
}

const schema = z.toJSONSchema(settingsSchema, { io: "input", unrepresentable: "any" }) as JsonSchema;

/** The names of the settings themselves. */
export const settingNames: readonly string[] = Object.keys(schema.properties ?? {});

/** Whether a path is a setting's: `limits.maxConcurrentDeployments`, `services[].wave`, `services[0].cluster`. */
export function isSettingPath(path: string): boolean {
  let here: readonly JsonSchema[] = [schema];
  for (const [, key, isItem] of path.matchAll(/([^.[\]]+)|(\[\d*\])/g)) {
    const all = here.flatMap((one) => [one, ...(one.anyOf ?? []), ...(one.oneOf ?? [])]);
    here = all.flatMap(({ properties, items }) => {
      const next = isItem === undefined ? properties?.[key!] : items;
      return next ? [next] : [];
    });
    if (here.length === 0) return false;
  }
  return true;
}
