import { parseArn, type Place } from "../aws-semantics/arn";
import { text } from "../rotator/settings-messages";

/** Amazon ECS API Reference, CreateCluster and CreateService. */
const name = "[A-Za-z0-9_-]{1,255}";

/** What to write in place of a text that is no name. */
type Hint = (found: string) => string | undefined;

/** The names in the ARN of a cluster (`cluster/CLUSTER`) or of a service (`service/CLUSTER/SERVICE`, `service/SERVICE`). */
function namesIn(arn: string): { readonly cluster?: string; readonly service?: string } {
  const [, kind, first, second] =
    new RegExp(`^(cluster|service)/(${name})(?:/(${name}))?$`).exec(parseArn(arn)?.resource ?? "") ?? [];
  if (kind === "cluster") return { cluster: first };
  return second === undefined ? { service: first } : { cluster: first, service: second };
}

/** `shop/web` as two settings. */
function apart(found: string): string | undefined {
  const [, cluster, service] = new RegExp(`^(${name})/(${name})$`).exec(found) ?? [];
  return cluster === undefined ? undefined : `write cluster: ${cluster} and service: ${service}`;
}

/** True for a text that is meant as a pattern. */
export function hasWildcard(found: string): boolean {
  return /[*?]/.test(found);
}

const fromArn = (written: string): string =>
  `write "${written}", if it is in the account and Region of this stack`;

const clusterHint: Hint = (found) => {
  const { cluster, service } = namesIn(found);
  if (service !== undefined) return "write the ARN of a service as `service`, without `cluster`";
  if (cluster !== undefined) return fromArn(cluster);
  return hasWildcard(found) ? "there are no wildcards: write one entry for each cluster" : apart(found);
};

const excludeHint: Hint = (found) => {
  const service = namesIn(found).service ?? new RegExp(`^${name}/(${name})$`).exec(found)?.[1];
  if (service !== undefined) return `write "${service}"`;
  return hasWildcard(found) ? "there are no wildcards: name each service" : undefined;
};

const exceptionHint: Hint = (found) => {
  const { cluster, service } = namesIn(found);
  if (service !== undefined) return fromArn(cluster === undefined ? service : `${cluster}/${service}`);
  return hasWildcard(found) ? "there are no wildcards: write one entry for each service" : undefined;
};

/** What to write in place of a text that is no service's name. */
export const serviceHint: Hint = (found) => {
  const { cluster } = namesIn(found);
  if (found.startsWith("arn:"))
    return cluster === undefined ? undefined : `write cluster: ${cluster}, without \`service\``;
  return hasWildcard(found)
    ? "there are no wildcards: leave `service` out to cover every service of the cluster, or write one entry for each"
    : apart(found);
};

/** What is wrong with a service's name; undefined when nothing is. */
export function serviceNameMistake(service: string): string | undefined {
  if (new RegExp(`^${name}$`).test(service)) return undefined;
  const hint = serviceHint(service);
  return `expected a service's name or ARN, found "${service}"${hint === undefined ? "" : `; ${hint}`}`;
}

const ecsName = (what: string, hint: Hint) =>
  text(`${what} (up to 255 letters, digits, hyphens and underscores)`, new RegExp(`^${name}$`), hint);

/** The name of a cluster. */
export const clusterName = ecsName("the name of a cluster", clusterHint);

/** The name of a service, beside its cluster's. */
export const serviceName = ecsName("the name of a service", excludeHint);

/** A service of one cluster, or of any. */
export const exceptionName = text(
  "CLUSTER/SERVICE, or a service's name",
  new RegExp(`^(${name}/)?${name}$`),
  exceptionHint,
);

/** Whether an ARN is of the stack's own account and Region. */
export function isHere(arn: string, place: Place): boolean {
  const { partition, region, account } = parseArn(arn) ?? {};
  return partition === place.partition && region === place.region && account === place.account;
}

/**
 * Where an ARN of another Region, account or partition is, and where this stack; undefined for one of the stack's own, and
 * for a name.
 * @param account `any`: the resource may be in another account
 */
export function elsewhere(
  what: string,
  arn: string,
  place: Place,
  account: "own" | "any" = "own",
): string | undefined {
  const there = parseArn(arn);
  if (!there || isHere(arn, account === "any" ? { ...place, account: there.account } : place))
    return undefined;
  const partition = (of: string): string => (there.partition === place.partition ? "" : ` (partition ${of})`);
  return (
    `the ${what} is in ${there.region} of account ${there.account}${partition(there.partition)}, this stack in ` +
    `${place.region} of account ${place.account}${partition(place.partition)}`
  );
}
