import * as z from "zod";
import { engineNames } from "../aws-semantics/database-engines";
import { rotatorError } from "./errors";
import { defaultPasswordRules, emptyClasses, passwordClassNames } from "./password";
import { templateMistake } from "./render";
import {
  expected,
  formatMistakes,
  isObject,
  mistakesOf,
  oneOf,
  strictObject,
  text,
  wholeNumber,
} from "./settings-messages";

/** The environment variable that holds a `RotatorSettings` as JSON: the rotation function's only setting. */
export const settingsVariable = "ROTATOR_SETTINGS";

/** Name or ARN of a secret. */
export const secretId = text("a secret's name or ARN", /^\S+$/);

/** Name or ARN of a parameter. */
export const parameterId = text("a parameter's name or ARN", /^\S+$/);

/** Fields of a credential that are no text of their own. */
const ownFields: ReadonlySet<string> = new Set(["username", "password", "engine", "host", "port", "dbname"]);

/** What a stack and the rotation function both call by the same names. */
export const rotatorFields = {
  /** Default: the field `engine` of the credential. If both name an engine, they must agree. */
  engine: oneOf(engineNames).optional(),
  /** Two users that alternate, or one whose password changes. */
  strategy: oneOf(["alternating-users", "single-user"]).default("alternating-users"),
  /** Name or ARN of the secret of a user that may create users and change their passwords. */
  adminSecret: secretId.optional(),
  /** Minutes for which the current version must exist before a rotation may start; 0 for no limit. */
  minimumIntervalMinutes: wholeNumber(0).default(60),
  /** What a new password is made of. */
  password: strictObject({
    /** Default: what every engine takes. */
    length: wholeNumber(8, 128).default(defaultPasswordRules.length),
    /** A password has at least one character of each. */
    classes: z
      .array(oneOf(passwordClassNames), { error: expected("a list of classes") })
      .min(1, { error: "expected at least one class" })
      .default([...passwordClassNames]),
    excludeCharacters: z.string({ error: expected("a text of characters") }).default(""),
  })
    .superRefine((rules, context) => {
      const empty = emptyClasses(rules);
      if (empty.length > 0)
        context.addIssue({
          code: "custom",
          path: ["excludeCharacters"],
          message: `leaves no character of ${empty.join(", ")}; leave the class out of \`classes\``,
        });
    })
    .optional(),
  /** How the database is connected to. Default: `verify`, and `disable` for a loopback address. */
  tls: oneOf(["verify", "require", "disable"]).optional(),
  /** Other fields of the credential that hold it, and how each is written: `postgres://{username}:{password|uri}@{host}`. */
  render: z
    .record(z.string(), z.string({ error: expected("a text with {username} and {password}") }), {
      error: expected("an object of fields and their texts"),
    })
    .superRefine((templates, context) => {
      for (const [field, template] of Object.entries(templates)) {
        const message = ownFields.has(field)
          ? "the rotator writes this field itself; leave it out"
          : templateMistake(template);
        if (message !== undefined) context.addIssue({ code: "custom", path: [field], message });
      }
    })
    .optional(),
};

const schema = strictObject({
  ...rotatorFields,
  /** Name or ARN of the SecureString that holds the credential, if no secret holds it. */
  parameter: parameterId.optional(),
  /** Host of the database, where the stack knows it: an administrator's secret without a host is for this one only. */
  host: text("a host name", /^\S+$/).optional(),
}).superRefine(
  (settings, context) => {
    const message = missingAdmin(settings);
    if (message !== undefined) context.addIssue({ code: "custom", path: ["adminSecret"], message });
  },
  { when: isObject },
);

/** What the rotation function knows beside the event. Plain data: the function's environment holds it. */
export type RotatorSettings = z.input<typeof schema>;

/** Settings with their defaults filled in. */
export type CompleteSettings = z.output<typeof schema>;

/** What is wrong when `adminSecret` is missing; undefined when it is not needed. For the stack and the function. */
export function missingAdmin(settings: RotatorSettings): string | undefined {
  const { strategy = rotatorFields.strategy.def.defaultValue, adminSecret } = settings;
  return strategy === "alternating-users" && adminSecret === undefined
    ? 'missing; the strategy "alternating-users" requires the secret of a user that may create users ' +
        '(or choose "single-user")'
    : undefined;
}

/**
 * Reads and completes the settings.
 * @param json the value of `ROTATOR_SETTINGS`
 * @throws one error that lists every mistake
 */
export function parseSettings(json = "{}"): CompleteSettings {
  try {
    return completeSettings(JSON.parse(json) as RotatorSettings);
  } catch (cause) {
    if (!(cause instanceof SyntaxError)) throw cause;
    throw rotatorError("final", "invalid-settings", `${settingsVariable} is not JSON`, cause);
  }
}

/** Checks settings and fills in the defaults; see `parseSettings`. */
export function completeSettings(settings: RotatorSettings): CompleteSettings {
  const parsed = schema.safeParse(settings);
  if (parsed.success) return parsed.data;
  const mistakes = formatMistakes(mistakesOf(parsed.error.issues)).join("; ");
  throw rotatorError("final", "invalid-settings", `${settingsVariable}: ${mistakes}`);
}
