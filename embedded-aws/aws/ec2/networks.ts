import type * as sdk from "@aws-sdk/client-ec2";
import { ServiceError } from "../errors";
import { operation, type Operation } from "../service";
import type { Random } from "../random";
import type { World } from "../world";
import { addressesIn, formatCidr, overlap, parseCidr, within, type Cidr } from "./cidr";
import { applyFilters, invalidValue, newId, page, tagsFor } from "./common";

/** A VPC as it is kept and shown. */
export type VpcRecord = sdk.Vpc & { readonly VpcId: string; Tags: sdk.Tag[] };
/** A subnet as it is kept and shown. */
export type SubnetRecord = sdk.Subnet & {
  readonly SubnetId: string;
  readonly VpcId: string;
  Tags: sdk.Tag[];
};

/** VPCs, subnets and Availability Zones: records, nothing is routed. */
export class Networks {
  readonly vpcs = new Map<string, VpcRecord>();
  readonly subnets = new Map<string, SubnetRecord>();
  /** Asked before a VPC goes: whether something stands in it. */
  inUse: (vpcId: string) => boolean = () => false;
  /** Told of a new VPC and of one that went. */
  onVpc: (vpcId: string, exists: boolean) => void = () => undefined;

  constructor(
    private readonly world: World,
    private readonly random: Random,
  ) {}

  /** Three zones, as most Regions have. */
  get zones(): string[] {
    return ["a", "b", "c"].map((letter) => this.world.region + letter);
  }

  /** The VPC that every account has in a Region, with a subnet a zone. */
  createDefault(): void {
    const vpc = this.#addVpc(parseCidr("172.31.0.0/16")!, true, []);
    this.zones.forEach((zone, index) =>
      this.#addSubnet(vpc, parseCidr(`172.31.${index * 16}.0/20`)!, zone, true, []),
    );
  }

  /** Throws InvalidVpcID.NotFound. */
  vpc(id: string | undefined): VpcRecord {
    const vpc = this.vpcs.get(id ?? "");
    if (!vpc) throw new ServiceError("InvalidVpcID.NotFound", `The vpc ID '${id ?? ""}' does not exist`);
    return vpc;
  }

  /** Throws InvalidSubnetID.NotFound. */
  subnet(id: string | undefined): SubnetRecord {
    const subnet = this.subnets.get(id ?? "");
    if (!subnet)
      throw new ServiceError("InvalidSubnetID.NotFound", `The subnet ID '${id ?? ""}' does not exist`);
    return subnet;
  }

  operations(): Record<string, Operation> {
    const any = () => ({ resource: "*" });
    return {
      CreateVpc: operation<sdk.CreateVpcRequest, sdk.CreateVpcResult>({
        access: "write",
        authorize: () => ({ resource: this.world.arn("ec2", "vpc/*") }),
        handle: (input) => {
          const range = this.#block(input.CidrBlock);
          return { Vpc: this.#addVpc(range, false, tagsFor("vpc", input.TagSpecifications)) };
        },
      }),
      DescribeVpcs: operation<sdk.DescribeVpcsRequest, sdk.DescribeVpcsResult>({
        access: "read",
        authorize: any,
        handle: (input) => {
          const wanted = input.VpcIds?.length
            ? input.VpcIds.map((id) => this.vpc(id))
            : [...this.vpcs.values()];
          const found = applyFilters(wanted, input.Filters, {
            "vpc-id": (v) => [v.VpcId],
            "is-default": (v) => [String(v.IsDefault)],
            isDefault: (v) => [String(v.IsDefault)],
            cidr: (v) => [v.CidrBlock],
            "cidr-block-association.cidr-block": (v) => [v.CidrBlock],
            state: (v) => [v.State],
            "owner-id": (v) => [v.OwnerId],
          });
          const { items, NextToken } = page(found, input);
          return { Vpcs: items, NextToken };
        },
      }),
      DeleteVpc: operation<sdk.DeleteVpcRequest, object>({
        access: "write",
        authorize: (input) => ({ resource: this.world.arn("ec2", `vpc/${input.VpcId ?? ""}`) }),
        handle: (input) => {
          const vpc = this.vpc(input.VpcId);
          const occupied = [...this.subnets.values()].some((s) => s.VpcId === vpc.VpcId);
          if (occupied || this.inUse(vpc.VpcId))
            throw dependency(`The vpc '${vpc.VpcId}' has dependencies and cannot be deleted.`);
          this.vpcs.delete(vpc.VpcId);
          this.onVpc(vpc.VpcId, false);
          return {};
        },
      }),
      CreateSubnet: operation<sdk.CreateSubnetRequest, sdk.CreateSubnetResult>({
        access: "write",
        authorize: (input) => [
          { resource: this.world.arn("ec2", "subnet/*") },
          { resource: this.world.arn("ec2", `vpc/${input.VpcId ?? ""}`) },
        ],
        handle: (input) => {
          const vpc = this.vpc(input.VpcId);
          const range = this.#block(input.CidrBlock);
          if (!within(range, parseCidr(vpc.CidrBlock)!))
            throw new ServiceError("InvalidSubnet.Range", `The CIDR '${input.CidrBlock ?? ""}' is invalid.`);
          const others = [...this.subnets.values()].filter((s) => s.VpcId === vpc.VpcId);
          if (others.some((s) => overlap(range, parseCidr(s.CidrBlock)!)))
            throw new ServiceError(
              "InvalidSubnet.Conflict",
              `The CIDR '${input.CidrBlock ?? ""}' conflicts with another subnet`,
            );
          const zone = input.AvailabilityZone ?? this.random.pick(this.zones);
          if (!this.zones.includes(zone))
            throw invalidValue(
              `Value (${zone}) for parameter availabilityZone is invalid. Subnets can currently only be created in the following availability zones: ${this.zones.join(", ")}.`,
            );
          const tags = tagsFor("subnet", input.TagSpecifications);
          return { Subnet: this.#addSubnet(vpc, range, zone, false, tags) };
        },
      }),
      DescribeSubnets: operation<sdk.DescribeSubnetsRequest, sdk.DescribeSubnetsResult>({
        access: "read",
        authorize: any,
        handle: (input) => {
          const wanted = input.SubnetIds?.length
            ? input.SubnetIds.map((id) => this.subnet(id))
            : [...this.subnets.values()];
          const found = applyFilters(wanted, input.Filters, {
            "subnet-id": (s) => [s.SubnetId],
            "vpc-id": (s) => [s.VpcId],
            "availability-zone": (s) => [s.AvailabilityZone],
            availabilityZone: (s) => [s.AvailabilityZone],
            "cidr-block": (s) => [s.CidrBlock],
            "default-for-az": (s) => [String(s.DefaultForAz)],
            defaultForAz: (s) => [String(s.DefaultForAz)],
            "map-public-ip-on-launch": (s) => [String(s.MapPublicIpOnLaunch)],
            state: (s) => [s.State],
            "owner-id": (s) => [s.OwnerId],
          });
          const { items, NextToken } = page(found, input);
          return { Subnets: items, NextToken };
        },
      }),
      DeleteSubnet: operation<sdk.DeleteSubnetRequest, object>({
        access: "write",
        authorize: (input) => ({ resource: this.world.arn("ec2", `subnet/${input.SubnetId ?? ""}`) }),
        handle: (input) => {
          this.subnets.delete(this.subnet(input.SubnetId).SubnetId);
          return {};
        },
      }),
    };
  }

  /** An IPv4 block of /16 to /28. */
  #block(text: string | undefined): Cidr {
    if (text === undefined)
      throw new ServiceError(
        "MissingParameter",
        "The request must contain the parameter cidrBlock; IPAM and IPv6-only networks are not kept here",
      );
    const range = parseCidr(text);
    if (!range)
      throw invalidValue(
        `Value (${text}) for parameter cidrBlock is invalid. This is not a valid CIDR block.`,
      );
    if (range.prefixLength < 16 || range.prefixLength > 28)
      throw new ServiceError("InvalidVpc.Range", `The CIDR '${text}' is invalid: /16 to /28 are allowed.`);
    return range;
  }

  #addVpc(range: Cidr, isDefault: boolean, tags: sdk.Tag[]): VpcRecord {
    const CidrBlock = formatCidr(range);
    const vpc: VpcRecord = {
      VpcId: newId(this.random, "vpc"),
      CidrBlock,
      CidrBlockAssociationSet: [
        {
          AssociationId: newId(this.random, "vpc-cidr-assoc"),
          CidrBlock,
          CidrBlockState: { State: "associated" },
        },
      ],
      State: "available",
      IsDefault: isDefault,
      InstanceTenancy: "default",
      OwnerId: this.world.account,
      DhcpOptionsId: "default",
      Tags: tags,
    };
    this.vpcs.set(vpc.VpcId, vpc);
    this.onVpc(vpc.VpcId, true);
    return vpc;
  }

  #addSubnet(vpc: VpcRecord, range: Cidr, zone: string, isDefault: boolean, tags: sdk.Tag[]): SubnetRecord {
    const SubnetId = newId(this.random, "subnet");
    const subnet: SubnetRecord = {
      SubnetId,
      SubnetArn: this.world.arn("ec2", `subnet/${SubnetId}`),
      VpcId: vpc.VpcId,
      CidrBlock: formatCidr(range),
      AvailabilityZone: zone,
      AvailabilityZoneId: `${this.world.region}-az${this.zones.indexOf(zone) + 1}`,
      AvailableIpAddressCount: addressesIn(range) - 5,
      State: "available",
      DefaultForAz: isDefault,
      MapPublicIpOnLaunch: isDefault,
      AssignIpv6AddressOnCreation: false,
      OwnerId: this.world.account,
      Tags: tags,
    };
    this.subnets.set(SubnetId, subnet);
    return subnet;
  }
}

/** Something else still needs the resource. */
export function dependency(message: string): ServiceError {
  return new ServiceError("DependencyViolation", message);
}
