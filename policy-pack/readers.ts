import { isHeldByTasks } from "../aws-semantics/references";
import { isPinned, parseReference, refersTo, type Reference } from "../aws-semantics/secret-reference";
import { valueKey } from "../handler/readers";
import { nowhere, serviceSecrets, type EcsService, type ServiceSecrets } from "./ecs";
import { text, type Node } from "./graph";
import type { PolicyInput } from "./policy";
import { types } from "./types";

/** What running tasks hold and what can change, with the path where their definition names it. */
export interface HeldReference {
  readonly reference: Reference;
  /** `containerDefinitions[0].secrets[1]` */
  readonly path: string;
}

/** What running tasks hold and what can change: not what is read at each image pull, not what is pinned. */
export function heldReferences(secrets: ServiceSecrets): HeldReference[] {
  const seen = new Set<string>();
  return secrets.found.flatMap((found) => {
    const { reference, path } = found;
    if (!isHeldByTasks(found) || reference.service === "invalid" || isPinned(reference)) return [];
    const key = valueKey(reference);
    if (seen.has(key)) return [];
    seen.add(key);
    return [{ reference, path }];
  });
}

/** The reference to a secret's or parameter's resource; undefined for a database, and while its name is unknown. */
export function referenceTo(node: Node, input: PolicyInput): Reference | undefined {
  const name = text(node.properties.name);
  if ((node.type !== types.secret && node.type !== types.parameter) || name === undefined) return undefined;
  const bareName = node.type === types.parameter ? "parameter" : "secret";
  const reference = parseReference(name, input.home ?? nowhere, bareName);
  return reference.service === "invalid" ? undefined : reference;
}

/** One service reads one secret or parameter. */
export interface Read {
  readonly service: EcsService;
  /** What is read; undefined for a database's managed secret, and while a resource's name is unknown. */
  readonly reference?: Reference;
  /** The resource that an unknown definition was made from: perhaps the service reads it. */
  readonly node?: Node;
}

/** Who reads what: everything that the stack's services read, or perhaps read. */
export function allReads(input: PolicyInput): Read[] {
  return input.services.flatMap((service) => {
    const secrets = serviceSecrets(input, service);
    return [
      ...heldReferences(secrets).map(({ reference }) => ({ service, reference })),
      ...secrets.possible.map((node) => ({ service, node, reference: referenceTo(node, input) })),
    ];
  });
}

/** Labels of the services that read, or perhaps read, a secret or parameter, or what a database's secret holds. */
export function readersOf(input: PolicyInput, of: Reference | Node): string[] {
  const node = "urn" in of ? of : undefined;
  const wanted = "urn" in of ? referenceTo(of, input) : of;
  const found = allReads(input).filter(
    (read) =>
      (node !== undefined && read.node?.urn === node.urn) ||
      (wanted?.service === read.reference?.service &&
        wanted !== undefined &&
        read.reference !== undefined &&
        refersTo(read.reference, wanted.id, input.home)),
  );
  return [...new Set(found.map(({ service }) => service.label))];
}

/** One sentence: which services a change of the secret, parameter or database would restart. */
export function restarts(input: PolicyInput, of: Reference | Node): string {
  return `A change of ${JSON.stringify(of.name)} would restart: ${readersOf(input, of).join(", ")}.`;
}
