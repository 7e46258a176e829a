/** Who makes a call. Every call of the embedded AWS has one, and IAM decides by it. */
export type Caller =
  /** A role that a function, a task or a person has assumed; its policies decide. */
  | { readonly kind: "role"; readonly roleArn: string; readonly session: string }
  /** An AWS service acting for itself (a rule that sends to a queue): resource policies decide. */
  | { readonly kind: "service"; readonly principal: string; readonly sourceArn?: string }
  /** Whoever set this account up: an IAM user to whom everything is allowed. */
  | { readonly kind: "operator"; readonly userName: string };

/** The operator of tests and of the demo. */
export const operator: Caller = { kind: "operator", userName: "operator" };

/** The caller as the ledger and CloudTrail name it: an ARN, or a service principal. */
export function callerName(caller: Caller, partition: string, account: string): string {
  switch (caller.kind) {
    case "role": {
      const role = caller.roleArn.slice(caller.roleArn.lastIndexOf("/") + 1);
      return `arn:${partition}:sts::${account}:assumed-role/${role}/${caller.session}`;
    }
    case "service":
      return caller.principal;
    case "operator":
      return `arn:${partition}:iam::${account}:user/${caller.userName}`;
  }
}
