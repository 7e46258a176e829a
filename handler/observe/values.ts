/**
 * When a value last changed, without reading any value. Sources: AWS Secrets Manager API Reference,
 * `DescribeSecret`, `ListSecretVersionIds`, `ListSecrets`; AWS Systems Manager API Reference, `DescribeParameters`.
 */
import type { SecretListEntry, SecretVersionsListEntry } from "@aws-sdk/client-secrets-manager";
import type { ParameterReference, Reference, SecretReference } from "../../aws-semantics/secret-reference";
import { isAtHome, sameParameter, sameSecret, secretKey } from "../../aws-semantics/secret-reference";
import { secretsManagerPackage, ssmPackage } from "../clients";
import { caughtFault } from "../errors";
import type { Interval } from "../freshness";
import { unseen, type Unseen } from "../decision";
import { labelOf } from "../readers";
import type { ObserveEnvironment } from "./environment";
import { unseenOf } from "./services";

/** Up to this many secrets are described one by one, even in a sweep. */
export const fewSecrets = 10;
/** Names in one filter of DescribeParameters. */
export const parametersPerCall = 50;

/** A secret's times from DescribeSecret or ListSecrets, in milliseconds since the epoch. */
interface SecretTimes {
  readonly changedAtMs: number;
  readonly rotatedAtMs?: number;
  readonly deleted: boolean;
}

/** The values of one run; each is checked once. */
export interface ValueLooks {
  /** Checks many at once where that needs fewer calls. `sweeping`: an answer may be five minutes old. */
  prepare(references: readonly Reference[], sweeping: boolean): Promise<void>;
  /** When the value last changed, as exactly as the comparison with the deployment needs. */
  move(reference: Reference, deploymentCreatedAtMs: number): Promise<Interval | Unseen>;
}

/** Begins the checks of one run. */
export function createValueLooks(environment: ObserveEnvironment): ValueLooks {
  const { clients, pace, memory, home, now, compare } = environment;
  const times = new Map<string, Promise<SecretTimes | Unseen>>();
  const versions = new Map<string, Promise<readonly SecretVersionsListEntry[] | Unseen>>();
  const parameters = new Map<string, Interval | Unseen>();
  const wanted = new Set<string>();
  const list = {
    secrets: new Map<string, SecretListEntry[]>(),
    pages: 0,
    nextToken: undefined as string | undefined,
    ended: false,
  };

  async function describeSecret(id: string): Promise<SecretTimes | Unseen> {
    const { DescribeSecretCommand } = secretsManagerPackage();
    try {
      const answer = await pace.call(`DescribeSecret ${id}`, () =>
        clients.secretsManager.send(new DescribeSecretCommand({ SecretId: id })),
      );
      return timesOf(answer);
    } catch (error) {
      return unseenOf(caughtFault(error));
    }
  }

  function timesOf(secret: {
    readonly LastChangedDate?: Date | undefined;
    readonly LastRotatedDate?: Date | undefined;
    readonly DeletedDate?: Date | undefined;
  }): SecretTimes {
    return {
      // Without a date, the last change may be as late as now.
      changedAtMs: secret.LastChangedDate?.getTime() ?? now(),
      rotatedAtMs: secret.LastRotatedDate?.getTime(),
      deleted: secret.DeletedDate !== undefined,
    };
  }

  /** Without IncludeDeprecated only versions with a label are listed: 20 at most, one page. */
  async function listVersions(id: string): Promise<readonly SecretVersionsListEntry[] | Unseen> {
    const { ListSecretVersionIdsCommand } = secretsManagerPackage();
    const found: SecretVersionsListEntry[] = [];
    try {
      let NextToken: string | undefined;
      do {
        const page = await pace.call(`ListSecretVersionIds of ${id}`, () =>
          clients.secretsManager.send(
            new ListSecretVersionIdsCommand({ SecretId: id, MaxResults: 100, NextToken }),
          ),
        );
        found.push(...(page.Versions ?? []));
        NextToken = page.NextToken;
      } while (NextToken);
      return found;
    } catch (error) {
      return unseenOf(caughtFault(error));
    }
  }

  /**
   * Fills `times` from pages of 100 until all ids are found. Gives up when that takes more pages than this run has
   * secrets: then each is described by itself.
   */
  async function listSecrets(ids: readonly string[]): Promise<void> {
    const { ListSecretsCommand } = secretsManagerPackage();
    const missing = new Set(ids.filter((id) => !takeFromList(id)));
    try {
      while (missing.size > 0 && !list.ended) {
        if (list.pages >= wanted.size) {
          memory.listingGivenUpAfterPages = list.pages;
          return;
        }
        const page = await pace.call("ListSecrets", () =>
          clients.secretsManager.send(new ListSecretsCommand({ MaxResults: 100, NextToken: list.nextToken })),
        );
        list.pages++;
        list.nextToken = page.NextToken;
        list.ended = page.NextToken === undefined;
        for (const secret of page.SecretList ?? [])
          if (secret.ARN !== undefined) {
            const key = secretKey(secret.ARN, home);
            list.secrets.set(key, [...(list.secrets.get(key) ?? []), secret]);
          }
        for (const id of missing) if (takeFromList(id)) missing.delete(id);
      }
    } catch (error) {
      // Each secret is then described by itself, and reports its own failure.
      caughtFault(error);
      list.ended = true;
    }
  }

  function takeFromList(id: string): boolean {
    const found = list.secrets
      .get(secretKey(id, home))
      ?.find(({ ARN }) => ARN !== undefined && sameSecret(id, ARN, home));
    if (found) times.set(id, Promise.resolve(timesOf(found)));
    return found !== undefined;
  }

  async function describeParameters(references: readonly ParameterReference[]): Promise<void> {
    const { DescribeParametersCommand } = ssmPackage();
    for (let start = 0; start < references.length; start += parametersPerCall) {
      const some = references.slice(start, start + parametersPerCall);
      const filter = { Key: "Name", Option: "Equals", Values: some.map((reference) => reference.name) };
      try {
        let NextToken: string | undefined;
        do {
          const page = await pace.call("DescribeParameters", () =>
            clients.ssm.send(
              new DescribeParametersCommand({ ParameterFilters: [filter], MaxResults: 50, NextToken }),
            ),
          );
          for (const { Name, LastModifiedDate } of page.Parameters ?? [])
            for (const reference of some)
              if (Name !== undefined && LastModifiedDate && sameParameter(reference.id, Name, home))
                parameters.set(reference.id, point(LastModifiedDate.getTime()));
          NextToken = page.NextToken;
        } while (NextToken);
        for (const reference of some)
          if (!parameters.has(reference.id))
            parameters.set(
              reference.id,
              unseen("not-found", `the parameter ${reference.name} does not exist`),
            );
      } catch (error) {
        const failed = unseenOf(caughtFault(error));
        for (const reference of some) parameters.set(reference.id, failed);
      }
    }
  }

  async function moveOfSecret(
    reference: SecretReference,
    deploymentCreatedAtMs: number,
  ): Promise<Interval | Unseen> {
    const looked = await remember(times, reference.id, describeSecret);
    if ("kind" in looked)
      return looked.code === "denied" && !isAtHome(reference, home)
        ? unseen("unsupported", `the role may not describe this secret of another account: ${looked.reason}`)
        : looked;
    if (looked.deleted)
      return unseen("not-found", `${reference.id} is scheduled for deletion: new tasks cannot start`);
    const coarse = { loMs: 0, hiMs: looked.changedAtMs };
    if (compare(deploymentCreatedAtMs, coarse) === "fresh") return coarse;
    const found = await remember(versions, reference.id, listVersions);
    return "kind" in found ? found : intervalOf(reference, looked, found);
  }

  return {
    async prepare(references, sweeping) {
      const own = references.filter((reference) => isAtHome(reference, home));
      const unknown = own.filter(
        (reference): reference is ParameterReference =>
          reference.service === "ssm" && !parameters.has(reference.id) && !isPublic(reference),
      );
      await describeParameters(unknown);
      const ids = own.flatMap(({ service, id }) => (service === "secretsmanager" ? [id] : []));
      for (const id of ids) wanted.add(id);
      // A listing that was given up before would be given up again.
      const tooLong = wanted.size <= (memory.listingGivenUpAfterPages ?? 0);
      if (sweeping && wanted.size > fewSecrets && !tooLong)
        await listSecrets(ids.filter((id) => !times.has(id)));
    },
    async move(reference, deploymentCreatedAtMs) {
      if (reference.region !== home.region)
        return unseen(
          "unsupported",
          `${reference.id} is in ${reference.region}: its events do not arrive here`,
        );
      if (reference.service === "secretsmanager") return moveOfSecret(reference, deploymentCreatedAtMs);
      if (!isAtHome(reference, home))
        return unseen(
          "unsupported",
          `${reference.id} belongs to another account: its events do not arrive here`,
        );
      if (isPublic(reference))
        return unseen("unsupported", `${reference.name} is a public parameter without events and date`);
      if (!parameters.has(reference.id)) await describeParameters([reference]);
      return (
        parameters.get(reference.id) ?? unseen("not-found", `the parameter ${reference.name} does not exist`)
      );
    },
  };
}

/**
 * Between which times the label last moved to another version. For AWSCURRENT the creation of the AWSPREVIOUS version
 * and LastRotatedDate, which follows a rotation's move, count too. AWSPREVIOUS moves when AWSCURRENT does.
 */
export function intervalOf(
  reference: SecretReference,
  times: { readonly changedAtMs: number; readonly rotatedAtMs?: number },
  versions: readonly SecretVersionsListEntry[],
): Interval | Unseen {
  const label = labelOf(reference) ?? "AWSCURRENT";
  const follows = label === "AWSCURRENT" || label === "AWSPREVIOUS";
  const labels = follows ? ["AWSCURRENT", "AWSPREVIOUS"] : [label];
  if (!versions.some((version) => version.VersionStages?.includes(label)))
    return unseen("not-found", `no version of ${reference.id} has the label ${label}`);
  const created = versions
    .filter((version) => version.VersionStages?.some((stage) => labels.includes(stage)))
    .map((version) => version.CreatedDate?.getTime() ?? 0);
  const loMs = Math.max(...created, follows ? (times.rotatedAtMs ?? 0) : 0);
  return { loMs, hiMs: Math.max(loMs, times.changedAtMs) };
}

/** True for parameters that AWS publishes. */
function isPublic(reference: ParameterReference): boolean {
  return reference.name.startsWith("/aws/");
}

function point(ms: number): Interval {
  return { loMs: ms, hiMs: ms };
}

/** Returns the cached promise, creating it on first use. */
function remember<T>(
  kept: Map<string, Promise<T>>,
  key: string,
  make: (key: string) => Promise<T>,
): Promise<T> {
  const known = kept.get(key);
  if (known) return known;
  const made = make(key);
  kept.set(key, made);
  return made;
}
