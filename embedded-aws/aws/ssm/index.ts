import * as sdk from "@aws-sdk/client-ssm";
import type { Move } from "../secrets-manager/store";
import type { Operation, Service } from "../service";
import type { World } from "../world";
import { readOperations } from "./reads";
import { ParameterStore } from "./store";
import { writeOperations } from "./writes";

/** Systems Manager Parameter Store: parameters with versions, labels, tags, tiers and paths. */
export class Ssm implements Service {
  readonly prefix = "ssm";
  readonly sdk = sdk;
  readonly operations: Readonly<Record<string, Operation>>;
  readonly #store: ParameterStore;

  constructor(world: World) {
    this.#store = new ParameterStore(world);
    this.operations = { ...readOperations(this.#store), ...writeOperations(this.#store) };
  }

  /** The Parameter Store of a world. */
  static of(world: World): Ssm {
    return world.serviceAs("ssm", Ssm);
  }

  /** Every time that a parameter got a new value, in order: the truth that tests judge by. */
  get moves(): readonly Move[] {
    return this.#store.moves;
  }
}
