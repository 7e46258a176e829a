import * as aws from "@pulumi/aws";
import * as pulumi from "@pulumi/pulumi";

/** Where the shop stands: one network with two subnets in two zones; the database lets in what is inside. */
export function network() {
  const vpc = new aws.ec2.Vpc("shop", { cidrBlock: "10.20.0.0/16" });
  const { region } = aws.getRegionOutput();
  const subnets = ["a", "b"].map(
    (zone, index) =>
      new aws.ec2.Subnet(`shop-${zone}`, {
        vpcId: vpc.id,
        cidrBlock: `10.20.${index}.0/24`,
        availabilityZone: pulumi.interpolate`${region}${zone}`,
      }),
  );
  const securityGroup = new aws.ec2.SecurityGroup("shop", {
    description: "The shop's tasks, its database and the function that rotates its password",
    vpcId: vpc.id,
    ingress: [{ protocol: "tcp", fromPort: 0, toPort: 65535, self: true }],
    egress: [{ protocol: "-1", fromPort: 0, toPort: 0, cidrBlocks: ["0.0.0.0/0"] }],
  });
  return { subnetIds: subnets.map((subnet) => subnet.id), securityGroupId: securityGroup.id };
}
