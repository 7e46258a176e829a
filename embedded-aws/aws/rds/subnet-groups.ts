import type { DescribeSubnetsResult } from "@aws-sdk/client-ec2";
import type * as sdk from "@aws-sdk/client-rds";
import { ServiceError } from "../errors";
import { operation, type Operation } from "../service";
import type { World } from "../world";
import { invalidValue, subnetGroupNotFound } from "./errors";
import { checkTags, page } from "./rules";

/** A subnet group as it is kept. */
export interface SubnetGroupRecord {
  readonly name: string;
  readonly arn: string;
  readonly description: string;
  readonly vpcId: string;
  readonly subnets: readonly { readonly id: string; readonly zone: string }[];
}

/** Subnet groups: which subnets, of at least two zones of one VPC, an instance may stand in. */
export class SubnetGroups {
  readonly groups = new Map<string, SubnetGroupRecord>();

  constructor(
    private readonly world: World,
    private readonly isUsed: (group: SubnetGroupRecord) => boolean,
  ) {}

  /** Throws DBSubnetGroupNotFoundFault. */
  find(name: string): SubnetGroupRecord {
    const group = this.groups.get(name.toLowerCase());
    if (!group) throw subnetGroupNotFound(name);
    return group;
  }

  view(group: SubnetGroupRecord): sdk.DBSubnetGroup {
    return {
      DBSubnetGroupName: group.name,
      DBSubnetGroupDescription: group.description,
      DBSubnetGroupArn: group.arn,
      VpcId: group.vpcId,
      SubnetGroupStatus: "Complete",
      Subnets: group.subnets.map(({ id, zone }) => ({
        SubnetIdentifier: id,
        SubnetAvailabilityZone: { Name: zone },
        SubnetOutpost: {},
        SubnetStatus: "Active",
      })),
      SupportedNetworkTypes: ["IPV4"],
    };
  }

  operations(): Record<string, Operation> {
    const on = (input: { DBSubnetGroupName?: string }) => ({
      resource: this.world.arn("rds", `subgrp:${(input.DBSubnetGroupName ?? "*").toLowerCase()}`),
    });
    return {
      CreateDBSubnetGroup: operation<sdk.CreateDBSubnetGroupMessage, sdk.CreateDBSubnetGroupResult>({
        access: "write",
        authorize: on,
        handle: async (input) => {
          const name = (input.DBSubnetGroupName ?? "").toLowerCase();
          if (!/^[a-z0-9][\w .-]{0,254}$/.test(name) || name === "default")
            throw invalidValue(
              "The parameter DBSubnetGroupName is not a valid name: 1 to 255 letters, digits, spaces, periods, underscores and hyphens, and not 'default'.",
            );
          checkTags(input.Tags);
          if (this.groups.has(name))
            throw new ServiceError(
              "DBSubnetGroupAlreadyExists",
              `The DB subnet group '${name}' already exists.`,
            );
          const group: SubnetGroupRecord = {
            name,
            arn: this.world.arn("rds", `subgrp:${name}`),
            description: input.DBSubnetGroupDescription ?? "",
            ...(await this.#place(input.SubnetIds ?? [])),
          };
          this.groups.set(name, group);
          return { DBSubnetGroup: this.view(group) };
        },
      }),
      DescribeDBSubnetGroups: operation<sdk.DescribeDBSubnetGroupsMessage, sdk.DBSubnetGroupMessage>({
        access: "read",
        authorize: on,
        handle: (input) => {
          const wanted =
            input.DBSubnetGroupName === undefined
              ? [...this.groups.values()]
              : [this.find(input.DBSubnetGroupName)];
          const { items, Marker } = page(wanted, input);
          return { DBSubnetGroups: items.map((g) => this.view(g)), Marker };
        },
      }),
      DeleteDBSubnetGroup: operation<sdk.DeleteDBSubnetGroupMessage, object>({
        access: "write",
        authorize: on,
        handle: (input) => {
          const group = this.find(input.DBSubnetGroupName ?? "");
          if (this.isUsed(group))
            throw new ServiceError(
              "InvalidDBSubnetGroupStateFault",
              `Cannot delete the subnet group '${group.name}' because at least one database instance is still using it.`,
            );
          this.groups.delete(group.name);
          return {};
        },
      }),
    };
  }

  async #place(ids: readonly string[]): Promise<Pick<SubnetGroupRecord, "vpcId" | "subnets">> {
    const subnets: { id: string; zone: string; vpcId: string }[] = [];
    for (const id of new Set(ids)) {
      try {
        const { Subnets } = await this.world.call<DescribeSubnetsResult>(
          "ec2",
          "DescribeSubnets",
          { SubnetIds: [id] },
          serviceLinkedRole(this.world),
        );
        const { SubnetId = id, AvailabilityZone = "", VpcId = "" } = Subnets?.[0] ?? {};
        subnets.push({ id: SubnetId, zone: AvailabilityZone, vpcId: VpcId });
      } catch (error) {
        if (!(error instanceof ServiceError)) throw error;
        throw new ServiceError("InvalidSubnet", `Some input subnets in :[${ids.join(", ")}] are invalid.`);
      }
    }
    if (new Set(subnets.map((s) => s.vpcId)).size > 1)
      throw new ServiceError("InvalidSubnet", "The subnets are not all in the same VPC.");
    if (new Set(subnets.map((s) => s.zone)).size < 2)
      throw new ServiceError(
        "DBSubnetGroupDoesNotCoverEnoughAZs",
        "The DB subnet group doesn't meet Availability Zone (AZ) coverage requirement. Add subnets to cover at least 2 AZs.",
      );
    return { vpcId: subnets[0]!.vpcId, subnets: subnets.map(({ id, zone }) => ({ id, zone })) };
  }
}

/** The role in which RDS acts for an account (Amazon RDS User Guide, "Using service-linked roles"). */
export function serviceLinkedRole(world: World) {
  return {
    kind: "role" as const,
    roleArn: `arn:${world.partition}:iam::${world.account}:role/aws-service-role/rds.amazonaws.com/AWSServiceRoleForRDS`,
    session: "rds",
  };
}
