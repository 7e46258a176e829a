import { refused } from "../constraints";
import { ServiceError } from "../errors";
import { invalidRequest } from "./checks";
import { History } from "../history";
import type { World } from "../world";
import {
  current,
  pending,
  previous,
  versionWith,
  viewOf,
  type Secret,
  type SecretVersion,
  type SecretView,
} from "./secret";

/** A value became what a reader of a label gets. */
export interface Move {
  /** ARN of the secret or parameter. */
  readonly subjectArn: string;
  /** Staging label; absent for a parameter, which has one value. */
  readonly label?: string;
  readonly versionId: string;
  /** Milliseconds since the epoch. */
  readonly time: number;
}

/** Secrets Manager User Guide, "AWS Secrets Manager quotas"; versions without a label as recorded from AWS. */
const quotas = { deprecatedVersions: 100, stagesPerVersion: 20 } as const;
/** What a complete ARN ends with. */
const arnSuffix = /-[A-Za-z0-9]{6}$/;
/** No answer is older than this, whatever is drawn. */
const longestStalenessMs = 10 * 60_000;

/** The secrets of an account in a Region, and the rules by which labels move. */
export class SecretStore {
  readonly #byName = new Map<string, Secret>();
  readonly #histories = new WeakMap<Secret, History<SecretView>>();
  readonly #random;
  /** Every move, in order: the truth that tests judge by. */
  readonly moves: Move[] = [];

  constructor(readonly world: World) {
    this.#random = world.random.fork("secrets-manager");
  }

  /** Secrets that are there, those scheduled for deletion included, in the order of creation. */
  get all(): Secret[] {
    return [...this.#byName.values()].filter((secret) => !this.#isPurged(secret));
  }

  /** The secret by name, complete ARN or partial ARN; undefined when there is none. */
  find(secretId: string): Secret | undefined {
    const prefix = this.world.arn("secretsmanager", "secret:");
    let secret: Secret | undefined;
    if (secretId.startsWith(prefix)) {
      const rest = secretId.slice(prefix.length);
      const whole = this.#byName.get(rest.slice(0, -7));
      if (whole?.arn === secretId) secret = whole;
      // A name that ends like a complete ARN cannot be found by a partial one.
      else if (!arnSuffix.test(rest)) secret = this.#byName.get(rest);
    } else if (!secretId.startsWith("arn:")) {
      secret = this.#byName.get(secretId);
    }
    if (!secret || !this.#isPurged(secret)) return secret;
    this.#byName.delete(secret.name);
    return undefined;
  }

  /** The secret, or ResourceNotFound. */
  get(secretId: string): Secret {
    const secret = this.find(secretId);
    if (!secret)
      throw new ServiceError("ResourceNotFoundException", "Secrets Manager can't find the specified secret.");
    return secret;
  }

  /** The secret, which must not be marked for deletion. */
  active(secretId: string): Secret {
    const secret = this.get(secretId);
    if (secret.deletedAt !== undefined)
      throw refused(
        invalidRequest,
        "You can't perform this operation on the secret because it was marked for deletion.",
      );
    return secret;
  }

  /** The ARN to ask IAM about: the secret's own, or the one that such a name would have. */
  arnFor(secretId: string): string {
    const found = this.find(secretId);
    if (found) return found.arn;
    return secretId.startsWith("arn:") ? secretId : this.world.arn("secretsmanager", `secret:${secretId}`);
  }

  /** Adds an empty secret; the name must be free. */
  create(name: string, timeMs: number, more: Partial<Omit<Secret, "name" | "arn" | "created">>): Secret {
    const arn = this.world.arn("secretsmanager", `secret:${name}-${this.#random.text(6)}`);
    const secret: Secret = {
      versions: new Map(),
      replication: [],
      ...more,
      name,
      arn,
      created: timeMs,
      lastChanged: timeMs,
    };
    this.#byName.set(name, secret);
    return secret;
  }

  /** Takes a secret away for good. */
  purge(secret: Secret): void {
    this.#byName.delete(secret.name);
  }

  /**
   * The secret was modified: its last changed date moves, and readers may see the old state for a while. Of the
   * versions without a label the youngest are kept.
   */
  touch(secret: Secret, timeMs: number): void {
    const deprecated = [...secret.versions.values()].filter(({ stages }) => stages.size === 0);
    for (const { id } of deprecated.slice(0, -quotas.deprecatedVersions)) secret.versions.delete(id);
    secret.lastChanged = Math.max(secret.lastChanged, timeMs);
    let history = this.#histories.get(secret);
    if (!history) this.#histories.set(secret, (history = new History(longestStalenessMs)));
    history.record(timeMs, viewOf(secret));
  }

  /** The secret as it was at a time, for an eventually consistent read. */
  viewAt(secret: Secret, timeMs: number): SecretView {
    return this.#histories.get(secret)?.at(timeMs) ?? viewOf(secret);
  }

  /** Adds a version without labels. */
  addVersion(secret: Secret, id: string, timeMs: number): SecretVersion {
    const version: SecretVersion = { id, created: timeMs, stages: new Set(), hadStages: new Set() };
    secret.versions.set(id, version);
    return version;
  }

  /** Gives an empty version its value; what its labels name has moved with that. */
  fill(
    secret: Secret,
    version: SecretVersion,
    value: NonNullable<SecretVersion["value"]>,
    timeMs: number,
  ): void {
    version.value = value;
    version.kmsKeyId = secret.kmsKeyId;
    for (const stage of version.stages) this.#recordMove(secret, version, stage, timeMs);
  }

  /** Moves a label to a version, and AWSPREVIOUS behind AWSCURRENT. Nothing happens when it is there already. */
  moveStage(secret: Secret, stage: string, to: SecretVersion, timeMs: number): void {
    if (to.stages.has(stage)) return;
    if (to.stages.size >= quotas.stagesPerVersion)
      throw new ServiceError(
        "LimitExceededException",
        `A version can have up to ${quotas.stagesPerVersion} staging labels.`,
      );
    const from = versionWith(secret, stage);
    from?.stages.delete(stage);
    const returns = to.hadStages.has(stage);
    to.stages.add(stage);
    to.hadStages.add(stage);
    if (to.value) this.#recordMove(secret, to, stage, timeMs);
    if (stage === current && from) this.moveStage(secret, previous, from, timeMs);
    if (stage === pending || stage === previous) return;
    // Whether a label that comes back to an old version says so is not documented: it is drawn.
    if (returns && this.#random.chance(0.5)) return;
    this.world.emit({
      source: "aws.secretsmanager",
      "detail-type": "Secret Label Updated",
      resources: [secret.arn],
      detail: { name: secret.name, labelUpdated: stage, versionId: to.id },
    });
  }

  #recordMove(secret: Secret, { id }: SecretVersion, label: string, time: number): void {
    this.moves.push({ subjectArn: secret.arn, label, versionId: id, time });
  }

  #isPurged({ purgeAt }: Secret): boolean {
    return purgeAt !== undefined && purgeAt <= this.world.clock.now();
  }
}
