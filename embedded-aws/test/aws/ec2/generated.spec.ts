import { strict as assert } from "node:assert";
import type {
  DescribeSecurityGroupsResult,
  DescribeSubnetsResult,
  DescribeVpcsResult,
} from "@aws-sdk/client-ec2";
import { generatedCalls, knownTexts } from "../../support/generated-calls";
import { virtualWorld } from "../../support/world";

describe("EC2 and input drawn from its own schemas", () => {
  it("answers what the model allows or refuses with an error of the service, never anything else", async () => {
    const { world } = virtualWorld();
    const live: Record<string, string[]> = {
      CidrBlock: ["10.9.0.0/16", "10.9.1.0/24", "172.31.200.0/24"],
      CidrIp: ["10.0.0.0/8"],
      IpProtocol: ["tcp", "-1"],
      Attribute: ["enableDnsSupport"],
      ResourceType: ["vpc", "security-group"],
      Name: ["vpc-id", "tag:team"],
    };
    const refresh = async (): Promise<void> => {
      const call = <T extends object>(operation: string) => world.asOperator<T>("ec2", operation, {});
      const { Vpcs } = await call<DescribeVpcsResult>("DescribeVpcs");
      const { Subnets } = await call<DescribeSubnetsResult>("DescribeSubnets");
      const { SecurityGroups } = await call<DescribeSecurityGroupsResult>("DescribeSecurityGroups");
      live.VpcId = live.VpcIds = Vpcs!.map((v) => v.VpcId!);
      live.SubnetId = live.SubnetIds = Subnets!.map((s) => s.SubnetId!);
      live.GroupId = live.GroupIds = SecurityGroups!.map((g) => g.GroupId!);
    };
    await refresh();

    const calls = await generatedCalls(world, "ec2", {
      seed: "generated-ec2",
      perOperation: 60,
      // EC2's model holds no errors: these stand in its API Reference, "Error codes for the Amazon EC2 API".
      codes:
        /^(Invalid[A-Za-z]+(\.[A-Za-z]+)?|MissingParameter|DependencyViolation|CannotDelete|TagLimitExceeded|VPCIdNotSpecified)$/,
      fitting: {
        CreateSubnet: { CidrBlock: "10.9.1.0/24" },
        CreateVpc: { CidrBlock: "10.9.0.0/16", TagSpecifications: undefined },
        CreateSecurityGroup: { TagSpecifications: undefined },
        AuthorizeSecurityGroupIngress: { IpPermissions: [{ IpProtocol: "-1", IpRanges: [] }] },
        AuthorizeSecurityGroupEgress: { IpPermissions: [{ IpProtocol: "-1", IpRanges: [] }] },
        RevokeSecurityGroupIngress: { IpPermissions: [{ IpProtocol: "-1", IpRanges: [] }] },
        RevokeSecurityGroupEgress: { IpPermissions: [{ IpProtocol: "-1", IpRanges: [] }] },
      },
      generate: {
        optional: 0.2,
        depth: 4,
        broken: 0.03,
        text: knownTexts(live),
      },
      between: refresh,
    });

    assert.deepEqual(calls.mistakes, []);
    assert.deepEqual(calls.silent, [], "every operation answers at least once");
  });
});
