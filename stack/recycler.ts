import * as aws from "@pulumi/aws";
import * as pulumi from "@pulumi/pulumi";
import { questionsAlias, type RecyclerSettings } from "../handler/coverage";
import { createRecycler } from "../handler/index";
import manifest from "../package.json";
import type { Context } from "./context";
import { FUNCTION_TIMEOUT_SECONDS, type Queue } from "./queue";
import { clustersOf, lambdaAssumeRolePolicy, policyDocument, recyclerStatements } from "./role-statements";

/** Arguments of `Recycler`. */
export interface RecyclerArgs {
  readonly context: Context;
  readonly queue: Queue;
  /** Captured by the function as plain data. */
  readonly settings: RecyclerSettings;
  /** ARN of the role's permissions boundary. */
  readonly permissionsBoundary?: string;
  /** Days for which CloudWatch keeps the log. */
  readonly logRetentionDays: number;
}

/** The largest batch of a FIFO queue (AWS Lambda Developer Guide). */
const BATCH_SIZE = 10;

/**
 * The function that decides and acts, with its role and log. Registers the coverage as plain values, so that the policy
 * pack sees it in a preview; a single Output would make all of it unknown.
 */
export class Recycler extends pulumi.ComponentResource {
  readonly function: aws.lambda.CallbackFunction<unknown, unknown>;
  readonly role: aws.iam.Role;
  /** The function for questions: who may invoke only this alias can ask, and restarts nothing. */
  readonly questions: aws.lambda.Alias;
  readonly logGroup: aws.cloudwatch.LogGroup;

  constructor(name: string, args: RecyclerArgs, opts?: pulumi.ComponentResourceOptions) {
    super("ecs-secret-recycler:index:Recycler", name, {}, opts);
    const { context, settings } = args;
    const { place, names, tags } = context;

    this.logGroup = new aws.cloudwatch.LogGroup(
      `${name}-log`,
      { name: names.logGroup, retentionInDays: args.logRetentionDays, tags },
      { parent: this },
    );
    this.role = new aws.iam.Role(
      `${name}-role`,
      {
        name: names.prefix,
        description: "Redeploys Amazon ECS services when their secrets change; cannot read a secret's value",
        assumeRolePolicy: lambdaAssumeRolePolicy,
        permissionsBoundary: args.permissionsBoundary,
        tags,
      },
      { parent: this },
    );
    const policy = new aws.iam.RolePolicy(
      `${name}-role-policy`,
      {
        name: "recycler",
        role: this.role.name,
        policy: policyDocument(recyclerStatements(place, names, clustersOf(settings.coverage))),
      },
      { parent: this.role },
    );
    this.function = new aws.lambda.CallbackFunction<unknown, unknown>(
      `${name}-function`,
      {
        name: names.prefix,
        description: "Redeploys Amazon ECS services when their secrets change",
        // A factory: clients and memory live as long as the container.
        callbackFactory: () => {
          const recycle = createRecycler(settings);
          return async (event, context) => recycle(event, context);
        },
        // The recycler needs only the AWS SDK, which the runtime contains: the archive is one file.
        codePathOptions: {
          extraExcludePackages: Object.keys({ ...manifest.dependencies, ...manifest.optionalDependencies }),
        },
        role: this.role,
        runtime: aws.lambda.Runtime.NodeJS24dX,
        architectures: ["arm64"],
        memorySize: 256,
        timeout: FUNCTION_TIMEOUT_SECONDS,
        loggingConfig: { logFormat: "JSON", logGroup: this.logGroup.name },
        tags,
      },
      { parent: this, dependsOn: [policy] },
    );
    this.questions = new aws.lambda.Alias(
      `${name}-questions`,
      {
        name: questionsAlias,
        functionName: this.function.name,
        functionVersion: "$LATEST",
        description: "Answers questions; takes no events",
      },
      { parent: this },
    );
    new aws.lambda.EventSourceMapping(
      `${name}-mapping`,
      {
        eventSourceArn: args.queue.queue.arn,
        functionName: this.function.name,
        batchSize: BATCH_SIZE,
        functionResponseTypes: ["ReportBatchItemFailures"],
        enabled: settings.mode !== "off",
        tags,
      },
      { parent: this },
    );

    this.registerOutputs({
      coverage: settings.coverage,
      mode: settings.mode,
      account: place.account,
      region: place.region,
      functionName: names.prefix,
      queueName: settings.queueName,
    });
  }
}
