import * as aws from "@pulumi/aws";
import * as pulumi from "@pulumi/pulumi";

/** What the tasks of one service read when they start. */
export interface Reads {
  readonly secretArns: readonly pulumi.Input<string>[];
  readonly parameterArns?: readonly pulumi.Input<string>[];
}

/** The role with which Amazon ECS starts the tasks of a service: it reads that service's secrets, no other. */
export function executionRole(service: string, reads: Reads): aws.iam.Role {
  const role = new aws.iam.Role(`${service}-execution`, {
    name: `shop-${service}-execution`,
    assumeRolePolicy: {
      Version: "2012-10-17",
      Statement: [
        { Effect: "Allow", Principal: { Service: "ecs-tasks.amazonaws.com" }, Action: "sts:AssumeRole" },
      ],
    },
  });
  new aws.iam.RolePolicyAttachment(`${service}-execution`, {
    role: role.name,
    policyArn: pulumi.interpolate`arn:${aws.getPartitionOutput().partition}:iam::aws:policy/service-role/AmazonECSTaskExecutionRolePolicy`,
  });
  new aws.iam.RolePolicy(`${service}-secrets`, {
    name: "secrets",
    role: role.name,
    policy: pulumi.jsonStringify({
      Version: "2012-10-17",
      Statement: [
        allow("secretsmanager:GetSecretValue", reads.secretArns),
        allow("ssm:GetParameters", reads.parameterArns),
      ].flat(),
    }),
  });
  return role;
}

/** A statement for these resources; none, where there is none of them. */
function allow(Action: string, Resource: readonly pulumi.Input<string>[] = []) {
  return Resource.length > 0 ? [{ Effect: "Allow", Action, Resource }] : [];
}
