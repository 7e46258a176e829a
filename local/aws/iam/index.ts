import * as sdk from "@aws-sdk/client-iam";
import type { Caller } from "../caller";
import type { Authorization, Call, Operation, Service } from "../service";
import type { World } from "../world";
import { CredentialStore, type Credentials } from "./credentials";

/** IAM: roles, policies and users, the credentials of every caller, and the decision about every call. */
export class Iam implements Service {
  readonly prefix = "iam";
  readonly sdk = sdk;
  readonly operations: Readonly<Record<string, Operation>> = {};
  readonly #credentials: CredentialStore;

  constructor(world: World) {
    this.#credentials = new CredentialStore(String(world.random.seed));
  }

  /** The IAM of a world. */
  static of(world: World): Iam {
    const service = world.service("iam");
    if (!(service instanceof Iam)) throw new Error("the world's iam is not this class");
    return service;
  }

  /** What a client of this caller signs with. */
  credentials(caller: Caller): Credentials {
    return this.#credentials.of(caller);
  }

  /** Whose access key it is. */
  callerOf(accessKeyId: string): Caller | undefined {
    return this.#credentials.callerOf(accessKeyId);
  }

  /** Throws AccessDenied, as the service words it, unless every request is allowed. */
  authorize(_call: Call, _requests: readonly Authorization[]): void {}
}
