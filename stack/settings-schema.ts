import { z } from "zod";
import { oneOf, strictObject, text, wants, wholeNumber } from "./settings-messages";

/**
 * What a stack gets without saying so. `Pulumi.yaml` declares the same values (a test compares them); they are
 * repeated here because a stack's object replaces a default as a whole, and because a program can run without
 * the engine.
 */
export const DEFAULTS = {
  rotations: [],
  trail: "create",
  mode: "recycle",
  timing: { delaySeconds: 10, sweep: "rate(5 minutes)" },
  limits: {},
  alarms: { staleAfterMinutes: 30 },
  exceptions: [],
  permissionsBoundary: "",
  logRetentionDays: 30,
} as const;

/** What an entry of `rotations` gets without saying so. */
export const ROTATION_DEFAULTS = {
  schedule: "rate(30 days)",
  window: "3h",
  rotateImmediately: false,
  strategy: "alternating-users",
  minimumIntervalMinutes: 60,
} as const;

/** The engines that the built-in rotator knows. */
export const ENGINES = ["postgres", "mysql", "mariadb"] as const;

/** The strategies of the built-in rotator. */
export const STRATEGIES = ["alternating-users", "single-user"] as const;

/** Amazon CloudWatch Logs API Reference, PutRetentionPolicy: the periods it takes, in days. */
export const RETENTION_DAYS = [
  1, 3, 5, 7, 14, 30, 60, 90, 120, 150, 180, 365, 400, 545, 731, 1096, 1827, 2192, 2557, 2922, 3288, 3653,
] as const;

/** Amazon SQS API Reference, CreateQueue: 900 s is the longest delay. Below 3 s the margin of freshness is lost. */
const delaySeconds = wholeNumber(3, 900);

/** Amazon ECS API Reference, CreateCluster and CreateService: up to 255 letters, digits, hyphens, underscores. */
const ecsName = (what: string) =>
  text(`the name of ${what} (up to 255 letters, digits, hyphens and underscores)`, /^[A-Za-z0-9_-]{1,255}$/);

const identifier = (what: string) => text(what, /^\S+$/);
const secretId = identifier("a secret's name or ARN");
const parameterId = identifier("a parameter's name or ARN");

const list = <Item extends z.ZodType>(item: Item, what: string) => z.array(item, { error: wants(what) });

/** Lets a rule between keys run although other keys are wrong, so that all mistakes are found at once. */
function isObject({ value }: { readonly value: unknown }): boolean {
  return typeof value === "object" && value !== null;
}

/** One entry of `services`, as written. */
export const serviceSchema = strictObject({
  cluster: ecsName("a cluster").optional(),
  service: identifier("a service's name or ARN").optional(),
  exclude: list(ecsName("a service"), "a list of services").optional(),
  secrets: list(secretId, "a list of secrets").optional(),
  parameters: list(parameterId, "a list of parameters").optional(),
  wave: wholeNumber(0).optional(),
}).refine((entry) => entry.cluster !== undefined || entry.service?.startsWith("arn:") === true, {
  path: ["cluster"],
  when: isObject,
  error: "required, found nothing; wanted the name of a cluster (or the ARN of a service as `service`)",
});

/** One entry of `services`, as written. */
export type ServiceEntry = z.output<typeof serviceSchema>;

const minimumIntervalMinutes = wholeNumber(0).default(ROTATION_DEFAULTS.minimumIntervalMinutes);

const rotatorKinds = ["managed", "function", "built-in"] as const;

const rotatorSchema = z.discriminatedUnion(
  "kind",
  [
    strictObject({ kind: z.literal("managed") }),
    strictObject({
      kind: z.literal("function"),
      rotationLambdaArn: text(
        "the ARN of a function",
        /^arn:[a-z-]+:lambda:[a-z0-9-]+:\d{12}:function:[A-Za-z0-9_:$-]+$/,
      ),
    }),
    strictObject({
      kind: z.literal("built-in"),
      engine: oneOf(ENGINES).optional(),
      strategy: oneOf(STRATEGIES).default(ROTATION_DEFAULTS.strategy),
      adminSecret: secretId.optional(),
      minimumIntervalMinutes,
      kmsKeyArn: text(
        "the ARN of a key",
        /^arn:[a-z-]+:kms:[a-z0-9-]+:\d{12}:key\/[A-Za-z0-9-]+$/,
      ).optional(),
      database: text("the identifier of a database instance", /^[A-Za-z][A-Za-z0-9-]{0,62}$/).optional(),
      subnets: list(text("a subnet's id", /^subnet-[0-9a-f]+$/), "a list of subnets").optional(),
      securityGroups: list(
        text("a security group's id", /^sg-[0-9a-f]+$/),
        "a list of security groups",
      ).optional(),
    }),
  ],
  {
    error: (issue) =>
      issue.code === "invalid_union"
        ? wants(rotatorKinds.map((kind) => `"${kind}"`).join(" or "))({ input: kindOf(issue.input) })
        : wants("an object")(issue),
  },
);

function kindOf(input: unknown): unknown {
  return typeof input === "object" && input !== null && "kind" in input ? input.kind : undefined;
}

/** One entry of `rotations`, as written. */
export const rotationSchema = strictObject({
  secret: secretId.optional(),
  parameter: parameterId.optional(),
  schedule: z.string({ error: wants("rate(...) or cron(...)") }).default(ROTATION_DEFAULTS.schedule),
  window: z.string({ error: wants('hours, such as "3h"') }).optional(),
  rotateImmediately: z
    .boolean({ error: wants("true or false") })
    .default(ROTATION_DEFAULTS.rotateImmediately),
  rotator: rotatorSchema,
}).refine((entry) => (entry.secret === undefined) !== (entry.parameter === undefined), {
  when: isObject,
  error: (issue) => {
    const { secret } = issue.input as { secret?: unknown };
    return secret === undefined
      ? "wanted `secret` or `parameter`, found neither"
      : "wanted `secret` or `parameter`, found both";
  },
});

/** One entry of `rotations`, as written. */
export type RotationEntry = z.output<typeof rotationSchema>;

/** All settings, as written, with the defaults filled in. */
export const settingsSchema = strictObject({
  services: list(serviceSchema, "a list with at least one cluster or service").min(1, {
    error: "wanted at least one cluster or service, found an empty list",
  }),
  rotations: list(rotationSchema, "a list of rotations").default([...DEFAULTS.rotations]),
  trail: oneOf(["create", "none"]).default(DEFAULTS.trail),
  mode: oneOf(["recycle", "dry-run", "off"]).default(DEFAULTS.mode),
  timing: strictObject({
    delaySeconds: delaySeconds.default(DEFAULTS.timing.delaySeconds),
    sweep: z.string({ error: wants("rate(...) or cron(...)") }).default(DEFAULTS.timing.sweep),
  }).default(DEFAULTS.timing),
  limits: strictObject({
    minutesBetweenDeployments: wholeNumber(1).optional(),
    maxConcurrentDeployments: wholeNumber(1).optional(),
    bakeTimeInMinutes: wholeNumber(1).optional(),
    overtakeAfterMinutes: wholeNumber(1).optional(),
  }).default(DEFAULTS.limits),
  alarms: strictObject({
    email: text("an e-mail address", /^[^@\s]+@[^@\s]+$/).optional(),
    topic: text("the ARN of a topic", /^arn:[a-z-]+:sns:[a-z0-9-]+:\d{12}:[A-Za-z0-9_-]{1,256}$/).optional(),
    staleAfterMinutes: wholeNumber(1).default(DEFAULTS.alarms.staleAfterMinutes),
  })
    .refine((alarms) => alarms.email === undefined || alarms.topic === undefined, {
      when: isObject,
      error: "wanted `email` or `topic`, found both",
    })
    .default(DEFAULTS.alarms),
  exceptions: list(
    strictObject({
      service: text(
        "CLUSTER/SERVICE, or a service's name",
        /^([A-Za-z0-9_-]{1,255}\/)?[A-Za-z0-9_-]{1,255}$/,
      ),
      reason: text("the reason, a few words", /\S/),
    }),
    "a list of exceptions",
  ).default([...DEFAULTS.exceptions]),
  permissionsBoundary: text(
    "the ARN of a policy, or nothing",
    /^$|^arn:[a-z-]+:iam::(\d{12}|aws):policy\/\S+$/,
  ).default(DEFAULTS.permissionsBoundary),
  logRetentionDays: z
    .int({ error: wants("a number of days") })
    .refine((days) => RETENTION_DAYS.some((known) => known === days), {
      error: wants(`a period that CloudWatch Logs knows (${RETENTION_DAYS.join(", ")} days)`),
    })
    .default(DEFAULTS.logRetentionDays),
});
