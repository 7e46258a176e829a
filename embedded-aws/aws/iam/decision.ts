import { decide, explain, grants, type Statement } from "../../../aws-semantics/iam-policy";
import type { PrincipalIdentity } from "../../../aws-semantics/iam-principal";
import type { RequestContext } from "../../../aws-semantics/iam-text";
import { callerName, type Caller } from "../caller";
import type { Authorization } from "../service";
import type { World } from "../world";
import type { IamRecords, RoleRecord } from "./records";

/** How often a statement of a policy allowed something, and what. */
export interface StatementUsage {
  /** ARN of the role, or of the resource whose own policy it is. */
  readonly owner: string;
  /** Name of the inline policy, ARN of the managed one, or `resource policy`. */
  readonly policy: string;
  /** Position in the policy, from 0. */
  readonly index: number;
  readonly sid?: string;
  readonly statement: Statement;
  /** `action on resource`, each once, in the order of first use. Empty: it has allowed nothing. */
  readonly allowed: readonly string[];
}

interface Labelled {
  readonly owner: string;
  readonly policy: string;
  readonly index: number;
}

/** Decides calls by the policies of roles and resources, and remembers which statement allowed what. */
export class Decisions {
  /** Keyed by owner, policy and text: a statement that is put again unchanged goes on counting. */
  readonly #used = new Map<string, Set<string>>();

  constructor(
    private readonly world: World,
    private readonly records: IamRecords,
  ) {}

  /** The reason why a request is refused, in IAM's words; undefined when it is allowed. */
  refusal(caller: Caller, action: string, { resource, context = {} }: Authorization): string | undefined {
    if (caller.kind === "operator") return undefined;
    // A service-linked role's policy is AWS's own, and nobody can change it.
    if (caller.kind === "role" && caller.roleArn.includes(":role/aws-service-role/")) return undefined;
    const because = this.#judge(caller, action, resource, context);
    if (because === undefined) return undefined;
    const who = callerName(caller, this.world.partition, this.world.account);
    const on = resource === "*" ? "" : ` on resource: ${resource}`;
    return `User: ${who} is not authorized to perform: ${action}${on} ${because}`;
  }

  /** True when a role's trust policy lets this service assume it. */
  trusts(role: RoleRecord, principal: PrincipalIdentity, context: RequestContext): boolean {
    return grants(trustStatements(role), {
      action: "sts:AssumeRole",
      resource: role.arn,
      context: { "aws:SourceAccount": this.world.account, ...context },
      principal,
    });
  }

  /** Every statement of every role and of every resource policy that was used, with what it has allowed. */
  usage(): StatementUsage[] {
    return [...this.records.roles.values()].flatMap((role) =>
      this.#identityPolicies(role).map(([statement, label]) => ({
        ...label,
        sid: statement.Sid,
        statement,
        allowed: [...(this.#used.get(keyOf(label, statement)) ?? [])],
      })),
    );
  }

  #judge(
    caller: Exclude<Caller, { kind: "operator" }>,
    action: string,
    resource: string,
    own: RequestContext,
  ): string | undefined {
    const request = { action, resource, context: { ...this.#globalContext(caller), ...own } };
    const ofResource = this.#resourcePolicy(resource);
    if (caller.kind === "service") {
      const principal = { service: caller.principal };
      const decision = decide(ofResource, { ...request, principal });
      if (decision === "Allowed") return undefined;
      return decision === "ExplicitlyDenied"
        ? "with an explicit deny in a resource-based policy"
        : `because no resource-based policy allows the ${action} action`;
    }
    const role = this.records.roleByArn(caller.roleArn);
    if (!role) return `because no identity-based policy allows the ${action} action`;
    const identity = this.#identityPolicies(role);
    const statements = identity.map(([statement]) => statement);
    const principal = {
      arn: role.arn,
      sessionArn: callerName(caller, this.world.partition, this.world.account),
    };
    const { decision, allows, denies } = explain([...statements, ...ofResource], { ...request, principal });
    if (decision === "ExplicitlyDenied")
      return `with an explicit deny in ${denies.some((deny) => statements.includes(deny)) ? "an identity-based" : "a resource-based"} policy`;
    if (decision === "ImplicitlyDenied")
      return `because no identity-based policy allows the ${action} action`;
    const boundary = role.boundaryArn === undefined ? undefined : this.records.statementsOf(role.boundaryArn);
    if (role.boundaryArn !== undefined && !grants(boundary?.statements ?? [], request))
      return `because no permissions boundary allows the ${action} action`;
    for (const [statement, label] of identity)
      if (allows.includes(statement)) this.#count(label, statement, `${action} on ${resource}`);
    return undefined;
  }

  #identityPolicies(role: RoleRecord): (readonly [Statement, Labelled])[] {
    const documents = [
      ...role.inline,
      ...[...role.attached].map((arn) => [arn, this.records.statementsOf(arn)] as const),
    ];
    return documents.flatMap(([policy, document]) =>
      (document?.statements ?? []).map(
        (statement, index) => [statement, { owner: role.arn, policy, index }] as const,
      ),
    );
  }

  #resourcePolicy(resource: string): readonly Statement[] {
    if (resource === "*") return [];
    const prefix = resource.split(":")[2];
    for (const service of this.world.services)
      if (service.prefix === prefix) return service.resourcePolicy?.(resource) ?? [];
    return [];
  }

  /** IAM User Guide, "AWS global condition context keys". */
  #globalContext(caller: Exclude<Caller, { kind: "operator" }>): RequestContext {
    const { region, account, clock } = this.world;
    const common = {
      "aws:CurrentTime": new Date(clock.now()).toISOString(),
      "aws:EpochTime": Math.floor(clock.now() / 1000),
      "aws:RequestedRegion": region,
      "aws:SecureTransport": true,
    };
    if (caller.kind === "service")
      return {
        ...common,
        "aws:PrincipalIsAWSService": true,
        "aws:PrincipalServiceName": caller.principal,
        ...(caller.sourceArn === undefined ? {} : { "aws:SourceArn": caller.sourceArn }),
        "aws:SourceAccount": account,
      };
    const role = this.records.roleByArn(caller.roleArn);
    const tags = [...(role?.tags ?? [])].map(([key, value]) => [`aws:PrincipalTag/${key}`, value] as const);
    return {
      ...common,
      ...Object.fromEntries(tags),
      "aws:PrincipalIsAWSService": false,
      "aws:PrincipalArn": caller.roleArn,
      "aws:PrincipalAccount": caller.roleArn.split(":")[4] ?? account,
      "aws:PrincipalType": "AssumedRole",
      "aws:userid": `${role?.id ?? "AROA"}:${caller.session}`,
      "aws:ViaAWSService": false,
      "aws:ResourceAccount": account,
    };
  }

  #count(label: Labelled, statement: Statement, what: string): void {
    const key = keyOf(label, statement);
    const used = this.#used.get(key);
    if (used) used.add(what);
    else this.#used.set(key, new Set([what]));
  }
}

/** A trust policy as the resource policy that it is: it needs no Resource, because it is about its own role. */
export function trustStatements(role: RoleRecord): readonly Statement[] {
  return role.trust.statements.map((statement) => ({ ...statement, Resource: "*" }));
}

function keyOf({ owner, policy }: Labelled, statement: Statement): string {
  return `${owner}\n${policy}\n${JSON.stringify(statement)}`;
}
