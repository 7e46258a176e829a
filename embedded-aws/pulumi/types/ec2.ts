import type * as aws from "@pulumi/aws";
import type { CreateSecurityGroupResult, CreateSubnetResult, CreateVpcResult } from "@aws-sdk/client-ec2";
import {
  allTags,
  defined,
  physicalName,
  resourceType,
  tagList,
  type Account,
  type Properties,
  type ResourceType,
} from "./resource-type";

function tagSpecifications(account: Account, type: string, tags: Record<string, string> | undefined) {
  const list = tagList(allTags(account, tags));
  return list && [{ ResourceType: type, Tags: list }];
}

interface RuleInputs {
  protocol: string;
  fromPort: number;
  toPort: number;
  cidrBlocks?: string[];
  ipv6CidrBlocks?: string[];
  securityGroups?: string[];
  self?: boolean;
  description?: string;
}

function permission(rule: RuleInputs, ownId: string): object {
  const groups = [...(rule.securityGroups ?? []), ...(rule.self ? [ownId] : [])];
  const about = defined({ Description: rule.description });
  return defined({
    IpProtocol: rule.protocol,
    FromPort: rule.fromPort,
    ToPort: rule.toPort,
    IpRanges: rule.cidrBlocks?.map((CidrIp) => ({ CidrIp, ...about })),
    Ipv6Ranges: rule.ipv6CidrBlocks?.map((CidrIpv6) => ({ CidrIpv6, ...about })),
    UserIdGroupPairs: groups.length > 0 ? groups.map((GroupId) => ({ GroupId, ...about })) : undefined,
  });
}

/** What the three kinds answer beside what the program gave. */
function stateOf(
  account: Account,
  kind: string,
  id: string,
  inputs: { tags?: Record<string, string> },
): Properties {
  return {
    ...inputs,
    arn: account.arn("ec2", `${kind}/${id}`),
    ownerId: account.account,
    tagsAll: allTags(account, inputs.tags),
  };
}

/** Amazon EC2: the network records that services, functions and databases refer to. */
export const ec2: Readonly<Record<string, ResourceType>> = {
  "aws:ec2/vpc:Vpc": resourceType<aws.ec2.VpcArgs>({
    computed: ["id", "arn", "ownerId", "defaultSecurityGroupId", "tagsAll"],
    replaceOnChanges: ["*"],
    async create(account, inputs) {
      const { Vpc } = await account.call<CreateVpcResult>("ec2", "CreateVpc", {
        CidrBlock: inputs.cidrBlock,
        TagSpecifications: tagSpecifications(account, "vpc", inputs.tags),
      });
      const id = Vpc!.VpcId!;
      return {
        id,
        state: stateOf(account, "vpc", id, inputs),
      };
    },
    async delete(account, id) {
      await account.call("ec2", "DeleteVpc", { VpcId: id });
    },
  }),

  "aws:ec2/subnet:Subnet": resourceType<aws.ec2.SubnetArgs>({
    computed: ["id", "arn", "availabilityZone", "ownerId", "tagsAll"],
    replaceOnChanges: ["*"],
    async create(account, inputs) {
      const { Subnet } = await account.call<CreateSubnetResult>("ec2", "CreateSubnet", {
        VpcId: inputs.vpcId,
        CidrBlock: inputs.cidrBlock,
        AvailabilityZone: inputs.availabilityZone,
        TagSpecifications: tagSpecifications(account, "subnet", inputs.tags),
      });
      const id = Subnet!.SubnetId!;
      return {
        id,
        state: {
          ...stateOf(account, "subnet", id, inputs),
          availabilityZone: Subnet!.AvailabilityZone ?? inputs.availabilityZone,
        },
      };
    },
    async delete(account, id) {
      await account.call("ec2", "DeleteSubnet", { SubnetId: id });
    },
  }),

  "aws:ec2/securityGroup:SecurityGroup": resourceType<aws.ec2.SecurityGroupArgs>({
    computed: ["id", "arn", "name", "ownerId", "tagsAll"],
    replaceOnChanges: ["*"],
    async create(account, inputs, logicalName) {
      const name = physicalName(account, logicalName, inputs);
      const description = inputs.description ?? "Managed by Pulumi";
      const { GroupId } = await account.call<CreateSecurityGroupResult>("ec2", "CreateSecurityGroup", {
        GroupName: name,
        Description: description,
        VpcId: inputs.vpcId,
        TagSpecifications: tagSpecifications(account, "security-group", inputs.tags),
      });
      const id = GroupId!;
      // A new group lets everything out; the provider takes that rule away, so that only declared ones are left.
      await account.call("ec2", "RevokeSecurityGroupEgress", {
        GroupId: id,
        IpPermissions: [{ IpProtocol: "-1", IpRanges: [{ CidrIp: "0.0.0.0/0" }] }],
      });
      for (const [direction, rules] of [
        ["Ingress", inputs.ingress],
        ["Egress", inputs.egress],
      ] as const)
        if (rules?.length)
          await account.call("ec2", `AuthorizeSecurityGroup${direction}`, {
            GroupId: id,
            IpPermissions: rules.map((rule) => permission(rule, id)),
          });
      return {
        id,
        state: { ...stateOf(account, "security-group", id, inputs), name, description },
      };
    },
    async delete(account, id) {
      await account.call("ec2", "DeleteSecurityGroup", { GroupId: id });
    },
  }),
};
