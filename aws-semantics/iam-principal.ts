/**
 * The Principal element of resource policies and trust policies.
 *
 * Source: IAM User Guide, "AWS JSON policy elements: Principal".
 */
import { parseArn } from "./arn";
import { listOf } from "./iam-condition";

/** `"*"`, or principals by kind. */
export type PrincipalElement =
  | "*"
  | {
      readonly AWS?: string | readonly string[];
      readonly Service?: string | readonly string[];
      readonly Federated?: string | readonly string[];
      readonly CanonicalUser?: string | readonly string[];
    };

/** Who makes a request, as policies name it. */
export interface PrincipalIdentity {
  /** The ARN of the role or user. */
  readonly arn?: string;
  /** The ARN of the role's session (`arn:aws:sts::ACCOUNT:assumed-role/ROLE/SESSION`). */
  readonly sessionArn?: string;
  /** A service principal, for instance `events.amazonaws.com`. */
  readonly service?: string;
}

/**
 * How an element names a caller: `identity`, by its own name or `*`, which grants without an identity policy; `account`,
 * by its account, which leaves the decision to the caller's identity policies; or not at all.
 */
export type PrincipalMatch = "identity" | "account" | "none";

/** How a Principal element names a caller. */
export function principalMatch(element: PrincipalElement, caller: PrincipalIdentity): PrincipalMatch {
  if (element === "*") {
    return "identity";
  }
  const service = listOf(element.Service ?? []);
  if (caller.service !== undefined) {
    // A star among AWS principals includes services.
    return service.includes(caller.service) || listOf(element.AWS ?? []).includes("*") ? "identity" : "none";
  }
  const matches = listOf(element.AWS ?? []).map((principal) => awsPrincipalMatch(principal, caller));
  return matches.includes("identity") ? "identity" : matches.includes("account") ? "account" : "none";
}

/** True when a Principal element names the caller in any way. */
export function matchesPrincipal(element: PrincipalElement, caller: PrincipalIdentity): boolean {
  return principalMatch(element, caller) !== "none";
}

/** Only the star alone is a wildcard: names may not contain any. */
function awsPrincipalMatch(principal: string, caller: PrincipalIdentity): PrincipalMatch {
  if (principal === "*" || principal === caller.arn || principal === caller.sessionArn) {
    return "identity";
  }
  const own = parseArn(caller.arn ?? caller.sessionArn ?? "");
  if (!own) {
    return "none";
  }
  const named = parseArn(principal);
  const isAccount =
    principal === own.account ||
    (named?.service === "iam" &&
      named.resource === "root" &&
      named.account === own.account &&
      named.partition === own.partition);
  return isAccount ? "account" : "none";
}
