import type { PolicyResource } from "@pulumi/policy";

/**
 * A value that a preview cannot know: an ARN of something new, or a text made with one. It is the normal case in
 * CI, where an image digest alone makes a whole task definition unknown. `dependsOn` are the URNs that the
 * property was made from, sorted; an invoke with an unknown argument leaves none.
 */
export interface Unknown {
  readonly unknown: true;
  readonly dependsOn: readonly string[];
}

/** A property's value as the pack sees it: plain JSON with explicit unknowns. */
export type Value =
  null | boolean | number | string | Unknown | readonly Value[] | { readonly [key: string]: Value };

/** One resource. */
export interface Node {
  readonly urn: string;
  /** `aws:ecs/service:Service` */
  readonly type: string;
  readonly name: string;
  /** URN of the parent. */
  readonly parent?: string;
  readonly properties: Readonly<Record<string, Value>>;
  /** URNs, sorted. */
  readonly dependencies: readonly string[];
  /** URNs by property, sorted. */
  readonly propertyDependencies: Readonly<Record<string, readonly string[]>>;
}

/** A stack's resources by URN, in the order of their URNs: the engine's order differs from run to run. */
export type Graph = ReadonlyMap<string, Node>;

export function isUnknown(value: unknown): value is Unknown {
  return typeof value === "object" && value !== null && "unknown" in value && value.unknown === true;
}

/** Turns what `validateStack` is given into a graph. Reads no property through the proxies, which would throw. */
export function toGraph(resources: readonly PolicyResource[]): Graph {
  const nodes = resources.map((resource): Node => {
    const propertyDependencies = Object.fromEntries(
      Object.entries(resource.propertyDependencies).map(([key, of]) => [key, urns(of)] as const),
    );
    const properties: Record<string, Value> = {};
    for (const [key, descriptor] of Object.entries(Object.getOwnPropertyDescriptors(resource.props)))
      properties[key] = toValue(descriptor.value, propertyDependencies[key] ?? []);
    return {
      urn: resource.urn,
      type: resource.type,
      name: resource.name,
      parent: resource.parent?.urn,
      properties,
      dependencies: urns(resource.dependencies),
      propertyDependencies,
    };
  });
  nodes.sort((a, b) => compare(a.urn, b.urn));
  return new Map(nodes.map((node) => [node.urn, node]));
}

/** The nodes of a type, in the order of their URNs. */
export function ofType(graph: Graph, type: string): readonly Node[] {
  let index = indexes.get(graph);
  if (!index) indexes.set(graph, (index = Map.groupBy(graph.values(), (node) => node.type)));
  return index.get(type) ?? [];
}

/** A stack of thousands of resources is asked for its types once a service: the index is kept with the graph. */
const indexes = new WeakMap<Graph, ReadonlyMap<string, readonly Node[]>>();

/** Whether `node` is `ancestor` or stands below it. */
export function isWithin(graph: Graph, node: Node, ancestor: string): boolean {
  for (let at: Node | undefined = node; at; at = at.parent ? graph.get(at.parent) : undefined)
    if (at.urn === ancestor) return true;
  return false;
}

/**
 * The nodes of these types that a property was made from: directly, or through the one property of resources of the
 * types in `through` (a secret behind its version's `secretId`).
 */
export function sources(
  graph: Graph,
  from: readonly string[],
  types: readonly string[],
  through: Readonly<Record<string, string>> = {},
): Node[] {
  const found = new Map<string, Node>();
  const seen = new Set<string>();
  const queue = [...from];
  for (let urn = queue.shift(); urn !== undefined; urn = queue.shift()) {
    const node = graph.get(urn);
    if (!node || seen.has(urn)) continue;
    seen.add(urn);
    if (types.includes(node.type)) found.set(urn, node);
    const property = through[node.type];
    if (property !== undefined) queue.push(...(node.propertyDependencies[property] ?? []));
  }
  return [...found.values()].sort((a, b) => compare(a.urn, b.urn));
}

/** A property as text; undefined when it is absent or of another type. */
export function text(value: Value | undefined): string | undefined {
  return typeof value === "string" ? value : undefined;
}

/** The members of a property that is an object; undefined when it is absent, unknown or of another type. */
export function members(value: Value | undefined): { readonly [key: string]: Value } | undefined {
  return typeof value === "object" && value !== null && !Array.isArray(value) && !isUnknown(value)
    ? (value as { readonly [key: string]: Value })
    : undefined;
}

/** The elements of a property that is a list; none when it is absent, unknown or of another type. */
export function elements(value: Value | undefined): readonly Value[] {
  return Array.isArray(value) ? (value as readonly Value[]) : [];
}

/** Whether there is an unknown anywhere inside. */
export function hasUnknown(value: Value | undefined): boolean {
  if (value === undefined || value === null || typeof value !== "object") return false;
  if (isUnknown(value)) return true;
  return Object.values(value).some((member) => hasUnknown(member));
}

/** How the engine writes an unknown of each type (Pulumi's `resource/plugin/rpc.go`); a test holds them to the SDK's. */
export const unknownTexts: readonly unknown[] = [
  "1c4a061d-8072-4f0a-a4cb-0ff528b18fe7", // boolean
  "3eeb2bf0-c639-47a8-9e75-3b44932eb421", // number
  "04da6b54-80e4-46f7-96ec-b56ff0331ba9", // string
  "6a19a0b0-7e62-4c92-b797-7f8e31da9cc2", // array
  "030794c1-ac77-496b-92df-f27374a8bd58", // asset
  "e48ece36-62e2-4504-bad9-02848725956a", // archive
  "dd056dcd-154b-4c76-9bd3-c8f88648b5ff", // object
];

function toValue(raw: unknown, dependsOn: readonly string[]): Value {
  if (raw === null || raw === undefined) return null;
  if (unknownTexts.includes(raw)) return { unknown: true, dependsOn };
  switch (typeof raw) {
    case "boolean":
    case "number":
    case "string":
      return raw;
    case "object":
      if (Array.isArray(raw)) return raw.map((element) => toValue(element, dependsOn));
      // Assets and archives are classes of Pulumi's and hold the text of a program: nothing to judge.
      if (Object.getPrototypeOf(raw) !== Object.prototype) return {};
      return Object.fromEntries(
        Object.entries(raw).map(([key, member]) => [key, toValue(member, dependsOn)]),
      );
    default:
      return null;
  }
}

function urns(resources: readonly PolicyResource[]): string[] {
  return [...new Set(resources.map((resource) => resource.urn))].sort(compare);
}

function compare(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}
