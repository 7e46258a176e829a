import * as aws from "@pulumi/aws";
import * as pulumi from "@pulumi/pulumi";
import type { CoveredServices, Mode } from "../../handler/coverage";
import { rulePattern } from "../../events/patterns";
import type { Statement } from "../../aws-semantics/iam-policy";
import { policyDocument, recyclerStatements } from "../../stack/role-statements";

/** Where recorded programs run. */
export const place = { partition: "aws", region: "eu-west-1", account: "123456789012" } as const;

/** A secret's ARN there. */
export const secretArn = (name: string) =>
  `arn:aws:secretsmanager:${place.region}:${place.account}:secret:${name}-AbCdEf`;

/** One thing about a recycler that a case makes different. */
export interface RecyclerOptions {
  readonly coverage?: readonly Partial<CoveredServices>[];
  readonly mode?: Mode;
  readonly ruleState?: "ENABLED" | "DISABLED";
  readonly patterns?: { readonly secrets?: object; readonly parameters?: object };
  /** False: the rules' targets send elsewhere. */
  readonly toQueue?: boolean;
  readonly mapping?: boolean;
  readonly deadLetters?: boolean;
  readonly ruleDeadLetters?: boolean;
  readonly statements?: readonly Statement[];
}

/**
 * The recycler's resources as the stack declares them, without the code of its function: what the policy pack looks
 * at. Covers the whole cluster `shop` unless told otherwise.
 */
export function recycler(options: RecyclerOptions = {}): void {
  const names = {
    prefix: "ecs-secret-recycler-test",
    queue: "ecs-secret-recycler-test.fifo",
    deadLetters: "ecs-secret-recycler-test-dead-letters.fifo",
    undelivered: "ecs-secret-recycler-test-undelivered",
    logGroup: "/aws/lambda/ecs-secret-recycler-test",
    rules: { secrets: "s", parameters: "p", deployments: "d", sweep: "w" },
  };
  const coverage = (options.coverage ?? [{ cluster: "shop" }]).map((entry) => ({
    cluster: "shop",
    exclude: [],
    secrets: [],
    parameters: [],
    wave: 0,
    ...entry,
  }));
  const deadLetters = new aws.sqs.Queue("dead-letters", { name: names.deadLetters, fifoQueue: true });
  const undelivered = new aws.sqs.Queue("undelivered", { name: names.undelivered });
  const queue = new aws.sqs.Queue("queue", {
    name: names.queue,
    fifoQueue: true,
    ...(options.deadLetters === false
      ? {}
      : {
          redrivePolicy: pulumi.jsonStringify({ deadLetterTargetArn: deadLetters.arn, maxReceiveCount: 3 }),
        }),
  });
  const elsewhere = new aws.sqs.Queue("elsewhere", { name: "elsewhere.fifo", fifoQueue: true });
  const patterns = {
    secrets: options.patterns?.secrets ?? rulePattern("secrets"),
    parameters: options.patterns?.parameters ?? rulePattern("parameters"),
  };
  for (const kind of ["secrets", "parameters"] as const) {
    const rule = new aws.cloudwatch.EventRule(kind, {
      name: `${names.prefix}-${kind}`,
      eventPattern: JSON.stringify(patterns[kind]),
      state: options.ruleState ?? (options.mode === "off" ? "DISABLED" : "ENABLED"),
    });
    new aws.cloudwatch.EventTarget(`${kind}-to-queue`, {
      rule: rule.name,
      arn: options.toQueue === false ? elsewhere.arn : queue.arn,
      sqsTarget: { messageGroupId: "recycler" },
      ...(options.ruleDeadLetters === false ? {} : { deadLetterConfig: { arn: undelivered.arn } }),
    });
  }
  new Recycler("recycler", { coverage, mode: options.mode ?? "recycle", queue, names, options });
}

class Recycler extends pulumi.ComponentResource {
  constructor(
    name: string,
    args: {
      coverage: CoveredServices[];
      mode: Mode;
      queue: aws.sqs.Queue;
      names: Parameters<typeof recyclerStatements>[1];
      options: RecyclerOptions;
    },
  ) {
    super("ecs-secret-recycler:index:Recycler", name);
    const parent = { parent: this };
    const role = new aws.iam.Role("recycler", { name: args.names.prefix, assumeRolePolicy: "{}" }, parent);
    new aws.iam.RolePolicy(
      "recycler",
      {
        role: role.name,
        policy: policyDocument(args.options.statements ?? recyclerStatements(place, args.names, ["shop"])),
      },
      parent,
    );
    const code = new pulumi.asset.AssetArchive({ "__index.js": new pulumi.asset.StringAsset("0") });
    const lambda = new aws.lambda.Function(
      "recycler",
      { name: args.names.prefix, role: role.arn, runtime: "nodejs24.x", handler: "__index.handler", code },
      parent,
    );
    if (args.options.mapping !== false)
      new aws.lambda.EventSourceMapping(
        "recycler",
        { eventSourceArn: args.queue.arn, functionName: lambda.name, enabled: args.mode !== "off" },
        parent,
      );
    this.registerOutputs({
      coverage: args.coverage,
      mode: args.mode,
      account: place.account,
      region: place.region,
    });
  }
}

/** What of a service a case makes different. */
export interface ServiceOptions {
  readonly container?: Readonly<Record<string, unknown>>;
  /** The whole `containerDefinitions`, instead of one container. */
  readonly containerDefinitions?: pulumi.Input<string>;
  readonly definition?: Partial<aws.ecs.TaskDefinitionArgs>;
  readonly service?: Partial<aws.ecs.ServiceArgs>;
  /** What the execution role may do; absent: read every secret and parameter of the account. */
  readonly mayRead?: readonly Statement[] | "unknown" | "no role";
}

const readsAll: readonly Statement[] = [
  {
    Effect: "Allow",
    Action: ["secretsmanager:GetSecretValue", "ssm:GetParameters"],
    Resource: [
      `arn:aws:secretsmanager:${place.region}:${place.account}:secret:*`,
      `arn:aws:ssm:${place.region}:${place.account}:parameter/*`,
    ],
  },
];

/** The cluster `shop`. */
export function cluster(): aws.ecs.Cluster {
  return new aws.ecs.Cluster("shop", { name: "shop" });
}

/** A service that every policy accepts, `shop/checkout`, with what the case makes different. */
export function service(of: aws.ecs.Cluster, options: ServiceOptions = {}): aws.ecs.Service {
  const role = options.mayRead === "no role" ? undefined : executionRole(options.mayRead ?? readsAll);
  const definition = new aws.ecs.TaskDefinition("checkout", {
    family: "checkout",
    requiresCompatibilities: ["FARGATE"],
    networkMode: "awsvpc",
    cpu: "256",
    memory: "512",
    executionRoleArn: role?.arn,
    containerDefinitions:
      options.containerDefinitions ??
      pulumi.jsonStringify([
        { name: "app", image: "registry.example.com/checkout:1.4.0", ...options.container },
      ]),
    ...options.definition,
  });
  return new aws.ecs.Service("checkout", {
    name: "checkout",
    cluster: of.arn,
    taskDefinition: definition.arn,
    launchType: "FARGATE",
    desiredCount: 2,
    deploymentMinimumHealthyPercent: 100,
    deploymentMaximumPercent: 200,
    deploymentCircuitBreaker: { enable: true, rollback: true },
    ...options.service,
  });
}

function executionRole(may: readonly Statement[] | "unknown"): aws.iam.Role {
  const role = new aws.iam.Role("execution", { name: "checkout-execution", assumeRolePolicy: "{}" });
  const made = may === "unknown" ? new aws.secretsmanager.Secret("made", { name: "made" }) : undefined;
  new aws.iam.RolePolicy("execution", {
    role: role.name,
    policy: made
      ? pulumi.jsonStringify({
          Version: "2012-10-17",
          Statement: [{ Effect: "Allow", Action: "secretsmanager:GetSecretValue", Resource: made.arn }],
        })
      : policyDocument(may as readonly Statement[]),
  });
  return role;
}

/** `secrets` of a container that reads one value. */
export const reads = (valueFrom: pulumi.Input<string>) => ({ secrets: [{ name: "DATABASE", valueFrom }] });

/** A database's credential, read by the service by its literal ARN, rotated or not. */
export function databaseService(strategy?: string): void {
  const secret = new aws.secretsmanager.Secret("database", { name: "shop/database" });
  const instance = new aws.rds.Instance("shop", {
    identifier: "shop",
    engine: "postgres",
    instanceClass: "db.t4g.micro",
  });
  new aws.secretsmanager.SecretVersion("database", {
    secretId: secret.id,
    secretString: pulumi.jsonStringify({ engine: "postgres", host: instance.address, username: "shop" }),
  });
  if (strategy) {
    const rotator = new aws.lambda.Function("rotator", {
      name: "rotator",
      role: `arn:aws:iam::${place.account}:role/rotator`,
      environment: { variables: { ROTATOR_SETTINGS: JSON.stringify({ strategy }) } },
    });
    new aws.secretsmanager.SecretRotation("database", {
      secretId: secret.id,
      rotationLambdaArn: rotator.arn,
      rotationRules: { automaticallyAfterDays: 30 },
    });
  }
  service(cluster(), { container: reads(secretArn("shop/database")) });
}
