import * as sdk from "@aws-sdk/client-secrets-manager";
import { statementsOf, type PolicyDocument } from "../../../aws-semantics/iam-policy";
import type { Operation, PolicyStatement, Service } from "../service";
import type { World } from "../world";
import { lifecycleOperations } from "./lifecycle";
import { listOperations } from "./lists";
import { policyOperations } from "./policies";
import { Rotations, type ManagedRotation } from "./rotation";
import { rotationOperations } from "./rotation-operations";
import { current, type Secret } from "./secret";
import { SecretStore, type Move } from "./store";
import { valueOperations } from "./values";

export type { Move } from "./store";
export type { ManagedRotation } from "./rotation";

/**
 * Secrets Manager: secrets with their versions and staging labels, rotation through a function or an owning
 * service, deletion and restoration, resource policies, lists. Replicas are recorded, not made.
 */
export class SecretsManager implements Service {
  readonly prefix = "secretsmanager";
  readonly sdk = sdk;
  readonly operations: Readonly<Record<string, Operation>>;
  readonly #world: World;
  readonly #store: SecretStore;
  readonly #rotations: Rotations;

  constructor(world: World) {
    this.#world = world;
    this.#store = new SecretStore(world);
    this.#rotations = new Rotations(world, this.#store);
    this.operations = {
      ...lifecycleOperations(this.#store),
      ...valueOperations(this.#store),
      ...listOperations(this.#store),
      ...policyOperations(this.#store),
      ...rotationOperations(this.#store, this.#rotations),
    };
  }

  /** The Secrets Manager of a world. */
  static of(world: World): SecretsManager {
    return world.serviceAs("secretsmanager", SecretsManager);
  }

  /** Every time that a value became what a reader of a label gets, in order: the truth that tests judge by. */
  get moves(): readonly Move[] {
    return this.#store.moves;
  }

  resourcePolicy(resourceArn: string): readonly PolicyStatement[] | undefined {
    const policy = this.#store.find(resourceArn)?.policy;
    if (policy === undefined) return undefined;
    return statementsOf(JSON.parse(policy) as PolicyDocument) as readonly PolicyStatement[];
  }

  /**
   * Says how secrets of an owning service (`rds`) or of a partner's type (`SalesforceClientSecret`) are rotated: `rotate` changes the credential and gives the
   * secret's new value, which then becomes AWSCURRENT.
   */
  manageRotation(owner: string, rotate: ManagedRotation): void {
    this.#rotations.manage(owner, rotate);
  }

  /**
   * Makes a secret that a service owns, as RDS does for a managed master user: rotated every `rotationDays` days
   * (7 by default). Gives its ARN.
   */
  createManaged(made: {
    readonly owningService: string;
    /** With the owner's prefix, `rds!db-...`. */
    readonly name: string;
    /** Never log it. */
    readonly value: string;
    readonly description?: string;
    readonly kmsKeyId?: string;
    readonly rotationDays?: number;
  }): string {
    const now = this.#world.clock.now();
    const secret: Secret = this.#store.create(made.name, now, {
      owningService: made.owningService,
      description: made.description,
      kmsKeyId: made.kmsKeyId,
      rotation: { enabled: true, rules: { AutomaticallyAfterDays: made.rotationDays ?? 7 } },
    });
    const version = this.#store.addVersion(secret, this.#world.random.uuid(), now);
    this.#store.fill(secret, version, { text: made.value }, now);
    this.#store.moveStage(secret, current, version, now);
    this.#store.touch(secret, now);
    this.#rotations.plan(secret);
    return secret.arn;
  }

  /** Takes a secret away that a service owns: at once, as the service does when its resource is deleted. */
  deleteManaged(secretArn: string): void {
    const secret = this.#store.get(secretArn);
    this.#rotations.cancel(secret);
    this.#store.purge(secret);
  }
}
