/**
 * Whether statements of IAM policies allow a request.
 *
 * Source: IAM User Guide, "Policy evaluation logic" and "IAM JSON policy element reference".
 */
import { parseArn } from "./arn";
import { conditionHolds, listOf } from "./iam-condition";
import type { ConditionBlock } from "./iam-condition";
import { matchesPrincipal, principalMatch } from "./iam-principal";
import type { PrincipalElement, PrincipalIdentity, PrincipalMatch } from "./iam-principal";
import { actionMatches, resourceMatches } from "./iam-text";
import type { RequestContext } from "./iam-text";

/** A statement of a policy, as its JSON has it. */
export interface Statement {
  readonly Sid?: string;
  readonly Effect: "Allow" | "Deny";
  readonly Action?: string | readonly string[];
  readonly NotAction?: string | readonly string[];
  readonly Resource?: string | readonly string[];
  readonly NotResource?: string | readonly string[];
  readonly Principal?: PrincipalElement;
  readonly NotPrincipal?: PrincipalElement;
  readonly Condition?: ConditionBlock;
}

/** A policy, as its JSON has it. */
export interface PolicyDocument {
  readonly Version?: string;
  readonly Id?: string;
  readonly Statement: Statement | readonly Statement[];
}

/** A request to decide on. */
export interface PolicyRequest {
  /** `ecs:UpdateService`; case does not count. */
  readonly action: string;
  /** The resource's ARN, or `*` for an action without resource. */
  readonly resource: string;
  /** Condition keys and their values; may be `{}`. */
  readonly context: RequestContext;
  /** The caller; only statements with a Principal use it. */
  readonly principal?: PrincipalIdentity;
}

/** In the words of the IAM policy simulator. */
export type Decision = "Allowed" | "ImplicitlyDenied" | "ExplicitlyDenied";

/** A decision and the statements that led to it. */
export interface Explanation {
  readonly decision: Decision;
  /** The Allow statements that match, whether or not a Deny overrules them. */
  readonly allows: readonly Statement[];
  /** The Deny statements that match. */
  readonly denies: readonly Statement[];
}

/** The statements of a policy, one or many. */
export function statementsOf(document: PolicyDocument): readonly Statement[] {
  return listOf(document.Statement);
}

/**
 * Whether the statements allow the request: a matching Deny wins, then a matching Allow; otherwise the request is denied
 * implicitly. Statements of identity policies (no Principal) and of the resource's policy (with a Principal, which needs
 * `principal` in the request) may be given together, as AWS evaluates them within one account.
 *
 * A resource policy that names only the caller's *account* leaves the decision to the caller's identity policies. A KMS
 * key is usable only if its *key policy* names the caller or the account (AWS Key Management Service Developer Guide,
 * "Key policies in AWS KMS"), so identity statements alone never allow it; see `decideByIdentity`.
 */
export function decide(statements: readonly Statement[], request: PolicyRequest): Decision {
  return explain(statements, request).decision;
}

/** The decision, and the given statements that led to it. */
export function explain(statements: readonly Statement[], request: PolicyRequest): Explanation {
  const matching = statements.filter((statement) => statementMatches(statement, request));
  const allows = matching.filter((statement) => statement.Effect === "Allow");
  const denies = matching.filter((statement) => statement.Effect === "Deny");
  const decision =
    denies.length > 0 ? "ExplicitlyDenied" : isAllowedBy(allows, request) ? "Allowed" : "ImplicitlyDenied";
  return { decision, allows, denies };
}

/**
 * The decision of identity policies alone: as `decide`, if the resource's policy (a KMS key's too) leaves the decision
 * to them. For callers that do not know the resource's policy.
 */
export function decideByIdentity(statements: readonly Statement[], request: PolicyRequest): Decision {
  const { allows, denies } = explain(statements, request);
  return denies.length > 0 ? "ExplicitlyDenied" : allows.length > 0 ? "Allowed" : "ImplicitlyDenied";
}

/** True when `decideByIdentity` allows the request. */
export function grants(statements: readonly Statement[], request: PolicyRequest): boolean {
  return decideByIdentity(statements, request) === "Allowed";
}

function isAllowedBy(allows: readonly Statement[], request: PolicyRequest): boolean {
  const byIdentityPolicy = allows.some((statement) => !isOfResourcePolicy(statement));
  const matches = allows
    .filter(isOfResourcePolicy)
    .map((statement) => resourcePolicyMatch(statement, request));
  return (
    matches.includes("identity") ||
    (byIdentityPolicy && (!isKmsKey(request.resource) || matches.includes("account")))
  );
}

/** A NotPrincipal that matches allows the caller as `*` does. */
function resourcePolicyMatch(statement: Statement, request: PolicyRequest): PrincipalMatch {
  return statement.Principal === undefined
    ? "identity"
    : principalMatch(statement.Principal, request.principal ?? {});
}

function isOfResourcePolicy(statement: Statement): boolean {
  return statement.Principal !== undefined || statement.NotPrincipal !== undefined;
}

function isKmsKey(resource: string): boolean {
  const arn = parseArn(resource);
  return arn?.service === "kms" && arn.resource.startsWith("key/");
}

/** True when every element that the statement has matches the request. */
export function statementMatches(statement: Statement, request: PolicyRequest): boolean {
  return (
    principalIsNamed(statement, request) &&
    actionIsNamed(statement, request) &&
    resourceIsNamed(statement, request) &&
    conditionHolds(statement.Condition ?? {}, request.context)
  );
}

function principalIsNamed(statement: Statement, request: PolicyRequest): boolean {
  const { principal } = request;
  if (statement.Principal !== undefined) {
    return principal !== undefined && matchesPrincipal(statement.Principal, principal);
  }
  if (statement.NotPrincipal !== undefined) {
    return principal !== undefined && !matchesPrincipal(statement.NotPrincipal, principal);
  }
  return true;
}

function actionIsNamed(statement: Statement, request: PolicyRequest): boolean {
  const named = (patterns: string | readonly string[]): boolean =>
    listOf(patterns).some((pattern) => actionMatches(pattern, request.action));
  return statement.NotAction === undefined ? named(statement.Action ?? []) : !named(statement.NotAction);
}

/** The statements of a trust policy have no Resource: they apply to the role itself. */
function resourceIsNamed(statement: Statement, request: PolicyRequest): boolean {
  const named = (patterns: string | readonly string[]): boolean =>
    listOf(patterns).some((pattern) => resourceMatches(pattern, request.resource, request.context));
  if (statement.NotResource !== undefined) {
    return !named(statement.NotResource);
  }
  return statement.Resource === undefined || named(statement.Resource);
}
