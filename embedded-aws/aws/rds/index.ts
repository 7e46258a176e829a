import * as sdk from "@aws-sdk/client-rds";
import type { Operation, Service } from "../service";
import type { World } from "../world";
import { Instances } from "./instances";
import { SubnetGroups } from "./subnet-groups";

/** RDS: an instance is a real database server, given by the world's runtime. */
export class Rds implements Service {
  readonly prefix = "rds";
  readonly sdk = sdk;
  readonly operations: Readonly<Record<string, Operation>>;
  readonly #instances: Instances;

  constructor(world: World) {
    const subnetGroups = new SubnetGroups(world, (group) =>
      [...this.#instances.records.values()].some((i) => i.subnetGroup === group),
    );
    this.#instances = new Instances(world, subnetGroups);
    this.operations = { ...this.#instances.operations(), ...subnetGroups.operations() };
  }

  /** The RDS of a world. */
  static of(world: World): Rds {
    return world.serviceAs("rds", Rds);
  }

  /** What the server of an instance wrote to its log, to search it for values. Empty without a server. */
  serverLog(identifier: string): Promise<string> {
    return this.#instances.serverLog(identifier);
  }

  /** Stops every server. */
  async stop(): Promise<void> {
    await this.#instances.stopAll();
  }
}
