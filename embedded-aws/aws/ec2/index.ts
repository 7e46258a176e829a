import * as sdk from "@aws-sdk/client-ec2";
import { ServiceError } from "../errors";
import { operation, type Operation, type Service } from "../service";
import type { World } from "../world";
import { applyFilters, checkTags, page } from "./common";
import { Networks } from "./networks";
import { SecurityGroups } from "./security-groups";

/** EC2 as far as services, functions and databases refer to it: networks and security groups as records. */
export class Ec2 implements Service {
  readonly prefix = "ec2";
  readonly sdk = sdk;
  readonly operations: Readonly<Record<string, Operation>>;
  readonly #networks: Networks;
  readonly #groups: SecurityGroups;

  constructor(private readonly world: World) {
    const random = world.random.fork("ec2");
    this.#networks = new Networks(world, random);
    this.#groups = new SecurityGroups(world, random, this.#networks);
    this.#networks.createDefault();
    this.operations = {
      ...this.#networks.operations(),
      ...this.#groups.operations(),
      ...this.#shared(),
    };
  }

  /** The EC2 of a world. */
  static of(world: World): Ec2 {
    const service = world.service("ec2");
    if (!(service instanceof Ec2)) throw new Error("the world's service ec2 is not an Ec2");
    return service;
  }

  #shared(): Record<string, Operation> {
    const onResources = (input: { Resources?: string[] | undefined }) =>
      (input.Resources ?? []).map((id) => ({ resource: this.world.arn("ec2", `*/${id}`) }));
    return {
      CreateTags: operation<sdk.CreateTagsRequest, object>({
        access: "write",
        authorize: onResources,
        handle: (input) => {
          checkTags(input.Tags ?? []);
          const found = (input.Resources ?? []).map((id) => this.#tagged(id));
          for (const resource of found)
            for (const tag of input.Tags ?? []) {
              const tags = [...resource.Tags.filter((t) => t.Key !== tag.Key), tag];
              checkTags(tags);
              resource.Tags = tags;
            }
          return {};
        },
      }),
      DeleteTags: operation<sdk.DeleteTagsRequest, object>({
        access: "write",
        authorize: onResources,
        handle: (input) => {
          for (const id of input.Resources ?? []) {
            const resource = this.#tagged(id);
            resource.Tags = resource.Tags.filter(
              (t) => !input.Tags?.some((d) => d.Key === t.Key && (d.Value ?? t.Value) === t.Value),
            );
          }
          return {};
        },
      }),
      DescribeNetworkInterfaces: operation<
        sdk.DescribeNetworkInterfacesRequest,
        sdk.DescribeNetworkInterfacesResult
      >({
        access: "read",
        authorize: () => ({ resource: "*" }),
        handle: (input) => {
          const [first] = input.NetworkInterfaceIds ?? [];
          if (first !== undefined)
            throw new ServiceError(
              "InvalidNetworkInterfaceID.NotFound",
              `The networkInterface ID '${first}' does not exist`,
            );
          // Tasks run on this machine's loopback: there is no interface.
          const { items } = page<sdk.NetworkInterface>([], input);
          return { NetworkInterfaces: items };
        },
      }),
      DescribeRegions: operation<sdk.DescribeRegionsRequest, sdk.DescribeRegionsResult>({
        access: "read",
        authorize: () => ({ resource: "*" }),
        handle: (input) => {
          const { region } = this.world;
          const known: (sdk.Region & { Tags?: sdk.Tag[] })[] = [
            {
              RegionName: region,
              Endpoint: `ec2.${region}.amazonaws.com`,
              OptInStatus: "opt-in-not-required",
            },
          ];
          const wanted = known.filter(
            (r) => !input.RegionNames?.length || input.RegionNames.includes(r.RegionName!),
          );
          return {
            Regions: applyFilters(wanted, input.Filters, {
              "region-name": (r) => [r.RegionName],
              endpoint: (r) => [r.Endpoint],
              "opt-in-status": (r) => [r.OptInStatus],
            }),
          };
        },
      }),
    };
  }

  #tagged(id: string): { Tags: sdk.Tag[] } {
    const found =
      this.#networks.vpcs.get(id) ?? this.#networks.subnets.get(id) ?? this.#groups.groups.get(id);
    if (!found) throw new ServiceError("InvalidID", `The ID '${id}' is not valid`);
    return found;
  }
}
