import { createHash } from "node:crypto";
import * as aws from "@pulumi/aws";
import * as pulumi from "@pulumi/pulumi";
import type { Mode } from "../handler/coverage";
import type { Context, Names } from "./context";
import type { Queue } from "./queue";
import { ruleArn } from "./queue-policy";
import { Rotator, type ResolvedRotator } from "./rotator";
import type { RotatedCredential, RotationSettings } from "./settings-rotations";

/** A rotation with what its `database` stood for. */
export type ResolvedRotation = Omit<RotationSettings, "rotator"> & {
  readonly rotator: Exclude<RotationSettings["rotator"], { kind: "built-in" }> | ResolvedRotator;
};

/** What the rotations need to know. */
export interface RotationArgs {
  readonly context: Context;
  readonly rotations: readonly ResolvedRotation[];
  /** Its `undelivered` takes what a parameter's schedule could not deliver. */
  readonly queue: Queue;
  /** Anything but `recycle` disables the schedules of parameters: nobody would replace the tasks. */
  readonly mode: Mode;
  readonly permissionsBoundary?: string;
  readonly logRetentionDays: number;
}

/** A built-in rotator and what it rotates. */
export interface BuiltRotator {
  readonly credential: RotatedCredential;
  /** The credential's name in letters that every name may have. */
  readonly key: string;
  readonly rotator: Rotator;
}

/** Schedules of rotation, and the functions that rotate where neither AWS, a partner nor a function of your own does. */
export class Rotation extends pulumi.ComponentResource {
  readonly rotators: readonly BuiltRotator[];
  /** Names of the log groups of the rotation functions of this stack. */
  readonly logGroups: readonly pulumi.Output<string>[];
  /** One permission for each function of your own, however many secrets it rotates. */
  readonly #permissions = new Map<string, aws.lambda.Permission>();

  constructor(name: string, args: RotationArgs, opts?: pulumi.ComponentResourceOptions) {
    super("ecs-secret-recycler:index:Rotation", name, {}, opts);
    if (args.mode !== "recycle" && args.rotations.some(({ credential }) => credential.kind === "secret"))
      void pulumi.log.warn(
        `secrets go on being rotated while mode is "${args.mode}", and nothing replaces the tasks that hold the old ` +
          "value: take them out of rotations until mode is recycle",
        this,
      );
    const rotators: BuiltRotator[] = [];
    for (const rotation of args.rotations) {
      const { credential, rotator } = rotation;
      const key = credentialKey(credential);
      const child = `${name}-${key}`;
      if (rotator.kind === "managed") this.#schedule(child, rotation, {}, { retainOnDelete: true });
      else if (rotator.kind === "partner")
        this.#schedule(child, rotation, {
          externalSecretRotationRoleArn: rotator.roleArn,
          externalSecretRotationMetadatas: Object.entries(rotator.metadata).map(([key, value]) => ({
            key,
            value,
          })),
        });
      else if (rotator.kind === "function")
        this.#ownFunction(name, child, rotation, rotator.rotationLambdaArn, args.context);
      else rotators.push({ credential, key, rotator: this.#builtIn(child, rotation, rotator, args) });
    }
    this.rotators = rotators;
    this.logGroups = rotators.map(({ rotator }) => rotator.logGroup.name);
    this.registerOutputs({
      functionNames: Object.fromEntries(
        rotators.map(({ credential, rotator }) => [credential.name, rotator.function.name]),
      ),
    });
  }

  /**
   * The schedule on a secret. A managed one is retained when the stack goes: deleting it would cancel a rotation that
   * belongs to the service that owns the secret.
   */
  #schedule(
    name: string,
    { credential, schedule, window, rotateImmediately }: ResolvedRotation,
    by: Partial<aws.secretsmanager.SecretRotationArgs>,
    opts: pulumi.CustomResourceOptions = {},
  ): void {
    new aws.secretsmanager.SecretRotation(
      `${name}-schedule`,
      {
        secretId: credential.id,
        rotateImmediately,
        rotationRules: { scheduleExpression: schedule, duration: window },
        ...by,
      },
      { parent: this, ...opts },
    );
  }

  #ownFunction(
    name: string,
    child: string,
    rotation: ResolvedRotation,
    rotationLambdaArn: string,
    { place }: Context,
  ): void {
    let permission = this.#permissions.get(rotationLambdaArn);
    if (!permission) {
      permission = new aws.lambda.Permission(
        `${name}-${hash(rotationLambdaArn)}-permission`,
        {
          action: "lambda:InvokeFunction",
          function: rotationLambdaArn,
          principal: "secretsmanager.amazonaws.com",
          sourceAccount: place.account,
        },
        { parent: this },
      );
      this.#permissions.set(rotationLambdaArn, permission);
    }
    this.#schedule(child, rotation, { rotationLambdaArn }, { dependsOn: [permission] });
  }

  #builtIn(child: string, rotation: ResolvedRotation, rotator: ResolvedRotator, args: RotationArgs): Rotator {
    const { context, permissionsBoundary, logRetentionDays } = args;
    const { credential } = rotation;
    const built = new Rotator(
      child,
      {
        context,
        credential,
        rotator,
        functionName: rotatorName(context.names, credential),
        permissionsBoundary,
        logRetentionDays,
      },
      { parent: this },
    );
    if (credential.kind === "secret") {
      const permission = built.allow(`${child}-permission`, {
        principal: "secretsmanager.amazonaws.com",
        sourceAccount: context.place.account,
      });
      this.#schedule(child, rotation, { rotationLambdaArn: built.function.arn }, { dependsOn: [permission] });
    } else {
      this.#parameterSchedule(child, rotation, built, args);
    }
    return built;
  }

  /** Parameter Store rotates nothing by itself: a rule calls the function. */
  #parameterSchedule(
    child: string,
    { credential, schedule }: ResolvedRotation,
    built: Rotator,
    args: RotationArgs,
  ): void {
    const { context, queue, mode } = args;
    const name = rotationRuleName(context.names, credential);
    const rule = new aws.cloudwatch.EventRule(
      `${child}-rule`,
      {
        name,
        description: `Rotates parameter ${credential.name}`.slice(0, 512),
        scheduleExpression: schedule,
        state: mode === "recycle" ? "ENABLED" : "DISABLED",
        tags: context.tags,
      },
      { parent: this },
    );
    const permission = built.allow(`${child}-permission`, {
      principal: "events.amazonaws.com",
      sourceArn: ruleArn(context.place, name),
    });
    new aws.cloudwatch.EventTarget(
      `${child}-to-rotator`,
      {
        rule: rule.name,
        targetId: "rotator",
        arn: built.function.arn,
        deadLetterConfig: { arn: queue.undelivered.arn },
      },
      { parent: rule, dependsOn: [permission] },
    );
  }
}

/** AWS's limit on the name of a function, a role and a rule. */
const MAX_NAME_LENGTH = 64;

/** Physical name of a built-in rotator. */
export function rotatorName(names: Names, credential: RotatedCredential): string {
  return nameWithin(`${names.prefix}-rotator-`, credential);
}

/** Physical name of the rule that rotates a parameter. */
export function rotationRuleName(names: Names, credential: RotatedCredential): string {
  return nameWithin(`${names.prefix}-rotate-`, credential);
}

/** Names of the rules that rotate parameters: they, too, may send to the queue of what was not delivered. */
export function rotationRuleNames(
  names: Names,
  rotations: readonly Pick<RotationSettings, "credential">[],
): string[] {
  return rotations.flatMap(({ credential }) =>
    credential.kind === "parameter" ? [rotationRuleName(names, credential)] : [],
  );
}

function nameWithin(prefix: string, credential: RotatedCredential): string {
  const key = credentialKey(credential);
  const room = MAX_NAME_LENGTH - prefix.length;
  return `${prefix}${key.length <= room ? key : shortened(key, hash(key), room)}`;
}

function shortened(key: string, suffix: string, room: number): string {
  const kept = key.slice(0, Math.max(0, room - suffix.length - 1)).replace(/-$/, "");
  return kept === "" ? suffix : `${kept}-${suffix}`;
}

/** A credential's name in letters that every name may have; different names stay different. */
function credentialKey({ kind, name }: RotatedCredential): string {
  const plain = name.replace(/[^A-Za-z0-9]+/g, "-").replace(/^-|-$/g, "");
  return plain === name && kind === "secret" ? plain : `${plain}-${hash(`${kind}:${name}`)}`;
}

/** Six characters that stand for a longer text. */
function hash(text: string): string {
  return createHash("sha256").update(text).digest("hex").slice(0, 6);
}
