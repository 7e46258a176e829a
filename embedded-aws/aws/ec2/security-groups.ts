import type * as sdk from "@aws-sdk/client-ec2";
import { ServiceError } from "../errors";
import type { Random } from "../random";
import { onAnything, operation, type Operation } from "../service";
import type { World } from "../world";
import { parseIpBlock } from "../../../aws-semantics/ip-address";
import { parseCidr } from "./cidr";
import { applyFilters, invalidValue, newId, page, tagsFor } from "./common";
import { dependency, type Networks } from "./networks";

/** A security group and its rules; one rule for each source, as EC2 keeps them. */
export interface GroupRecord {
  readonly GroupId: string;
  readonly GroupName: string;
  readonly Description: string;
  readonly VpcId: string;
  Tags: sdk.Tag[];
  rules: (sdk.SecurityGroupRule & { SecurityGroupRuleId: string })[];
}

/** Security groups: records, nothing is filtered. */
export class SecurityGroups {
  readonly groups = new Map<string, GroupRecord>();

  constructor(
    private readonly world: World,
    private readonly random: Random,
    private readonly networks: Networks,
  ) {
    networks.onVpc = (vpcId, exists) => {
      if (exists) this.#add(vpcId, "default", "default VPC security group", []);
      else for (const group of this.#of(vpcId)) this.groups.delete(group.GroupId);
    };
    networks.inUse = (vpcId) => this.#of(vpcId).some((g) => g.GroupName !== "default");
  }

  operations(): Record<string, Operation> {
    const onGroup = (input: { GroupId?: string }) => ({
      resource: this.world.arn("ec2", `security-group/${input.GroupId ?? "*"}`),
    });
    const change = { access: "write", authorize: onGroup } as const;
    const authorize = (egress: boolean) =>
      operation({ ...change, handle: (input) => this.#authorize(input, egress) });
    const revoke = (egress: boolean) =>
      operation({ ...change, handle: (input) => this.#revoke(input, egress) });
    return {
      CreateSecurityGroup: operation<sdk.CreateSecurityGroupRequest, sdk.CreateSecurityGroupResult>({
        access: "write",
        authorize: () => ({ resource: this.world.arn("ec2", "security-group/*") }),
        handle: (input) => {
          const vpc =
            input.VpcId === undefined
              ? [...this.networks.vpcs.values()].find((v) => v.IsDefault)
              : this.networks.vpc(input.VpcId);
          if (!vpc) throw new ServiceError("VPCIdNotSpecified", "No default VPC for this user");
          const name = input.GroupName ?? "";
          if (name.length < 1 || name.length > 255 || name.startsWith("sg-"))
            throw invalidValue(
              "Security group names must have 1 to 255 characters and must not start with 'sg-'.",
            );
          const description = input.Description ?? "";
          if (description.length < 1 || description.length > 255)
            throw invalidValue("Security group descriptions must have 1 to 255 characters.");
          if (this.#of(vpc.VpcId).some((g) => g.GroupName === name))
            throw new ServiceError(
              "InvalidGroup.Duplicate",
              `The security group '${name}' already exists for VPC '${vpc.VpcId}'`,
            );
          const tags = tagsFor("security-group", input.TagSpecifications);
          const group = this.#add(vpc.VpcId, name, description, tags);
          return {
            GroupId: group.GroupId,
            SecurityGroupArn: this.#arn(group),
            Tags: group.Tags,
          };
        },
      }),
      DescribeSecurityGroups: onAnything<sdk.DescribeSecurityGroupsRequest, sdk.DescribeSecurityGroupsResult>(
        "read",
        (input) => {
          let wanted = input.GroupIds?.length
            ? input.GroupIds.map((id) => this.#find(id))
            : [...this.groups.values()];
          if (input.GroupNames?.length)
            wanted = wanted.filter((g) => input.GroupNames!.includes(g.GroupName));
          const found = applyFilters(wanted, input.Filters, {
            "group-id": (g) => [g.GroupId],
            "group-name": (g) => [g.GroupName],
            "vpc-id": (g) => [g.VpcId],
            description: (g) => [g.Description],
            "owner-id": () => [this.world.account],
          });
          const { items, NextToken } = page(found, input);
          return { SecurityGroups: items.map((g) => this.#view(g)), NextToken };
        },
      ),
      DeleteSecurityGroup: operation<sdk.DeleteSecurityGroupRequest, sdk.DeleteSecurityGroupResult>({
        access: "write",
        authorize: onGroup,
        handle: (input) => {
          const group = this.#find(input.GroupId);
          if (group.GroupName === "default")
            throw new ServiceError(
              "CannotDelete",
              "the specified group: is a default group and cannot be deleted",
            );
          const referring = [...this.groups.values()].some(
            (g) => g !== group && g.rules.some((r) => r.ReferencedGroupInfo?.GroupId === group.GroupId),
          );
          if (referring) throw dependency(`resource ${group.GroupId} has a dependent object`);
          this.groups.delete(group.GroupId);
          return { Return: true, GroupId: group.GroupId };
        },
      }),
      AuthorizeSecurityGroupIngress: authorize(false),
      AuthorizeSecurityGroupEgress: authorize(true),
      RevokeSecurityGroupIngress: revoke(false),
      RevokeSecurityGroupEgress: revoke(true),
    };
  }

  #authorize(
    input: sdk.AuthorizeSecurityGroupIngressRequest,
    egress: boolean,
  ): sdk.AuthorizeSecurityGroupIngressResult {
    const group = this.#find(input.GroupId);
    const tags = tagsFor("security-group-rule", input.TagSpecifications);
    const made = permissionsOf(input)
      .flatMap((permission) => this.#rules(group, permission, egress))
      .map((rule) => ({ ...rule, Tags: tags }));
    for (const rule of made)
      if (group.rules.some((r) => sameRule(r, rule)))
        throw new ServiceError("InvalidPermission.Duplicate", "the specified rule already exists");
    group.rules.push(...made);
    return { Return: true, SecurityGroupRules: made };
  }

  #revoke(
    input: sdk.RevokeSecurityGroupIngressRequest,
    egress: boolean,
  ): sdk.RevokeSecurityGroupIngressResult {
    const group = this.#find(input.GroupId);
    const gone = input.SecurityGroupRuleIds?.length
      ? input.SecurityGroupRuleIds.map((id) => {
          const rule = group.rules.find((r) => r.SecurityGroupRuleId === id && r.IsEgress === egress);
          if (!rule) throw noRule(id);
          return rule;
        })
      : permissionsOf(input)
          .flatMap((permission) => this.#rules(group, permission, egress))
          .map((wanted) => {
            const rule = group.rules.find((r) => sameRule(r, wanted));
            if (!rule)
              throw new ServiceError(
                "InvalidPermission.NotFound",
                "The specified rule does not exist in this security group.",
              );
            return rule;
          });
    group.rules = group.rules.filter((r) => !gone.includes(r));
    return { Return: true };
  }

  /** One rule for each source of a permission. */
  #rules(group: GroupRecord, permission: sdk.IpPermission, egress: boolean): GroupRecord["rules"] {
    const protocol = permission.IpProtocol ?? "";
    if (!/^(tcp|udp|icmp|icmpv6|-1|\d{1,3})$/.test(protocol))
      throw invalidValue(`Invalid value '${protocol}' for IP protocol. Unknown protocol.`);
    const [from, to] = protocol === "-1" ? [-1, -1] : [permission.FromPort ?? -1, permission.ToPort ?? -1];
    const portsFit = (port: number): boolean => Number.isInteger(port) && port >= -1 && port <= 65_535;
    if (!portsFit(from) || !portsFit(to) || (protocol !== "icmp" && from > to))
      throw invalidValue(`Invalid value '${from}-${to}' for port range.`);
    const rule = (source: Partial<sdk.SecurityGroupRule>): GroupRecord["rules"][number] => ({
      SecurityGroupRuleId: newId(this.random, "sgr"),
      GroupId: group.GroupId,
      GroupOwnerId: this.world.account,
      IsEgress: egress,
      IpProtocol: protocol,
      FromPort: from,
      ToPort: to,
      ...source,
    });
    return [
      ...(permission.IpRanges ?? []).map(({ CidrIp, Description }) => {
        if (!parseCidr(CidrIp)) throw invalidValue(`CIDR block ${CidrIp ?? ""} is malformed`);
        return rule({ CidrIpv4: CidrIp, Description });
      }),
      ...(permission.Ipv6Ranges ?? []).map(({ CidrIpv6, Description }) => {
        if (parseIpBlock(CidrIpv6 ?? "")?.version !== 6)
          throw invalidValue(`CIDR block ${CidrIpv6 ?? ""} is malformed`);
        return rule({ CidrIpv6, Description });
      }),
      ...(permission.UserIdGroupPairs ?? []).map(({ GroupId, Description }) =>
        rule({
          ReferencedGroupInfo: { GroupId: this.#find(GroupId).GroupId, UserId: this.world.account },
          Description,
        }),
      ),
      ...(permission.PrefixListIds ?? []).map(({ PrefixListId, Description }) =>
        rule({ PrefixListId, Description }),
      ),
    ];
  }

  #add(vpcId: string, name: string, description: string, tags: sdk.Tag[]): GroupRecord {
    const group: GroupRecord = {
      GroupId: newId(this.random, "sg"),
      GroupName: name,
      Description: description,
      VpcId: vpcId,
      Tags: tags,
      rules: [],
    };
    this.groups.set(group.GroupId, group);
    // Every new group lets everything out (Amazon VPC User Guide, "Security groups for your VPC").
    const everything = { IpProtocol: "-1", IpRanges: [{ CidrIp: "0.0.0.0/0" }] };
    group.rules.push(...this.#rules(group, everything, true));
    return group;
  }

  #of(vpcId: string): GroupRecord[] {
    return [...this.groups.values()].filter((g) => g.VpcId === vpcId);
  }

  #find(id: string | undefined): GroupRecord {
    const group = this.groups.get(id ?? "");
    if (!group)
      throw new ServiceError("InvalidGroup.NotFound", `The security group '${id ?? ""}' does not exist`);
    return group;
  }

  #arn(group: GroupRecord): string {
    return this.world.arn("ec2", `security-group/${group.GroupId}`);
  }

  #view(group: GroupRecord): sdk.SecurityGroup {
    const { rules, ...shown } = group;
    return {
      ...shown,
      OwnerId: this.world.account,
      SecurityGroupArn: this.#arn(group),
      IpPermissions: permissionsFrom(rules.filter((r) => !r.IsEgress)),
      IpPermissionsEgress: permissionsFrom(rules.filter((r) => r.IsEgress)),
    };
  }
}

function noRule(id: string): ServiceError {
  return new ServiceError(
    "InvalidSecurityGroupRuleId.NotFound",
    `The security group rule ID '${id}' does not exist`,
  );
}

/** The older form of the request has one CIDR beside the ports. */
function permissionsOf(input: sdk.AuthorizeSecurityGroupIngressRequest): sdk.IpPermission[] {
  const permissions = [...(input.IpPermissions ?? [])];
  if (input.IpProtocol !== undefined || input.CidrIp !== undefined)
    permissions.push({
      IpProtocol: input.IpProtocol,
      FromPort: input.FromPort,
      ToPort: input.ToPort,
      IpRanges: input.CidrIp === undefined ? [] : [{ CidrIp: input.CidrIp }],
    });
  if (permissions.length === 0)
    throw new ServiceError(
      "MissingParameter",
      "Either 'ipPermissions' or 'securityGroupRuleIds' should be provided.",
    );
  return permissions;
}

function sourceOf(rule: sdk.SecurityGroupRule): string {
  return rule.CidrIpv4 ?? rule.CidrIpv6 ?? rule.ReferencedGroupInfo?.GroupId ?? rule.PrefixListId ?? "";
}

function sameRule(a: sdk.SecurityGroupRule, b: sdk.SecurityGroupRule): boolean {
  return (
    a.IsEgress === b.IsEgress &&
    a.IpProtocol === b.IpProtocol &&
    a.FromPort === b.FromPort &&
    a.ToPort === b.ToPort &&
    sourceOf(a) === sourceOf(b)
  );
}

/** Rules with the same protocol and ports are shown as one permission. */
function permissionsFrom(rules: readonly sdk.SecurityGroupRule[]): sdk.IpPermission[] {
  const permissions = new Map<string, sdk.IpPermission>();
  for (const rule of rules) {
    const key = `${rule.IpProtocol} ${rule.FromPort} ${rule.ToPort}`;
    const permission = permissions.get(key) ?? {
      IpProtocol: rule.IpProtocol,
      ...(rule.IpProtocol === "-1" ? {} : { FromPort: rule.FromPort, ToPort: rule.ToPort }),
      IpRanges: [],
      Ipv6Ranges: [],
      UserIdGroupPairs: [],
      PrefixListIds: [],
    };
    permissions.set(key, permission);
    const { Description } = rule;
    if (rule.CidrIpv4 !== undefined) permission.IpRanges!.push({ CidrIp: rule.CidrIpv4, Description });
    if (rule.CidrIpv6 !== undefined) permission.Ipv6Ranges!.push({ CidrIpv6: rule.CidrIpv6, Description });
    if (rule.PrefixListId !== undefined)
      permission.PrefixListIds!.push({ PrefixListId: rule.PrefixListId, Description });
    if (rule.ReferencedGroupInfo)
      permission.UserIdGroupPairs!.push({ ...rule.ReferencedGroupInfo, Description });
  }
  return [...permissions.values()];
}
