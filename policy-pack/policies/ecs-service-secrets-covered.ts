import { parseReference, type Reference } from "../../aws-semantics/secret-reference";
import { discovers } from "../../handler/coverage";
import { coverings, lists, ruleFor } from "../coverage";
import type { Covering } from "../coverage";
import { nowhere, serviceSecrets } from "../ecs";
import type { EcsService, ServiceSecrets } from "../ecs";
import { text } from "../graph";
import type { Node } from "../graph";
import type { Exception, Policy, PolicyInput, Violation } from "../policy";
import { heldReferences, referenceTo, restarts } from "../readers";
import type { HeldReference } from "../readers";
import { types } from "../types";

/** The tag with which an owner says that a service has no secrets; verified at the end of the update. */
export const noneTag = { key: "ecs-secret-recycler:secrets", value: "none" } as const;

/**
 * A service is covered when a recycler's coverage includes it and each of its secrets, and a rule that is enabled
 * matches an event that the secret would send and feeds that recycler's queue.
 */
export const ecsServiceSecretsCovered: Policy = {
  name: "ecs-service-secrets-covered",
  level: "mandatory",
  description: "Refuses an ECS service that uses secrets and that no recycler rule covers.",
  check: (input) => input.services.flatMap((service) => ofService(input, service)),
};

function ofService(input: PolicyInput, service: EcsService): Violation[] {
  const secrets = serviceSecrets(input, service);
  const held = heldReferences(secrets);
  const invalid = secrets.found.filter(({ reference }) => reference.service === "invalid");
  const uses =
    held.length > 0 || invalid.length > 0 || secrets.possible.length > 0 || secrets.undecided.length > 0;
  const exception = exceptionFor(input.config.exceptions, service);
  if (exception)
    return uses
      ? [
          {
            node: service.node,
            level: "advisory",
            message: `${service.label}: not covered, by an exception in the configuration: ${exception.reason}`,
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
              `${service.label}: is tagged ${noneTag.key}=${noneTag.value}, and its tasks read ${names(held)}. ` +
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
          `${service.label}: its deployment controller is ${service.controller}, whose tasks the recycler reports as unsupported and never replaces. ` +
          `Use the controller ECS (its strategies include blue/green), or write down why not:\n${exceptionLines(service)}`,
      },
    ];
  return [
    ...invalid.map((found) => ({
      node: service.node,
      message: `${service.label}: ${found.path} cannot be followed: ${found.reference.service === "invalid" ? found.reference.problem : ""}. No task could start with it.`,
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
              `${service.label}: ${path} reads ${JSON.stringify(reference.name)}, and ${problem}: its tasks would keep an old value. ` +
              `Wanted: an entry that covers it.\n${coverageLines(service, reference)}\n${restarts(input, reference)}`,
          },
        ]
      : [];
  });
}

/** Secrets that an unknown definition was made from, and that no entry covers. */
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
          `${service.label}: its container definitions are not known in a preview, and were made from ${describe(node)}, ` +
          `which ${entries.length === 0 ? "no entry of a recycler covers" : "is not among the secrets of the entry that covers the service"}. ` +
          `Wanted: an entry that covers it, or one without a list.\n${coverageLines(service, reference)}\n${restarts(input, reference ?? node)}`,
      },
    ];
  });
}

/** Definitions of which nothing is known: covered by an entry without a list, or not to be decided. */
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
          `${service.label}: not decided in preview: ${first.why ?? "its definition is not known"}, and the entry that covers it lists its secrets. ` +
          "The end of the update decides whether it reads others. An entry without a list covers whatever it reads.",
      },
    ];
  if (entries.length > 0)
    return [
      {
        node: service.node,
        message: `${service.label}: is in a recycler's coverage, but no rule that is enabled feeds that recycler's queue with the events of secrets and of parameters.`,
      },
    ];
  return [
    {
      node: service.node,
      message:
        `${service.label}: cannot be decided: ${first.why ?? "its definition is not known"}, and no recycler covers the service. Two ways out:\n` +
        `  if it uses secrets, cover it:\n${coverageLines(service)}\n` +
        `  if it uses none, tag the service (verified at the end of the update):\n    tags: { ${JSON.stringify(noneTag.key)}: ${JSON.stringify(noneTag.value)} }`,
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
            `${service.label}: is covered in mode dry-run: a change of its secrets is logged and nothing is replaced. ` +
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
      return `it is in ${region}, account ${account}, whose events never reach the recycler in ${home.region}, account ${home.account}`;
    if (!lists(covering.entry, reference, home))
      return "the entry that covers the service lists other secrets only";
    if (covering.recycler && !ruleFor(covering.recycler.rules, reference, home ?? nowhere))
      return "no rule that is enabled and feeds the recycler's queue matches the events it would send";
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
      return `the database ${JSON.stringify(node.name)}, whose secret RDS manages`;
  }
}

function exceptionFor(exceptions: readonly Exception[], service: EcsService): Exception | undefined {
  return exceptions.find(
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
