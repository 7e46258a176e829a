import * as aws from "@pulumi/aws";
import type * as awsx from "@pulumi/awsx";
import * as pulumi from "@pulumi/pulumi";
import { createHash } from "node:crypto";
import { defined } from "./resource-type";

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

type TrailInputs = pulumi.Unwrap<awsx.cloudtrail.TrailArgs>;
type ServiceInputs = pulumi.Unwrap<awsx.ecs.FargateServiceArgs>;
type TaskDefinitionInputs = NonNullable<ServiceInputs["taskDefinitionArgs"]>;
type RoleInputs = TaskDefinitionInputs["executionRole"];
type Container = NonNullable<TaskDefinitionInputs["container"]>;

/** The components that can be expanded, by type token. */
export const expansions: Readonly<
  Record<
    string,
    (name: string, inputs: Readonly<Record<string, unknown>>, options: ExpansionOptions) => Expansion
  >
> = {
  "awsx:cloudtrail:Trail": (name, inputs, options) => trail(name, inputs as unknown as TrailInputs, options),
  "awsx:ecs:FargateService": (name, inputs, options) =>
    fargateService(name, inputs as unknown as ServiceInputs, options),
};

/** The bucket (unless one is given), the policy that lets CloudTrail write to it, the trail. */
function trail(name: string, inputs: TrailInputs, options: ExpansionOptions): Expansion {
  const { s3Bucket, cloudWatchLogsGroup, ...rest } = inputs;
  if (cloudWatchLogsGroup?.enable || cloudWatchLogsGroup?.existing)
    throw new Error(`awsx.cloudtrail.Trail ${name}: cloudWatchLogsGroup is not expanded by the embedded AWS`);
  const existing = s3Bucket?.existing;
  const bucket = existing
    ? undefined
    : new aws.s3.Bucket(name, s3Bucket?.args as aws.s3.BucketArgs | undefined, options);
  // awsx writes an ARN without a partition for a bucket that is given by name only: kept, it is awsx's own.
  const bucketArn = bucket ? bucket.arn : (existing!.arn ?? `arn:aws:::${existing!.name}`);
  const bucketName = bucket ? bucket.bucket : (existing!.name ?? existing!.arn!.split(":")[5]!);
  const policy = new aws.s3.BucketPolicy(
    name,
    { bucket: bucketName, policy: pulumi.output(bucketArn).apply(trailBucketPolicy) },
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
  const { taskDefinition, taskDefinitionArgs, assignPublicIp, continueBeforeSteadyState, ...rest } = inputs;
  if ((taskDefinition === undefined) === (taskDefinitionArgs === undefined))
    throw new Error(
      `awsx.ecs.FargateService ${name}: exactly one of taskDefinition and taskDefinitionArgs is wanted`,
    );
  if (inputs.networkConfiguration !== undefined && assignPublicIp !== undefined)
    throw new Error(
      `awsx.ecs.FargateService ${name}: only one of networkConfiguration and assignPublicIp can be given`,
    );
  const definition = taskDefinitionArgs && fargateTaskDefinition(name, taskDefinitionArgs, options);
  const { useClusterDefaultCapacityProviderStrategy, ...service } = rest;
  const byStrategy =
    service.capacityProviderStrategies !== undefined || useClusterDefaultCapacityProviderStrategy;
  return {
    taskDefinition: definition,
    service: new aws.ecs.Service(
      name,
      {
        desiredCount: 1,
        ...(service as aws.ecs.ServiceArgs),
        networkConfiguration:
          (service.networkConfiguration as aws.ecs.ServiceArgs["networkConfiguration"]) ??
          defaultNetwork(name, assignPublicIp ?? false, options),
        launchType: byStrategy ? undefined : "FARGATE",
        waitForSteadyState: !(continueBeforeSteadyState ?? false),
        taskDefinition: definition ? definition.arn : taskDefinition,
      },
      options,
    ),
  };
}

/** The network of a service that names none: the default VPC, a security group that lets everything in. */
function defaultNetwork(name: string, assignPublicIp: boolean, options: ExpansionOptions) {
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

/** Roles, a log group, and the definition with every container pointed at it. */
function fargateTaskDefinition(
  name: string,
  inputs: TaskDefinitionInputs,
  options: ExpansionOptions,
): aws.ecs.TaskDefinition {
  const { container, containers, logGroup, taskRole, executionRole, ...rest } = inputs;
  if ((container === undefined) === (containers === undefined))
    throw new Error(`the task definition of ${name}: exactly one of container and containers is wanted`);
  const named: Record<string, Container> = containers ?? { [container!.name ?? "container"]: container! };
  const logGroupName = defaultLogGroup(name, logGroup, options);
  const region = aws.getRegionOutput({}, invokeOptions(options)).region;
  const containerDefinitions = pulumi
    .all([logGroupName, region])
    .apply(([group, regionName]) =>
      JSON.stringify(
        Object.entries(named).map(([containerName, given]) =>
          containerDefinition(containerName, given, group, regionName),
        ),
      ),
    );
  const { cpu, memory } = fargateSize(Object.values(named));
  return new aws.ecs.TaskDefinition(
    name,
    {
      cpu,
      memory,
      ...(rest as Partial<aws.ecs.TaskDefinitionArgs>),
      requiresCompatibilities: ["FARGATE"],
      networkMode: "awsvpc",
      taskRoleArn: role(`${name}-task`, taskRole, defaultTaskPolicies, options),
      executionRoleArn: role(`${name}-execution`, executionRole, defaultExecutionPolicies, options),
      family:
        rest.family ??
        containerDefinitions.apply(
          (text) =>
            `${name}-${createHash("sha1")
              .update(pulumi.getStack() + text)
              .digest("hex")
              .slice(0, 8)}`,
        ),
      containerDefinitions,
    },
    options,
  );
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
  if (given?.roleArn !== undefined) return given.roleArn;
  const { policyArns: own, ...args } = given?.args ?? {};
  const made = new aws.iam.Role(
    name,
    {
      ...(args as Partial<aws.iam.RoleArgs>),
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
  if (given?.existing) return pulumi.output(given.existing.name ?? given.existing.arn!.split(":")[6]);
  return new aws.cloudwatch.LogGroup(name, given?.args as aws.cloudwatch.LogGroupArgs | undefined, options)
    .name;
}

function containerDefinition(
  name: string,
  given: Container,
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

/** The smallest size of Fargate that holds the containers, as far as small tasks go (256 to 4096 CPU units). */
function fargateSize(containers: readonly Container[]): { cpu: string; memory: string } {
  const sum = (of: (container: Container) => number | undefined): number =>
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
