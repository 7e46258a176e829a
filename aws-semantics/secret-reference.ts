/**
 * What a `valueFrom` or `credentialsParameter` of Amazon ECS refers to, and when two identifiers mean the same
 * secret or parameter. Plain functions on plain data: this file is captured by the deployed callback.
 *
 * Sources: Amazon ECS Developer Guide, "Pass Secrets Manager secrets through Amazon ECS environment variables" and
 * "Pass Systems Manager parameters through Amazon ECS environment variables"; Amazon ECS API Reference, `Secret`,
 * `RepositoryCredentials`, `FSxWindowsFileServerAuthorizationConfig`; AWS Secrets Manager API Reference,
 * `DescribeSecret` (complete and partial ARNs); AWS Systems Manager API Reference, `PutParameter` (names).
 */
import { formatArn, parseArn } from "./arn";
import type { Place } from "./arn";

/** A reference to a secret of Secrets Manager. */
export interface SecretReference extends Place {
  readonly service: "secretsmanager";
  /** What Secrets Manager takes as `SecretId`: the complete ARN, the partial ARN, or the name. */
  readonly id: string;
  /** The secret's own name, without the six random characters of a complete ARN. */
  readonly name: string;
  /** True when the six random characters are known: the reference is to this very secret, not to a namesake. */
  readonly complete: boolean;
  /** The member of the secret's JSON text that is injected; absent: the whole text. */
  readonly jsonKey?: string;
  /** The staging label that is followed, AWSCURRENT by default; absent when `versionId` is given. */
  readonly versionStage?: string;
  /** The one version that is read: such a reference never changes. */
  readonly versionId?: string;
  /** True for `/aws/reference/secretsmanager/NAME`: the reader asks Parameter Store for the secret. */
  readonly throughParameterStore?: true;
}

/** A reference to a parameter of Parameter Store. */
export interface ParameterReference extends Place {
  readonly service: "ssm";
  /** What Parameter Store takes as `Name`: the name in the reader's own Region and account, else the ARN. */
  readonly id: string;
  /** The name, with its leading slash when it has more than one level. */
  readonly name: string;
  /** The parameter's ARN. */
  readonly arn: string;
  /** The version behind a colon (`name:3`): such a reference never changes. */
  readonly versionId?: string;
  /** The label behind a colon (`name:stable`): such a reference follows this label only. */
  readonly label?: string;
}

/** A text that ECS would refuse, or that no task could start with. The text itself is not repeated: it might be a secret in the wrong place. */
export interface InvalidReference {
  readonly service: "invalid";
  /** What was found, what was expected, what to do. */
  readonly problem: string;
}

/** A reference that can be followed. */
export type Reference = SecretReference | ParameterReference;

/** What a text without `arn:` means: a parameter's name in `valueFrom`, a secret's in `repositoryCredentials`. */
export type BareName = "parameter" | "secret" | "refused";

/** The staging label that is read where none is named. */
export const currentStage = "AWSCURRENT";

/**
 * Parameters that stand for a secret (AWS Systems Manager User Guide, "Referencing AWS Secrets Manager secrets from
 * Parameter Store parameters"): DescribeParameters does not know them, their events are the secret's.
 */
export const secretParameters = "/aws/reference/secretsmanager/";

const randomSuffix = /-[A-Za-z0-9]{6}$/;
/** Services that own a secret put `!` into its name (`rds!db-...`, `ecs-sc!...`). */
const secretName = /^[A-Za-z0-9/_+=.@!-]{1,512}$/;
const parameterName = /^[A-Za-z0-9_.-]+$|^(?:\/[A-Za-z0-9_.-]+)+$/;

/**
 * What a `valueFrom` or `credentialsParameter` refers to.
 * @param home the Region and account of the task
 * @param bareName what a text that is no ARN means where it stands
 */
export function parseReference(
  text: string,
  home: Place,
  bareName: BareName = "parameter",
): Reference | InvalidReference {
  if (text.startsWith("arn:")) {
    return parseArnReference(text, home);
  }
  switch (bareName) {
    case "parameter":
      return parameterReference(text, home, undefined);
    case "secret":
      return secretName.test(text)
        ? {
            service: "secretsmanager",
            ...onlyHome(home),
            id: text,
            name: text,
            complete: false,
            versionStage: currentStage,
          }
        : invalid("not a secret's name: letters, digits and /_+=.@-! only, 512 characters at most");
    case "refused":
      return invalid("expected the ARN of a secret or of a parameter, found a name");
  }
}

function parseArnReference(text: string, home: Place): Reference | InvalidReference {
  const arn = parseArn(text);
  if (!arn || arn.region === "" || !/^[0-9]{12}$/.test(arn.account)) {
    return invalid(
      "not an ARN with partition, service, Region and a 12-digit account; copy it from the secret or parameter",
    );
  }
  const at = { partition: arn.partition, region: arn.region, account: arn.account };
  if (arn.service === "ssm" && arn.resource.startsWith("parameter/")) {
    const rest = arn.resource.slice("parameter/".length);
    // The ARN has no place for the leading slash of a name: `/a/b` is `parameter/a/b`, `foo` is `parameter/foo`.
    return parameterReference(rest.includes("/") ? `/${rest}` : rest, at, home);
  }
  if (arn.service === "secretsmanager" && arn.resource.startsWith("secret:")) {
    return secretReference(arn.resource.split(":"), at);
  }
  return invalid(
    `expected an ARN of secretsmanager (secret:NAME) or ssm (parameter/NAME), found one of ${arn.service}`,
  );
}

/** `fields` are `secret`, the name, and either nothing more or the three that may be empty. */
function secretReference(fields: readonly string[], at: Place): SecretReference | InvalidReference {
  const [, named = "", jsonKey = "", versionStage = "", versionId = ""] = fields;
  if (fields.length !== 2 && fields.length !== 5) {
    return invalid(
      "expected nothing or all of :json-key:version-stage:version-id after the secret's name; write the colons of empty fields too",
    );
  }
  if (!secretName.test(named)) {
    return invalid(
      "the secret's name in the ARN is not valid: letters, digits and /_+=.@-! only, 512 characters at most",
    );
  }
  if (versionStage !== "" && versionId !== "") {
    return invalid("a version stage and a version id exclude each other; leave one of them empty");
  }
  const complete = randomSuffix.test(named);
  return {
    service: "secretsmanager",
    ...at,
    id: formatArn({ ...at, service: "secretsmanager", resource: `secret:${named}` }),
    name: complete ? named.replace(randomSuffix, "") : named,
    complete,
    ...(jsonKey === "" ? {} : { jsonKey }),
    ...(versionId === ""
      ? { versionStage: versionStage === "" ? currentStage : versionStage }
      : { versionId }),
  };
}

/** `reader` is where the text stands when the parameter was given by ARN; undefined for a name. */
function parameterReference(
  text: string,
  at: Place,
  reader: Place | undefined,
): Reference | InvalidReference {
  if (text.startsWith(secretParameters)) {
    const secret = text.slice(secretParameters.length);
    return secretName.test(secret)
      ? {
          service: "secretsmanager",
          ...onlyHome(at),
          id: secret,
          name: secret,
          complete: false,
          versionStage: currentStage,
          throughParameterStore: true,
        }
      : invalid(`not a secret's name after ${secretParameters}; name the secret without version or label`);
  }
  const [name = "", selector, ...more] = text.split(":");
  if (!parameterName.test(name) || name.length > 1011) {
    return invalid(
      "not a parameter's name: letters, digits and _.- only, with a leading slash when it has several levels, 1011 characters at most",
    );
  }
  if (more.length > 0 || selector === "") {
    return invalid("expected at most one selector, :VERSION or :LABEL, after the parameter's name");
  }
  const arn = parameterArn(name, at);
  const foreign = reader !== undefined && (reader.region !== at.region || reader.account !== at.account);
  return {
    service: "ssm",
    ...onlyHome(at),
    id: foreign ? arn : name,
    name,
    arn,
    ...(selector === undefined
      ? {}
      : /^[0-9]+$/.test(selector)
        ? { versionId: selector }
        : { label: selector }),
  };
}

/** The ARN of a secret; `suffix` stands for the six random characters where the reference does not give them. */
export function secretArn(reference: SecretReference, suffix: string): string {
  const named = `secret:${reference.name}-${reference.complete ? reference.id.slice(-6) : suffix}`;
  return formatArn({ ...onlyHome(reference), service: "secretsmanager", resource: named });
}

/** The ARN of a parameter: one slash after `parameter`, whether or not the name begins with one. */
export function parameterArn(name: string, home: Place): string {
  return formatArn({
    ...onlyHome(home),
    service: "ssm",
    resource: name.startsWith("/") ? `parameter${name}` : `parameter/${name}`,
  });
}

/** True for a reference to one version: what it gives never changes. */
export function isPinned(reference: Reference): boolean {
  return reference.versionId !== undefined;
}

/** True when the secret or parameter is in the reader's own Region and account: events of others never arrive. */
export function isAtHome(reference: Reference, home: Place): boolean {
  return reference.region === home.region && reference.account === home.account;
}

/**
 * True when two identifiers (complete ARN, partial ARN or name) mean the same secret: equal, or equal but for the
 * hyphen and six random characters that one of them does not give. Never by prefix or substring.
 *
 * An ARN that ends in a hyphen and six characters is a complete one, as Secrets Manager takes it, even where these
 * belong to the name (AWS Secrets Manager API Reference, `DescribeSecret`); a name is never shortened.
 * @param home where names are at home; without it a name is compared with an ARN's name alone
 */
export function sameSecret(a: string, b: string, home?: Place): boolean {
  if (a === b) {
    return true;
  }
  const one = secretIdentity(a, home);
  const other = secretIdentity(b, home);
  return (
    one.name === other.name &&
    (one.place === undefined || other.place === undefined || one.place === other.place) &&
    (one.suffix === undefined || other.suffix === undefined || one.suffix === other.suffix)
  );
}

/**
 * What two identifiers of one secret have in common, to group by: place and name without the six characters.
 * Namesakes (a secret deleted and made again) share it, so `sameSecret` has the last word.
 */
export function secretKey(id: string, home: Place): string {
  const { place, name } = secretIdentity(id, home);
  return `${place ?? ""}:${name}`;
}

function secretIdentity(
  id: string,
  home: Place | undefined,
): { place?: string; name: string; suffix?: string } {
  const arn = parseArn(id);
  if (!arn || arn.service !== "secretsmanager" || !arn.resource.startsWith("secret:")) {
    return home ? { place: placeOf(home), name: id } : { name: id };
  }
  const named = arn.resource.slice("secret:".length);
  return randomSuffix.test(named)
    ? { place: placeOf(arn), name: named.slice(0, -7), suffix: named.slice(-6) }
    : { place: placeOf(arn), name: named };
}

/**
 * True when two identifiers (ARN or name, no selector) mean the same parameter: their ARNs are equal. `/foo` and
 * `foo` have one ARN, and so are one.
 * @param home where names are at home; without it a name is compared with an ARN's name alone
 */
export function sameParameter(a: string, b: string, home?: Place): boolean {
  if (a === b) {
    return true;
  }
  const one = parameterIdentity(a, home);
  const other = parameterIdentity(b, home);
  return (
    one.name === other.name &&
    (one.place === undefined || other.place === undefined || one.place === other.place)
  );
}

function parameterIdentity(id: string, home: Place | undefined): { place?: string; name: string } {
  const arn = parseArn(id);
  if (!arn || arn.service !== "ssm" || !arn.resource.startsWith("parameter/")) {
    const name = id.startsWith("/") ? id.slice(1) : id;
    return home ? { place: placeOf(home), name } : { name };
  }
  return { place: placeOf(arn), name: arn.resource.slice("parameter/".length) };
}

/**
 * True when a reference is to the secret or parameter with this identifier.
 * @param home where names are at home; without it a name is compared with an ARN's name alone
 */
export function refersTo(reference: Reference, id: string, home?: Place): boolean {
  return reference.service === "ssm"
    ? sameParameter(reference.id, id, home)
    : sameSecret(reference.id, id, home);
}

function placeOf(home: Place): string {
  return `${home.partition}:${home.region}:${home.account}`;
}

function onlyHome(home: Place): Place {
  return { partition: home.partition, region: home.region, account: home.account };
}

function invalid(problem: string): InvalidReference {
  return { service: "invalid", problem };
}
