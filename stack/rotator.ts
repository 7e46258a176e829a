import { existsSync } from "node:fs";
import path from "node:path";
import * as aws from "@pulumi/aws";
import * as pulumi from "@pulumi/pulumi";
import { settingsVariable } from "../rotator/settings";
import type { Context } from "./context";
import { lambdaAssumeRolePolicy, policyDocument } from "./role-statements";
import { rotatorStatements } from "./rotator-statements";
import type { BuiltInSettings, RotatedCredential } from "./settings-rotations";

/** A built-in rotator with what its `database` stood for. */
export type ResolvedRotator = Omit<BuiltInSettings, "database">;

/** What a built-in rotator needs to know. */
export interface RotatorArgs {
  readonly context: Context;
  readonly credential: RotatedCredential;
  readonly rotator: ResolvedRotator;
  /** Physical name of the function and of its role. */
  readonly functionName: string;
  /** ARN of a policy that the role gets as its boundary. */
  readonly permissionsBoundary?: string;
  /** Days for which the log is kept. */
  readonly logRetentionDays: number;
}

/** One step connects to the database with a few seconds each; Secrets Manager tries a failed step again. */
const TIMEOUT_SECONDS = 60;

/** The bundle that `npm run prepare` makes. */
const BUNDLE = path.join(__dirname, "..", "rotator", "dist", "index.js");

/** The built-in rotation function of one credential, with a role for exactly that credential and a log. */
export class Rotator extends pulumi.ComponentResource {
  readonly function: aws.lambda.Function;
  readonly logGroup: aws.cloudwatch.LogGroup;

  constructor(name: string, args: RotatorArgs, opts?: pulumi.ComponentResourceOptions) {
    super("ecs-secret-recycler:index:Rotator", name, {}, opts);
    const { context, credential, rotator, functionName } = args;
    const { place, tags } = context;
    if (!existsSync(BUNDLE))
      throw new pulumi.RunError(
        `the rotation function is not built (${BUNDLE} is missing): run "npm run prepare"`,
      );

    this.logGroup = new aws.cloudwatch.LogGroup(
      `${name}-log`,
      { name: `/aws/lambda/${functionName}`, retentionInDays: args.logRetentionDays, tags },
      { parent: this },
    );
    const role = new aws.iam.Role(
      `${name}-role`,
      {
        name: functionName,
        description: `Rotates ${credential.kind} ${credential.name}`.slice(0, 1000),
        assumeRolePolicy: lambdaAssumeRolePolicy,
        permissionsBoundary: args.permissionsBoundary,
        tags,
      },
      { parent: this },
    );
    const inVpc = (rotator.subnets?.length ?? 0) > 0;
    const statements = rotatorStatements(place, {
      credential,
      ...rotator.settings,
      kmsKeyArn: rotator.kmsKeyArn,
      adminKmsKeyArn: rotator.adminKmsKeyArn,
      inVpc,
      logGroup: `/aws/lambda/${functionName}`,
    });
    const policy = new aws.iam.RolePolicy(
      `${name}-role-policy`,
      { name: "rotator", role: role.name, policy: policyDocument(statements) },
      { parent: role },
    );
    this.function = new aws.lambda.Function(
      `${name}-function`,
      {
        name: functionName,
        description: `Rotates ${credential.kind} ${credential.name}`.slice(0, 256),
        code: new pulumi.asset.AssetArchive({
          "index.js": new pulumi.asset.FileAsset(BUNDLE),
          ...(rotator.tlsAuthorities && {
            "authorities.pem": new pulumi.asset.FileAsset(rotator.tlsAuthorities),
          }),
        }),
        handler: "index.handler",
        role: role.arn,
        runtime: aws.lambda.Runtime.NodeJS24dX,
        architectures: ["arm64"],
        memorySize: 256,
        timeout: TIMEOUT_SECONDS,
        loggingConfig: { logFormat: "JSON", logGroup: this.logGroup.name },
        environment: {
          variables: {
            [settingsVariable]: JSON.stringify(rotator.settings),
            // The Node.js runtimes since 20 do not load the certificate authorities of RDS by themselves.
            NODE_EXTRA_CA_CERTS: rotator.tlsAuthorities
              ? "/var/task/authorities.pem"
              : "/var/runtime/ca-cert.pem",
          },
        },
        vpcConfig: inVpc
          ? { subnetIds: rotator.subnets ?? [], securityGroupIds: rotator.securityGroups ?? [] }
          : undefined,
        tags,
      },
      { parent: this, dependsOn: [policy] },
    );
    this.registerOutputs({ functionName: this.function.name });
  }

  /** Lets a service of AWS call the function. */
  allow(
    name: string,
    permission: Pick<aws.lambda.PermissionArgs, "principal" | "sourceAccount" | "sourceArn">,
  ) {
    return new aws.lambda.Permission(
      name,
      { action: "lambda:InvokeFunction", function: this.function.name, ...permission },
      { parent: this },
    );
  }
}
