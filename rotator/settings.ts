import { rotatorError } from "./errors";
import type { PasswordSettings } from "./password";

/** The environment variable that holds a `RotatorSettings` as JSON: the rotation function's only setting. */
export const settingsVariable = "ROTATOR_SETTINGS";

/** Database engines, in the words of `rotations[].rotator.engine`. */
export type EngineName = "postgres" | "mysql" | "mariadb";

/** Who is rotated: one user whose password changes, or two that take turns. */
export type StrategyName = "alternating-users" | "single-user";

/** What the rotation function knows beside the event. Plain data: it is written into the function's environment. */
export interface RotatorSettings {
  /** Default: what the secret's own field `engine` says (Aurora's names included). When both say it, they must agree. */
  readonly engine?: EngineName;
  /** Default `alternating-users`. */
  readonly strategy?: StrategyName;
  /**
   * Name or ARN of the secret of an administrator; default: the field `masterarn` of the rotated secret. Needed for
   * alternating users, and for a single user whose credential lives in a parameter.
   */
  readonly adminSecret?: string;
  /** Minutes that the current version must be old before a rotation may start; 0 asks for nothing. Default 60. */
  readonly minimumIntervalMinutes?: number;
  /** Name or ARN of the SecureString that holds the credential, when it is not a secret. */
  readonly parameter?: string;
  /**
   * `verify-full`: encrypted, certificate and host name checked. `disable`: plain text. Default: `verify-full` for
   * every host but the loopback addresses, where nothing leaves the machine and no authority vouches for anybody.
   */
  readonly tls?: "verify-full" | "disable";
  /** What a new password looks like, within what the engine allows. */
  readonly password?: PasswordSettings;
}

/** Settings with their defaults filled in. */
export type CompleteSettings = RotatorSettings &
  Required<Pick<RotatorSettings, "strategy" | "minimumIntervalMinutes" | "password">>;

/** What a rotator gets without saying so. */
export const rotatorDefaults = {
  strategy: "alternating-users",
  minimumIntervalMinutes: 60,
} as const satisfies RotatorSettings;

const known: Readonly<Record<keyof RotatorSettings, (value: unknown) => string | undefined>> = {
  engine: oneOf("postgres", "mysql", "mariadb"),
  strategy: oneOf("alternating-users", "single-user"),
  adminSecret: text,
  minimumIntervalMinutes: (value) =>
    typeof value === "number" && Number.isFinite(value) && value >= 0 ? undefined : "minutes, 0 or more",
  parameter: text,
  tls: oneOf("verify-full", "disable"),
  password: (value) => (typeof value === "object" && value !== null ? undefined : "an object"),
};

/**
 * Reads and completes the settings.
 * @param json the value of `ROTATOR_SETTINGS`; absent or empty means all defaults
 * @throws one error that lists every mistake
 */
export function parseSettings(json: string | undefined): CompleteSettings {
  let value: unknown;
  try {
    value = json ? JSON.parse(json) : {};
  } catch (cause) {
    throw rotatorError("final", "invalid-settings", `${settingsVariable} is not JSON`, cause);
  }
  if (typeof value !== "object" || value === null || Array.isArray(value))
    throw rotatorError("final", "invalid-settings", `${settingsVariable}: found ${json}, wanted an object`);
  return completeSettings(value);
}

/** Checks settings and fills in the defaults; see `parseSettings`. */
export function completeSettings(settings: RotatorSettings): CompleteSettings {
  const mistakes: string[] = [];
  for (const [name, value] of Object.entries(settings)) {
    const check = known[name as keyof RotatorSettings];
    if (value === undefined) continue;
    const wanted = check ? check(value) : `nothing (known: ${Object.keys(known).join(", ")})`;
    if (wanted) mistakes.push(`${name}: found ${JSON.stringify(value)}, wanted ${wanted}`);
  }
  const complete = {
    ...rotatorDefaults,
    password: {},
    ...Object.fromEntries(Object.entries(settings).filter(([, value]) => value !== undefined)),
  } as CompleteSettings;
  if (
    complete.parameter !== undefined &&
    complete.strategy === "single-user" &&
    complete.adminSecret === undefined
  )
    mistakes.push(
      "adminSecret: required for a single user whose credential lives in a parameter: a parameter has no pending " +
        "version, so only an administrator can set the password again when a run was cut off in the middle",
    );
  if (mistakes.length > 0)
    throw rotatorError("final", "invalid-settings", `${settingsVariable}: ${mistakes.join("; ")}`);
  return complete;
}

function oneOf(...values: readonly string[]): (value: unknown) => string | undefined {
  return (value) => (values.some((known) => known === value) ? undefined : values.join(" or "));
}

function text(value: unknown): string | undefined {
  return typeof value === "string" && value !== "" ? undefined : "a text";
}
