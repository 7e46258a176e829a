import { isHeldByTasks } from "../aws-semantics/references";
import { isPinned } from "../aws-semantics/secret-reference";
import type { Place } from "../aws-semantics/arn";
import { serviceSecrets, types } from "./ecs";
import type { ServiceSecrets } from "./ecs";
import { text } from "./graph";
import type { Node } from "./graph";
import type { PolicyInput } from "./policy";
import { namedSubject, subjectOf } from "./proving-events";
import type { Subject } from "./proving-events";

/** Where a stack runs when nothing tells: names match there, ARNs of real places do not. */
export const nowhere: Place = { partition: "aws", region: "", account: "" };

/** A secret or parameter that running tasks hold, and where their definition names it. */
export interface HeldSubject {
  readonly subject: Subject;
  /** `containerDefinitions[0].secrets[1]` */
  readonly path: string;
}

/** What running tasks hold and what can change: not what is read at each image pull, not what is pinned. */
export function heldSubjects(secrets: ServiceSecrets): HeldSubject[] {
  const seen = new Set<string>();
  return secrets.found.flatMap((found) => {
    const { reference } = found;
    if (!isHeldByTasks(found) || reference.service === "invalid" || isPinned(reference)) return [];
    const subject = subjectOf(reference);
    const key = `${subject.arn} ${subject.label}`;
    if (seen.has(key)) return [];
    seen.add(key);
    return [{ subject, path: found.path }];
  });
}

/** The subject that a secret's or parameter's resource is; undefined for a database, and while its name is unknown. */
export function subjectOfNode(node: Node, home: Place = nowhere): Subject | undefined {
  if (node.type !== types.secret && node.type !== types.parameter) return undefined;
  const name = text(node.properties.name);
  return name === undefined
    ? undefined
    : namedSubject(node.type === types.parameter ? "ssm" : "secretsmanager", name, home);
}

/** One sentence: which services a change of the subject, or of what a database's secret holds, would restart. */
export function restarts(input: PolicyInput, of: Subject | Node): string {
  const isSubject = "arn" in of;
  const readers = input.services.filter((service) => {
    const secrets = serviceSecrets(input.graph, service, input.home ?? nowhere);
    return (
      heldSubjects(secrets).some(({ subject }) => isSubject && sameSubject(subject, of)) ||
      secrets.possible.some((node) => {
        if (!isSubject) return node.urn === of.urn;
        const subject = subjectOfNode(node, input.home);
        return subject !== undefined && sameSubject(subject, of);
      })
    );
  });
  return `A change of ${JSON.stringify(of.name)} would restart: ${readers.map(({ label }) => label).join(", ")}.`;
}

/** Whether two subjects are the same secret or parameter: in the same place, by the same name. */
function sameSubject(one: Subject, other: Subject): boolean {
  const placeOf = ({ arn }: Subject) => arn.split(":", 5).join(":");
  return one.service === other.service && one.name === other.name && placeOf(one) === placeOf(other);
}
