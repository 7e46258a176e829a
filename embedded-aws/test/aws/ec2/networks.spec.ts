import { strict as assert } from "node:assert";
import {
  AuthorizeSecurityGroupIngressCommand,
  CreateSecurityGroupCommand,
  CreateSubnetCommand,
  CreateVpcCommand,
  DeleteSecurityGroupCommand,
  DeleteVpcCommand,
  DescribeSecurityGroupsCommand,
  DescribeSubnetsCommand,
  DescribeVpcsCommand,
  EC2Client,
  RevokeSecurityGroupIngressCommand,
} from "@aws-sdk/client-ec2";
import { operator } from "../../../aws/caller";
import { formatCidr, overlap, parseCidr, within } from "../../../aws/ec2/cidr";
import { clientConfig } from "../../../aws/account/in-process";
import { virtualWorld } from "../../support/world";

describe("parseCidr", () => {
  it("drops host bits and gives the block back as text", () => {
    assert.equal(formatCidr(parseCidr("10.20.3.7/16")!), "10.20.0.0/16");
  });

  for (const text of ["10.0.0.0", "10.0.0.256/24", "10.0.0.0/33", "x/8", "::/0"])
    it(`refuses ${text}`, () => {
      assert.equal(parseCidr(text), undefined);
    });

  it("tells what overlaps and what lies within", () => {
    const [wide, narrow, other] = ["10.0.0.0/16", "10.0.4.0/24", "10.1.0.0/24"].map((t) => parseCidr(t)!);

    assert.deepEqual([overlap(wide!, narrow!), overlap(wide!, other!)], [true, false]);
    assert.deepEqual([within(narrow!, wide!), within(wide!, narrow!)], [true, false]);
  });
});

describe("Ec2", () => {
  const client = () => new EC2Client(clientConfig(virtualWorld().world, operator));

  it("has a default VPC with a subnet in each zone", async () => {
    const ec2 = client();

    const { Vpcs } = await ec2.send(
      new DescribeVpcsCommand({ Filters: [{ Name: "is-default", Values: ["true"] }] }),
    );
    const { Subnets } = await ec2.send(
      new DescribeSubnetsCommand({ Filters: [{ Name: "vpc-id", Values: [Vpcs![0]!.VpcId!] }] }),
    );

    assert.equal(Vpcs!.length, 1);
    assert.deepEqual(
      Subnets!.map((s) => s.AvailabilityZone),
      ["us-west-2a", "us-west-2b", "us-west-2c"],
    );
  });

  it("refuses subnets outside their VPC and subnets that overlap", async () => {
    const ec2 = client();
    const { Vpc } = await ec2.send(new CreateVpcCommand({ CidrBlock: "10.20.0.0/16" }));
    const subnet = (CidrBlock: string) =>
      ec2.send(new CreateSubnetCommand({ VpcId: Vpc!.VpcId!, CidrBlock }));
    await subnet("10.20.1.0/24");

    await assert.rejects(subnet("10.21.0.0/24"), { name: "InvalidSubnet.Range" });
    await assert.rejects(subnet("10.20.1.128/25"), { name: "InvalidSubnet.Conflict" });
    await assert.rejects(subnet("10.20.0.0/29"), { name: "InvalidVpc.Range" });
  });

  it("keeps the rules of a security group, one for each source", async () => {
    const ec2 = client();
    const { GroupId } = await ec2.send(
      new CreateSecurityGroupCommand({ GroupName: "shop", Description: "shop" }),
    );
    const permission = {
      IpProtocol: "tcp",
      FromPort: 5432,
      ToPort: 5432,
      IpRanges: [{ CidrIp: "10.0.0.0/8" }, { CidrIp: "172.16.0.0/12" }],
    };

    const { SecurityGroupRules } = await ec2.send(
      new AuthorizeSecurityGroupIngressCommand({ GroupId, IpPermissions: [permission] }),
    );
    await ec2.send(
      new RevokeSecurityGroupIngressCommand({
        GroupId,
        SecurityGroupRuleIds: [SecurityGroupRules![0]!.SecurityGroupRuleId!],
      }),
    );

    const { SecurityGroups } = await ec2.send(new DescribeSecurityGroupsCommand({ GroupIds: [GroupId!] }));
    assert.equal(SecurityGroupRules!.length, 2);
    assert.deepEqual(SecurityGroups![0]!.IpPermissions![0]!.IpRanges, [{ CidrIp: "172.16.0.0/12" }]);
    assert.deepEqual(SecurityGroups![0]!.IpPermissionsEgress![0]!.IpRanges, [{ CidrIp: "0.0.0.0/0" }]);
  });

  it("refuses a rule that exists and a group that others refer to", async () => {
    const ec2 = client();
    const group = async (GroupName: string) =>
      (await ec2.send(new CreateSecurityGroupCommand({ GroupName, Description: "d" }))).GroupId!;
    const [a, b] = [await group("a"), await group("b")];
    const allow = () =>
      ec2.send(
        new AuthorizeSecurityGroupIngressCommand({
          GroupId: a,
          IpPermissions: [{ IpProtocol: "-1", UserIdGroupPairs: [{ GroupId: b }] }],
        }),
      );
    await allow();

    await assert.rejects(allow(), { name: "InvalidPermission.Duplicate" });
    await assert.rejects(ec2.send(new DeleteSecurityGroupCommand({ GroupId: b })), {
      name: "DependencyViolation",
    });
  });

  it("refuses to delete a VPC that has subnets", async () => {
    const ec2 = client();
    const { Vpc } = await ec2.send(new CreateVpcCommand({ CidrBlock: "10.20.0.0/16" }));
    await ec2.send(new CreateSubnetCommand({ VpcId: Vpc!.VpcId!, CidrBlock: "10.20.1.0/24" }));

    await assert.rejects(ec2.send(new DeleteVpcCommand({ VpcId: Vpc!.VpcId! })), {
      name: "DependencyViolation",
    });
  });

  it("finds by tag, with wildcards", async () => {
    const ec2 = client();
    const { Vpc } = await ec2.send(
      new CreateVpcCommand({
        CidrBlock: "10.20.0.0/16",
        TagSpecifications: [{ ResourceType: "vpc", Tags: [{ Key: "Name", Value: "shop-network" }] }],
      }),
    );

    const { Vpcs } = await ec2.send(
      new DescribeVpcsCommand({ Filters: [{ Name: "tag:Name", Values: ["shop-*"] }] }),
    );

    assert.deepEqual(
      Vpcs!.map((v) => v.VpcId),
      [Vpc!.VpcId],
    );
  });

  it("pages by five when it is asked for pages of five", async () => {
    const ec2 = client();
    for (let i = 0; i < 6; i++)
      await ec2.send(new CreateSecurityGroupCommand({ GroupName: `g${i}`, Description: "d" }));

    const first = await ec2.send(new DescribeSecurityGroupsCommand({ MaxResults: 5 }));
    const second = await ec2.send(
      new DescribeSecurityGroupsCommand({ MaxResults: 5, NextToken: first.NextToken }),
    );

    assert.deepEqual([first.SecurityGroups!.length, second.SecurityGroups!.length], [5, 2]);
    assert.equal(second.NextToken, undefined);
  });
});
