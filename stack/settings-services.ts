import type { CoveredServices } from "../handler/coverage";
import { parseArn, type Place } from "../aws-semantics/arn";
import { parseReference, sameParameter, sameSecret } from "../aws-semantics/secret-reference";
import type { Mistake } from "./settings-messages";
import type { ServiceEntry } from "./settings-schema";

/** An entry with its place in the list. */
export interface Indexed<Entry> {
  readonly index: number;
  readonly entry: Entry;
}

/** Cluster and service of a long service ARN: `service/CLUSTER/SERVICE`. */
const serviceResource = /^service\/([A-Za-z0-9_-]{1,255})\/([A-Za-z0-9_-]{1,255})$/;

/** What an entry names. Only for entries without mistakes. */
function named(entry: ServiceEntry): { cluster: string; service?: string } {
  const [, cluster, service] = serviceResource.exec(parseArn(entry.service ?? "")?.resource ?? "") ?? [];
  if (cluster !== undefined && service !== undefined) return { cluster, service };
  return { cluster: entry.cluster ?? "", ...(entry.service === undefined ? {} : { service: entry.service }) };
}

/** The entries of `services` as the recycler knows them: names, not ARNs. */
export function normaliseServices(entries: readonly ServiceEntry[]): CoveredServices[] {
  return entries.map((entry) => ({
    ...named(entry),
    exclude: entry.exclude ?? [],
    secrets: entry.secrets ?? [],
    parameters: entry.parameters ?? [],
    wave: entry.wave ?? 0,
  }));
}

/** What is wrong inside an entry of `services` beyond its form, and between entries. */
export function serviceRules(entries: readonly Indexed<ServiceEntry>[], place: Place): Mistake[] {
  return [
    ...entries.flatMap(({ index, entry }) =>
      [...serviceNameRules(entry, place), ...listRules(entry, place)].map((mistake) => ({
        ...mistake,
        path: ["services", index, ...mistake.path],
      })),
    ),
    ...overlaps(entries),
  ];
}

function serviceNameRules(entry: ServiceEntry, place: Place): Mistake[] {
  const { cluster, service, exclude } = entry;
  if (service === undefined) return [];
  const mistakes: Mistake[] = [];
  if (exclude !== undefined)
    mistakes.push({
      path: ["exclude"],
      message: "belongs to an entry that covers a whole cluster; leave it out, or leave out `service`",
    });
  if (!service.startsWith("arn:")) {
    if (!/^[A-Za-z0-9_-]{1,255}$/.test(service))
      mistakes.push({ path: ["service"], message: `wanted a service's name or ARN, found "${service}"` });
    return mistakes;
  }
  const arn = parseArn(service);
  if (arn?.service !== "ecs" || !serviceResource.test(arn.resource))
    mistakes.push({
      path: ["service"],
      message: `wanted arn:${place.partition}:ecs:${place.region}:${place.account}:service/CLUSTER/SERVICE, found "${service}"`,
    });
  else if (arn.partition !== place.partition || arn.region !== place.region || arn.account !== place.account)
    mistakes.push({
      path: ["service"],
      message:
        `the service is in ${arn.region} of account ${arn.account}, this stack in ${place.region} of account ` +
        `${place.account}: a recycler works in its own account and Region, deploy another stack there`,
    });
  if (cluster !== undefined)
    mistakes.push({
      path: ["cluster"],
      message: "the service's ARN names the cluster already; leave one of them out",
    });
  return mistakes;
}

/** Secrets and parameters must be names or ARNs of their own kind, none twice. */
function listRules(entry: ServiceEntry, place: Place): Mistake[] {
  const mistakes: Mistake[] = [];
  (entry.secrets ?? []).forEach((secret, at) => {
    const message = secretMistake(secret, place);
    if (message) mistakes.push({ path: ["secrets", at], message });
  });
  (entry.parameters ?? []).forEach((parameter, at) => {
    const message = parameterMistake(parameter, place);
    if (message) mistakes.push({ path: ["parameters", at], message });
  });
  return [
    ...mistakes,
    ...repeated("exclude", entry.exclude ?? [], (a, b) => a === b),
    ...repeated("secrets", entry.secrets ?? [], (a, b) => sameSecret(a, b, place)),
    ...repeated("parameters", entry.parameters ?? [], (a, b) => sameParameter(a, b, place)),
  ];
}

/** What is wrong with a secret's name or ARN, in words; undefined when nothing is. */
export function secretMistake(secret: string, place: Place): string | undefined {
  const reference = parseReference(secret, place, "secret");
  if (reference.service === "invalid") return reference.problem;
  if (reference.service !== "secretsmanager") return `wanted a secret, found the parameter "${secret}"`;
  if (reference.id !== secret)
    return `wanted the secret itself, "${reference.id}", found it with a JSON key, stage or version: "${secret}"`;
  return undefined;
}

/** What is wrong with a parameter's name or ARN, in words; undefined when nothing is. */
export function parameterMistake(parameter: string, place: Place): string | undefined {
  const reference = parseReference(parameter, place, "parameter");
  if (reference.service === "invalid") return reference.problem;
  if (reference.service !== "ssm") return `wanted a parameter, found the secret "${parameter}"`;
  if (reference.versionId !== undefined || reference.label !== undefined)
    return `wanted the parameter itself, "${reference.name}", found it with a version or label: "${parameter}"`;
  return undefined;
}

function repeated(key: string, list: readonly string[], same: (a: string, b: string) => boolean): Mistake[] {
  return list.flatMap((item, at) => {
    const first = list.findIndex((other) => same(other, item));
    return first < at ? [{ path: [key, at], message: `"${item}" stands in ${key}[${first}] already` }] : [];
  });
}

/** A service that two entries cover would have two lists of secrets and two waves: refused. */
function overlaps(entries: readonly Indexed<ServiceEntry>[]): Mistake[] {
  const mistakes: Mistake[] = [];
  entries.forEach(({ index, entry }, position) => {
    const mine = named(entry);
    for (const other of entries.slice(0, position)) {
      const theirs = named(other.entry);
      if (mine.cluster !== theirs.cluster) continue;
      const where = `services[${other.index}]`;
      if (mine.service === theirs.service) {
        const what =
          mine.service === undefined ? `cluster ${mine.cluster}` : `${mine.cluster}/${mine.service}`;
        mistakes.push({
          path: ["services", index],
          message: `${what} is covered by ${where} already; leave one of them out`,
        });
      } else if (mine.service === undefined || theirs.service === undefined) {
        const whole = mine.service === undefined ? { index, entry } : other;
        const service = mine.service ?? theirs.service ?? "";
        if (whole.entry.exclude?.includes(service)) continue;
        mistakes.push({
          path: ["services", index],
          message:
            `${mine.cluster}/${service} is covered by ${where} too; ` +
            `add "${service}" to services[${whole.index}].exclude`,
        });
      }
    }
  });
  return mistakes;
}
