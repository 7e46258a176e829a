import type { ContainerDefinitionLike, FoundReference, VolumeLike } from "../aws-semantics/references";
import { references, serviceReferences } from "../aws-semantics/references";
import type { Place } from "../aws-semantics/arn";
import { elements, isUnknown, members, ofType, sources, text } from "./graph";
import type { Graph, Node, Unknown, Value } from "./graph";
import type { PolicyInput } from "./policy";
import { types } from "./types";

/** Where a stack runs when neither a recycler nor the configuration tells: names match there, ARNs do not. */
export const nowhere: Place = { partition: "aws", region: "", account: "" };

/** A container definition as far as policies read it. */
export interface ContainerDefinition extends ContainerDefinitionLike {
  readonly image?: string;
  readonly environment?: readonly { readonly name?: string; readonly value?: string }[];
}

/** What a service runs. `unknown` says why nothing is known of its containers. */
export interface Definition {
  /** The task definition's resource; absent when it is not in this stack. */
  readonly node?: Node;
  readonly containers: readonly ContainerDefinition[] | Unknown;
  readonly volumes: readonly VolumeLike[];
  /** Why the containers are unknown. */
  readonly why?: string;
}

/** An ECS service with everything that decides how its tasks read secrets and are replaced. */
export interface EcsService {
  readonly node: Node;
  readonly service: string | undefined;
  readonly cluster: string | undefined;
  /** `shop/checkout`, for messages. */
  readonly label: string;
  readonly controller: string;
  readonly scheduling: string;
  readonly launchType: string | Unknown | undefined;
  readonly definitions: readonly Definition[];
  readonly tags: { readonly [key: string]: Value };
}

/** Every ECS service of the stack, in the order of URNs. */
export function ecsServices(graph: Graph): EcsService[] {
  return ofType(graph, types.service).map((node) => {
    const service = text(node.properties.name);
    const cluster = clusterName(graph, node);
    const controller = members(firstOrSelf(node.properties.deploymentController));
    return {
      node,
      service,
      cluster,
      label: `${cluster ?? "(cluster not known)"}/${service ?? node.name}`,
      controller: text(controller?.type) ?? "ECS",
      scheduling: text(node.properties.schedulingStrategy) ?? "REPLICA",
      launchType: isUnknown(node.properties.launchType)
        ? node.properties.launchType
        : text(node.properties.launchType),
      definitions: definitions(graph, node),
      tags: { ...members(node.properties.tags), ...members(node.properties.tagsAll) },
    };
  });
}

/** A service's secrets, as far as the stack tells. */
export interface ServiceSecrets {
  /** References that can be read. */
  readonly found: readonly FoundReference[];
  /** Secrets, parameters and databases that an unknown definition was made from: perhaps it uses them. */
  readonly possible: readonly Node[];
  /** Definitions of which nothing is known. */
  readonly undecided: readonly Definition[];
}

/** What a service reads, as far as the stack tells. */
export function serviceSecrets({ graph, home }: PolicyInput, service: EcsService): ServiceSecrets {
  let secrets = known.get(service);
  if (!secrets) known.set(service, (secrets = readServiceSecrets(graph, service, home ?? nowhere)));
  return secrets;
}

/** A service belongs to one graph and one home: what it reads is worked out once. */
const known = new WeakMap<EcsService, ServiceSecrets>();

function readServiceSecrets(graph: Graph, service: EcsService, home: Place): ServiceSecrets {
  const found: FoundReference[] = [];
  const possible = new Map<string, Node>();
  const undecided: Definition[] = [];
  const connect = service.node.properties.serviceConnectConfiguration;
  if (isUnknown(connect))
    for (const node of secretSources(graph, connect.dependsOn)) possible.set(node.urn, node);
  else {
    const logConfiguration = members(members(connect)?.logConfiguration);
    const options = namedValues(logConfiguration?.secretOptions);
    found.push(
      ...serviceReferences(
        { serviceConnectConfiguration: { logConfiguration: { secretOptions: options.known } } },
        home,
      ),
    );
    for (const urn of options.dependsOn)
      for (const node of secretSources(graph, [urn])) possible.set(node.urn, node);
  }
  for (const definition of service.definitions) {
    if (!isUnknown(definition.containers)) {
      found.push(
        ...references({ containerDefinitions: definition.containers, volumes: definition.volumes }, home),
      );
      continue;
    }
    undecided.push(definition);
    for (const node of secretSources(graph, definition.containers.dependsOn)) possible.set(node.urn, node);
  }
  return { found, possible: [...possible.values()], undecided };
}

/** The secrets, parameters and databases with a managed secret behind these resources. */
export function secretSources(graph: Graph, from: readonly string[]): Node[] {
  return sources(graph, from, [types.secret, types.parameter, types.instance, types.rdsCluster], {
    [types.secretVersion]: "secretId",
  }).filter(
    (node) =>
      (node.type !== types.instance && node.type !== types.rdsCluster) ||
      node.properties.manageMasterUserPassword === true,
  );
}

function clusterName(graph: Graph, service: Node): string | undefined {
  const value = service.properties.cluster;
  if (value === undefined || value === null || value === "") return "default";
  if (typeof value === "string") return value.slice(value.lastIndexOf("/") + 1);
  const clusters = sources(graph, service.propertyDependencies.cluster ?? [], [types.cluster]);
  return clusters.length === 1 ? text(clusters[0]?.properties.name) : undefined;
}

function definitions(graph: Graph, service: Node): Definition[] {
  const taskSets = ofType(graph, types.taskSet).filter((set) =>
    (set.propertyDependencies.service ?? set.dependencies).includes(service.urn),
  );
  return [service, ...taskSets].flatMap((node) => definitionsOf(graph, node));
}

/** The task definitions that a service or task set names: by dependency, by ARN, by family, by family:revision. */
function definitionsOf(graph: Graph, node: Node): Definition[] {
  const value = node.properties.taskDefinition;
  if (value === undefined || value === null) return [];
  const joined = sources(graph, node.propertyDependencies.taskDefinition ?? [], [types.taskDefinition]);
  if (joined.length > 0) return joined.map(definitionOf);
  const nothing = (why: string): Definition[] => [
    {
      containers: { unknown: true, dependsOn: node.propertyDependencies.taskDefinition ?? [] },
      volumes: [],
      why,
    },
  ];
  if (typeof value !== "string") return nothing("its task definition is unknown at preview");
  const named = value.slice(value.lastIndexOf("/") + 1);
  const matching = ofType(graph, types.taskDefinition).filter(({ properties }) => {
    const family = text(properties.family);
    if (value.startsWith("arn:") && properties.arn === value) return true;
    if (family === undefined) return false;
    if (named === family) return true;
    return named.startsWith(`${family}:`) && named === `${family}:${JSON.stringify(properties.revision)}`;
  });
  return matching.length > 0
    ? matching.map(definitionOf)
    : nothing(`its task definition ${JSON.stringify(named)} is not in this stack`);
}

function definitionOf(node: Node): Definition {
  const value = node.properties.containerDefinitions;
  const dependsOn = node.propertyDependencies.containerDefinitions ?? [];
  const volumes = elements(node.properties.volumes) as readonly VolumeLike[];
  if (typeof value !== "string")
    return {
      node,
      volumes,
      containers: { unknown: true, dependsOn },
      why: "its container definitions are unknown at preview",
    };
  const parsed = parseContainers(value);
  return parsed
    ? { node, volumes, containers: parsed }
    : {
        node,
        volumes,
        containers: { unknown: true, dependsOn },
        why: "its container definitions are not a JSON list",
      };
}

function parseContainers(json: string): readonly ContainerDefinition[] | undefined {
  try {
    const parsed: unknown = JSON.parse(json);
    return Array.isArray(parsed) ? (parsed as readonly ContainerDefinition[]) : undefined;
  } catch (error) {
    if (error instanceof SyntaxError) return undefined;
    throw error;
  }
}

function namedValues(value: Value | undefined): {
  known: { name?: string; valueFrom?: string }[];
  dependsOn: string[];
} {
  const known: { name?: string; valueFrom?: string }[] = [];
  const dependsOn: string[] = isUnknown(value) ? [...value.dependsOn] : [];
  for (const element of elements(value)) {
    const option = members(element);
    if (isUnknown(option?.valueFrom)) dependsOn.push(...option.valueFrom.dependsOn);
    else known.push({ name: text(option?.name), valueFrom: text(option?.valueFrom) });
  }
  return { known, dependsOn };
}

/** Some versions of the provider wrap a single block in a list. */
function firstOrSelf(value: Value | undefined): Value | undefined {
  return Array.isArray(value) ? (value as readonly Value[])[0] : value;
}
