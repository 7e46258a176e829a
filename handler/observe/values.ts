/**
 * When a value last changed, without reading any value. Sources: AWS Secrets Manager API Reference,
 * `DescribeSecret`, `ListSecretVersionIds`, `ListSecrets`; AWS Systems Manager API Reference, `DescribeParameters`.
 */
import type { DescribeSecretResponse, SecretListEntry } from "@aws-sdk/client-secrets-manager";
import type { ParameterReference, Reference, SecretReference } from "../../aws-semantics/secret-reference";
import {
  currentStage,
  isAtHome,
  parseReference,
  sameParameter,
  sameSecret,
  secretKey,
} from "../../aws-semantics/secret-reference";
import { secretsManagerPackage, ssmPackage } from "../clients";
import { caughtFault } from "../errors";
import { isUnseen, unseen, unseenOf, type Unseen, type ValueFacts } from "../facts";
import { labelOf } from "../readers";
import type { ObserveEnvironment } from "./environment";
import type { RememberedSecret } from "./memory";
import {
  afterLook,
  changeOf,
  decidingLabel,
  isProofDoubtful,
  plausible,
  revisionOf,
  withDates,
  type SecretLook,
  type SecretState,
  type Word,
} from "./secret-state";
import { longestMarginMs } from "../plan/freshness";
import { clockToleranceMs, type Change } from "../trigger";

/** Up to this many secrets are described one by one, even in a sweep. */
export const fewSecrets = 10;
/** Names in one filter of DescribeParameters. */
export const parametersPerCall = 50;
/** For how long the events of a secret need no further look, in milliseconds: a late event is a reason to look again. */
const lookMs = 60_000;
/** How many unconfirmed words of events are kept, the newest ones. */
const keptWords = 1000;

/** The values of one run; each is looked at once. */
export interface ValueLooks {
  /** Remembers what events say, until a look confirms it. */
  hear(changes: readonly Change[]): void;
  /** True when a look has already confirmed what the event says. */
  isKnown(change: Change): boolean;
  /** Looks at what events name. Gives those whose readers must be evaluated: the state changed since they last were. */
  news(changes: readonly Change[]): Promise<readonly Change[]>;
  /** Looks at these values, each once a run. `sweeping`: the answer may be from a list that is five minutes old. */
  look(references: readonly Reference[], sweeping: boolean): Promise<void>;
  /** Asks when the versions of these secrets were created; a version is asked about once in its life. */
  date(references: readonly Reference[]): Promise<void>;
  /** What is known of a value; undefined before its first look. */
  facts(reference: Reference): ValueFacts | undefined;
  /** True when this run has looked at what an event names. */
  isLooked(change: Change): boolean;
  /** True when a look has confirmed the version and time of an event. */
  isConfirmed(change: Change): boolean;
  /** The readers of a value were evaluated for its present state. */
  told(change: Change): void;
}

/** Begins the looks of one run. */
export function createValueLooks(environment: ObserveEnvironment): ValueLooks {
  const { clients, pace, memory, home, now } = environment;
  /** The looks of this run, by id. */
  const secrets = new Map<string, Promise<SecretLook | Unseen>>();
  const results = new Map<string, SecretLook | Unseen>();
  /** The same by what all ids of a secret have in common. */
  const byKey = new Map<string, SecretLook[]>();
  const parameters = new Map<string, Unseen | "found">();
  const dated = new Map<string, Promise<Unseen | undefined>>();
  const failedDates = new Map<string, Unseen>();
  const wanted = new Set<string>();
  const list = {
    secrets: new Map<string, SecretListEntry[]>(),
    pages: 0,
    nextToken: undefined as string | undefined,
    ended: false,
  };

  async function describeSecret(id: string): Promise<SecretLook | Unseen> {
    const known = secrets.get(id);
    if (known) return known;
    // Another name of a secret that this run has looked at.
    const same = (byKey.get(secretKey(id, home)) ?? []).find(({ arn }) => sameSecret(id, arn, home));
    if (same) return keep(id, same);
    const { DescribeSecretCommand } = secretsManagerPackage();
    const askedAtMs = now();
    const asked = pace
      .call(`DescribeSecret ${id}`, () =>
        clients.secretsManager.send(new DescribeSecretCommand({ SecretId: id })),
      )
      .then(
        (answer) => {
          const look = lookOf(id, answer, answer.VersionIdsToStages);
          remembered(look.arn).describedAtMs = askedAtMs;
          return look;
        },
        (error: unknown) => unseenOf(caughtFault(error)),
      )
      .then((look) => keep(id, look));
    secrets.set(id, asked);
    return asked;
  }

  function lookOf(
    id: string,
    secret: Pick<DescribeSecretResponse, "ARN" | "LastChangedDate" | "LastRotatedDate" | "DeletedDate">,
    versions: SecretLook["versions"] | undefined,
  ): SecretLook {
    return {
      arn: secret.ARN ?? id,
      // Without a date the last change may be as late as now.
      changedAtMs: secret.LastChangedDate?.getTime() ?? now(),
      rotatedAtMs: secret.LastRotatedDate?.getTime(),
      deleted: secret.DeletedDate !== undefined,
      versions: versions ?? {},
    };
  }

  /** Takes a look over into the memory: every label that is followed, and what events said of it. */
  async function keep(id: string, look: SecretLook | Unseen): Promise<SecretLook | Unseen> {
    if (!isUnseen(look)) {
      memory.arns.set(id, look.arn);
      const key = secretKey(look.arn, home);
      const alike = byKey.get(key) ?? [];
      if (!alike.includes(look)) byKey.set(key, [...alike, look]);
      const secret = remembered(look.arn);
      const labels = new Set([currentStage, ...secret.labels.keys(), ...Object.values(look.versions).flat()]);
      labels.delete("AWSPREVIOUS");
      labels.delete("AWSPENDING");
      for (const label of labels) await keepLabel(secret, look, label);
    }
    results.set(id, look);
    return look;
  }

  async function keepLabel(secret: RememberedSecret, look: SecretLook, label: string): Promise<void> {
    const before = secret.labels.get(label);
    const after = afterLook(before, look, label);
    if (after === undefined) {
      secret.labels.delete(label);
      return;
    }
    secret.labels.set(label, after);
    await confirm(look.arn, secret, label, isProofDoubtful(before, after));
  }

  /** Confirms what events said of a label, or breaks its proof, by the dates of the versions. */
  async function confirm(
    arn: string,
    secret: RememberedSecret,
    label: string,
    isDoubtful: boolean,
  ): Promise<void> {
    const state = secret.labels.get(label);
    if (state === undefined) return;
    const words = wordsOf(arn, label);
    if (plausible(state, words).length === 0 && !isDoubtful) return;
    const failed = await ask(arn, secret, state);
    if (failed === undefined) secret.labels.set(label, withDates(state, words, secret.created));
    // Nothing asks again for the dates that could break it.
    else if (isDoubtful) secret.labels.set(label, { ...state, proof: undefined });
  }

  /** Takes an event's word at the last look: one of this minute that was made so long after the change that it shows it. */
  async function confirmAtLastLook({ subject, labels, atMs }: Change): Promise<boolean> {
    const arn = arnOf(subject) ?? subject;
    const secret = memory.secrets.get(arn);
    if (!isAfter(secret?.describedAtMs, atMs) || now() - (secret?.describedAtMs ?? 0) >= lookMs) return false;
    for (const label of labels) await confirm(arn, remembered(arn), label, false);
    return true;
  }

  function wordsOf(arn: string, label: string): readonly Word[] {
    return memory.words.filter((word) => word.label === label && sameSecret(word.subject, arn, home));
  }

  function remembered(arn: string): RememberedSecret {
    const known = memory.secrets.get(arn);
    if (known) return known;
    const made: RememberedSecret = { labels: new Map(), created: new Map() };
    memory.secrets.set(arn, made);
    return made;
  }

  /** Asks for the dates of the versions of a state, unless they are known. */
  async function ask(arn: string, secret: RememberedSecret, state: SecretState): Promise<Unseen | undefined> {
    const { version, previous } = state;
    if (secret.created.has(version) && (previous === undefined || secret.created.has(previous)))
      return undefined;
    const asked = dated.get(arn) ?? listVersions(arn, secret);
    dated.set(arn, asked);
    const failed = await asked;
    if (failed) failedDates.set(arn, failed);
    return failed;
  }

  /** Without IncludeDeprecated only versions with a label are listed: 20 at most, one page. */
  async function listVersions(arn: string, secret: RememberedSecret): Promise<Unseen | undefined> {
    const { ListSecretVersionIdsCommand } = secretsManagerPackage();
    try {
      let NextToken: string | undefined;
      do {
        const page = await pace.call(`ListSecretVersionIds of ${arn}`, () =>
          clients.secretsManager.send(
            new ListSecretVersionIdsCommand({ SecretId: arn, MaxResults: 100, NextToken }),
          ),
        );
        for (const { VersionId, CreatedDate } of page.Versions ?? [])
          if (VersionId !== undefined && CreatedDate) secret.created.set(VersionId, CreatedDate.getTime());
        NextToken = page.NextToken;
      } while (NextToken);
      return undefined;
    } catch (error) {
      return unseenOf(caughtFault(error));
    }
  }

  /**
   * Looks at secrets in pages of 100 until all ids are found. Gives up when that takes more pages than this run has
   * secrets: then each is described by itself.
   */
  async function listSecrets(ids: readonly string[]): Promise<void> {
    const { ListSecretsCommand } = secretsManagerPackage();
    const missing = new Set<string>();
    for (const id of ids) if (!(await takeFromList(id))) missing.add(id);
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
        for (const id of missing) if (await takeFromList(id)) missing.delete(id);
      }
    } catch (error) {
      // Each secret is then described by itself, and reports its own failure.
      caughtFault(error);
      list.ended = true;
    }
  }

  async function takeFromList(id: string): Promise<boolean> {
    const found = list.secrets
      .get(secretKey(id, home))
      ?.find(({ ARN }) => ARN !== undefined && sameSecret(id, ARN, home));
    if (found === undefined) return false;
    const kept = keep(id, lookOf(id, found, found.SecretVersionsToStages));
    secrets.set(id, kept);
    await kept;
    return true;
  }

  async function describeParameters(references: readonly ParameterReference[]): Promise<void> {
    const { DescribeParametersCommand } = ssmPackage();
    const names = [...new Set(references.flatMap(({ name }) => spellings(name)))];
    for (let start = 0; start < names.length; start += parametersPerCall) {
      const some = names.slice(start, start + parametersPerCall);
      const asked = references.filter(({ name }) => some.includes(name));
      const filter = { Key: "Name", Option: "Equals", Values: some };
      try {
        let NextToken: string | undefined;
        do {
          const page = await pace.call("DescribeParameters", () =>
            clients.ssm.send(
              new DescribeParametersCommand({ ParameterFilters: [filter], MaxResults: 50, NextToken }),
            ),
          );
          for (const { Name, LastModifiedDate } of page.Parameters ?? [])
            for (const reference of references)
              if (
                Name !== undefined &&
                LastModifiedDate &&
                sameParameter(reference.id, Name, home) &&
                (Name === reference.name || !parameters.has(reference.arn))
              ) {
                memory.parameters.set(reference.arn, LastModifiedDate.getTime());
                parameters.set(reference.arn, "found");
              }
          NextToken = page.NextToken;
        } while (NextToken);
      } catch (error) {
        const failed = unseenOf(caughtFault(error));
        for (const reference of asked)
          if (!parameters.has(reference.arn)) parameters.set(reference.arn, failed);
      }
    }
    for (const { arn, name } of references)
      if (!parameters.has(arn))
        parameters.set(arn, unseen("not-found", `the parameter ${name} does not exist`));
  }

  /** The ARN of the secret that an id meant at the last look. */
  function arnOf(id: string): string | undefined {
    const look = results.get(id);
    return look && !isUnseen(look) ? look.arn : memory.arns.get(id);
  }

  function secretFacts(reference: SecretReference): ValueFacts | undefined {
    const look = results.get(reference.id);
    const looked = look !== undefined;
    if (look && isUnseen(look))
      return {
        looked,
        change:
          look.code === "denied" && !isAtHome(reference, home)
            ? unseen(
                "unsupported",
                `the role may not describe this secret of another account: ${look.reason}`,
              )
            : look,
      };
    if (look?.deleted)
      return {
        looked,
        change: unseen("not-found", `${reference.id} is scheduled for deletion: new tasks cannot start`),
      };
    const arn = arnOf(reference.id);
    const secret = arn === undefined ? undefined : memory.secrets.get(arn);
    if (arn === undefined || secret === undefined) return undefined;
    const label = labelOf(reference) ?? currentStage;
    const state = secret.labels.get(decidingLabel(label));
    const exists = label === "AWSPREVIOUS" ? state?.previous !== undefined : state !== undefined;
    if (state === undefined || !exists)
      return looked
        ? { looked, change: unseen("not-found", `no version of ${reference.id} has the label ${label}`) }
        : undefined;
    const failed = failedDates.get(arn);
    const isDated =
      secret.created.has(state.version) &&
      (state.previous === undefined || secret.created.has(state.previous));
    if (failed && !isDated && !state.proof) return { looked, change: failed };
    return { looked, change: changeOf(state, label, isDated || dated.has(arn) ? secret.created : undefined) };
  }

  function parameterFacts(reference: ParameterReference): ValueFacts | undefined {
    const found = parameters.get(reference.arn);
    if (found && found !== "found") return { looked: true, change: found };
    const atMs = memory.parameters.get(reference.arn);
    return atMs === undefined
      ? undefined
      : { looked: found !== undefined, change: { loMs: atMs, hiMs: atMs, proved: true, doubt: false } };
  }

  /** The values that an event names, with the revision of their state that looks have shown. */
  function named({ store, subject, labels }: Change): { id: string; revision: string | undefined }[] {
    if (store === "ssm") {
      const arn = parameterNamed(subject)?.arn ?? subject;
      const atMs = memory.parameters.get(arn);
      return [{ id: arn, revision: atMs === undefined ? undefined : String(atMs) }];
    }
    const arn = arnOf(subject) ?? subject;
    return labels.map((label) => {
      const state = memory.secrets.get(arn)?.labels.get(label);
      return { id: `${arn} ${label}`, revision: state && revisionOf(state) };
    });
  }

  function parameterNamed(subject: string): ParameterReference | undefined {
    const reference = parseReference(subject, home, "parameter");
    return reference.service === "ssm" ? reference : undefined;
  }

  function isConfirmed({ store, subject, labels, versionId, atMs }: Change): boolean {
    if (store === "ssm")
      return (memory.parameters.get(parameterNamed(subject)?.arn ?? "") ?? 0) + clockToleranceMs >= atMs;
    const known = memory.secrets.get(arnOf(subject) ?? "")?.labels;
    return labels.every((label) => {
      const state = known?.get(label);
      return (
        state?.proof !== undefined &&
        state.version === versionId &&
        Math.abs(state.proof.atMs - atMs) <= clockToleranceMs
      );
    });
  }

  async function look(references: readonly Reference[], sweeping: boolean): Promise<void> {
    const own = references.filter((reference) => problemOf(reference, environment) === undefined);
    const unknown = own.filter(
      (reference): reference is ParameterReference =>
        reference.service === "ssm" && !parameters.has(reference.arn),
    );
    if (unknown.length > 0) await describeParameters(unknown);
    const ids = [...new Set(own.flatMap(({ service, id }) => (service === "secretsmanager" ? [id] : [])))];
    for (const id of ids) wanted.add(id);
    // A listing that was given up before would be given up again.
    const tooLong = wanted.size <= (memory.listingGivenUpAfterPages ?? 0);
    if (sweeping && wanted.size > fewSecrets && !tooLong)
      await listSecrets(ids.filter((id) => !secrets.has(id)));
    await Promise.all(ids.map((id) => describeSecret(id)));
  }

  return {
    hear(changes) {
      const words = changes.flatMap(({ store, subject, labels, versionId, atMs, cause, who }): Word[] =>
        store === "ssm" || versionId === undefined
          ? []
          : labels.map((label) => ({ subject, label, versionId, atMs, cause, who })),
      );
      memory.words = [...memory.words, ...words].slice(-keptWords);
    },
    isKnown: (change) =>
      change.store === "secretsmanager" &&
      isConfirmed(change) &&
      named(change).every(({ id, revision }) => memory.told.get(id) === revision),
    isConfirmed,
    isLooked: ({ store, subject }) =>
      store === "ssm" ? parameters.has(parameterNamed(subject)?.arn ?? "") : results.has(subject),
    async news(changes) {
      // One call asks for many parameters.
      const open = changes.filter((change) => change.store === "ssm" && !isConfirmed(change));
      await look(
        open.flatMap(({ subject }) => parameterNamed(subject) ?? []),
        false,
      );
      const failed = await Promise.all(
        changes.map(async (change) => {
          if (change.store === "ssm") return parameters.get(parameterNamed(change.subject)?.arn ?? "");
          return (await confirmAtLastLook(change)) ? undefined : describeSecret(change.subject);
        }),
      );
      return changes.filter((change, index) => {
        const seen = failed[index];
        if (typeof seen === "object" && isUnseen(seen)) return true;
        return named(change).some(({ id, revision }) => memory.told.get(id) !== revision);
      });
    },
    told(change) {
      for (const { id, revision } of named(change)) if (revision !== undefined) memory.told.set(id, revision);
    },
    look,
    async date(references) {
      for (const reference of references) {
        const arn = reference.service === "ssm" ? undefined : arnOf(reference.id);
        const secret = arn === undefined ? undefined : memory.secrets.get(arn);
        const state = secret?.labels.get(decidingLabel(labelOf(reference) ?? currentStage));
        if (arn !== undefined && secret && state) await ask(arn, secret, state);
      }
    },
    facts(reference) {
      const problem = problemOf(reference, environment);
      if (problem) return { looked: true, change: problem };
      return reference.service === "ssm" ? parameterFacts(reference) : secretFacts(reference);
    },
  };
}

/** True for an answer, by when it was asked for, that shows what happened before: AWS may answer some seconds late. */
export function isAfter(askedAtMs: number | undefined, happenedAtMs: number): boolean {
  return (askedAtMs ?? 0) > happenedAtMs + longestMarginMs;
}

/** Why a value cannot be followed at all. */
function problemOf(reference: Reference, { home }: ObserveEnvironment): Unseen | undefined {
  if (reference.region !== home.region)
    return unseen("unsupported", `${reference.id} is in ${reference.region}: its events do not arrive here`);
  if (reference.service === "secretsmanager") return undefined;
  if (!isAtHome(reference, home))
    return unseen("unsupported", `${reference.id} belongs to another account: its events do not arrive here`);
  return reference.name.startsWith("/aws/")
    ? unseen("unsupported", `${reference.name} is a public parameter without events and date`)
    : undefined;
}

/** The ARN of a parameter leaves out the slash that a name of one level may begin with. */
function spellings(name: string): string[] {
  return name.includes("/") ? [name] : [name, `/${name}`];
}
