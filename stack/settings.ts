import * as pulumi from "@pulumi/pulumi";
import type { z } from "zod";
import type { Place } from "../aws-semantics/arn";
import type { CoveredServices } from "../handler/coverage";
import { mistakesOf, type Mistake } from "../rotator/settings-messages";
import { settingsError } from "./settings-error";
import { normaliseRotations, rotationRules, type RotationSettings } from "./settings-rotations";
import { settingsSchema } from "./settings-schema";
import { normaliseServices, serviceRules, type Indexed } from "./settings-services";

type Checked = z.output<typeof settingsSchema>;

/** Everything the stack is made from: checked, normalised, with every default filled in. */
export interface Settings extends Omit<Checked, "services" | "rotations" | "permissionsBoundary"> {
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
    ({ services, rotations }, context) => {
      const mistakes = [
        ...serviceRules(rightEntries("services", services, context.issues), place),
        ...rotationRules(rightEntries("rotations", rotations, context.issues), place),
      ];
      for (const mistake of mistakes) context.addIssue({ code: "custom", ...mistake });
    },
    { when: () => true },
  );
  const parsed = schema.safeParse(raw);
  if (!parsed.success) throw settingsError(mistakesOf(parsed.error.issues));
  const { services, rotations, permissionsBoundary, ...rest } = parsed.data;
  return {
    ...rest,
    coverage: normaliseServices(services),
    rotations: normaliseRotations(rotations, place),
    permissionsBoundary: permissionsBoundary || undefined,
  };
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
