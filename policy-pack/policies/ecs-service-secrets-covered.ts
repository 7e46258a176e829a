import { parseReference, type Reference } from "../../aws-semantics/secret-reference";
import { discovers } from "../../handler/coverage";
import { coverings, lists, ruleFor } from "../coverage";
import type { Covering } from "../coverage";
import { nowhere, serviceSecrets } from "../ecs";
import type { EcsService, ServiceSecrets } from "../ecs";
import { text } from "../graph";
import type { Node } from "../graph";
import type { Policy, PolicyInput, Violation } from "../policy";
import { heldReferences, referenceTo, restarts } from "../readers";
import type { HeldReference } from "../readers";
import { types } from "../types";

/** The tag with which an owner declares that a service reads no secrets; the update verifies it. */
export const noneTag = { key: "ecs-secret-recycler:secrets", value: "none" } as const;

/**
 * A service is covered when a recycler's coverage includes it and each of its secrets, and a rule that is enabled
 * matches the secret's events and sends them to that recycler's queue.
 */
export const ecsServiceSecretsCovered: Policy = {
  name: "ecs-service-secrets-covered",
  level: "mandatory",
  description: "Refuses an ECS service that reads secrets and that no recycler covers.",
  check: (input) => input.services.flatMap((service) => ofService(input, service)),
};

function ofService(input: PolicyInput, service: EcsService): Violation[] {
  const secrets = serviceSecrets(input, service);
  const held = heldReferences(secrets);
  const invalid = secrets.found.filter(({ reference }) => reference.service === "invalid");
  const uses =
    held.length > 0 || invalid.length > 0 || secrets.possible.length > 0 || secrets.undecided.length > 0;
  const exception = exceptionFor(input, service);
  if (exception)
    return uses
      ? [
          {
            node: service.node,
            level: "advisory",
            message: `${service.label}: not covered, because the configuration makes an exception: ${exception.reason}`,
          },
        ]
      : [];
  if (text(service.tags[noneTag.key]) === noneTag.value)
    return held.length === 0
      ? []
      : [
          {
            node: service.node,
            message:
              `${service.label}: has the tag ${noneTag.key}=${noneTag.value}, but its tasks read ${names(held)}. ` +
              `Remove the tag and cover the service:\n${coverageLines(service)}`,
          },
        ];
  if (!uses) return [];
  const entries = coverings(input, service);
  if (service.controller !== "ECS" && entries.length > 0)
    return [
      {
        node: service.node,
        message:
          `${service.label}: its deployment controller is ${service.controller}, and the recycler replaces tasks of the controller ECS only. ` +
          `Use the controller ECS (its strategies include blue/green), or add an exception with the reason:\n${exceptionLines(service)}`,
      },
    ];
  return [
    ...invalid.map((found) => ({
      node: service.node,
      message: `${service.label}: ${found.path} cannot be followed: ${found.reference.service === "invalid" ? found.reference.problem : ""}. No task can start with it.`,
    })),
    ...uncovered(input, service, held, entries),
    ...uncoveredSources(input, service, secrets.possible, entries),
    ...undecided(input, service, secrets, entries),
    ...dryRun(service, entries),
  ];
}

/** Secrets that are read by name or ARN, and that no entry covers. */
function uncovered(
  input: PolicyInput,
  service: EcsService,
  held: readonly HeldReference[],
  entries: readonly Covering[],
): Violation[] {
  return held.flatMap(({ reference, path }) => {
    const problem = problemOf(reference, entries, input);
    return problem
      ? [
          {
            node: service.node,
            message:
              `${service.label}: ${path} reads ${JSON.stringify(reference.name)}, and ${problem}. When the value changes, its tasks would keep the old one. ` +
              `Add an entry that covers it:\n${coverageLines(service, reference)}\n${restarts(input, reference)}`,
          },
        ]
      : [];
  });
}

/** Secrets that an unknown definition derives from, and that no entry covers. */
function uncoveredSources(
  input: PolicyInput,
  service: EcsService,
  possible: readonly Node[],
  entries: readonly Covering[],
): Violation[] {
  return possible.flatMap((node) => {
    const reference = referenceTo(node, input);
    if (reference && !problemOf(reference, entries, input)) return [];
    if (!reference && entries.some((covering) => discovers(covering.entry) && hearsAll(covering, input)))
      return [];
    return [
      {
        node: service.node,
        message:
          `${service.label}: its container definitions are unknown at preview and derive from ${describe(node)}, ` +
          `which ${entries.length === 0 ? "no entry of a recycler covers" : "is not among the secrets of the entry that covers the service"}. ` +
          `Add an entry that covers it, or one without a list:\n${coverageLines(service, reference)}\n${restarts(input, reference ?? node)}`,
      },
    ];
  });
}

/** Unknown definitions: an entry without a list covers them; without one they cannot be checked. */
function undecided(
  input: PolicyInput,
  service: EcsService,
  secrets: ServiceSecrets,
  entries: readonly Covering[],
): Violation[] {
  const first = secrets.undecided[0];
  if (!first) return [];
  if (entries.some((covering) => discovers(covering.entry) && hearsAll(covering, input))) return [];
  if (entries.some((covering) => !discovers(covering.entry)))
    return [
      {
        node: service.node,
        level: "advisory",
        message:
          `${service.label}: cannot be checked at preview: ${first.why ?? "its definition is unknown"}, and the entry that covers it lists its secrets. ` +
          "The update checks whether it reads others. An entry without a list covers every secret that it reads.",
      },
    ];
  if (entries.length > 0)
    return [
      {
        node: service.node,
        message: `${service.label}: a recycler covers it, but no enabled rule sends the events of secrets and of parameters to that recycler's queue.`,
      },
    ];
  return [
    {
      node: service.node,
      message:
        `${service.label}: cannot be checked: ${first.why ?? "its definition is unknown"}, and no recycler covers the service. You have two options:\n` +
        `  if it reads secrets, cover it:\n${coverageLines(service)}\n` +
        `  if it reads none, tag the service (the update verifies it):\n    tags: { ${JSON.stringify(noneTag.key)}: ${JSON.stringify(noneTag.value)} }`,
    },
  ];
}

function dryRun(service: EcsService, entries: readonly Covering[]): Violation[] {
  return entries.length > 0 && entries.every(({ recycler }) => recycler?.mode === "dry-run")
    ? [
        {
          node: service.node,
          level: "advisory",
          message:
            `${service.label}: is covered in mode dry-run: the recycler logs a change of its secrets and replaces no task. ` +
            "When the log looks right: pulumi config set ecs-secret-recycler:mode recycle",
        },
      ]
    : [];
}

/** Why a reference is not covered; undefined when it is. */
function problemOf(
  reference: Reference,
  entries: readonly Covering[],
  input: PolicyInput,
): string | undefined {
  if (entries.length === 0) return "no recycler covers the service";
  const problems = entries.map((covering): string | undefined => {
    const home = covering.home ?? input.home;
    const { region, account } = reference;
    if (home && region !== "" && (region !== home.region || account !== home.account))
      return `it is in ${region}, account ${account}, and its events never reach the recycler in ${home.region}, account ${home.account}`;
    if (!lists(covering.entry, reference, home))
      return "the entry that covers the service lists other secrets only";
    if (covering.recycler && !ruleFor(covering.recycler.rules, reference, home ?? nowhere))
      return "no enabled rule that sends to the recycler's queue matches its events";
    return undefined;
  });
  return problems.includes(undefined) ? undefined : problems[0];
}

/** Whether the recycler behind an entry hears of any secret and of any parameter. */
function hearsAll(covering: Covering, input: PolicyInput): boolean {
  const { recycler } = covering;
  if (!recycler) return true;
  const home = covering.home ?? input.home ?? nowhere;
  return (["secret", "parameter"] as const).every((bareName) => {
    const reference = parseReference("/any/name", home, bareName);
    return reference.service !== "invalid" && ruleFor(recycler.rules, reference, home) !== undefined;
  });
}

function describe(node: Node): string {
  switch (node.type) {
    case types.secret:
      return `the secret ${JSON.stringify(text(node.properties.name) ?? node.name)}`;
    case types.parameter:
      return `the parameter ${JSON.stringify(text(node.properties.name) ?? node.name)}`;
    default:
      return `the database ${JSON.stringify(node.name)} (RDS manages its secret)`;
  }
}

function exceptionFor({ config }: PolicyInput, service: EcsService) {
  return config.exceptions.find(
    (exception) => exception.service === service.label || exception.service === service.service,
  );
}

/** The settings that would cover a service. */
function coverageLines(service: EcsService, reference?: Reference): string {
  const cluster = service.cluster ?? "CLUSTER";
  const name = service.service ?? "SERVICE";
  return [
    "    ecs-secret-recycler:services:",
    `      - cluster: ${cluster}`,
    `        service: ${name}`,
    ...(reference
      ? [
          `        ${reference.service === "ssm" ? "parameters" : "secrets"}: [${JSON.stringify(reference.name)}]`,
        ]
      : []),
  ].join("\n");
}

function exceptionLines(service: EcsService): string {
  return `    { "ecs-service-secrets-covered": { "exceptions": [{ "service": ${JSON.stringify(service.label)}, "reason": "..." }] } }`;
}

function names(held: readonly HeldReference[]): string {
  return held.map(({ reference }) => JSON.stringify(reference.name)).join(", ");
}
