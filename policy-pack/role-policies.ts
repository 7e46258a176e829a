import type { Statement } from "../aws-semantics/iam-policy";
import { elements, isUnknown, members, ofType, sources, text } from "./graph";
import type { Graph, Node, Value } from "./graph";
import { joins } from "./recyclers";
import { types } from "./types";

/** What a role may do, as far as the stack tells. */
export interface RolePolicies {
  readonly statements: readonly (Statement & { readonly from: string })[];
  /** Policies whose text is not known in a preview, or that are not in this stack: their names. */
  readonly undecided: readonly string[];
}

/** The role that a property names: by dependency, else by ARN or name. */
export function roleOf(graph: Graph, node: Node, property: string): Node | undefined {
  const joined = sources(graph, node.propertyDependencies[property] ?? [], [types.role]);
  if (joined.length === 1) return joined[0];
  return ofType(graph, types.role).find((role) => joins(node, property, role, ["arn", "name", "id"]));
}

/** Every policy of a role: inline, attached, and those that AWS manages. */
export function policiesOf(graph: Graph, role: Node): RolePolicies {
  const statements: (Statement & { from: string })[] = [];
  const undecided: string[] = [];
  const add = (document: Value | undefined, from: string) => {
    const parsed = parseDocument(document);
    if (parsed) statements.push(...parsed.map((statement) => ({ ...statement, from })));
    else undecided.push(from);
  };
  const attach = (arn: Value | undefined, owner: Node, property: string) => {
    const own = sources(graph, owner.propertyDependencies[property] ?? [], [types.policy]);
    const policy = own[0] ?? ofType(graph, types.policy).find((one) => one.properties.arn === arn);
    if (policy) add(policy.properties.policy, policy.name);
    else if (typeof arn === "string" && awsManaged(arn)) statements.push(...managedStatements(arn));
    else undecided.push(text(arn) ?? owner.name);
  };
  for (const inline of elements(role.properties.inlinePolicies)) {
    const policy = members(inline)?.policy;
    if (policy !== undefined && policy !== null) add(policy, `an inline policy of ${role.name}`);
  }
  const managed = role.properties.managedPolicyArns;
  if (isUnknown(managed)) attach(managed, role, "managedPolicyArns");
  for (const arn of elements(managed)) attach(arn, role, "managedPolicyArns");
  for (const policy of ofType(graph, types.rolePolicy))
    if (joins(policy, "role", role, ["name", "id", "arn"])) add(policy.properties.policy, policy.name);
  for (const attachment of ofType(graph, types.attachment))
    if (joins(attachment, "role", role, ["name", "id", "arn"]))
      attach(attachment.properties.policyArn, attachment, "policyArn");
  return { statements, undecided };
}

/** The statements of a policy document; undefined when it, or anything in it, is not known. */
function parseDocument(document: Value | undefined): Statement[] | undefined {
  let parsed: unknown = document;
  if (typeof document === "string") {
    try {
      parsed = JSON.parse(document);
    } catch (error) {
      if (error instanceof SyntaxError) return []; // IAM refuses it: it allows nothing
      throw error;
    }
  }
  if (parsed === undefined || parsed === null) return [];
  if (JSON.stringify(parsed).includes('"unknown":true')) return undefined;
  const { Statement: statements } = parsed as { Statement?: Statement | Statement[] };
  return statements === undefined ? [] : Array.isArray(statements) ? statements : [statements];
}

function awsManaged(arn: string): boolean {
  return /^arn:[^:]+:iam::aws:policy\//.test(arn) && managedStatements(arn).length > 0;
}

/**
 * What the policies that AWS manages and that stand on execution roles allow of reading secrets (AWS Managed Policy
 * Reference Guide). One that is not here is not judged.
 */
function managedStatements(arn: string): (Statement & { from: string })[] {
  const name = arn.slice(arn.lastIndexOf("/") + 1);
  const allow = (...actions: string[]) => [
    { Effect: "Allow" as const, Action: actions, Resource: "*", from: name },
  ];
  switch (name) {
    case "AmazonECSTaskExecutionRolePolicy":
      return allow(
        "ecr:GetAuthorizationToken",
        "ecr:BatchCheckLayerAvailability",
        "ecr:GetDownloadUrlForLayer",
        "ecr:BatchGetImage",
        "logs:CreateLogStream",
        "logs:PutLogEvents",
      );
    case "SecretsManagerReadWrite":
      return allow("secretsmanager:*");
    case "AmazonSSMReadOnlyAccess":
      return allow("ssm:Describe*", "ssm:Get*", "ssm:List*");
    case "AmazonSSMFullAccess":
      return allow("ssm:*");
    case "AdministratorAccess":
      return allow("*");
    default:
      return [];
  }
}
