import type { Caller } from "./caller";
import type { Door } from "./ledger";

/** A statement of a policy document as AWS writes it. */
export interface PolicyStatement {
  Sid?: string;
  Effect: "Allow" | "Deny";
  Principal?: "*" | Record<string, string | string[]>;
  NotPrincipal?: "*" | Record<string, string | string[]>;
  Action?: string | string[];
  NotAction?: string | string[];
  Resource?: string | string[];
  NotResource?: string | string[];
  Condition?: Record<string, Record<string, string | string[] | boolean | number>>;
}

/** One call, as an operation sees it. */
export interface Call {
  readonly service: string;
  readonly operation: string;
  readonly caller: Caller;
  readonly door: Door;
  /** Milliseconds since the epoch, from the world's clock. */
  readonly time: number;
  readonly requestId: string;
}

/** What IAM is asked before an operation runs. */
export interface Authorization {
  /** `ecs:UpdateService`; defaults to the service's prefix and the operation's name. */
  readonly action?: string;
  /** The ARN acted on, or `*` for an action that takes no resource. */
  readonly resource: string;
  /** Condition keys beside the global ones (`ecs:cluster`, `secretsmanager:VersionStage`). */
  readonly context?: Readonly<Record<string, string | readonly string[]>>;
}

/**
 * Kinds of operation: CloudTrail records `write` in a trail of write-only management events, `read` only in
 * one of all events; `data` (a queue's message, an object, an invocation) in none of ours.
 */
export type Access = "read" | "write" | "data";

/** An operation as a service file writes it, typed by the SDK's own request and response types. */
export interface OperationDefinition<Input extends object, Output extends object> {
  readonly access: Access;
  /** What is asked of IAM; it must not throw for a resource that does not exist. `[]` asks nothing (STS). */
  readonly authorize: (input: Input, call: Call) => Authorization | readonly Authorization[];
  /** Throws `ServiceError` for what AWS answers with an error. */
  readonly handle: (input: Input, call: Call) => Output | Promise<Output>;
}

/** An operation with its types erased, as the dispatcher holds it: the schemas have checked the input. */
export type Operation = OperationDefinition<object, object>;

/** Erases an operation's types. The only place where that is done. */
export function operation<Input extends object, Output extends object>(
  definition: OperationDefinition<Input, Output>,
): Operation {
  return definition as unknown as Operation;
}

/** Makes operations that ask IAM about the same kind of resource. */
export function operationsOn<Named>(authorize: (input: Named, call: Call) => Authorization) {
  return <Input extends object & Named, Output extends object>(
    access: Access,
    handle: OperationDefinition<Input, Output>["handle"],
  ): Operation => operation<Input, Output>({ access, authorize, handle });
}

/** Makes operations of actions that take no resource. */
export const onAnything = operationsOn<object>(() => ({ resource: "*" }));

/** The SDK package of a service: its exported schemas are the contract, its client names the protocol. */
export interface SdkPackage {
  readonly [exported: string]: unknown;
}

/** A service of the embedded AWS: its state behind its operations. One file (or folder) each. */
export interface Service {
  /** IAM prefix: `ecs`, `secretsmanager`, `ssm`, `events`, `sqs`, `lambda`, `logs`, ... */
  readonly prefix: string;
  /** Signing name of the service's client, when it is not the prefix (`monitoring` for cloudwatch). */
  readonly signingName?: string;
  readonly sdk: SdkPackage;
  readonly operations: Readonly<Record<string, Operation>>;
  /** The statements of the policy attached to a resource (a queue, a function, a topic, a bucket, a secret). */
  resourcePolicy?(resourceArn: string): readonly PolicyStatement[] | undefined;
  /** Ends processes, connections and timers of its own. */
  stop?(): Promise<void>;
}
