import { localArn, parseArn, type Place } from "../aws-semantics/arn";
import { parseReference, sameSecret, secretKey } from "../aws-semantics/secret-reference";
import type { CoveredServices } from "../handler/coverage";
import type { Mistake } from "../rotator/settings-messages";
import { physicalNames } from "./context";
import { clustersOf, policyDocument, recyclerStatements } from "./role-statements";
import { elsewhere, hasWildcard, serviceHint, serviceNameMistake } from "./settings-names";
import type { ServiceEntry } from "./settings-schema";

/** An entry with its place in the list. */
export interface Indexed<Entry> {
  readonly index: number;
  readonly entry: Entry;
}

/** Cluster and service of a long service ARN: `service/CLUSTER/SERVICE`. */
const serviceResource = /^service\/([A-Za-z0-9_-]{1,255})\/([A-Za-z0-9_-]{1,255})$/;

/** An entry with the names of cluster and service. Only for entries without mistakes. */
function named(entry: ServiceEntry): CoveredServices {
  const [, cluster, service] = serviceResource.exec(parseArn(entry.service ?? "")?.resource ?? "") ?? [];
  return cluster === undefined ? { ...entry, cluster: entry.cluster ?? "" } : { ...entry, cluster, service };
}

/** The entries of `services` as the recycler knows them: names, not ARNs. */
export function normaliseServices(entries: readonly ServiceEntry[]): CoveredServices[] {
  return entries.map(named);
}

/** What is wrong inside an entry of `services` beyond its form, and between entries. */
export function serviceRules(entries: readonly Indexed<ServiceEntry>[], place: Place): Mistake[] {
  const overlaps = overlapFinder();
  const mistakes = entries.flatMap(({ index, entry }) =>
    [
      ...serviceNameRules(entry, place),
      ...listRules(entry, place),
      ...overlaps({ index, entry: named(entry) }).map((message) => ({ path: [], message })),
    ].map(({ path, message }) => ({ path: ["services", index, ...path], message })),
  );
  const tooMany = clustersMistake(clustersOf(entries.map(({ entry }) => named(entry))), place);
  return tooMany === undefined ? mistakes : [...mistakes, { path: ["services"], message: tooMany }];
}

/** IAM quotas: characters of all inline policies of a role together, white space not counted. */
const MAX_POLICY_LENGTH = 10_240;

/** The recycler's role names every cluster. Measured with the longest physical names. */
function clustersMistake(clusters: readonly string[], place: Place): string | undefined {
  const names = physicalNames("p".repeat(24), "s".repeat(23));
  const { length } = policyDocument(recyclerStatements(place, names, clusters));
  return length <= MAX_POLICY_LENGTH
    ? undefined
    : `the policy of the recycler's role would have ${length} characters with ${clusters.length} clusters, and IAM ` +
        `allows ${MAX_POLICY_LENGTH}; cover some of the clusters with another stack`;
}

function serviceNameRules({ cluster, service, exclude }: ServiceEntry, place: Place): Mistake[] {
  if (service === undefined) return [];
  const mistakes: Mistake[] = [];
  const wrong = (key: string, message: string) => mistakes.push({ path: [key], message });
  if (exclude.length > 0)
    wrong("exclude", "belongs to an entry that covers a whole cluster; leave it out, or leave out `service`");
  if (!service.startsWith("arn:")) {
    const message = serviceNameMistake(service);
    if (message !== undefined) wrong("service", message);
    return mistakes;
  }
  const arn = parseArn(service);
  const hint = serviceHint(service);
  const where = elsewhere("service", service, place);
  if (arn?.service !== "ecs" || !serviceResource.test(arn.resource))
    wrong(
      "service",
      `expected ${localArn(place, "ecs", "service/CLUSTER/SERVICE")}, found "${service}"${hint === undefined ? "" : `; ${hint}`}`,
    );
  else if (where !== undefined)
    wrong("service", `${where}: a recycler works in its own account and Region, deploy another stack there`);
  if (cluster !== undefined)
    wrong("cluster", "the service's ARN names the cluster already; leave one of them out");
  return mistakes;
}

/** Secrets and parameters must be names or ARNs of their own kind, of the stack's own place, none twice. */
function listRules({ exclude, secrets, parameters }: ServiceEntry, place: Place): Mistake[] {
  return [
    ...listed(
      "secrets",
      secrets,
      (id) => listMistake("secret", id) ?? secretMistake(id, place) ?? unseen("secret", id, place),
    ),
    ...listed(
      "parameters",
      parameters,
      (id) =>
        listMistake("parameter", id) ??
        parameterMistake(id, place) ??
        unseen("parameter", id, place) ??
        publicMistake(id, place),
    ),
    ...repeated("exclude", exclude, (item) => item),
    ...repeated(
      "secrets",
      secrets,
      (id) => secretKey(id, place),
      (a, b) => sameSecret(a, b, place),
    ),
    ...repeated("parameters", parameters, (id) => parameterKey(id, place)),
  ];
}

function listMistake(what: string, id: string): string | undefined {
  if (!hasWildcard(id)) return undefined;
  return (
    `${noWildcards(what)}, or leave \`secrets\` and \`parameters\` out to follow all that the task definition ` +
    "references"
  );
}

function unseen(what: string, id: string, place: Place): string | undefined {
  const where = elsewhere(what, id, place);
  return where && `${where}: no event tells this stack of its changes; leave it out`;
}

function parameterKey(id: string, place: Place): string {
  const reference = parseReference(id, place, "parameter");
  return reference.service === "ssm" ? reference.arn : id;
}

/** AWS Systems Manager User Guide, "Working with public parameters": their namespace. */
function publicMistake(id: string, place: Place): string | undefined {
  return parameterKey(id, place).includes(":parameter/aws/service/")
    ? "a public parameter of AWS has no event and no date; leave it out"
    : undefined;
}

/** What is wrong with a secret's name or ARN, in words; undefined when nothing is. */
export function secretMistake(secret: string, place: Place): string | undefined {
  if (hasWildcard(secret)) return noWildcards("secret");
  const reference = parseReference(secret, place, "secret");
  if (reference.service === "invalid") return reference.problem;
  if (reference.service !== "secretsmanager")
    return `expected a secret, found the parameter "${secret}"; write it in a list of parameters`;
  if (reference.id !== secret)
    return `expected the secret itself, "${reference.id}", found it with a JSON key, stage or version: "${secret}"`;
  return undefined;
}

function noWildcards(what: string): string {
  return `there are no wildcards: name each ${what}`;
}

/** What is wrong with a parameter's name or ARN, in words; undefined when nothing is. */
export function parameterMistake(parameter: string, place: Place): string | undefined {
  if (hasWildcard(parameter)) return noWildcards("parameter");
  const reference = parseReference(parameter, place, "parameter");
  if (reference.service === "invalid")
    return /^[\w.-]+(\/[\w.-]+)+$/.test(parameter)
      ? `a parameter's name of several levels begins with a slash; write "/${parameter}"`
      : reference.problem;
  if (reference.service !== "ssm") {
    const { throughParameterStore, name } = reference;
    return throughParameterStore
      ? `"${parameter}" stands for a secret; write "${name}" in a list of secrets`
      : `expected a parameter, found the secret "${parameter}"; write it in a list of secrets`;
  }
  if (reference.versionId !== undefined || reference.label !== undefined)
    return `expected the parameter itself, "${reference.name}", found it with a version or label: "${parameter}"`;
  return undefined;
}

function listed(
  key: string,
  list: readonly string[],
  check: (item: string) => string | undefined,
): Mistake[] {
  return list.flatMap((item, at) => {
    const message = check(item);
    return message === undefined ? [] : [{ path: [key, at], message }];
  });
}

/** Items that stand in a list already. Only items with one key are compared. */
function repeated(
  key: string,
  list: readonly string[],
  keyOf: (item: string) => string,
  same: (a: string, b: string) => boolean = () => true,
): Mistake[] {
  const places = new Map<string, number[]>();
  return list.flatMap((item, at) => {
    const alike = places.get(keyOf(item)) ?? [];
    places.set(keyOf(item), [...alike, at]);
    const first = alike.find((place) => same(list[place]!, item));
    return first === undefined
      ? []
      : [{ path: [key, at], message: `"${item}" stands in ${key}[${first}] already` }];
  });
}

/** A service that two entries cover would have two lists of secrets and two waves: each entry is asked in turn. */
function overlapFinder(): (later: Indexed<CoveredServices>) => string[] {
  const wholes = new Map<string, Indexed<CoveredServices>>();
  const services = new Map<string, Map<string, number>>();
  return (later) => {
    const { cluster, service, exclude } = later.entry;
    const whole = wholes.get(cluster);
    const ones = services.get(cluster) ?? new Map<string, number>();
    services.set(cluster, ones);
    const add = (one: string, to: number): string => `add "${one}" to services[${to}].exclude`;
    if (service === undefined) {
      if (whole) return [already(`cluster ${cluster}`, whole.index)];
      wholes.set(cluster, later);
      return [...ones]
        .filter(([one]) => !exclude.includes(one))
        .map(([one, at]) => `${cluster}/${one} is covered by services[${at}] too; ${add(one, later.index)}`);
    }
    const first = ones.get(service);
    if (first !== undefined) return [already(`${cluster}/${service}`, first)];
    ones.set(service, later.index);
    return whole && !whole.entry.exclude.includes(service)
      ? [`${cluster}/${service} is covered by services[${whole.index}] too; ${add(service, whole.index)}`]
      : [];
  };
}

function already(what: string, index: number): string {
  return `${what} is covered by services[${index}] already; leave one of them out`;
}
