import { localArn, parseArn, type Place } from "../aws-semantics/arn";
import { parseReference, sameParameter, sameSecret } from "../aws-semantics/secret-reference";
import type { CoveredServices } from "../handler/coverage";
import type { Mistake } from "../rotator/settings-messages";
import { physicalNames } from "./context";
import { clustersOf, policyDocument, recyclerStatements } from "./role-statements";
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
  const mistakes = entries.flatMap(({ index, entry }, position) =>
    [
      ...serviceNameRules(entry, place),
      ...listRules(entry, place),
      ...entries.slice(0, position).flatMap((earlier) => overlap({ index, entry }, earlier)),
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
    if (!/^[A-Za-z0-9_-]{1,255}$/.test(service))
      wrong("service", `expected a service's name or ARN, found "${service}"`);
    return mistakes;
  }
  const { region, account } = place;
  const arn = parseArn(service);
  if (arn?.service !== "ecs" || !serviceResource.test(arn.resource))
    wrong("service", `expected ${localArn(place, "ecs", "service/CLUSTER/SERVICE")}, found "${service}"`);
  else if (!isHere(service, place))
    wrong(
      "service",
      `the service is in ${arn.region} of account ${arn.account}, this stack in ${region} of account ${account}: a ` +
        "recycler works in its own account and Region, deploy another stack there",
    );
  if (cluster !== undefined)
    wrong("cluster", "the service's ARN names the cluster already; leave one of them out");
  return mistakes;
}

/** Secrets and parameters must be names or ARNs of their own kind, none twice. */
function listRules({ exclude, secrets, parameters }: ServiceEntry, place: Place): Mistake[] {
  return [
    ...listed("secrets", secrets, (secret) => secretMistake(secret, place)),
    ...listed("parameters", parameters, (parameter) => parameterMistake(parameter, place)),
    ...repeated("exclude", exclude, (a, b) => a === b),
    ...repeated("secrets", secrets, (a, b) => sameSecret(a, b, place)),
    ...repeated("parameters", parameters, (a, b) => sameParameter(a, b, place)),
  ];
}

/** What is wrong with a secret's name or ARN, in words; undefined when nothing is. */
export function secretMistake(secret: string, place: Place): string | undefined {
  const reference = parseReference(secret, place, "secret");
  if (reference.service === "invalid") return reference.problem;
  if (reference.service !== "secretsmanager") return `expected a secret, found the parameter "${secret}"`;
  if (reference.id !== secret)
    return `expected the secret itself, "${reference.id}", found it with a JSON key, stage or version: "${secret}"`;
  return undefined;
}

/** What is wrong with a parameter's name or ARN, in words; undefined when nothing is. */
export function parameterMistake(parameter: string, place: Place): string | undefined {
  const reference = parseReference(parameter, place, "parameter");
  if (reference.service === "invalid") return reference.problem;
  if (reference.service !== "ssm") return `expected a parameter, found the secret "${parameter}"`;
  if (reference.versionId !== undefined || reference.label !== undefined)
    return `expected the parameter itself, "${reference.name}", found it with a version or label: "${parameter}"`;
  return undefined;
}

/** Whether an ARN is of the stack's own account and Region. */
export function isHere(arn: string, place: Place): boolean {
  const { partition, region, account } = parseArn(arn) ?? {};
  return partition === place.partition && region === place.region && account === place.account;
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

function repeated(key: string, list: readonly string[], same: (a: string, b: string) => boolean): Mistake[] {
  return list.flatMap((item, at) => {
    const first = list.findIndex((other) => same(other, item));
    return first < at ? [{ path: [key, at], message: `"${item}" stands in ${key}[${first}] already` }] : [];
  });
}

/** A service that two entries cover would have two lists of secrets and two waves: refused. */
function overlap(later: Indexed<ServiceEntry>, earlier: Indexed<ServiceEntry>): Mistake[] {
  const { cluster, service } = named(later.entry);
  const other = named(earlier.entry);
  if (cluster !== other.cluster) return [];
  const where = `services[${earlier.index}]`;
  if (service === other.service) {
    const what = service === undefined ? `cluster ${cluster}` : `${cluster}/${service}`;
    return [{ path: [], message: `${what} is covered by ${where} already; leave one of them out` }];
  }
  if (service !== undefined && other.service !== undefined) return [];
  const whole = service === undefined ? later : earlier;
  const one = service ?? other.service ?? "";
  if (whole.entry.exclude.includes(one)) return [];
  const remedy = `add "${one}" to services[${whole.index}].exclude`;
  return [{ path: [], message: `${cluster}/${one} is covered by ${where} too; ${remedy}` }];
}
