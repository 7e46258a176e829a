import * as z from "zod";
import { parameterId, rotatorFields, secretId } from "../rotator/settings";
import { expected, isObject, oneOf, strictObject, text, wholeNumber } from "../rotator/settings-messages";
import { clusterName, exceptionName, serviceName } from "./settings-names";
import { DEFAULT_WINDOW, sweepMistake } from "./settings-schedules";

/** Amazon CloudWatch Logs API Reference, PutRetentionPolicy: the periods it takes, in days. */
const RETENTION_DAYS = [
  1, 3, 5, 7, 14, 30, 60, 90, 120, 150, 180, 365, 400, 545, 731, 1096, 1827, 2192, 2557, 2922, 3288, 3653,
];

const list = <Item extends z.ZodType>(item: Item, what: string) => z.array(item, { error: expected(what) });

/** A list that, where it stands, holds something: an empty one would mean the same as none. */
const someOf = <Item extends z.ZodType>(item: Item, what: string) =>
  list(item, `a list of ${what}`).min(1, {
    error: `expected at least one of the ${what}, found an empty list; leave the key out if it is to name none`,
  });

const schedule = () => z.string({ error: expected("rate(...) or cron(...)") });

/** A setting whose default a rule fills in; the JSON Schema names it all the same. */
const optional = <Inner extends z.ZodType>(setting: z.ZodDefault<Inner>) =>
  setting.unwrap().optional().meta({ default: setting.def.defaultValue });

/** What an entry of `services` and an entry of the policy pack's `coverage` have in common. */
const coverageFields = {
  exclude: list(serviceName, "a list of services").default([]),
  secrets: list(secretId, "a list of secrets").default([]),
  parameters: list(parameterId, "a list of parameters").default([]),
  wave: wholeNumber(0).default(0),
};

const serviceSchema = strictObject({
  cluster: clusterName.optional(),
  service: text("a service's name or ARN", /^\S+$/).optional(),
  ...coverageFields,
  // Without both lists a service follows all that its task definition references: an empty list would widen the coverage.
  secrets: someOf(secretId, "secrets").default([]),
  parameters: someOf(parameterId, "parameters").default([]),
}).refine((entry) => entry.cluster !== undefined || entry.service?.startsWith("arn:") === true, {
  path: ["cluster"],
  when: isObject,
  error: "missing; expected the name of a cluster (or the ARN of a service as `service`)",
});

/** One entry of `services`, with the defaults filled in. */
export type ServiceEntry = z.output<typeof serviceSchema>;

const keyArn = text("the ARN of a key", /^arn:[a-z-]+:kms:[a-z0-9-]+:\d{12}:key\/[A-Za-z0-9-]+$/);

/** One flat object for every kind: which setting belongs to which kind is a rule of its own. */
const rotatorSchema = strictObject({
  kind: oneOf(["managed", "function", "partner", "built-in"]),
  rotationLambdaArn: text(
    "the ARN of a function",
    /^arn:[a-z-]+:lambda:[a-z0-9-]+:\d{12}:function:[A-Za-z0-9_:$-]+$/,
  ).optional(),
  roleArn: text("the ARN of a role", /^arn:[a-z-]+:iam::\d{12}:role\/[\w+=,.@/-]+$/).optional(),
  /** Lengths: AWS's `ExternalSecretRotationMetadataItem`. */
  metadata: z
    .record(z.string().regex(/^[^]{1,256}$/), text("a text of 1 to 2,048 characters", /^[^]{1,2048}$/), {
      error: expected("an object of texts, with keys of 1 to 256 characters"),
    })
    .optional(),
  ...rotatorFields,
  // Their defaults are filled in for the built-in rotator only, so that a rule can refuse them beside another kind.
  strategy: optional(rotatorFields.strategy),
  minimumIntervalMinutes: optional(rotatorFields.minimumIntervalMinutes),
  kmsKeyArn: keyArn.optional(),
  adminKmsKeyArn: keyArn.optional(),
  tlsAuthorities: text("the path of a PEM file", /^\S.*$/).optional(),
  database: text("the identifier of a database instance", /^[A-Za-z][A-Za-z0-9-]{0,62}$/).optional(),
  subnets: someOf(text("a subnet's id", /^subnet-[0-9a-f]+$/), "subnets").optional(),
  securityGroups: someOf(text("a security group's id", /^sg-[0-9a-f]+$/), "security groups").optional(),
});

const rotationSchema = strictObject({
  secret: secretId.optional(),
  parameter: parameterId.optional(),
  schedule: schedule().default("rate(30 days)"),
  /** A parameter has none. */
  window: z
    .string({ error: expected('hours, such as "3h"') })
    .optional()
    .meta({ default: DEFAULT_WINDOW }),
  rotateImmediately: z.boolean({ error: expected("true or false") }).default(false),
  rotator: rotatorSchema,
}).refine((entry) => (entry.secret === undefined) !== (entry.parameter === undefined), {
  when: isObject,
  error: ({ input }) =>
    `expected \`secret\` or \`parameter\`, found ${(input as { secret?: unknown }).secret === undefined ? "neither" : "both"}`,
});

/** One entry of `rotations`, with the defaults filled in. */
export type RotationEntry = z.output<typeof rotationSchema>;

/** For how many minutes a service may use an old value, by default. */
export const DEFAULT_STALE_AFTER_MINUTES = 30;

/** Services that no recycler covers, each with the reason: the policy pack lists them instead of refusing them. */
const exceptions = list(
  strictObject({
    service: exceptionName,
    reason: text("the reason, a few words", /\S/),
  }),
  "a list of exceptions",
).default([]);

/**
 * All settings. `Pulumi.yaml` declares the same defaults (a test compares them): a stack's object replaces a default as a
 * whole, and a program can run without the engine. No unions of types, so that components in other languages can have
 * the same arguments.
 */
export const settingsSchema = strictObject({
  services: list(serviceSchema, "a list with at least one cluster or service").min(1, {
    error: "expected at least one cluster or service, found an empty list",
  }),
  rotations: list(rotationSchema, "a list of rotations").default([]),
  trail: oneOf(["create", "none"]).default("create"),
  mode: oneOf(["recycle", "dry-run", "off"]).default("recycle"),
  timing: strictObject({
    /** Amazon SQS API Reference, CreateQueue: at most 900 s. Below 3 s the margin of freshness is lost. */
    delaySeconds: wholeNumber(3, 900).default(15),
    sweep: schedule()
      .superRefine((sweep, context) => {
        const message = sweepMistake(sweep);
        if (message !== undefined) context.addIssue({ code: "custom", message });
      })
      .default("rate(5 minutes)"),
  }).prefault({}),
  limits: strictObject({
    minutesBetweenDeployments: wholeNumber(1).optional(),
    maxConcurrentDeployments: wholeNumber(1).optional(),
    bakeTimeInMinutes: wholeNumber(1).optional(),
    overtakeAfterMinutes: wholeNumber(1).optional(),
    /** 0: any number. */
    maxDeploymentsPerHour: wholeNumber(0).default(6),
  }).prefault({}),
  /** No address and no topic: no alarms. */
  alarms: strictObject({
    email: text("an e-mail address", /^[^@\s,;]+@[^@\s,;]+$/, (found) =>
      /@.*@/.test(found) ? "for several addresses, subscribe them to a topic and name it" : undefined,
    ).optional(),
    topic: text("the ARN of a topic", /^arn:[a-z-]+:sns:[a-z0-9-]+:\d{12}:[A-Za-z0-9_-]{1,256}$/, (found) =>
      found.endsWith(".fifo") ? "alarms publish to standard topics only" : undefined,
    ).optional(),
    staleAfterMinutes: wholeNumber(1).default(DEFAULT_STALE_AFTER_MINUTES),
  })
    .refine((alarms) => alarms.email === undefined || alarms.topic === undefined, {
      when: isObject,
      error: "expected `email` or `topic`, found both",
    })
    .prefault({}),
  exceptions,
  requesters: list(
    text("the ARN of a role", /^arn:[a-z-]+:iam::\d{12}:role\/[A-Za-z0-9_+=,.@*?/-]{1,576}$/),
    "a list of roles",
  ).default([]),
  permissionsBoundary: text(
    "the ARN of a policy, or nothing",
    /^$|^arn:[a-z-]+:iam::(\d{12}|aws):policy\/\S+$/,
  ).default(""),
  logRetentionDays: z
    .literal(RETENTION_DAYS, {
      error: expected(`a period that CloudWatch Logs knows (${RETENTION_DAYS.join(", ")} days)`),
    })
    .default(30),
});

/** The settings after the check of their form, with the defaults filled in. */
export type CheckedSettings = z.output<typeof settingsSchema>;

/** `--policy-pack-config` of `ecs-service-secrets-covered`: what a recycler's stack exports as `policyConfig`. */
export const packConfigSchema = strictObject({
  account: text("the recycler's account", /^\d{12}$/).optional(),
  region: text("the recycler's Region", /^\S+$/).optional(),
  coverage: list(
    strictObject({
      cluster: clusterName,
      service: serviceName.optional(),
      ...coverageFields,
    }),
    "what the recycler of another stack covers",
  ).default([]),
  exceptions,
});

/** The policy pack's configuration as a person may write it. */
export type WrittenPackConfig = z.input<typeof packConfigSchema>;

/** The policy pack's configuration, with the defaults filled in. */
export type PackConfig = z.output<typeof packConfigSchema>;
