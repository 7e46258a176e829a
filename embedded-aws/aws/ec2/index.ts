import * as sdk from "@aws-sdk/client-ec2";
import type { Operation, Service } from "../service";
import type { World } from "../world";
import { Networks } from "./networks";
import { SecurityGroups } from "./security-groups";

/** EC2 as far as services, functions and databases refer to it: networks and security groups as records. */
export class Ec2 implements Service {
  readonly prefix = "ec2";
  readonly sdk = sdk;
  readonly operations: Readonly<Record<string, Operation>>;

  constructor(world: World) {
    const random = world.random.fork("ec2");
    const networks = new Networks(world, random);
    const groups = new SecurityGroups(world, random, networks);
    networks.createDefault();
    this.operations = { ...networks.operations(), ...groups.operations() };
  }
}
