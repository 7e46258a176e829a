import { parseArn, type Place } from "../aws-semantics/arn";
import { parseReference, sameParameter, sameSecret } from "../aws-semantics/secret-reference";
import type { Mistake } from "./settings-messages";
import type { RotationEntry } from "./settings-schema";
import { ROTATION_DEFAULTS } from "./settings-schema";
import { parameterMistake, secretMistake, type Indexed } from "./settings-services";
import { scheduleMistakes } from "./settings-schedules";

/** Who rotates: the service that owns the secret, a function of your own, or the built-in rotator. */
export type RotatorSettings = RotationEntry["rotator"];

/** The built-in rotator's settings. */
export type BuiltInSettings = Extract<RotatorSettings, { kind: "built-in" }>;

/** What is rotated. */
export type RotatedCredential =
  | { readonly kind: "secret"; readonly id: string; readonly name: string }
  | { readonly kind: "parameter"; readonly id: string; readonly name: string; readonly arn: string };

/** One entry of `rotations`, with every default filled in. */
export interface RotationSettings {
  readonly credential: RotatedCredential;
  /** `rate(...)` or `cron(...)`, UTC. */
  readonly schedule: string;
  /** How long after its time a rotation may start, `3h` for instance. A parameter has none: a rule starts it. */
  readonly window?: string;
  readonly rotateImmediately: boolean;
  readonly rotator: RotatorSettings;
}

/** The entries of `rotations` as the stack uses them. Only for entries without mistakes. */
export function normaliseRotations(entries: readonly RotationEntry[], place: Place): RotationSettings[] {
  return entries.map(({ secret, parameter, schedule, window, rotateImmediately, rotator }) => ({
    credential: credentialOf({ secret, parameter }, place),
    schedule,
    ...(secret === undefined ? {} : { window: window ?? ROTATION_DEFAULTS.window }),
    rotateImmediately,
    rotator,
  }));
}

function credentialOf(entry: { secret?: string; parameter?: string }, place: Place): RotatedCredential {
  const { secret, parameter } = entry;
  const reference =
    secret === undefined ? parseReference(parameter ?? "", place) : parseReference(secret, place, "secret");
  if (reference.service === "secretsmanager")
    return { kind: "secret", id: reference.id, name: reference.name };
  if (reference.service === "ssm")
    return { kind: "parameter", id: reference.id, name: reference.name, arn: reference.arn };
  throw new Error(`a rotation of "${secret ?? parameter}" was not checked: ${reference.problem}`);
}

/** What is wrong inside an entry of `rotations` beyond its form, and between entries. */
export function rotationRules(entries: readonly Indexed<RotationEntry>[], place: Place): Mistake[] {
  return [
    ...entries.flatMap(({ index, entry }) =>
      [...credentialRules(entry, place), ...scheduleMistakes(entry), ...rotatorRules(entry, place)].map(
        (mistake) => ({
          ...mistake,
          path: ["rotations", index, ...mistake.path],
        }),
      ),
    ),
    ...twice(entries, place),
  ];
}

function credentialRules(entry: RotationEntry, place: Place): Mistake[] {
  const key = entry.secret === undefined ? "parameter" : "secret";
  const id = entry.secret ?? entry.parameter ?? "";
  const message = key === "secret" ? secretMistake(id, place) : parameterMistake(id, place);
  if (message !== undefined) return [{ path: [key], message }];
  return id.startsWith("arn:") && !isHere(id, place)
    ? [
        {
          path: [key],
          message: `a ${key} is rotated in its own account and Region; this stack is in ${place.region} of ${place.account}`,
        },
      ]
    : [];
}

function isHere(arn: string, place: Place): boolean {
  const { partition, region, account } = parseArn(arn) ?? {};
  return partition === place.partition && region === place.region && account === place.account;
}

function rotatorRules(entry: RotationEntry, place: Place): Mistake[] {
  const { rotator } = entry;
  const mistakes: Mistake[] = [];
  const wrong = (key: string, message: string) => mistakes.push({ path: ["rotator", key], message });
  if (entry.parameter !== undefined && rotator.kind !== "built-in")
    wrong(
      "kind",
      `Parameter Store rotates nothing by itself: wanted "built-in" for a parameter, found "${rotator.kind}"`,
    );
  if (rotator.kind === "function" && parseArn(rotator.rotationLambdaArn)?.region !== place.region)
    wrong(
      "rotationLambdaArn",
      `wanted a function in ${place.region}, where the secret is, found "${rotator.rotationLambdaArn}"`,
    );
  if (rotator.kind !== "built-in") return mistakes;

  const { database, engine, subnets, securityGroups, strategy, adminSecret } = rotator;
  if (database !== undefined) {
    for (const key of ["engine", "subnets", "securityGroups"] as const)
      if (rotator[key] !== undefined) wrong(key, "comes from `database`; leave one of them out");
  } else {
    if (engine === undefined)
      wrong("engine", "required, found nothing; wanted an engine, or `database` to take it from");
    if ((subnets?.length ?? 0) > 0 && (securityGroups?.length ?? 0) === 0)
      wrong("securityGroups", "required with `subnets`, found nothing; wanted at least one security group");
    if ((securityGroups?.length ?? 0) > 0 && (subnets?.length ?? 0) === 0)
      wrong("subnets", "required with `securityGroups`, found nothing; wanted at least one subnet");
  }
  if (strategy === "alternating-users" && adminSecret === undefined)
    wrong(
      "adminSecret",
      'required with "alternating-users", found nothing; wanted the secret of a user that may create users ' +
        '(or the strategy "single-user")',
    );
  if (strategy === "single-user" && adminSecret !== undefined)
    wrong(
      "adminSecret",
      'not used with "single-user", where the user changes its own password; leave it out',
    );
  if (adminSecret !== undefined) {
    const message = secretMistake(adminSecret, place);
    if (message !== undefined) wrong("adminSecret", message);
    else if (entry.secret !== undefined && sameSecret(adminSecret, entry.secret, place))
      wrong(
        "adminSecret",
        "is the rotated secret itself; wanted the secret of another user, who may create users",
      );
  }
  return mistakes;
}

/** Two rotations of one credential would overwrite each other's rules. */
function twice(entries: readonly Indexed<RotationEntry>[], place: Place): Mistake[] {
  return entries.flatMap(({ index, entry }, position) => {
    const first = entries
      .slice(0, position)
      .find(
        ({ entry: other }) =>
          (entry.secret !== undefined &&
            other.secret !== undefined &&
            sameSecret(entry.secret, other.secret, place)) ||
          (entry.parameter !== undefined &&
            other.parameter !== undefined &&
            sameParameter(entry.parameter, other.parameter, place)),
      );
    return first
      ? [
          {
            path: ["rotations", index, entry.secret === undefined ? "parameter" : "secret"],
            message: `is rotated by rotations[${first.index}] already`,
          },
        ]
      : [];
  });
}
