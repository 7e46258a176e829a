import { partitionOf, type Place } from "../aws-semantics/arn";
import type { CoveredServices, Mode } from "../handler/coverage";
import { elements, isUnknown, isWithin, members, ofType, text } from "./graph";
import type { Graph, Node, Unknown } from "./graph";
import { types } from "./types";

/** The type of the component that is a recycler; what it registers holds no Output, so a preview knows it. */
export const recyclerType = "ecs-secret-recycler:index:Recycler";

/** A rule that feeds a recycler's queue. */
export interface Rule {
  readonly node: Node;
  readonly name: string;
  readonly enabled: boolean;
  /** The pattern as a plain object; absent for a schedule. */
  readonly pattern?: Readonly<Record<string, unknown>> | Unknown;
  /** The targets through which the rule reaches the queue. */
  readonly targets: readonly Node[];
}

/** A recycler of this stack, joined from its parts by dependencies and parents, not by comparing ARNs. */
export interface Recycler {
  readonly node: Node;
  readonly home: Place | undefined;
  readonly mode: Mode;
  readonly coverage: readonly CoveredServices[];
  readonly functions: readonly Node[];
  /** Mappings that are enabled, from a queue to the recycler's function. */
  readonly mappings: readonly Node[];
  readonly queues: readonly Node[];
  readonly rules: readonly Rule[];
}

/** Every recycler of the stack. */
export function recyclers(graph: Graph): Recycler[] {
  return ofType(graph, recyclerType).map((node) => {
    const functions = ofType(graph, types.function).filter((one) => isWithin(graph, one, node.urn));
    const mappings = ofType(graph, types.mapping).filter(
      (mapping) =>
        mapping.properties.enabled !== false &&
        functions.some((one) => joins(mapping, "functionName", one, ["name", "arn"])),
    );
    const queues = ofType(graph, types.queue).filter((queue) =>
      mappings.some((mapping) => joins(mapping, "eventSourceArn", queue, ["arn"])),
    );
    const targets = ofType(graph, types.target).filter((target) =>
      queues.some((queue) => joins(target, "arn", queue, ["arn"])),
    );
    const { region, account, mode } = node.properties;
    return {
      node,
      home:
        typeof region === "string" && typeof account === "string"
          ? { partition: partitionOf(region), region, account }
          : undefined,
      mode: (text(mode) ?? "recycle") as Mode,
      coverage: elements(node.properties.coverage) as unknown as readonly CoveredServices[],
      functions,
      mappings,
      queues,
      rules: ofType(graph, types.rule).flatMap((rule) => {
        const own = targets.filter((target) => joins(target, "rule", rule, ["name", "id", "arn"]));
        return own.length > 0 ? [ruleOf(rule, own)] : [];
      }),
    };
  });
}

function ruleOf(node: Node, targets: readonly Node[]): Rule {
  const { state, isEnabled, eventPattern } = node.properties;
  return {
    node,
    name: text(node.properties.name) ?? node.name,
    enabled: isEnabled !== false && (state ?? "ENABLED") !== "DISABLED",
    pattern: isUnknown(eventPattern) ? eventPattern : parsePattern(text(eventPattern)),
    targets,
  };
}

function parsePattern(json: string | undefined): Readonly<Record<string, unknown>> | undefined {
  if (json === undefined) return undefined;
  try {
    return JSON.parse(json) as Readonly<Record<string, unknown>>;
  } catch (error) {
    if (error instanceof SyntaxError) return undefined; // EventBridge refuses it: it matches nothing
    throw error;
  }
}

/** Whether a property of one resource is another resource: made from it, or equal to what identifies it. */
export function joins(node: Node, property: string, other: Node, identities: readonly string[]): boolean {
  if (node.propertyDependencies[property]?.includes(other.urn)) return true;
  const value = text(node.properties[property]);
  return value !== undefined && identities.some((identity) => text(other.properties[identity]) === value);
}

/** The dead-letter queue that a policy in JSON or a block names, as the resource it is made from. */
export function deadLetterTarget(graph: Graph, node: Node, property: string): Node | undefined {
  return ofType(graph, types.queue).find((queue) => {
    if (queue.urn === node.urn) return false;
    if (node.propertyDependencies[property]?.includes(queue.urn)) return true;
    const value = node.properties[property];
    const arn = text(queue.properties.arn);
    if (arn === undefined) return false;
    return typeof value === "string"
      ? value.includes(JSON.stringify(arn))
      : text(members(value)?.arn) === arn;
  });
}
