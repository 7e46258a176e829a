import { statementsOf, type Statement } from "../../../aws-semantics/iam-policy";
import { ServiceError } from "../errors";

/** A policy document that was given to IAM: its text as it came, and what it says. */
export interface Document {
  readonly text: string;
  readonly statements: readonly Statement[];
}

/** What a policy is for: an identity's may name no principal, a trust policy must. */
export type DocumentKind = "identity" | "trust" | "resource";

/** IAM User Guide, "IAM and AWS STS quotas": the longest managed policy, white space not counted. */
const longestManagedPolicy = 6144;

/** Reads a policy document; throws MalformedPolicyDocument as IAM does for one that it does not take. */
export function parseDocument(text: string, kind: DocumentKind): Document {
  let document: unknown;
  try {
    document = JSON.parse(text);
  } catch (cause) {
    throw Object.assign(malformed("This policy contains invalid Json"), { cause });
  }
  if (typeof document !== "object" || document === null || Array.isArray(document))
    throw malformed("Syntax errors in policy.");
  const { Version, Statement: given } = document as { Version?: unknown; Statement?: unknown };
  if (Version !== undefined && Version !== "2012-10-17" && Version !== "2008-10-17")
    throw malformed("The policy has an unsupported Version: use 2012-10-17");
  if (typeof given !== "object" || given === null) throw malformed("Syntax errors in policy.");
  const statements = statementsOf({ Statement: given as Statement });
  if (text.replace(/\s/g, "").length > longestManagedPolicy)
    throw new ServiceError(
      "LimitExceededException",
      `Cannot exceed quota for PolicySize: ${longestManagedPolicy}`,
      409,
    );
  for (const statement of statements) checkStatement(statement, kind);
  return { text, statements };
}

function checkStatement(statement: Statement, kind: DocumentKind): void {
  if (typeof statement !== "object" || statement === null) throw malformed("Syntax errors in policy.");
  const { Effect, Action, NotAction, Resource, NotResource, Principal, NotPrincipal } = statement;
  if (Effect !== "Allow" && Effect !== "Deny") throw malformed("Syntax errors in policy.");
  const actions = Action ?? NotAction;
  if (actions === undefined) throw malformed("Policy statement must contain actions.");
  for (const action of [actions].flat())
    if (typeof action !== "string" || !(action === "*" || /^[a-z0-9-]+:[A-Za-z0-9*?]+$/i.test(action)))
      throw malformed("Actions/Conditions must be prefaced by a vendor, e.g., iam, sdb, ec2, etc.");
  const hasPrincipal = Principal !== undefined || NotPrincipal !== undefined;
  if (kind === "identity" && hasPrincipal) throw malformed("Policy document should not specify a principal.");
  if (kind !== "identity" && !hasPrincipal) throw malformed("Missing required field Principal");
  const resources = Resource ?? NotResource;
  if (kind === "trust" && resources !== undefined) throw malformed("Has prohibited field Resource");
  if (kind === "identity" && resources === undefined)
    throw malformed("Policy statement must contain resources.");
  for (const resource of [resources ?? []].flat())
    if (typeof resource !== "string" || !(resource === "*" || /^(arn:|\*|\$\{)/.test(resource)))
      throw malformed(`Resource ${String(resource)} must be in ARN format or "*".`);
}

function malformed(message: string): ServiceError {
  return new ServiceError("MalformedPolicyDocumentException", message);
}
