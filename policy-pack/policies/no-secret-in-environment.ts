import type { ContainerDefinition, EcsService } from "../ecs";
import { secretSources } from "../ecs";
import type { Graph, Node } from "../graph";
import { isUnknown, ofType, sources, text } from "../graph";
import type { Policy, Violation } from "../policy";
import { types } from "../types";

/** What Pulumi writes into a text when an Output is concatenated instead of interpolated. */
const outputText = /Calling \[toString\] on an \[Output<|\[object Object\]/;

/**
 * A value in plain `environment` is readable by everyone who may describe task definitions, and no recycler sees it
 * change. Found by comparing with the values of secrets in the same stack; the values are never printed.
 */
export const noSecretInEnvironment: Policy = {
  name: "no-secret-in-environment",
  level: "mandatory",
  description:
    "Refuses a secret's value in plain environment, and the text of an unresolved Output in a valueFrom or image.",
  check: ({ graph, services }) => {
    const values = secretValues(graph);
    return services.flatMap((service) =>
      service.definitions.flatMap((definition): Violation[] => {
        if (isUnknown(definition.containers)) return undecided(graph, service, definition.node);
        return definition.containers.flatMap((container) => ofContainer(service, container, values));
      }),
    );
  },
};

/** Values of secrets and SecureString parameters of this stack, with the name of what holds each. */
function secretValues(graph: Graph): Map<string, string> {
  const values = new Map<string, string>();
  const add = (value: unknown, holder: string) => {
    if (typeof value !== "string" || value.length < 4) return;
    values.set(value, holder);
    for (const member of Object.values(jsonMembers(value)))
      if (typeof member === "string" && member.length >= 8) values.set(member, holder);
  };
  for (const version of ofType(graph, types.secretVersion))
    add(version.properties.secretString, version.name);
  for (const parameter of ofType(graph, types.parameter))
    if (parameter.properties.type === "SecureString") add(parameter.properties.value, parameter.name);
  for (const database of [...ofType(graph, types.instance), ...ofType(graph, types.rdsCluster)]) {
    add(database.properties.password, database.name);
    add(database.properties.masterPassword, database.name);
  }
  return values;
}

/** The members of a JSON object; nothing for another text. Only passwords are compared: a host is no secret. */
function jsonMembers(value: string): { password?: unknown } {
  if (!value.startsWith("{")) return {};
  try {
    const { password } = JSON.parse(value) as { password?: unknown };
    return { password };
  } catch (error) {
    if (error instanceof SyntaxError) return {};
    throw error;
  }
}

function ofContainer(
  service: EcsService,
  container: ContainerDefinition,
  values: ReadonlyMap<string, string>,
): Violation[] {
  const where = `${service.label}: container ${JSON.stringify(container.name ?? "")}`;
  const violation = (message: string): Violation => ({ node: service.node, message: `${where} ${message}` });
  const found: Violation[] = [];
  for (const { name, value } of container.environment ?? []) {
    const holder = value === undefined ? undefined : values.get(value);
    if (holder !== undefined)
      found.push(
        violation(
          `has the value of ${JSON.stringify(holder)} in environment ${JSON.stringify(name ?? "")}. ` +
            `Move it to secrets: [{ name: ${JSON.stringify(name ?? "")}, valueFrom: <ARN of the secret> }] and rotate the value: it was readable.`,
        ),
      );
  }
  const references = [
    ...(container.secrets ?? []).map((secret) => ({
      what: `secrets ${JSON.stringify(secret.name)}`,
      text: secret.valueFrom,
    })),
    ...(container.logConfiguration?.secretOptions ?? []).map((option) => ({
      what: `secretOptions ${JSON.stringify(option.name)}`,
      text: option.valueFrom,
    })),
    { what: "image", text: container.image },
  ];
  for (const reference of references)
    if (reference.text !== undefined && outputText.test(reference.text))
      found.push(
        violation(
          `has the text of an unresolved Output in ${reference.what}. Build the definitions with pulumi.jsonStringify or pulumi.interpolate, not with JSON.stringify or a template literal.`,
        ),
      );
  return found;
}

/** In a preview: what an unknown definition was made from may be a value. A version's value is one, its ARN is not. */
function undecided(graph: Graph, service: EcsService, definition: Node | undefined): Violation[] {
  const from = definition?.propertyDependencies.containerDefinitions ?? [];
  const suspects = [
    ...sources(graph, from, [types.secretVersion]),
    ...secretSources(graph, from).filter((node) => node.type === types.parameter),
  ].filter((node) => text(node.properties.type) !== "String");
  return suspects.length === 0
    ? []
    : [
        {
          node: service.node,
          level: "advisory",
          message:
            `${service.label}: cannot be checked at preview: its container definitions are unknown and derive from ` +
            `${suspects.map((node) => JSON.stringify(node.name)).join(", ")}. The update checks whether a value ends up in environment.`,
        },
      ];
}
