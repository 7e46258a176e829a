import * as pulumi from "@pulumi/pulumi";
import type { CoveredServices, Mode, RecyclerSettings } from "../handler/coverage";
import type { Place } from "../aws-semantics/arn";
import { mistakesOf, settingsError, type Mistake } from "./settings-messages";
import { normaliseServices, serviceRules } from "./settings-services";
import { normaliseRotations, rotationRules, type RotationSettings } from "./settings-rotations";
import { sweepMistakes } from "./settings-schedules";
import { rotationSchema, serviceSchema, settingsSchema } from "./settings-schema";

/** What alarms are sent to, and when. No address and no topic: no alarms. */
export interface AlarmSettings {
  /** An address that receives a request to confirm. */
  readonly email?: string;
  /** ARN of a topic that exists. */
  readonly topic?: string;
  /** Minutes for which a service may hold an old value before the alarm. */
  readonly staleAfterMinutes: number;
}

/** Everything the stack is made from: checked, normalised, with every default filled in. */
export interface Settings {
  readonly coverage: readonly CoveredServices[];
  readonly rotations: readonly RotationSettings[];
  readonly trail: "create" | "none";
  readonly mode: Mode;
  readonly timing: {
    /** Seconds that a message waits in the queue, so that the events of one change arrive together. */
    readonly delaySeconds: number;
    /** How often everything is looked at without an event: `rate(...)` or `cron(...)`. */
    readonly sweep: string;
  };
  readonly limits: RecyclerSettings["limits"];
  readonly alarms: AlarmSettings;
  /** Services that are left uncovered, each with the reason: the policy pack lists them instead of refusing them. */
  readonly exceptions: readonly { readonly service: string; readonly reason: string }[];
  /** ARN of a policy that every role of the stack gets as its boundary. */
  readonly permissionsBoundary?: string;
  /** Days, one of the periods that CloudWatch Logs knows. */
  readonly logRetentionDays: number;
}

/**
 * Checks everything inside the settings and fills the defaults in.
 * @param raw the values of the namespace `ecs-secret-recycler`, keys without the namespace.
 * @param place for ARNs: they must be of the stack's own account and Region where AWS wants that.
 * @throws one error that lists every mistake with its path.
 */
export function parseSettings(raw: Readonly<Record<string, unknown>>, place: Place): Settings {
  const parsed = settingsSchema.safeParse(raw);
  const mistakes: Mistake[] = parsed.success ? [] : mistakesOf(parsed.error.issues);

  // Rules between entries also look at those entries that are right by themselves when others are not, so that
  // one run reports everything.
  const services = valid(raw.services, serviceSchema);
  const rotations = valid(raw.rotations, rotationSchema);
  mistakes.push(
    ...serviceRules(services, place),
    ...rotationRules(rotations, place),
    ...sweepMistakes(sweepOf(raw)),
  );
  if (mistakes.length > 0 || !parsed.success) throw settingsError(mistakes);

  const { services: entries, rotations: rotationEntries, permissionsBoundary, ...rest } = parsed.data;
  return {
    ...rest,
    coverage: normaliseServices(entries),
    rotations: normaliseRotations(rotationEntries, place),
    ...(permissionsBoundary === "" ? {} : { permissionsBoundary }),
  };
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
          "wanted plain text, found an encrypted value: settings become part of the function's code; name secrets",
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

function sweepOf({ timing }: Readonly<Record<string, unknown>>): unknown {
  return typeof timing === "object" && timing !== null && "sweep" in timing ? timing.sweep : undefined;
}

/** The entries of a list that are right by themselves, with their places in the list. */
function valid<Entry>(
  list: unknown,
  schema: { safeParse(value: unknown): { success: true; data: Entry } | { success: false } },
): { index: number; entry: Entry }[] {
  if (!Array.isArray(list)) return [];
  return list.flatMap((value: unknown, index) => {
    const parsed = schema.safeParse(value);
    return parsed.success ? [{ index, entry: parsed.data }] : [];
  });
}
