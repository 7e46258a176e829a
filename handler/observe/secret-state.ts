/**
 * What looks and events say about the label of a secret. Pure. The state of a value is the map of its labels;
 * LastChangedDate, which a tag edit moves too, only bounds when it changed. Sources: AWS Secrets Manager API Reference,
 * `DescribeSecret`, `ListSecrets`, `ListSecretVersionIds`.
 */
import { currentStage } from "../../aws-semantics/secret-reference";
import { latestBy } from "../facts";
import type { ValueChange } from "../plan/freshness";
import { clockToleranceMs } from "../trigger";

/** What DescribeSecret or ListSecrets says of a secret. Times are milliseconds since the epoch. */
export interface SecretLook {
  readonly arn: string;
  readonly changedAtMs: number;
  readonly rotatedAtMs?: number;
  readonly deleted: boolean;
  /** The staging labels of each version. */
  readonly versions: Readonly<Record<string, readonly string[]>>;
}

/** What an event says of a secret: a label moved to a version. */
export interface Word {
  /** As the event names the secret. */
  readonly subject: string;
  readonly label: string;
  readonly versionId: string;
  readonly atMs: number;
  readonly cause: string;
  readonly who?: string;
}

/** The state of one label. */
export interface SecretState {
  readonly version: string;
  /** The version with AWSPREVIOUS; for AWSCURRENT only. */
  readonly previous?: string;
  /** The smallest LastChangedDate of all looks that showed this map: the change is not later. */
  readonly hiMs: number;
  /** LastChangedDate of the last look. */
  readonly changedAtMs: number;
  /** LastChangedDate of the last look that showed another map: the change is not earlier. */
  readonly otherMs?: number;
  readonly rotatedAtMs?: number;
  /** An event's word that a look confirmed. */
  readonly proof?: Word;
  /** The times of proofs that broke, by version: they never count again. */
  readonly broken: Readonly<Record<string, number>>;
}

/** The label whose map decides: AWSPREVIOUS changes when AWSCURRENT does. */
export function decidingLabel(label: string): string {
  return label === "AWSPREVIOUS" ? currentStage : label;
}

/** The version with a label. */
export function versionWith(look: SecretLook, label: string): string | undefined {
  return Object.keys(look.versions).find((id) => look.versions[id]?.includes(label));
}

/** The state after a look; undefined when no version has the label. */
export function afterLook(
  before: SecretState | undefined,
  look: SecretLook,
  label: string,
): SecretState | undefined {
  // LastChangedDate never falls: this answer is older than the last one.
  if (before && look.changedAtMs < before.changedAtMs) return before;
  const version = versionWith(look, label);
  if (version === undefined) return undefined;
  const previous = label === currentStage ? versionWith(look, "AWSPREVIOUS") : undefined;
  const { changedAtMs, rotatedAtMs } = look;
  if (before && before.version === version && before.previous === previous)
    return { ...before, changedAtMs, rotatedAtMs, hiMs: Math.min(before.hiMs, changedAtMs) };
  // A proof stands while its version holds the label; `withDates` breaks it by AWSPREVIOUS.
  const { proof, broken } = before?.version === version ? before : withoutProof(before);
  return {
    version,
    previous,
    hiMs: changedAtMs,
    changedAtMs,
    otherMs: before?.changedAtMs,
    rotatedAtMs,
    proof,
    broken,
  };
}

/** A broken proof, and those before. */
function withoutProof(state: SecretState | undefined): Pick<SecretState, "proof" | "broken"> {
  const { version = "", proof, broken = {} } = state ?? {};
  return { proof: undefined, broken: proof ? { ...broken, [version]: proof.atMs } : broken };
}

/** The words that dates may confirm: what they say of version and time agrees with the looks. */
export function plausible(state: SecretState, words: readonly Word[]): readonly Word[] {
  return words.filter(
    ({ versionId, atMs }) =>
      versionId === state.version &&
      atMs <= state.changedAtMs + clockToleranceMs &&
      atMs >= (state.otherMs ?? 0) - clockToleranceMs &&
      atMs > Math.max(state.proof?.atMs ?? 0, state.broken[versionId] ?? 0) + clockToleranceMs,
  );
}

/** True when the dates of the versions could break the proof. */
export function isProofDoubtful(before: SecretState | undefined, after: SecretState): boolean {
  return after.proof !== undefined && before?.previous !== after.previous;
}

/**
 * The state once the versions' dates are known. A word is confirmed when it is not earlier than the creation of the
 * versions; a proof breaks when the AWSPREVIOUS version was created after it.
 */
export function withDates(
  state: SecretState,
  words: readonly Word[],
  created: ReadonlyMap<string, number>,
): SecretState {
  const versionMs = created.get(state.version) ?? 0;
  const previousMs = created.get(state.previous ?? "") ?? 0;
  const earliestMs = Math.max(versionMs, previousMs) - clockToleranceMs;
  const stands = state.proof !== undefined && state.proof.atMs >= previousMs - clockToleranceMs;
  const kept = stands ? state : { ...state, ...withoutProof(state) };
  const confirmed = plausible(kept, words).filter(({ atMs }) => atMs >= earliestMs);
  return { ...kept, proof: latestBy(confirmed, ({ atMs }) => atMs) ?? kept.proof };
}

/** When the value changed, as far as it is known. `created` is absent where the versions' dates were not asked. */
export function changeOf(
  state: SecretState,
  label: string,
  created: ReadonlyMap<string, number> | undefined,
): ValueChange {
  const { proof, hiMs, version, previous, otherMs, rotatedAtMs } = state;
  if (proof) {
    const { atMs, versionId, cause, who } = proof;
    return { loMs: atMs, hiMs: atMs, proved: true, doubt: false, versionId, cause, who };
  }
  const witnessed = otherMs !== undefined;
  const versionMs = created?.get(version);
  if (versionMs === undefined)
    return {
      hiMs: created === undefined ? hiMs : Infinity,
      proved: false,
      doubt: witnessed,
      versionId: version,
    };
  const previousMs = created?.get(previous ?? "") ?? 0;
  const rotatedMs = decidingLabel(label) === currentStage ? (rotatedAtMs ?? 0) : 0;
  const loMs = Math.max(versionMs, previousMs, rotatedMs, otherMs ?? 0);
  return {
    loMs: Math.min(loMs, hiMs),
    hiMs,
    proved: false,
    doubt: witnessed || previousMs > versionMs,
    versionId: version,
  };
}

/** Differs whenever readers of the value must be evaluated again. */
export function revisionOf({ version, previous, proof }: SecretState): string {
  return [version, previous ?? "", proof?.atMs ?? ""].join(" ");
}
