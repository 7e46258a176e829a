import * as sdk from "@aws-sdk/client-iam";
import type { RequestContext } from "../../../aws-semantics/iam-text";
import type { Caller } from "../caller";
import { accessDenied } from "../wire/refusals";
import type { Authorization, Call, Operation, PolicyStatement, Service } from "../service";
import { ServiceModel } from "../wire/model";
import type { World } from "../world";
import { CredentialStore, type Credentials } from "./credentials";
import { Decisions, trustStatements, type StatementUsage } from "./decision";
import { policyOperations } from "./policies";
import { IamRecords } from "./records";
import { roleOperations } from "./roles";

/**
 * IAM: roles and managed policies, the credentials of every caller, and the decision about every call. There are
 * no users but the operator, who may do everything.
 */
export class Iam implements Service {
  readonly prefix = "iam";
  readonly sdk = sdk;
  readonly operations: Readonly<Record<string, Operation>>;
  readonly #world: World;
  readonly #records: IamRecords;
  readonly #credentials: CredentialStore;
  readonly #decisions: Decisions;

  constructor(private readonly world: World) {
    this.#world = world;
    this.#records = new IamRecords(world);
    this.#credentials = new CredentialStore(String(world.random.seed));
    this.#decisions = new Decisions(world, this.#records);
    this.operations = { ...roleOperations(this.#records), ...policyOperations(this.#records) };
  }

  /** The IAM of a world. */
  static of(world: World): Iam {
    return world.serviceAs("iam", Iam);
  }

  /** What a client of this caller signs with: the same key each time. */
  credentials(caller: Caller): Credentials {
    return this.#credentials.of(caller);
  }

  /** Whose access key it is. */
  callerOf(accessKeyId: string): Caller | undefined {
    return this.#credentials.callerOf(accessKeyId);
  }

  /** The unique id of a role (`AROA...`), which CloudTrail names beside its ARN. */
  roleId(roleArn: string): string | undefined {
    return this.#records.roleByArn(roleArn)?.id;
  }

  /**
   * The unique id of a caller, as `aws:userid`, CloudTrail and SQS's SenderId have it: ROLE-ID:SESSION for a role, else
   * that of a user: AWS services send as one.
   */
  userId(caller: Caller): string {
    if (caller.kind === "role") return `${this.roleId(caller.roleArn) ?? "AROA"}:${caller.session}`;
    const name = caller.kind === "service" ? caller.principal : caller.userName;
    return `AIDA${this.world.random.fork(`id/${name}`).text(17, "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567")}`;
  }

  /**
   * True when the role exists and its trust policy lets this service (`ecs-tasks.amazonaws.com`) or this role
   * assume it. `context` holds condition keys beside aws:SourceAccount, which is this account.
   */
  trusts(roleArn: string, principal: string, context: RequestContext = {}): boolean {
    const role = this.#records.roleByArn(roleArn);
    if (!role) return false;
    const identity = principal.startsWith("arn:") ? { arn: principal } : { service: principal };
    return this.#decisions.trusts(role, identity, context);
  }

  /** A role's trust policy is its resource policy: whom it names may assume it without a policy of his own. */
  resourcePolicy(resourceArn: string): readonly PolicyStatement[] | undefined {
    const role = this.#records.roleByArn(resourceArn);
    return role && (trustStatements(role) as readonly PolicyStatement[]);
  }

  /** Throws AccessDenied, as the service words it, unless every request is allowed. */
  authorize(call: Call, requests: readonly Authorization[]): void {
    for (const request of requests) {
      const action = request.action ?? `${call.service}:${call.operation}`;
      const message = this.#decisions.refusal(call.caller, action, request);
      if (message === undefined) continue;
      const { protocol } = ServiceModel.of(this.#world.service(call.service).sdk);
      throw accessDenied(call.service, protocol, message);
    }
  }

  /** True when the caller may do this: what a service asks before it accepts a target, a topic or a function. */
  permits(caller: Caller, action: string, resource: string): boolean {
    return this.#decisions.refusal(caller, action, { resource }) === undefined;
  }

  /** Every statement of every role's policies, with what it has allowed so far. */
  usage(): StatementUsage[] {
    return this.#decisions.usage();
  }
}
