import { sameSecret } from "../aws-semantics/secret-reference";
import { isUnknown, ofType, sources, text } from "./graph";
import type { Graph, Node } from "./graph";
import type { PolicyInput } from "./policy";
import { readersOf } from "./readers";
import { types } from "./types";

/** A secret of this stack that holds a database's credential and that a service reads. */
export interface DatabaseSecret {
  readonly secret: Node;
  readonly name: string;
  /** Labels of the services that read it, or that were made from it. */
  readonly readers: readonly string[];
  readonly rotations: readonly Node[];
  /** Functions that rotate it, as far as they are in this stack. */
  readonly rotators: readonly Node[];
}

/** Every database secret of the stack that a service reads. */
export function databaseSecrets(input: PolicyInput): DatabaseSecret[] {
  const { graph } = input;
  return ofType(graph, types.secret).flatMap((secret) => {
    if (!holdsCredential(graph, secret)) return [];
    const name = text(secret.properties.name) ?? secret.name;
    const readers = readersOf(input, secret);
    if (readers.length === 0) return [];
    const rotations = ofType(graph, types.secretRotation).filter((rotation) => {
      const id = text(rotation.properties.secretId);
      return (
        sources(graph, rotation.propertyDependencies.secretId ?? [], [types.secret]).includes(secret) ||
        (id !== undefined && (id === name || id === text(secret.properties.arn) || sameSecret(id, name)))
      );
    });
    const rotators = rotations.flatMap((rotation) =>
      sources(graph, rotation.propertyDependencies.rotationLambdaArn ?? [], [types.function]),
    );
    return [{ secret, name, readers, rotations, rotators }];
  });
}

/** By what its version was made from (a database), or by the members of its JSON text. Values are not looked at. */
function holdsCredential(graph: Graph, secret: Node): boolean {
  return ofType(graph, types.secretVersion).some((version) => {
    if (!version.propertyDependencies.secretId?.includes(secret.urn)) return false;
    const from = version.propertyDependencies.secretString ?? [];
    if (sources(graph, from, [types.instance, types.rdsCluster]).length > 0) return true;
    const value = version.properties.secretString;
    return (
      !isUnknown(value) &&
      typeof value === "string" &&
      /"engine"\s*:/.test(value) &&
      /"username"\s*:/.test(value) &&
      /"password"\s*:/.test(value)
    );
  });
}
