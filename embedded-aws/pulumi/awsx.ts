import * as aws from "@pulumi/aws";
import type * as awsx from "@pulumi/awsx";
import * as pulumi from "@pulumi/pulumi";
import { createHash } from "node:crypto";
import { defined } from "./types/resource-type";

/**
 * What the components of `@pulumi/awsx` 3.9 declare. The real ones are remote: under mocks they have no
 * children, and the engine would want their plug-in. Mocks and `pulumi-resource-awsx` both call these.
 */
export interface ExpansionOptions {
  /** The component itself, on the engine; mocks cannot name it. */
  readonly parent?: pulumi.Resource;
  /** Under mocks: the component's transforms, which the engine would run on every child. */
  readonly transforms?: pulumi.ResourceTransform[];
}

/** The outputs of a component: resources by the name of the property. */
export type Expansion = Readonly<Record<string, pulumi.Resource | undefined>>;

type TrailInputs = awsx.cloudtrail.TrailArgs;
type ServiceInputs = awsx.ecs.FargateServiceArgs;
type Ec2ServiceInputs = awsx.ecs.EC2ServiceArgs;
type TaskDefinitionInputs = NonNullable<ServiceInputs["taskDefinitionArgs"]>;
type Ec2TaskDefinitionInputs = NonNullable<Ec2ServiceInputs["taskDefinitionArgs"]>;
type RoleInputs = TaskDefinitionInputs["executionRole"];
type Container = NonNullable<TaskDefinitionInputs["container"]>;

/**
 * The components that can be expanded, by type token. On the engine a member of the inputs may be an Output, known or
 * not, as deep as the program has it.
 */
export const expansions: Readonly<
  Record<
    string,
    (name: string, inputs: Readonly<Record<string, unknown>>, options: ExpansionOptions) => Expansion
  >
> = {
  "awsx:cloudtrail:Trail": (name, inputs, options) => trail(name, inputs, options),
  "awsx:ecs:FargateService": (name, inputs, options) => fargateService(name, inputs, options),
  "awsx:ecs:EC2Service": (name, inputs, options) => ec2Service(name, inputs, options),
};

/** The bucket (unless one is given), the policy that lets CloudTrail write to it, the trail. */
function trail(name: string, inputs: TrailInputs, options: ExpansionOptions): Expansion {
  const { s3Bucket, cloudWatchLogsGroup, ...rest } = inputs;
  if (cloudWatchLogsGroup?.enable || cloudWatchLogsGroup?.existing)
    throw new Error(`awsx.cloudtrail.Trail ${name}: cloudWatchLogsGroup is not expanded by the embedded AWS`);
  const existing = s3Bucket?.existing;
  const bucket = existing ? undefined : new aws.s3.Bucket(name, s3Bucket?.args, options);
  // awsx writes an ARN without a partition for a bucket that is given by name only: kept, it is awsx's own.
  const bucketArn = bucket
    ? bucket.arn
    : pulumi.output(existing).apply((given) => given!.arn ?? `arn:aws:::${given!.name}`);
  const bucketName = bucket
    ? bucket.bucket
    : pulumi.output(existing).apply((given) => given!.name ?? given!.arn!.split(":")[5]!);
  const policy = new aws.s3.BucketPolicy(
    name,
    { bucket: bucketName, policy: bucketArn.apply(trailBucketPolicy) },
    options,
  );
  return {
    bucket,
    trail: new aws.cloudtrail.Trail(
      name,
      { ...rest, s3BucketName: bucketName },
      { ...options, dependsOn: [policy] },
    ),
  };
}

/** The policy that awsx puts on a trail's bucket, before any transform. */
export function trailBucketPolicy(bucketArn: string): aws.iam.PolicyDocument {
  return {
    Version: "2012-10-17",
    Statement: [
      {
        Sid: "AWSCloudTrailAclCheck",
        Effect: "Allow",
        Principal: { Service: "cloudtrail.amazonaws.com" },
        Action: ["s3:GetBucketAcl"],
        Resource: [bucketArn],
      },
      {
        Sid: "AWSCloudTrailWrite",
        Effect: "Allow",
        Principal: { Service: "cloudtrail.amazonaws.com" },
        Action: ["s3:PutObject"],
        Resource: [`${bucketArn}/*`],
        Condition: { StringEquals: { "s3:x-amz-acl": "bucket-owner-full-control" } },
      },
    ],
  };
}

/** The service, and the task definition with what it needs unless one is given. */
function fargateService(name: string, inputs: ServiceInputs, options: ExpansionOptions): Expansion {
  const { taskDefinitionArgs, assignPublicIp, useClusterDefaultCapacityProviderStrategy, ...rest } = inputs;
  if (inputs.networkConfiguration !== undefined && assignPublicIp !== undefined)
    throw new Error(
      `awsx.ecs.FargateService ${name}: only one of networkConfiguration and assignPublicIp can be given`,
    );
  checkDefinition(`awsx.ecs.FargateService ${name}`, inputs);
  const definition = taskDefinitionArgs && fargateTaskDefinition(name, taskDefinitionArgs, options);
  const byStrategy =
    rest.capacityProviderStrategies !== undefined || useClusterDefaultCapacityProviderStrategy;
  const publicIp = pulumi.output(assignPublicIp).apply((given) => given ?? false);
  const network = rest.networkConfiguration ?? defaultNetwork(name, publicIp, options);
  return service(
    name,
    {
      desiredCount: 1,
      ...rest,
      networkConfiguration: network,
      launchType: byStrategy ? undefined : "FARGATE",
    },
    definition,
    options,
  );
}

/** As a Fargate service, on container instances; the network is left to the task definition's mode. */
function ec2Service(name: string, inputs: Ec2ServiceInputs, options: ExpansionOptions): Expansion {
  const { taskDefinitionArgs, ...rest } = inputs;
  checkDefinition(`awsx.ecs.EC2Service ${name}`, inputs);
  const definition = taskDefinitionArgs && ec2TaskDefinition(name, taskDefinitionArgs, options);
  return service(name, { ...rest, launchType: "EC2" }, definition, options);
}

function checkDefinition(component: string, inputs: ServiceInputs | Ec2ServiceInputs): void {
  if ((inputs.taskDefinition === undefined) === (inputs.taskDefinitionArgs === undefined))
    throw new Error(`${component}: exactly one of taskDefinition and taskDefinitionArgs is wanted`);
}

function service(
  name: string,
  inputs: aws.ecs.ServiceArgs & { continueBeforeSteadyState?: pulumi.Input<boolean | undefined> },
  taskDefinition: aws.ecs.TaskDefinition | undefined,
  options: ExpansionOptions,
): Expansion {
  const { continueBeforeSteadyState, ...rest } = inputs;
  const args: aws.ecs.ServiceArgs = {
    ...rest,
    waitForSteadyState: pulumi.output(continueBeforeSteadyState).apply((before) => !(before ?? false)),
    taskDefinition: taskDefinition ? taskDefinition.arn : rest.taskDefinition,
  };
  return { taskDefinition, service: new aws.ecs.Service(name, args, options) };
}

/** The network of a service that names none: the default VPC, a security group that lets everything in. */
function defaultNetwork(name: string, assignPublicIp: pulumi.Input<boolean>, options: ExpansionOptions) {
  const vpc = aws.ec2.getVpcOutput({ default: true }, invokeOptions(options));
  const subnets = aws.ec2.getSubnetsOutput(
    { filters: [{ name: "vpc-id", values: [vpc.id] }] },
    invokeOptions(options),
  );
  const everywhere = { cidrBlocks: ["0.0.0.0/0"], ipv6CidrBlocks: ["::/0"] };
  const group = new aws.ec2.SecurityGroup(
    `${name}-sg`,
    {
      vpcId: vpc.id,
      ingress: [{ fromPort: 0, toPort: 0, protocol: "-1", ...everywhere }],
      egress: [{ fromPort: 0, toPort: 65535, protocol: "tcp", ...everywhere }],
    },
    options,
  );
  return { subnets: subnets.ids, assignPublicIp, securityGroups: [group.id] };
}

function fargateTaskDefinition(
  name: string,
  inputs: TaskDefinitionInputs,
  options: ExpansionOptions,
): aws.ecs.TaskDefinition {
  const { container, containers, logGroup, taskRole, executionRole, ...rest } = inputs;
  const made = definitionParts(name, inputs, options);
  const size = pulumi
    .output(
      Object.values(made.named).map(({ cpu, memory, memoryReservation }) => ({
        cpu,
        memory,
        memoryReservation,
      })),
    )
    .apply(fargateSize);
  return new aws.ecs.TaskDefinition(
    name,
    {
      cpu: size.cpu,
      memory: size.memory,
      ...rest,
      ...made.args,
      requiresCompatibilities: ["FARGATE"],
      networkMode: "awsvpc",
    },
    options,
  );
}

function ec2TaskDefinition(
  name: string,
  inputs: Ec2TaskDefinitionInputs,
  options: ExpansionOptions,
): aws.ecs.TaskDefinition {
  const { container, containers, logGroup, taskRole, executionRole, ...rest } = inputs;
  const { args } = definitionParts(name, inputs, options);
  return new aws.ecs.TaskDefinition(
    name,
    { networkMode: "awsvpc", ...rest, ...args, requiresCompatibilities: ["EC2"] },
    options,
  );
}

/** Roles, a log group, and the definitions with every container pointed at it: for Fargate and EC2 alike. */
function definitionParts(
  name: string,
  inputs: TaskDefinitionInputs | Ec2TaskDefinitionInputs,
  options: ExpansionOptions,
) {
  const { container, containers, logGroup, taskRole, executionRole, family } = inputs;
  if ((container === undefined) === (containers === undefined))
    throw new Error(`the task definition of ${name}: exactly one of container and containers is wanted`);
  const named: Record<string, Container> = containers ?? { [nameOf(container!)]: container! };
  const logGroupName = defaultLogGroup(name, logGroup, options);
  const region = aws.getRegionOutput({}, invokeOptions(options)).region;
  const containerDefinitions = pulumi
    .all([named, logGroupName, region])
    .apply(([given, group, regionName]) =>
      JSON.stringify(
        Object.entries(given).map(([containerName, one]) =>
          containerDefinition(containerName, one, group, regionName),
        ),
      ),
    );
  const defaultFamily = containerDefinitions.apply(
    (text) =>
      `${name}-${createHash("sha1")
        .update(pulumi.getStack() + text)
        .digest("hex")
        .slice(0, 8)}`,
  );
  return {
    named,
    args: {
      taskRoleArn: role(`${name}-task`, taskRole, defaultTaskPolicies, options),
      executionRoleArn: role(`${name}-execution`, executionRole, defaultExecutionPolicies, options),
      // As awsx does it: a family that is given is unknown, too, while the definitions are.
      family: pulumi.all([family, defaultFamily]).apply(([given, otherwise]) => given ?? otherwise),
      containerDefinitions,
    },
  };
}

function nameOf({ name }: Container): string {
  if (name === undefined) return "container";
  if (typeof name !== "string")
    throw new Error("the name of a container is an Output: give containers by name, as awsx wants it");
  return name;
}

const defaultTaskPolicies = [
  aws.iam.ManagedPolicy.LambdaFullAccess,
  aws.iam.ManagedPolicy.AmazonECSFullAccess,
];
const defaultExecutionPolicies = [aws.iam.ManagedPolicy.AmazonECSTaskExecutionRolePolicy];

function role(
  name: string,
  given: RoleInputs,
  policyArns: readonly string[],
  options: ExpansionOptions,
): pulumi.Input<string> | undefined {
  if (given?.skip) return undefined;
  if (given?.roleArn !== undefined) return pulumi.output(given.roleArn).apply((arn) => arn!);
  const { policyArns: own, ...args } = given?.args ?? {};
  const made = new aws.iam.Role(
    name,
    {
      ...args,
      assumeRolePolicy: JSON.stringify({
        Version: "2012-10-17",
        Statement: [
          {
            Action: "sts:AssumeRole",
            Principal: { Service: "ecs-tasks.amazonaws.com" },
            Effect: "Allow",
            Sid: "",
          },
        ],
      }),
    },
    options,
  );
  for (const policyArn of own ?? policyArns)
    new aws.iam.RolePolicyAttachment(
      `${name}-${createHash("sha1").update(policyArn).digest("hex").slice(0, 8)}`,
      { role: made.name, policyArn },
      options,
    );
  return made.arn;
}

function defaultLogGroup(
  name: string,
  given: TaskDefinitionInputs["logGroup"],
  options: ExpansionOptions,
): pulumi.Output<string | undefined> {
  if (given?.skip) return pulumi.output(undefined);
  if (given?.existing)
    return pulumi.output(given.existing).apply((group) => group.name ?? group.arn!.split(":")[6]);
  // Its id, as awsx takes it: the name, and not known before the group is made.
  return new aws.cloudwatch.LogGroup(name, given?.args, options).id;
}

function containerDefinition(
  name: string,
  given: pulumi.Unwrap<Container>,
  logGroup: string | undefined,
  region: string,
): object {
  return defined({
    ...given,
    name,
    portMappings: given.portMappings?.map((mapping) =>
      defined({
        containerPort: mapping.containerPort ?? mapping.hostPort,
        hostPort: mapping.hostPort ?? mapping.containerPort,
        protocol: mapping.protocol,
      }),
    ),
    logConfiguration:
      given.logConfiguration ??
      (logGroup === undefined
        ? undefined
        : {
            logDriver: "awslogs",
            options: {
              "awslogs-group": logGroup,
              "awslogs-region": region,
              "awslogs-stream-prefix": name,
            },
          }),
  });
}

interface Size {
  readonly cpu?: number;
  readonly memory?: number;
  readonly memoryReservation?: number;
}

/** The smallest size of Fargate that holds the containers, as far as small tasks go (256 to 4096 CPU units). */
function fargateSize(containers: readonly Size[]): { cpu: string; memory: string } {
  const sum = (of: (container: Size) => number | undefined): number =>
    containers.reduce((total, container) => total + (of(container) ?? 0), 0);
  const neededCpu = sum((container) => container.cpu);
  const neededMemory = sum((container) => container.memoryReservation ?? container.memory);
  const sizes = [
    { cpu: 256, memory: [512, 1024, 2048] },
    { cpu: 512, memory: [1024, 2048, 3072, 4096] },
    { cpu: 1024, memory: [2048, 3072, 4096, 5120, 6144, 7168, 8192] },
    { cpu: 2048, memory: [4096, 8192, 12288, 16384] },
    { cpu: 4096, memory: [8192, 16384, 30720] },
  ];
  for (const { cpu, memory } of sizes) {
    const fits = cpu >= neededCpu ? memory.find((size) => size >= neededMemory) : undefined;
    if (fits !== undefined) return { cpu: String(cpu), memory: String(fits) };
  }
  throw new Error(`no size of Fargate holds ${neededCpu} CPU units and ${neededMemory} MiB`);
}

function invokeOptions({ parent }: ExpansionOptions): pulumi.InvokeOptions {
  return parent ? { parent } : {};
}
