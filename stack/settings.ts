import * as pulumi from "@pulumi/pulumi";
import type { z } from "zod";
import type { Place } from "../aws-semantics/arn";
import type { CoveredServices } from "../handler/coverage";
import { mistakesOf, type Mistake } from "../rotator/settings-messages";
import { settingsError } from "./settings-error";
import { normaliseRotations, rotationRules, type RotationSettings } from "./settings-rotations";
import { alarmRules, boundaryRules, exceptionRules, limitRules } from "./settings-rules";
import { settingsSchema, type CheckedSettings } from "./settings-schema";
import { normaliseServices, serviceRules, type Indexed } from "./settings-services";

/** Everything the stack is made from: checked, normalised, with every default filled in. */
export interface Settings extends Omit<CheckedSettings, "services" | "rotations" | "permissionsBoundary"> {
  readonly coverage: readonly CoveredServices[];
  readonly rotations: readonly RotationSettings[];
  /** ARN of a policy that every role of the stack gets as its boundary. */
  readonly permissionsBoundary?: string;
}

/**
 * Checks everything inside the settings and fills the defaults in.
 * @param raw the values of the namespace `ecs-secret-recycler`, keys without the namespace.
 * @param place for ARNs: they must be of the stack's own account and Region where AWS wants that.
 * @throws one error that lists every mistake with its path.
 */
export function parseSettings(raw: Readonly<Record<string, unknown>>, place: Place): Settings {
  const schema = settingsSchema.superRefine(
    (settings, context) => {
      const { issues } = context;
      const entries = rightEntries("services", settings.services, issues);
      const isRight = (key: keyof CheckedSettings): boolean => !issues.some(({ path }) => path?.[0] === key);
      const coverage = entries.map(({ index, entry }) => ({ index, entry: normaliseServices([entry])[0]! }));
      const mistakes = [
        ...serviceRules(entries, place),
        ...rotationRules(rightEntries("rotations", settings.rotations, issues), place),
        ...(isRight("exceptions") ? exceptionRules(settings.exceptions, coverage) : []),
        ...(isRight("alarms") ? alarmRules(settings.alarms, place) : []),
        ...(isRight("permissionsBoundary") ? boundaryRules(settings.permissionsBoundary, place) : []),
        ...(isRight("limits") && isRight("services")
          ? limitRules(
              settings.limits,
              coverage.map(({ entry }) => entry),
            )
          : []),
      ];
      for (const mistake of mistakes) context.addIssue({ code: "custom", ...mistake });
    },
    { when: () => true },
  );
  const { keys, rest: given } = wholeKeys(raw);
  const parsed = schema.safeParse(given);
  const mistakes = [...keys, ...(parsed.success ? [] : mistakesOf(parsed.error.issues))];
  if (!parsed.success || mistakes.length > 0) throw settingsError(mistakes);
  const { services, rotations, permissionsBoundary, ...rest } = parsed.data;
  return {
    ...rest,
    coverage: normaliseServices(services),
    rotations: normaliseRotations(rotations, place),
    permissionsBoundary: permissionsBoundary || undefined,
  };
}

/**
 * Takes out keys such as `alarms.email`: without `--path`, `pulumi config set` makes a key of the whole path, which looks
 * in a message like the setting that was meant.
 */
function wholeKeys(raw: Readonly<Record<string, unknown>>): {
  readonly keys: readonly Mistake[];
  readonly rest: Readonly<Record<string, unknown>>;
} {
  const all = Object.entries(raw);
  const isPath = ([key]: readonly [string, unknown]): boolean => /[.[]/.test(key);
  const keys = all.filter(isPath).map(([key]) => ({
    path: [key],
    message:
      `is one key with this name, not a setting inside another: "pulumi config rm 'ecs-secret-recycler:${key}'", then ` +
      `"pulumi config set --path 'ecs-secret-recycler:${key}' VALUE"`,
  }));
  return { keys, rest: Object.fromEntries(all.filter((entry) => !isPath(entry))) };
}

/**
 * The entries of a list that are right by themselves, with their places in the list. Rules between entries look at
 * those even if other entries are wrong, so that one run reports everything.
 */
function rightEntries<Entry>(
  key: string,
  entries: readonly Entry[] | undefined,
  issues: readonly z.core.$ZodRawIssue[],
): Indexed<Entry>[] {
  if (!(entries instanceof Array)) return [];
  const wrong = new Set(issues.flatMap(({ path }) => (path?.[0] === key ? [path[1]] : [])));
  return entries.map((entry, index) => ({ index, entry })).filter(({ index }) => !wrong.has(index));
}

/** Reads the settings of the current stack. The engine has checked the types at the top, and nothing inside. */
export function readSettings(place: Place): Settings {
  const namespace = `${pulumi.getProject()}:`;
  const raw: Record<string, unknown> = {};
  const mistakes: Mistake[] = [];
  for (const [key, value] of Object.entries(pulumi.runtime.allConfig())) {
    if (!key.startsWith(namespace)) continue;
    const name = key.slice(namespace.length);
    raw[name] = configValue(value);
    if (isEncrypted(key))
      mistakes.push({
        path: [name],
        message:
          "expected plain text, found an encrypted value: settings become part of the function's code; name secrets",
      });
  }
  if (mistakes.length > 0) throw settingsError(mistakes);
  return parseSettings(raw, place);
}

/** Whether a value is encrypted in the stack's file. The SDK exports the function and leaves it out of its types. */
function isEncrypted(key: string): boolean {
  return (pulumi.runtime as unknown as { isConfigSecret(key: string): boolean }).isConfigSecret(key);
}

/** Configuration reaches the program as text: JSON for lists, objects, numbers and booleans, else the text itself. */
function configValue(value: string): unknown {
  try {
    return JSON.parse(value) as unknown;
  } catch (error) {
    if (error instanceof SyntaxError) return value;
    throw error;
  }
}
