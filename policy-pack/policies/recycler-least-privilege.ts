import { decideByIdentity } from "../../aws-semantics/iam-policy";
import { isUnknown, text } from "../graph";
import type { Graph, Node } from "../graph";
import type { Policy, Violation } from "../policy";
import { deadLetterTarget } from "../recyclers";
import type { Recycler } from "../recyclers";
import { policiesOf, roleOf } from "../role-policies";

/** Actions that return a value, or that decrypt one. */
const reading = [
  "secretsmanager:GetSecretValue",
  "secretsmanager:BatchGetSecretValue",
  "ssm:GetParameter",
  "ssm:GetParameters",
  "ssm:GetParametersByPath",
  "ssm:GetParameterHistory",
  "kms:Decrypt",
] as const;

export const recyclerLeastPrivilege: Policy = {
  name: "recycler-least-privilege",
  level: "mandatory",
  description:
    "Refuses a recycler without dead-letter queues, with a wildcard action, or whose role may read values.",
  check: ({ graph, recyclers }) =>
    recyclers.flatMap((recycler) => [...deadLetters(graph, recycler), ...privileges(graph, recycler)]),
};

function deadLetters(graph: Graph, recycler: Recycler): Violation[] {
  const queues = recycler.queues
    .filter((queue) => !deadLetterTarget(graph, queue, "redrivePolicy"))
    .map((queue) => ({
      node: queue,
      message: `the recycler's queue ${JSON.stringify(queue.name)} has no dead-letter queue: a message that fails three times would be lost. Set redrivePolicy with a FIFO queue as deadLetterTargetArn.`,
    }));
  const targets = recycler.rules.flatMap((rule) =>
    rule.targets
      .filter((target) => !deadLetterTarget(graph, target, "deadLetterConfig"))
      .map((target) => ({
        node: target,
        message: `the target ${JSON.stringify(target.name)} of rule ${JSON.stringify(rule.name)} has no dead-letter queue: an event that cannot be delivered would be lost. Set deadLetterConfig with a standard queue.`,
      })),
  );
  return [...queues, ...targets];
}

function privileges(graph: Graph, recycler: Recycler): Violation[] {
  return recycler.functions.flatMap((one) => {
    const role = roleOf(graph, one, "role");
    if (!role)
      return [
        {
          node: one,
          level: "advisory" as const,
          message: "the recycler's role is not in this stack: this preview cannot check what it may do.",
        },
      ];
    return ofRole(graph, one, role);
  });
}

function ofRole(graph: Graph, of: Node, role: Node): Violation[] {
  const { statements, undecided } = policiesOf(graph, role);
  const name = JSON.stringify(text(role.properties.name) ?? role.name);
  const violations: Violation[] = [];
  for (const statement of statements) {
    if (statement.Effect !== "Allow") continue;
    if (statement.NotAction !== undefined)
      violations.push({
        node: role,
        message: `${statement.from} of the recycler's role ${name} allows every action except some (NotAction). List the actions that the recycler needs.`,
      });
    const actions = [statement.Action ?? []].flat().filter((action) => /[*?]/.test(action));
    if (actions.length > 0)
      violations.push({
        node: role,
        message: `${statement.from} of the recycler's role ${name} allows ${actions.map((action) => JSON.stringify(action)).join(", ")}. List the actions that the recycler needs.`,
      });
  }
  // A condition does not make reading right: what is allowed under one counts as allowed.
  const unconditional = statements.map((statement) =>
    statement.Effect === "Allow" ? { ...statement, Condition: undefined } : statement,
  );
  const readable = reading.filter((action) => {
    const resources = statements
      .filter(({ Effect }) => Effect === "Allow")
      .flatMap(({ Resource, NotResource }) => (NotResource === undefined ? [Resource ?? []].flat() : ["*"]));
    return ["*", ...resources].some(
      (resource) => decideByIdentity(unconditional, { action, resource, context: {} }) === "Allowed",
    );
  });
  if (readable.length > 0)
    violations.push({
      node: role,
      message: `the recycler's role ${name} may ${readable.join(", ")}. The recycler never reads a value: remove these permissions.`,
    });
  if (undecided.length > 0 && !isUnknown(of.properties.role))
    violations.push({
      node: role,
      level: "advisory",
      message: `cannot be checked at preview: what ${undecided.join(", ")} allows the recycler's role ${name}.`,
    });
  return violations;
}
