import type { FoundReference } from "../../aws-semantics/references";
import { dnsSuffix, parseArn } from "../../aws-semantics/arn";
import { decideByIdentity } from "../../aws-semantics/iam-policy";
import type { Statement } from "../../aws-semantics/iam-policy";
import { parameterArn, refersTo, secretArn, secretParameters } from "../../aws-semantics/secret-reference";
import type { Reference, SecretReference } from "../../aws-semantics/secret-reference";
import { serviceSecrets } from "../ecs";
import type { Definition, EcsService } from "../ecs";
import { isUnknown, ofType, sources, text } from "../graph";
import type { Graph, Node } from "../graph";
import type { Policy, PolicyInput, Violation } from "../policy";
import { policiesOf, roleOf } from "../role-policies";
import type { RolePolicies } from "../role-policies";
import { types } from "../types";

/** Source: Amazon ECS Developer Guide, task execution IAM role, permissions for secrets. */
export const executionRoleReadsSecrets: Policy = {
  name: "execution-role-reads-secrets",
  level: "mandatory",
  description: "Refuses an execution role that cannot read what its task definition injects.",
  check: (input) =>
    input.services.flatMap((service) =>
      service.definitions.flatMap((definition) => ofDefinition(input, service, definition)),
    ),
};

function ofDefinition(input: PolicyInput, service: EcsService, definition: Definition): Violation[] {
  if (!definition.node || isUnknown(definition.containers)) return [];
  const { found } = serviceSecrets(input, { ...service, definitions: [definition] });
  const needed = found.flatMap((one) =>
    one.reference.service === "invalid" ? [] : [{ found: one, reference: one.reference }],
  );
  if (needed.length === 0) return [];
  const { executionRoleArn } = definition.node.properties;
  const violation = (message: string, level?: "advisory"): Violation => ({
    node: service.node,
    message: `${service.label}: ${message}`,
    ...(level ? { level } : {}),
  });
  if (executionRoleArn === undefined || executionRoleArn === null)
    return [
      violation(
        `its task definition reads ${needed.length === 1 ? "a secret" : `${needed.length} secrets`} and has no execution role: no task can start. Set executionRoleArn to a role that may read them.`,
      ),
    ];
  const role = roleOf(input.graph, definition.node, "executionRoleArn");
  if (!role)
    return [
      violation(
        "its execution role is not in this stack: this preview cannot check what the role may read.",
        "advisory",
      ),
    ];
  const policies = policiesOf(input.graph, role);
  return needed.flatMap(({ found: one, reference }) =>
    requestsOf(input.graph, placed(reference, policies), policies).flatMap((request) =>
      judge(request, one, role, policies, violation),
    ),
  );
}

/**
 * A name stands in the task's own Region and account. Where nothing else tells which these are, the role's own
 * statements do: they name what the role is made for.
 */
function placed(reference: Reference, { statements }: RolePolicies): Reference {
  if (reference.region !== "") return reference;
  const arns = statements
    .flatMap(({ Resource }) => [Resource ?? []].flat())
    .flatMap((resource) => parseArn(resource) ?? []);
  const arn = arns.find(({ region, account }) => /^[a-z0-9-]+$/.test(region) && /^[0-9]{12}$/.test(account));
  const home = {
    partition: arn?.partition ?? "aws",
    region: arn?.region ?? "*",
    account: arn?.account ?? "*",
  };
  return reference.service === "ssm"
    ? { ...reference, ...home, arn: parameterArn(reference.name, home) }
    : { ...reference, ...home };
}

interface Request {
  readonly action: string;
  /** Any of these allowed is enough: they are one resource, as far as the reference tells. */
  readonly resources: readonly string[];
  readonly wanted: string;
  /** The condition keys whose values are known. */
  readonly context: Readonly<Record<string, string>>;
}

function judge(
  request: Request,
  found: FoundReference,
  role: Node,
  { statements, undecided }: RolePolicies,
  violation: (message: string, level?: "advisory") => Violation,
): Violation[] {
  // A condition on a key of which nothing is known (a tag, a network) may hold or not.
  const open = statements.filter((statement) => asksForMore(statement, request.context));
  const decided = (using: readonly Statement[]) =>
    request.resources.map((resource) =>
      decideByIdentity(using, { action: request.action, resource, context: request.context }),
    );
  const certain = decided(statements.filter((statement) => !open.includes(statement)));
  const denied = certain.includes("ExplicitlyDenied");
  const conditional = decided(open.map((statement) => ({ ...statement, Condition: undefined })));
  if (certain.includes("Allowed") && !denied && !conditional.includes("ExplicitlyDenied")) return [];
  const name = JSON.stringify(text(role.properties.name) ?? role.name);
  if (!denied && conditional.some((decision) => decision !== "ImplicitlyDenied"))
    return [
      violation(
        `cannot be checked: a condition in its policies decides whether its execution role ${name} may ${request.action} for ${found.path}.`,
        "advisory",
      ),
    ];
  if (undecided.length > 0 && !denied)
    return [
      violation(
        `cannot be checked at preview: whether its execution role ${name} may ${request.action} for ${found.path}; unknown: ${undecided.join(", ")}.`,
        "advisory",
      ),
    ];
  return [
    violation(
      `its execution role ${name} may not ${request.action} for ${found.path}${denied ? " (a statement denies it)" : ""}: no task can start. ` +
        `Add to a policy of the role:\n    { "Effect": "Allow", "Action": "${request.action}", "Resource": "${request.wanted}" }`,
    ),
  ];
}

function asksForMore({ Condition }: Statement, context: Request["context"]): boolean {
  const known = Object.keys(context).map((key) => key.toLowerCase());
  return Object.values(Condition ?? {})
    .flatMap((keys) => Object.keys(keys))
    .some((key) => !known.includes(key.toLowerCase()));
}

/** Resources of statements that are the same secret with its six characters, which a reference may leave out. */
function namesakes(reference: Reference, statements: RolePolicies["statements"]): string[] {
  if (reference.service === "ssm" || reference.complete) return [];
  return statements
    .flatMap(({ Resource }) => [Resource ?? []].flat())
    .filter((one) => !/[*?]/.test(one) && refersTo(reference, one, reference));
}

function requestsOf(graph: Graph, reference: Reference, { statements }: RolePolicies): Request[] {
  const secure = { "aws:SecureTransport": "true", "aws:RequestedRegion": reference.region };
  const arn = reference.service === "ssm" ? reference.arn : secretArn(reference, "AbCdEf");
  const read: Request =
    reference.service === "ssm"
      ? { action: "ssm:GetParameters", resources: [arn], wanted: arn, context: secure }
      : {
          action: "secretsmanager:GetSecretValue",
          resources: [arn, ...namesakes(reference, statements)],
          wanted: secretArn(reference, "??????"),
          context: { ...secure, "secretsmanager:SecretId": arn },
        };
  const reads =
    reference.service === "ssm" || !reference.throughParameterStore
      ? [read]
      : [read, ofParameter(reference, secure)];
  const key = keyOf(graph, reference);
  if (!key) return reads;
  const context = {
    ...secure,
    "kms:ViaService": `${reference.service}.${reference.region}.${dnsSuffix(reference.partition)}`,
  };
  return [...reads, { action: "kms:Decrypt", resources: [key], wanted: key, context }];
}

/** A secret that is read through Parameter Store needs both permissions. */
function ofParameter(reference: SecretReference, context: Request["context"]): Request {
  const arn = parameterArn(`${secretParameters}${reference.name}`, reference);
  return { action: "ssm:GetParameters", resources: [arn], wanted: arn, context };
}

/** The customer-managed key of a secret or parameter of this stack; undefined for AWS's own and for what is elsewhere. */
function keyOf(graph: Graph, reference: Reference): string | undefined {
  const node = [...ofType(graph, types.secret), ...ofType(graph, types.parameter)].find(
    (one) => text(one.properties.name) === reference.name,
  );
  const property = node?.type === types.parameter ? "keyId" : "kmsKeyId";
  const value = node?.properties[property];
  if (!node || value === undefined || value === null) return undefined;
  const key = sources(graph, node.propertyDependencies[property] ?? [], [types.key])[0];
  const arn = text(key?.properties.arn) ?? text(value);
  if (arn === undefined || arn.startsWith("alias/aws/")) return undefined;
  return arn.startsWith("arn:")
    ? arn
    : `arn:${reference.partition}:kms:${reference.region}:${reference.account}:key/${arn}`;
}
