import type { RotationRulesType } from "@aws-sdk/client-secrets-manager";
import type { InvokeCommandOutput } from "@aws-sdk/client-lambda";
import {
  nextTimes,
  parseRotation,
  windowCloses,
  type RotationSchedule,
} from "../../../aws-semantics/schedule-expression";
import type { Caller } from "../caller";
import type { Cancel } from "../clock";
import { between } from "../constraints";
import { ServiceError } from "../errors";
import { text } from "../wire/message";
import type { World } from "../world";
import { current, pending, versionWith, type Secret, type SecretVersion } from "./secret";
import type { SecretStore } from "./store";

/** The steps that a rotation function is called with, in order. */
const steps = ["createSecret", "setSecret", "testSecret", "finishSecret"] as const;

/**
 * How often a failing rotation is tried and how long is waited before the next try. AWS says "multiple times"
 * (Secrets Manager User Guide, "Rotation by Lambda function"); the numbers are ours.
 */
const tries = { most: 5, firstWaitMs: 2_000 } as const;

/** How long after RotateSecret the function is called first: the call does not wait for it. */
const startDelayMs = 50;

/** Changes the credential of a secret that a service owns, and gives the secret's new value. Never log it. */
export type ManagedRotation = (secretArn: string, versionId: string) => Promise<string>;

/** Starts rotations and keeps their schedules on the world's clock. */
export class Rotations {
  readonly #timers = new Map<Secret, Cancel>();
  readonly #managed = new Map<string, ManagedRotation>();
  readonly #random;

  constructor(
    private readonly world: World,
    private readonly store: SecretStore,
  ) {
    this.#random = world.random.fork("rotation");
  }

  /** Says how secrets of an owning service, or of a partner's type, are rotated. */
  manage(owner: string, rotate: ManagedRotation): void {
    this.#managed.set(owner, rotate);
  }

  isManaged(secret: Secret): boolean {
    return this.#managed.has(ownerOf(secret));
  }

  /** Sets when the secret rotates next, by its rules, and a timer for it. */
  plan(secret: Secret): void {
    this.#timers.get(secret)?.();
    this.#timers.delete(secret);
    const { rotation } = secret;
    if (!rotation) return;
    rotation.nextAt = rotation.nextCloses = undefined;
    const next = rotation.enabled
      ? nextWindow(rotation.rules, secret.lastRotated, this.world.clock.now())
      : undefined;
    if (!next) return;
    // "At any time during the window": the moment is drawn.
    rotation.nextAt = next.opens + Math.floor(this.#random.next() * (next.closes - next.opens) * 0.9);
    rotation.nextCloses = next.closes;
    const cancel = this.world.clock.schedule(
      rotation.nextAt - this.world.clock.now(),
      `rotation of ${secret.name}`,
      () => {
        if (this.store.find(secret.arn) !== secret || secret.deletedAt !== undefined) return;
        this.start(secret, this.#random.uuid());
        this.plan(secret);
      },
    );
    this.#timers.set(secret, cancel);
  }

  /** Ends the schedule, and a rotation under way before its next step. */
  cancel(secret: Secret): void {
    this.#timers.get(secret)?.();
    this.#timers.delete(secret);
    if (secret.rotation) {
      secret.rotation.enabled = false;
      secret.rotation.nextAt = secret.rotation.nextCloses = secret.rotation.runningVersion = undefined;
    }
  }

  /** Begins a rotation; what goes wrong later is an event, not an error of this call. */
  start(secret: Secret, versionId: string): void {
    const { rotation } = secret;
    if (!rotation) throw new Error(`${secret.name} has no rotation`);
    // A rotation that did not come to its end is tried again, with its own version.
    const waiting = versionWith(secret, pending);
    const unfinished = waiting && !waiting.stages.has(current) ? waiting : undefined;
    const version = unfinished ?? this.#pendingVersion(secret, versionId);
    rotation.runningVersion = version.id;
    this.#after(startDelayMs, secret, version, () => this.#run(secret, version));
  }

  /** Calls the test step with a pending version that is made for it, with the current value, and taken away again. */
  test(secret: Secret, versionId: string): void {
    const version = this.#pendingVersion(secret, versionId);
    const isMade = version.value === undefined;
    if (isMade) {
      const { value, kmsKeyId } = versionWith(secret, current) ?? {};
      Object.assign(version, { value, kmsKeyId });
    }
    this.#after(startDelayMs, secret, undefined, async () => {
      this.#record("TestRotationStarted", secret, versionId);
      const failure = await this.#step(secret, versionId, "testSecret");
      version.stages.delete(pending);
      if (isMade) secret.versions.delete(version.id);
      this.store.touch(secret, this.world.clock.now());
      this.#record(
        failure === undefined ? "TestRotationSucceeded" : "TestRotationFailed",
        secret,
        versionId,
        failure,
      );
    });
  }

  #pendingVersion(secret: Secret, versionId: string): SecretVersion {
    const now = this.world.clock.now();
    const version = secret.versions.get(versionId) ?? this.store.addVersion(secret, versionId, now);
    this.store.moveStage(secret, pending, version, now);
    this.store.touch(secret, now);
    return version;
  }

  /** Later, unless the rotation was cancelled or the secret is gone by then. */
  #after(
    delayMs: number,
    secret: Secret,
    version: SecretVersion | undefined,
    task: () => Promise<void>,
  ): void {
    this.world.clock.schedule(delayMs, `rotation of ${secret.name}`, async () => {
      const wanted = version === undefined || secret.rotation?.runningVersion === version.id;
      if (wanted && this.store.find(secret.arn) === secret) await task();
    });
  }

  async #run(secret: Secret, version: SecretVersion, attempt = 1): Promise<void> {
    if (attempt === 1) this.#record("RotationStarted", secret, version.id);
    const failure = this.isManaged(secret)
      ? await this.#runManaged(secret, version)
      : await this.#runSteps(secret, version);
    const { rotation } = secret;
    if (!rotation || rotation.runningVersion !== version.id) return;
    if (failure === undefined) {
      rotation.runningVersion = undefined;
      const now = this.world.clock.now();
      secret.lastRotated = now;
      this.store.touch(secret, now);
      this.#record("RotationSucceeded", secret, version.id);
      this.plan(secret);
    } else if (attempt < tries.most) {
      const waitMs = tries.firstWaitMs * 2 ** (attempt - 1);
      this.#after(waitMs, secret, version, () => this.#run(secret, version, attempt + 1));
    } else {
      rotation.runningVersion = undefined;
      this.#record("RotationFailed", secret, version.id, failure);
    }
  }

  async #runSteps(secret: Secret, version: SecretVersion): Promise<string | undefined> {
    for (const step of steps) {
      const failure = await this.#step(secret, version.id, step);
      if (failure !== undefined) return failure;
    }
    return version.stages.has(current)
      ? undefined
      : `Rotation function ${String(secret.rotation?.lambdaArn)} did not move AWSCURRENT in finishSecret step`;
  }

  /** Calls the function with one step; what went wrong, or undefined. */
  async #step(secret: Secret, versionId: string, step: (typeof steps)[number]): Promise<string | undefined> {
    const lambdaArn = secret.rotation?.lambdaArn ?? "";
    const payload = { Step: step, SecretId: secret.arn, ClientRequestToken: versionId };
    const failed = `Error when executing lambda ${lambdaArn} during ${step} step`;
    try {
      const { FunctionError, Payload } = await this.world.call<InvokeCommandOutput>(
        "lambda",
        "Invoke",
        {
          FunctionName: lambdaArn,
          InvocationType: "RequestResponse",
          Payload: Buffer.from(JSON.stringify(payload)),
        },
        callerFor(secret.arn),
      );
      return FunctionError === undefined || !Payload ? undefined : `${failed}: ${errorType(Payload)}`;
    } catch (error) {
      if (error instanceof ServiceError) return `${failed}: ${error.code}`;
      throw error;
    }
  }

  async #runManaged(secret: Secret, version: SecretVersion): Promise<string | undefined> {
    const owner = ownerOf(secret);
    try {
      const value = await this.#managed.get(owner)!(secret.arn, version.id);
      const now = this.world.clock.now();
      if (!version.value) this.store.fill(secret, version, { text: value }, now);
      this.store.moveStage(secret, current, version, now);
      this.store.touch(secret, now);
      return undefined;
    } catch (error) {
      if (error instanceof ServiceError) return `Rotation by ${owner} failed: ${error.code}`;
      throw error;
    }
  }

  #record(eventName: string, secret: Secret, versionId: string, errorMessage?: string): void {
    this.world.recordServiceEvent({
      eventSource: "secretsmanager.amazonaws.com",
      eventName,
      additionalEventData: { SecretId: secret.arn },
      requestID: `Rotation-${secret.arn}-${versionId}`,
      ...(errorMessage === undefined ? {} : { errorMessage }),
    });
  }
}

function ownerOf({ owningService, type }: Secret): string {
  return owningService ?? type ?? "";
}

/** Secrets Manager calls rotation functions as itself, in the name of the secret. */
export function callerFor(secretArn: string): Caller {
  return { kind: "service", principal: "secretsmanager.amazonaws.com", sourceArn: secretArn };
}

/** The kind of a function's error; its message may hold anything. */
function errorType(payload: Uint8Array): string {
  try {
    const parsed = JSON.parse(text(payload)) as { errorType?: unknown };
    return typeof parsed.errorType === "string" ? parsed.errorType : "Error";
  } catch (error) {
    if (error instanceof SyntaxError) return "Error";
    throw error;
  }
}

/** Refuses rules that Secrets Manager refuses. */
export function checkRules(rules: RotationRulesType): void {
  const { AutomaticallyAfterDays: days, ScheduleExpression: expression, Duration: duration } = rules;
  const refusal = { code: "InvalidParameterException" };
  if (days !== undefined && expression !== undefined)
    throw new ServiceError(
      refusal.code,
      "You can't specify both AutomaticallyAfterDays and ScheduleExpression: use one of them.",
    );
  between(days, 1, 1000, "rotationRules.automaticallyAfterDays", refusal);
  if (days === undefined && expression === undefined)
    throw new ServiceError(refusal.code, "Rotation rules need AutomaticallyAfterDays or ScheduleExpression.");
  const parsed = scheduleOf(rules);
  if (parsed.kind === "invalid")
    throw new ServiceError(
      refusal.code,
      `The rotation rules are not valid (${duration ?? "no Duration"}): ${parsed.problem}`,
    );
}

function scheduleOf({ AutomaticallyAfterDays, ScheduleExpression, Duration }: RotationRulesType) {
  return parseRotation(
    ScheduleExpression ?? `rate(${AutomaticallyAfterDays} day${AutomaticallyAfterDays === 1 ? "" : "s"})`,
    Duration,
  );
}

/** The next window: a rate counts from the last rotation, a cron expression from now. */
function nextWindow(
  rules: RotationRulesType,
  lastRotated: number | undefined,
  now: number,
): { opens: number; closes: number } | undefined {
  const parsed = scheduleOf(rules);
  if (parsed.kind === "invalid") return undefined;
  const rotation: RotationSchedule = parsed;
  let from = rotation.schedule.kind === "rate" ? (lastRotated ?? now) : now;
  for (;;) {
    const [opens] = nextTimes(rotation.schedule, from, 1);
    if (opens === undefined) return undefined;
    if (opens > now) return { opens, closes: windowCloses(rotation, opens) };
    from = opens;
  }
}
