import * as aws from "@pulumi/aws";
import * as pulumi from "@pulumi/pulumi";
import {
  cluster,
  databaseService,
  place,
  reads,
  recycler,
  secretArn,
  service,
} from "../support/policy-programs";
import type { WrittenPackConfig } from "../../stack/settings-schema";

/** One way to write a service, and what the pack must find. */
export interface Case {
  readonly title: string;
  readonly program: () => unknown;
  readonly config?: WrittenPackConfig;
  /** `LEVEL POLICY`, each once, sorted: in a preview of a new stack. */
  readonly preview: readonly string[];
  /** The same at the end of the update; as in the preview, when absent. */
  readonly update?: readonly string[];
}

const refused = "mandatory ecs-service-secrets-covered";
const noticed = "advisory ecs-service-secrets-covered";
const database = () => new aws.secretsmanager.Secret("database", { name: "shop/database" });
const parameter = (args: Partial<aws.ssm.ParameterArgs> = {}) =>
  new aws.ssm.Parameter("flags", { name: "/shop/flags", type: "String", value: "{}", ...args });
const digest = () => {
  const repository = new aws.ecr.Repository("checkout", { name: "checkout" });
  return pulumi.interpolate`${repository.repositoryUrl}@sha256:0a1b`;
};
const literal = (container: object) =>
  JSON.stringify([{ name: "app", image: "registry.example.com/checkout:1.4.0", ...container }]);

/** Covered by listing the one secret. */
const listed = () => recycler({ coverage: [{ service: "checkout", secrets: ["shop/database"] }] });

const covered: readonly Case[] = [
  {
    title: "covered by its cluster: a new secret, jsonStringify",
    program: () => (recycler(), service(cluster(), { container: reads(database().arn) })),
    preview: [],
  },
  {
    title: "covered by name: a new secret, jsonStringify",
    program: () => (
      recycler({ coverage: [{ service: "checkout" }] }),
      service(cluster(), { container: reads(database().arn) })
    ),
    preview: [],
  },
  {
    title: "covered with a list: a new secret whose definition is unknown",
    program: () => (listed(), service(cluster(), { container: reads(database().arn) })),
    preview: [noticed],
    update: [],
  },
  {
    title: "covered with a list: a literal ARN",
    program: () => (
      listed(),
      service(cluster(), { containerDefinitions: literal(reads(secretArn("shop/database"))) })
    ),
    preview: [],
  },
  {
    title: "covered with a list: a literal ARN with JSON key and stage",
    program: () => (
      listed(),
      service(cluster(), {
        containerDefinitions: literal(reads(`${secretArn("shop/database")}:password:AWSCURRENT:`)),
      })
    ),
    preview: [],
  },
  {
    title: "covered with a list by ARN: a partial ARN",
    program: () => (
      recycler({ coverage: [{ service: "checkout", secrets: [secretArn("shop/database").slice(0, -7)] }] }),
      service(cluster(), { containerDefinitions: literal(reads(secretArn("shop/database"))) })
    ),
    preview: [],
  },
  {
    title: "covered: interpolate over a new secret",
    program: () => (
      recycler(),
      service(cluster(), {
        containerDefinitions: pulumi.interpolate`[{"name":"app","image":"a:1","secrets":[{"name":"D","valueFrom":"${database().arn}"}]}]`,
      })
    ),
    preview: [],
  },
  {
    title: "covered: apply over a SecretVersion's arn",
    program: () => {
      recycler();
      const version = new aws.secretsmanager.SecretVersion("database", {
        secretId: database().id,
        secretString: "x",
      });
      service(cluster(), {
        containerDefinitions: version.arn.apply((arn) => literal(reads(arn))),
      });
    },
    preview: ["advisory no-secret-in-environment"],
    update: [],
  },
  {
    title: "covered: the secret that RDS manages",
    program: () => {
      recycler();
      const instance = rds({ manageMasterUserPassword: true });
      service(cluster(), {
        container: reads(instance.masterUserSecrets.apply((secrets) => secrets[0]?.secretArn ?? "")),
      });
    },
    preview: [],
  },
  {
    title: "covered: a parameter by name",
    program: () => (
      recycler(),
      parameter(),
      service(cluster(), { containerDefinitions: literal(reads("/shop/flags")) })
    ),
    preview: [],
  },
  {
    title: "covered with a list: a parameter by name",
    program: () => (
      recycler({ coverage: [{ service: "checkout", parameters: ["/shop/flags"] }] }),
      service(cluster(), { containerDefinitions: literal(reads("/shop/flags")) })
    ),
    preview: [],
  },
  {
    title: "covered: a new parameter's arn",
    program: () => (recycler(), service(cluster(), { container: reads(parameter().arn) })),
    preview: [],
  },
  {
    title: "covered: getSecretOutput with a literal name",
    program: () => (
      recycler(),
      service(cluster(), {
        container: reads(aws.secretsmanager.getSecretOutput({ name: "shop/database" }).arn),
      })
    ),
    preview: [],
  },
  {
    title: "covered: a new image digest beside a literal ARN",
    program: () => (
      recycler(),
      service(cluster(), { container: { image: digest(), ...reads(secretArn("shop/database")) } })
    ),
    preview: [],
  },
  {
    title: "covered with a list: a new image digest beside a literal ARN",
    program: () => (
      listed(),
      service(cluster(), { container: { image: digest(), ...reads(secretArn("shop/database")) } })
    ),
    preview: [noticed],
    update: [],
  },
  {
    title: "covered: Service Connect log secrets",
    program: () => (
      recycler(),
      service(cluster(), {
        service: {
          serviceConnectConfiguration: {
            enabled: true,
            logConfiguration: {
              logDriver: "splunk",
              secretOptions: [{ name: "splunk-token", valueFrom: secretArn("shop/log-token") }],
            },
          },
        },
      })
    ),
    preview: [],
  },
  {
    title: "covered: a task definition by family",
    program: () => (
      recycler(),
      service(cluster(), {
        containerDefinitions: literal(reads(secretArn("shop/database"))),
        service: { taskDefinition: "checkout" },
      })
    ),
    preview: [],
  },
  {
    title: "covered: a recycler of another stack, by configuration",
    program: () => service(cluster(), { container: reads(database().arn) }),
    config: elsewhere({}),
    preview: [],
  },
  {
    title: "covered: a recycler of another stack, listing the secret",
    program: () => service(cluster(), { containerDefinitions: literal(reads(secretArn("shop/database"))) }),
    config: elsewhere({ secrets: ["shop/database"] }),
    preview: [],
  },
  {
    title: "no secrets: a literal definition",
    program: () => service(cluster(), { containerDefinitions: literal({}) }),
    preview: [],
  },
  {
    title: "no secrets: a pinned version never changes",
    program: () =>
      service(cluster(), {
        containerDefinitions: literal(
          reads(`${secretArn("shop/database")}:::a1b2c3d4-5678-90ab-cdef-EXAMPLE11111`),
        ),
      }),
    preview: [],
  },
  {
    title: "no secrets: registry credentials are read at each pull",
    program: () =>
      service(cluster(), {
        containerDefinitions: literal({
          repositoryCredentials: { credentialsParameter: secretArn("registry") },
        }),
      }),
    preview: [],
  },
  {
    title: "no secrets: tagged so, its definition unknown",
    program: () =>
      service(cluster(), {
        container: { image: digest() },
        service: { tags: { "ecs-secret-recycler:secrets": "none" } },
      }),
    preview: [],
  },
  {
    title: "an exception with its reason",
    program: () => service(cluster(), { containerDefinitions: literal(reads(secretArn("partner"))) }),
    config: { exceptions: [{ service: "shop/checkout", reason: "the partner's key never changes" }] },
    preview: [noticed],
  },
  {
    title: "covered in mode dry-run is said",
    program: () => (
      recycler({ mode: "dry-run" }),
      service(cluster(), { containerDefinitions: literal(reads(secretArn("shop/database"))) })
    ),
    preview: [noticed],
  },
];

const uncovered: readonly Case[] = [
  {
    title: "nobody covers: a literal ARN",
    program: () => service(cluster(), { containerDefinitions: literal(reads(secretArn("shop/database"))) }),
    preview: [refused],
  },
  {
    title: "nobody covers: a new secret, jsonStringify",
    program: () => service(cluster(), { container: reads(database().arn) }),
    preview: [refused],
  },
  {
    title: "nobody covers: a SecretVersion's arn, one hop from the secret",
    program: () => {
      const version = new aws.secretsmanager.SecretVersion("database", {
        secretId: database().id,
        secretString: "x",
      });
      service(cluster(), { container: reads(version.arn) });
    },
    preview: ["advisory no-secret-in-environment", refused],
    update: [refused],
  },
  {
    title: "nobody covers: the secret that RDS manages",
    program: () =>
      service(cluster(), {
        container: reads(
          rds({ manageMasterUserPassword: true }).masterUserSecrets.apply(
            (secrets) => secrets[0]?.secretArn ?? "",
          ),
        ),
      }),
    preview: [refused],
  },
  {
    title: "nobody covers: a parameter by name",
    program: () => service(cluster(), { containerDefinitions: literal(reads("/shop/flags")) }),
    preview: [refused],
  },
  {
    title: "nobody covers: a new parameter",
    program: () => service(cluster(), { container: reads(parameter().arn) }),
    preview: [refused],
  },
  {
    title: "nobody covers: getSecretOutput with an unknown argument leaves no dependency",
    program: () =>
      service(cluster(), {
        container: reads(
          aws.secretsmanager.getSecretOutput({
            name: new aws.ssm.Parameter("name", { name: "/name", type: "String", value: "n" }).id,
          }).arn,
        ),
      }),
    preview: [refused],
  },
  {
    title: "nobody covers: a new image digest hides a literal ARN",
    program: () =>
      service(cluster(), { container: { image: digest(), ...reads(secretArn("shop/database")) } }),
    preview: [refused],
  },
  {
    title: "nobody covers: a new image digest hides that there are no secrets",
    program: () => service(cluster(), { container: { image: digest() } }),
    preview: [refused],
    update: [],
  },
  {
    title: "nobody covers: log driver secrets",
    program: () =>
      service(cluster(), {
        containerDefinitions: literal({
          logConfiguration: {
            logDriver: "splunk",
            secretOptions: [{ name: "splunk-token", valueFrom: secretArn("shop/log-token") }],
          },
        }),
      }),
    preview: [refused],
  },
  {
    title: "nobody covers: Service Connect log secrets",
    program: () =>
      service(cluster(), {
        containerDefinitions: literal({}),
        service: {
          serviceConnectConfiguration: {
            enabled: true,
            logConfiguration: {
              logDriver: "splunk",
              secretOptions: [{ name: "splunk-token", valueFrom: secretArn("shop/log-token") }],
            },
          },
        },
      }),
    preview: [refused],
  },
  {
    title: "nobody covers: Service Connect log secrets made from a new secret",
    program: () =>
      service(cluster(), {
        containerDefinitions: literal({}),
        service: {
          serviceConnectConfiguration: {
            enabled: true,
            logConfiguration: {
              logDriver: "splunk",
              secretOptions: [{ name: "splunk-token", valueFrom: database().arn }],
            },
          },
        },
      }),
    preview: [refused],
  },
  {
    title: "nobody covers: a task definition of elsewhere, by ARN",
    program: () =>
      service(cluster(), {
        containerDefinitions: literal({}),
        service: { taskDefinition: `arn:aws:ecs:${place.region}:${place.account}:task-definition/legacy:12` },
      }),
    preview: [refused],
  },
  {
    title: "nobody covers: getTaskDefinition",
    program: () =>
      service(cluster(), {
        containerDefinitions: literal({}),
        service: { taskDefinition: aws.ecs.getTaskDefinitionOutput({ taskDefinition: "legacy" }).arn },
      }),
    preview: [refused],
  },
  {
    title: "nobody covers: a task definition by family:revision",
    program: () =>
      service(cluster(), {
        containerDefinitions: literal(reads(secretArn("shop/database"))),
        service: { taskDefinition: "checkout:1" },
      }),
    preview: [refused],
  },
  {
    title: "tagged as without secrets, and reads one",
    program: () =>
      service(cluster(), {
        containerDefinitions: literal(reads(secretArn("shop/database"))),
        service: { tags: { "ecs-secret-recycler:secrets": "none" } },
      }),
    preview: [refused],
  },
  {
    title: "tagged as without secrets, which the end of the update finds wrong",
    program: () =>
      service(cluster(), {
        container: { image: digest(), ...reads(secretArn("shop/database")) },
        service: { tags: { "ecs-secret-recycler:secrets": "none" } },
      }),
    preview: [],
    update: [refused],
  },
  {
    title: "another service is covered",
    program: () => (
      recycler({ coverage: [{ service: "checkout2" }] }),
      service(cluster(), { containerDefinitions: literal(reads(secretArn("shop/database"))) })
    ),
    preview: [refused],
  },
  {
    title: "another cluster is covered",
    program: () => (
      recycler({ coverage: [{ cluster: "shop2" }] }),
      service(cluster(), { containerDefinitions: literal(reads(secretArn("shop/database"))) })
    ),
    preview: [refused],
  },
  {
    title: "excluded from its cluster",
    program: () => (
      recycler({ coverage: [{ exclude: ["checkout"] }] }),
      service(cluster(), { containerDefinitions: literal(reads(secretArn("shop/database"))) })
    ),
    preview: [refused],
  },
  {
    title: "another secret is listed: never by prefix",
    program: () => (
      listed(),
      service(cluster(), { containerDefinitions: literal(reads(secretArn("shop/database2"))) })
    ),
    preview: [refused],
  },
  {
    title: "a new secret that is not in the list",
    program: () => (
      listed(),
      service(cluster(), {
        container: reads(new aws.secretsmanager.Secret("other", { name: "shop/other" }).arn),
      })
    ),
    preview: [noticed, refused],
    update: [refused],
  },
  {
    title: "a secret of another Region sends no events here",
    program: () => (
      recycler(),
      service(cluster(), {
        containerDefinitions: literal(
          reads(`arn:aws:secretsmanager:us-east-1:${place.account}:secret:shop/database-AbCdEf`),
        ),
        mayRead: [{ Effect: "Allow", Action: "secretsmanager:GetSecretValue", Resource: "*" }],
      })
    ),
    preview: [refused],
  },
  {
    title: "a secret of another account sends no events here",
    program: () => (
      recycler(),
      service(cluster(), {
        containerDefinitions: literal(
          reads(`arn:aws:secretsmanager:${place.region}:210987654321:secret:shop/database-AbCdEf`),
        ),
        mayRead: [{ Effect: "Allow", Action: "secretsmanager:GetSecretValue", Resource: "*" }],
      })
    ),
    preview: [refused],
  },
  {
    title: "a recycler of another stack in another Region",
    program: () => service(cluster(), { containerDefinitions: literal(reads(secretArn("shop/database"))) }),
    config: { ...elsewhere({}), region: "us-east-1" },
    preview: [refused],
  },
  {
    title: "the rules are disabled",
    program: () => (
      recycler({ ruleState: "DISABLED" }),
      service(cluster(), { containerDefinitions: literal(reads(secretArn("shop/database"))) })
    ),
    preview: [refused],
  },
  {
    title: "mode off",
    program: () => (
      recycler({ mode: "off" }),
      service(cluster(), { containerDefinitions: literal(reads(secretArn("shop/database"))) })
    ),
    preview: [refused],
  },
  {
    title: "the rule's pattern takes another secret only",
    program: () => (
      recycler({
        patterns: { secrets: { source: ["aws.secretsmanager"], detail: { name: ["shop/database2"] } } },
      }),
      service(cluster(), { containerDefinitions: literal(reads(secretArn("shop/database"))) })
    ),
    preview: [refused],
  },
  {
    title: "the rule's pattern takes this secret only",
    program: () => (
      recycler({
        patterns: { secrets: { source: ["aws.secretsmanager"], detail: { name: ["shop/database"] } } },
      }),
      service(cluster(), { containerDefinitions: literal(reads(secretArn("shop/database"))) })
    ),
    preview: [],
  },
  {
    title: "the rule's pattern takes failures only",
    program: () => (
      recycler({
        patterns: { secrets: { source: ["aws.secretsmanager"], detail: { errorCode: [{ exists: true }] } } },
      }),
      service(cluster(), { containerDefinitions: literal(reads(secretArn("shop/database"))) })
    ),
    preview: [refused],
  },
  {
    title: "the rules' targets send elsewhere",
    program: () => (
      recycler({ toQueue: false }),
      service(cluster(), { containerDefinitions: literal(reads(secretArn("shop/database"))) })
    ),
    preview: [refused],
  },
  {
    title: "nothing takes messages from the queue",
    program: () => (
      recycler({ mapping: false }),
      service(cluster(), { containerDefinitions: literal(reads(secretArn("shop/database"))) })
    ),
    preview: [refused],
  },
  {
    title: "covered by its cluster, whose rules feed no queue: an unknown definition",
    program: () => (recycler({ toQueue: false }), service(cluster(), { container: { image: digest() } })),
    preview: [refused],
    update: [],
  },
  {
    title: "the controller CODE_DEPLOY",
    program: () => (
      recycler(),
      service(cluster(), {
        containerDefinitions: literal(reads(secretArn("shop/database"))),
        service: { deploymentController: { type: "CODE_DEPLOY" }, deploymentCircuitBreaker: undefined },
      })
    ),
    preview: [refused],
  },
  {
    title: "an external controller: the task set's definition counts",
    program: () => {
      recycler();
      const of = cluster();
      const definition = new aws.ecs.TaskDefinition("checkout", {
        family: "checkout",
        containerDefinitions: literal(reads(secretArn("shop/database"))),
      });
      const external = new aws.ecs.Service("checkout", {
        name: "checkout",
        cluster: of.arn,
        deploymentController: { type: "EXTERNAL" },
      });
      new aws.ecs.TaskSet("checkout", {
        service: external.id,
        cluster: of.id,
        taskDefinition: definition.arn,
      });
    },
    preview: ["mandatory execution-role-reads-secrets", refused].sort(),
  },
];

const others: readonly Case[] = [
  {
    title: "a role that may read nothing",
    program: () => (
      recycler(),
      service(cluster(), { containerDefinitions: literal(reads(secretArn("shop/database"))), mayRead: [] })
    ),
    preview: ["mandatory execution-role-reads-secrets"],
  },
  {
    title: "a role that may read another secret",
    program: () => (
      recycler(),
      service(cluster(), {
        containerDefinitions: literal(reads(secretArn("shop/database"))),
        mayRead: [
          { Effect: "Allow", Action: "secretsmanager:GetSecretValue", Resource: secretArn("shop/database2") },
        ],
      })
    ),
    preview: ["mandatory execution-role-reads-secrets"],
  },
  {
    title: "a role whose statement denies",
    program: () => (
      recycler(),
      service(cluster(), {
        containerDefinitions: literal(reads(secretArn("shop/database"))),
        mayRead: [
          { Effect: "Allow", Action: "secretsmanager:*", Resource: "*" },
          { Effect: "Deny", Action: "secretsmanager:GetSecretValue", Resource: secretArn("shop/*") },
        ],
      })
    ),
    preview: ["mandatory execution-role-reads-secrets"],
  },
  {
    title: "a role without ssm:GetParameters",
    program: () => (
      recycler(),
      service(cluster(), {
        containerDefinitions: literal(reads("/shop/flags")),
        mayRead: [
          { Effect: "Allow", Action: ["secretsmanager:GetSecretValue", "ssm:GetParameter"], Resource: "*" },
        ],
      })
    ),
    preview: ["mandatory execution-role-reads-secrets"],
  },
  {
    title: "no role at all",
    program: () => (
      recycler(),
      service(cluster(), {
        containerDefinitions: literal(reads(secretArn("shop/database"))),
        mayRead: "no role",
      })
    ),
    preview: ["mandatory execution-role-reads-secrets"],
  },
  {
    title: "a customer-managed key that the role may not use",
    program: () => {
      recycler();
      const key = `arn:aws:kms:${place.region}:${place.account}:key/0a1b2c3d`;
      new aws.secretsmanager.Secret("database", { name: "shop/database", kmsKeyId: key });
      service(cluster(), { containerDefinitions: literal(reads(secretArn("shop/database"))) });
    },
    preview: ["mandatory execution-role-reads-secrets"],
  },
  {
    title: "a customer-managed key that the role may use",
    program: () => {
      recycler();
      const key = `arn:aws:kms:${place.region}:${place.account}:key/0a1b2c3d`;
      new aws.secretsmanager.Secret("database", { name: "shop/database", kmsKeyId: key });
      service(cluster(), {
        containerDefinitions: literal(reads(secretArn("shop/database"))),
        mayRead: [
          { Effect: "Allow", Action: "secretsmanager:GetSecretValue", Resource: secretArn("shop/database") },
          { Effect: "Allow", Action: "kms:Decrypt", Resource: key },
        ],
      });
    },
    preview: [],
  },
  {
    title: "a customer-managed key that the role may use through Secrets Manager only",
    program: () => {
      recycler();
      const key = `arn:aws:kms:${place.region}:${place.account}:key/0a1b2c3d`;
      new aws.secretsmanager.Secret("database", { name: "shop/database", kmsKeyId: key });
      service(cluster(), {
        containerDefinitions: literal(reads(secretArn("shop/database"))),
        mayRead: [
          { Effect: "Allow", Action: "secretsmanager:GetSecretValue", Resource: secretArn("shop/database") },
          {
            Effect: "Allow",
            Action: "kms:Decrypt",
            Resource: key,
            Condition: {
              StringEquals: { "kms:ViaService": `secretsmanager.${place.region}.amazonaws.com` },
            },
          },
        ],
      });
    },
    preview: [],
  },
  {
    title: "a recycler that may decrypt with a key",
    program: () =>
      recycler({
        statements: [
          {
            Effect: "Allow",
            Action: "kms:Decrypt",
            Resource: `arn:aws:kms:${place.region}:${place.account}:key/0a1b2c3d`,
          },
        ],
      }),
    preview: ["mandatory recycler-least-privilege"],
  },
  {
    title: "a role whose policy is not known in a preview",
    program: () => (
      recycler(),
      service(cluster(), {
        containerDefinitions: literal(reads(secretArn("shop/database"))),
        mayRead: "unknown",
      })
    ),
    preview: ["advisory execution-role-reads-secrets"],
    update: ["mandatory execution-role-reads-secrets"],
  },
  {
    title: "a role of another stack",
    program: () => (
      recycler(),
      service(cluster(), {
        containerDefinitions: literal(reads(secretArn("shop/database"))),
        definition: { executionRoleArn: `arn:aws:iam::${place.account}:role/elsewhere` },
      })
    ),
    preview: ["advisory execution-role-reads-secrets"],
  },
  {
    title: "percents that leave no room",
    program: () => (
      recycler(),
      service(cluster(), {
        containerDefinitions: literal({}),
        service: { desiredCount: 1, deploymentMinimumHealthyPercent: 50, deploymentMaximumPercent: 100 },
      })
    ),
    preview: ["mandatory zero-downtime-deployment"],
  },
  {
    title: "percents that take half of the tasks away",
    program: () => (
      recycler(),
      service(cluster(), {
        containerDefinitions: literal({}),
        service: { desiredCount: 4, deploymentMinimumHealthyPercent: 50 },
      })
    ),
    preview: ["mandatory zero-downtime-deployment"],
  },
  {
    title: "a daemon with its default percents",
    program: () => (
      recycler(),
      service(cluster(), {
        containerDefinitions: literal({}),
        service: {
          schedulingStrategy: "DAEMON",
          desiredCount: undefined,
          deploymentMinimumHealthyPercent: undefined,
          deploymentMaximumPercent: undefined,
        },
      })
    ),
    preview: ["advisory zero-downtime-deployment"],
  },
  {
    title: "no circuit breaker",
    program: () => (
      recycler(),
      service(cluster(), {
        containerDefinitions: literal({}),
        service: { deploymentCircuitBreaker: undefined },
      })
    ),
    preview: ["advisory deployment-circuit-breaker"],
  },
  {
    title: "no circuit breaker under blue/green, which has none",
    program: () => (
      recycler(),
      service(cluster(), {
        containerDefinitions: literal({}),
        service: {
          deploymentCircuitBreaker: undefined,
          deploymentConfiguration: { strategy: "BLUE_GREEN" },
        },
      })
    ),
    preview: [],
  },
  {
    title: "an image by a tag that moves",
    program: () => (
      recycler(),
      service(cluster(), { containerDefinitions: literal({ image: "registry.example.com/checkout:latest" }) })
    ),
    preview: ["advisory immutable-image"],
  },
  {
    title: "an image without a tag",
    program: () => (recycler(), service(cluster(), { containerDefinitions: literal({ image: "checkout" }) })),
    preview: ["advisory immutable-image"],
  },
  {
    title: "an image by digest",
    program: () => (
      recycler(),
      service(cluster(), { containerDefinitions: literal({ image: "localhost:5000/checkout@sha256:0a1b" }) })
    ),
    preview: [],
  },
  {
    title: "a secret's value in environment",
    program: () => {
      recycler();
      new aws.secretsmanager.SecretVersion("database", {
        secretId: database().id,
        secretString: "correct horse battery staple",
      });
      service(cluster(), {
        containerDefinitions: literal({
          environment: [{ name: "PASSWORD", value: "correct horse battery staple" }],
        }),
      });
    },
    preview: ["mandatory no-secret-in-environment"],
  },
  {
    title: "the password of a secret's JSON in environment",
    program: () => {
      recycler();
      new aws.secretsmanager.SecretVersion("database", {
        secretId: database().id,
        secretString: JSON.stringify({ username: "shop", password: "correct horse battery" }),
      });
      service(cluster(), {
        containerDefinitions: literal({
          environment: [{ name: "PASSWORD", value: "correct horse battery" }],
        }),
      });
    },
    preview: ["mandatory no-secret-in-environment"],
  },
  {
    title: "an Output in a template literal",
    program: () => (
      recycler(),
      service(cluster(), {
        // eslint-disable-next-line @typescript-eslint/no-base-to-string -- what a template literal makes of an Output is the mistake that is looked for
        containerDefinitions: literal(reads(String(database().arn))),
      })
    ),
    preview: [refused, "mandatory no-secret-in-environment"],
  },
  {
    title: "log driver secrets on EC2",
    program: () => (
      recycler(),
      service(cluster(), {
        containerDefinitions: literal({
          logConfiguration: {
            logDriver: "splunk",
            secretOptions: [{ name: "splunk-token", valueFrom: secretArn("shop/log-token") }],
          },
        }),
        service: { launchType: "EC2" },
        definition: { requiresCompatibilities: ["EC2"] },
      })
    ),
    preview: ["advisory log-secrets-on-ec2"],
  },
  {
    title: "a database secret that nothing rotates",
    program: () => (recycler(), databaseService()),
    preview: ["advisory secret-rotation-enabled"],
  },
  {
    title: "a database secret that is rotated with a single user",
    program: () => (recycler(), databaseService("single-user")),
    preview: ["advisory rotation-alternating-users"],
  },
  {
    title: "a database secret that is rotated with alternating users",
    program: () => (recycler(), databaseService("alternating-users")),
    preview: [],
  },
  {
    title: "a recycler without dead-letter queues",
    program: () => recycler({ deadLetters: false, ruleDeadLetters: false }),
    preview: ["mandatory recycler-least-privilege"],
  },
  {
    title: "a recycler with a wildcard action",
    program: () => recycler({ statements: [{ Effect: "Allow", Action: "ecs:*", Resource: "*" }] }),
    preview: ["mandatory recycler-least-privilege"],
  },
  {
    title: "a recycler that may read values",
    program: () =>
      recycler({
        statements: [
          { Effect: "Allow", Action: "secretsmanager:GetSecretValue", Resource: secretArn("shop/database") },
        ],
      }),
    preview: ["mandatory recycler-least-privilege"],
  },
];

/** Every case. */
export const cases: readonly Case[] = [...covered, ...uncovered, ...others];

function elsewhere(entry: { secrets?: string[] }): WrittenPackConfig {
  return {
    account: place.account,
    region: place.region,
    coverage: [{ cluster: "shop", ...entry }],
  };
}

function rds(args: Partial<aws.rds.InstanceArgs>): aws.rds.Instance {
  return new aws.rds.Instance("shop", {
    identifier: "shop",
    engine: "postgres",
    instanceClass: "db.t4g.micro",
    ...args,
  });
}
