import { existsSync } from "node:fs";
import type { Place } from "../aws-semantics/arn";
import { parseReference, sameParameter, sameSecret } from "../aws-semantics/secret-reference";
import { completeSettings, missingAdmin, type CompleteSettings } from "../rotator/settings";
import type { Mistake } from "../rotator/settings-messages";
import { DEFAULT_WINDOW, scheduleMistakes } from "./settings-schedules";
import type { RotationEntry } from "./settings-schema";
import { elsewhere } from "./settings-names";
import { parameterMistake, secretMistake, type Indexed } from "./settings-services";

type RotatorEntry = RotationEntry["rotator"];

/** The built-in rotator: its function's settings, and what the function is made from. */
export interface BuiltInSettings extends Pick<
  RotatorEntry,
  "database" | "kmsKeyArn" | "adminKmsKeyArn" | "subnets" | "securityGroups" | "tlsAuthorities"
> {
  readonly kind: "built-in";
  readonly settings: CompleteSettings;
}

/** Secrets Manager rotates at a partner, with a role of yours and what the partner asks for beside the value. */
export interface PartnerSettings {
  readonly kind: "partner";
  readonly roleArn: string;
  readonly metadata: Readonly<Record<string, string>>;
}

/** Who rotates: the service that owns the secret, a function of your own, a partner, or the built-in rotator. */
export type RotatorSettings =
  | { readonly kind: "managed" }
  | { readonly kind: "function"; readonly rotationLambdaArn: string }
  | PartnerSettings
  | BuiltInSettings;

/** What is rotated. */
export type RotatedCredential =
  | { readonly kind: "secret"; readonly id: string; readonly name: string }
  | { readonly kind: "parameter"; readonly id: string; readonly name: string; readonly arn: string };

/** One entry of `rotations`, with every default filled in. */
export interface RotationSettings extends Pick<RotationEntry, "schedule" | "window" | "rotateImmediately"> {
  readonly credential: RotatedCredential;
  readonly rotator: RotatorSettings;
}

/** The entries of `rotations` as the stack uses them. Only for entries without mistakes. */
export function normaliseRotations(entries: readonly RotationEntry[], place: Place): RotationSettings[] {
  return entries.map(({ secret, parameter, schedule, window, rotateImmediately, rotator }) => ({
    credential: credentialOf({ secret, parameter }, place),
    schedule,
    window: secret === undefined ? undefined : (window ?? DEFAULT_WINDOW),
    rotateImmediately,
    rotator: rotatorOf(rotator, parameter),
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

function rotatorOf(rotator: RotatorEntry, parameter: string | undefined): RotatorSettings {
  const {
    kind,
    rotationLambdaArn = "",
    roleArn = "",
    metadata = {},
    engine,
    strategy,
    adminSecret,
    minimumIntervalMinutes,
    render,
    password,
    tls,
    ...rest
  } = rotator;
  if (kind === "function") return { kind, rotationLambdaArn };
  if (kind === "managed") return { kind };
  if (kind === "partner") return { kind, roleArn, metadata };
  const given = { engine, strategy, adminSecret, minimumIntervalMinutes, render, password, tls, parameter };
  return { ...rest, kind, settings: completeSettings(given) };
}

/** What is wrong inside an entry of `rotations` beyond its form, and between entries. */
export function rotationRules(entries: readonly Indexed<RotationEntry>[], place: Place): Mistake[] {
  return entries.flatMap(({ index, entry }, position) =>
    [
      ...credentialRules(entry, entries.slice(0, position), place),
      ...scheduleMistakes(entry),
      ...rotatorRules(entry, place),
    ].map(({ path, message }) => ({ path: ["rotations", index, ...path], message })),
  );
}

/** Two rotations of one credential would overwrite each other's rules. */
function credentialRules(
  entry: RotationEntry,
  earlier: readonly Indexed<RotationEntry>[],
  place: Place,
): Mistake[] {
  const [key, mistake, same] =
    entry.secret === undefined
      ? (["parameter", parameterMistake, sameParameter] as const)
      : (["secret", secretMistake, sameSecret] as const);
  const id = entry[key] ?? "";
  const where = elsewhere(key, id, place);
  const foreign = where && `a ${key} is rotated in its own account and Region: ${where}`;
  const first = earlier.find(({ entry: other }) => same(id, other[key] ?? "", place));
  const messages = [
    mistake(id, place) ?? foreign,
    first && `is rotated by rotations[${first.index}] already`,
  ];
  return messages.flatMap((message) => (message === undefined ? [] : [{ path: [key], message }]));
}

/** Settings beside `kind` of each kind; those of the built-in rotator are all others. */
const SETTINGS_OF: Readonly<Partial<Record<RotatorEntry["kind"], readonly string[]>>> = {
  managed: [],
  function: ["rotationLambdaArn"],
  partner: ["roleArn", "metadata"],
};

const FOREIGN_TO_BUILT_IN = Object.values(SETTINGS_OF).flat();

function belongs(key: string, kind: RotatorEntry["kind"]): boolean {
  return key === "kind" || (SETTINGS_OF[kind]?.includes(key) ?? !FOREIGN_TO_BUILT_IN.includes(key));
}

function rotatorRules({ secret, parameter, rotator }: RotationEntry, place: Place): Mistake[] {
  const {
    kind,
    rotationLambdaArn,
    database,
    engine,
    subnets = [],
    securityGroups = [],
    adminSecret,
  } = rotator;
  const mistakes: Mistake[] = [];
  const wrong = (key: string, message: string) => mistakes.push({ path: ["rotator", key], message });
  for (const key of Object.keys(rotator))
    if (!belongs(key, kind)) wrong(key, `not used with kind "${kind}"; leave it out`);
  if (parameter !== undefined && kind !== "built-in")
    wrong(
      "kind",
      `Parameter Store rotates nothing by itself: expected "built-in" for a parameter, found "${kind}"`,
    );
  if (kind === "function" && rotationLambdaArn === undefined)
    wrong("rotationLambdaArn", "missing; expected the ARN of a function");
  else if (kind === "function" && elsewhere("function", rotationLambdaArn ?? "", place, "any"))
    wrong(
      "rotationLambdaArn",
      `expected a function in ${place.region}, where the secret is, found "${rotationLambdaArn}"`,
    );
  if (kind === "partner" && rotator.roleArn === undefined)
    wrong(
      "roleArn",
      "missing; expected the ARN of the role with which Secrets Manager rotates at the partner",
    );
  if (kind !== "built-in") return mistakes;

  if (database !== undefined) {
    for (const key of ["engine", "subnets", "securityGroups"] as const)
      if (rotator[key] !== undefined) wrong(key, "comes from `database`; leave one of them out");
  } else {
    if (engine === undefined) wrong("engine", "missing; expected an engine, or `database` to take it from");
    if (subnets.length > 0 && securityGroups.length === 0)
      wrong("securityGroups", "missing; expected at least one security group with `subnets`");
    if (securityGroups.length > 0 && subnets.length === 0)
      wrong("subnets", "missing; expected at least one subnet with `securityGroups`");
  }
  const { tlsAuthorities, tls } = rotator;
  if (tlsAuthorities !== undefined && (tls ?? "verify") !== "verify")
    wrong("tlsAuthorities", `not used with tls "${tls}"; leave it out`);
  else if (tlsAuthorities !== undefined && !existsSync(tlsAuthorities))
    wrong(
      "tlsAuthorities",
      `expected the path of a PEM file, found "${tlsAuthorities}", which does not exist`,
    );
  for (const key of ["kmsKeyArn", "adminKmsKeyArn"] as const) {
    const where = elsewhere("key", rotator[key] ?? "", place, "any");
    if (where !== undefined) wrong(key, `${where}: a credential is encrypted with a key of its own Region`);
  }
  if (rotator.adminKmsKeyArn !== undefined && adminSecret === undefined)
    wrong("adminKmsKeyArn", "not used without `adminSecret`; leave it out");
  const admin = missingAdmin(rotator) ?? adminMistake(adminSecret, secret, place);
  if (admin !== undefined) wrong("adminSecret", admin);
  return mistakes;
}

function adminMistake(
  admin: string | undefined,
  secret: string | undefined,
  place: Place,
): string | undefined {
  if (admin === undefined) return undefined;
  const where = elsewhere("secret", admin, place, "any");
  return (
    secretMistake(admin, place) ??
    (where && `${where}: the rotator reads secrets of its own Region only`) ??
    (secret !== undefined && sameSecret(admin, secret, place)
      ? "is the rotated secret itself; expected the secret of another user, who may create users"
      : undefined)
  );
}
