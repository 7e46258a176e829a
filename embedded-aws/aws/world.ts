import { operator, type Caller } from "./caller";
import type { Clock } from "./clock";
import { ServiceError, notImplemented } from "./errors";
import { Ledger, type Door } from "./ledger";
import type { Random } from "./random";
import type { Authorization, Call, Operation, Service } from "./service";
import type { Runtime } from "./runtime";

/** What makes one run different from another. Everything that varies is a parameter. */
export interface WorldOptions {
  readonly partition: string;
  readonly region: string;
  readonly account: string;
  readonly clock: Clock;
  readonly random: Random;
  readonly runtime: Runtime;
  /** How AWS behaves where it is free to; by default it is at its best: no throttling, no faults, nothing stale. */
  readonly conduct?: Conduct;
}

/** Behaviour that AWS documents as possible, and that a program must bear. */
export interface Conduct {
  /** Token buckets with the rates that AWS documents; false: no call is throttled. */
  readonly throttling?: boolean;
  /** The most items that a list answers at once, 1 and up; absent: what the operation gives by default. */
  readonly pageSize?: number;
  /** Reads after writes may be answered with an older state: how likely (0 to 1), and how old at most. */
  readonly staleness?: { readonly chance: number; readonly longestMs: number };
  /** Drawn faults: it may throw a `ServiceError`, or never resolve when the caller is meant to die in this call. */
  readonly fault?: (call: Call) => void | Promise<void>;
}

/** What the dispatcher asks of others around an operation; each part is replaceable on its own. */
export interface Gate {
  /** Throws a `ServiceError` for input that the service's model refuses. */
  checkInput(service: Service, operation: string, input: object): void;
  /** The input as the operation gets it: the same, or with smaller pages. */
  prepare(service: Service, operation: string, input: object): object;
  /** Throws (a mistake of ours) for an answer that the model does not allow. */
  checkOutput(service: Service, operation: string, output: object): void;
  /** Throws AccessDenied as the service words it. */
  authorize(call: Call, requests: readonly Authorization[]): void;
  /** Drawn faults: throttling, 5xx, a crash of the caller. Runs after `authorize`. */
  fault(call: Call): void | Promise<void>;
}

/** An event as AWS services put it on the default bus; id, account, region, version and time are added. */
export interface AwsEvent {
  readonly source: string;
  readonly "detail-type": string;
  readonly resources: readonly string[];
  readonly detail: Readonly<Record<string, unknown>>;
  /** Milliseconds since the epoch; now, when absent. The event carries whole seconds. */
  readonly time?: number;
}

/** What a service does by itself, as CloudTrail records it (an `AWS Service Event via CloudTrail`). */
export interface ServiceEvent {
  /** `secretsmanager.amazonaws.com`. */
  readonly eventSource: string;
  /** `RotationStarted`, `RotationSucceeded`, `RotationFailed`, ... */
  readonly eventName: string;
  /** `{ SecretId: ARN }` for Secrets Manager. */
  readonly additionalEventData: Readonly<Record<string, unknown>>;
  readonly requestID: string;
  readonly errorMessage?: string;
}

/** The end of one call, for a door that has to write an answer. */
export interface Finished {
  /** The answer; absent when there is an error. */
  readonly output?: object;
  /** What was thrown: a `ServiceError`, or a mistake of ours. */
  readonly error?: Error;
  readonly requestId: string;
  /** Tells the ledger how long the answer was. */
  readonly record: (responseBytes: number) => void;
}

/** A finished call, as observers are told of it. */
export interface FinishedCall {
  readonly call: Call;
  readonly operation: Operation;
  readonly input: object;
  readonly output?: object;
  readonly error?: ServiceError;
}

/** Told of every finished call; CloudTrail is one of them. */
export type CallObserver = (finished: FinishedCall) => void;

/**
 * One AWS account in one Region. Whatever comes in, through whichever door, is one `dispatch`: checked,
 * decided by IAM, carried out, recorded.
 */
export class World {
  readonly ledger = new Ledger();
  readonly #services = new Map<string, Service>();
  readonly #observers: CallObserver[] = [];
  readonly #sinks: ((event: AwsEvent) => void)[] = [];
  readonly #serviceEventSinks: ((event: ServiceEvent) => void)[] = [];
  /** Errors that no service meant to answer with: each is a bug. Tests look that there is none. */
  readonly mistakes: unknown[] = [];
  readonly #staleness: Random;
  readonly options: WorldOptions;
  gate: Gate;
  /** URL of the HTTP door (`http://127.0.0.1:PORT`), while it is open; `serve` of aws/account/http.ts sets it. */
  endpoint: string | undefined;

  constructor(options: WorldOptions, Gate: new (world: World) => Gate) {
    this.options = options;
    this.gate = new Gate(this);
    this.#staleness = options.random.fork("staleness");
  }

  get partition(): string {
    return this.options.partition;
  }
  get region(): string {
    return this.options.region;
  }
  get account(): string {
    return this.options.account;
  }
  get clock(): Clock {
    return this.options.clock;
  }
  get random(): Random {
    return this.options.random;
  }
  get runtime(): Runtime {
    return this.options.runtime;
  }

  /** `arn:PARTITION:service:REGION:ACCOUNT:resource`. */
  arn(service: string, resource: string): string {
    return `arn:${this.partition}:${service}:${this.region}:${this.account}:${resource}`;
  }

  /** Whether AWS behaves worse than its best, and how. */
  get conduct(): Conduct {
    return this.options.conduct ?? {};
  }

  /**
   * The moment whose state an eventually consistent read may be answered with: now, or earlier where staleness is
   * drawn. A service that keeps a `History` asks for it.
   */
  readTime(call: Call): number {
    const { staleness } = this.conduct;
    if (!staleness || !this.#staleness.chance(staleness.chance)) return call.time;
    return call.time - this.#staleness.integer(0, staleness.longestMs);
  }

  /** Adds a service. A service finds another only by `dispatch` or `service(prefix)`, so order is free. */
  add(service: Service): void {
    if (this.#services.has(service.prefix)) throw new Error(`service ${service.prefix} was added twice`);
    this.#services.set(service.prefix, service);
  }

  /** A service by its IAM prefix; throws when the world has none. */
  service(prefix: string): Service {
    const service = this.#services.get(prefix);
    if (!service) throw notImplemented(`service ${prefix}`);
    return service;
  }

  /** A service as the class that it is, for what only its own methods tell. */
  serviceAs<Type extends Service>(prefix: string, type: new (world: World) => Type): Type {
    const service = this.service(prefix);
    if (!(service instanceof type)) throw new Error(`service ${prefix} is not the embedded ${type.name}`);
    return service;
  }

  get services(): IterableIterator<Service> {
    return this.#services.values();
  }

  observe(observer: CallObserver): void {
    this.#observers.push(observer);
  }

  /** A service says that something happened. EventBridge takes it from here, and whoever else listens. */
  emit(event: AwsEvent): void {
    for (const sink of this.#sinks) sink(event);
  }

  onEvent(sink: (event: AwsEvent) => void): void {
    this.#sinks.push(sink);
  }

  /** A service did something by itself that CloudTrail records; nothing is told to EventBridge by this. */
  recordServiceEvent(event: ServiceEvent): void {
    for (const sink of this.#serviceEventSinks) sink(event);
  }

  /** CloudTrail listens here. */
  onServiceEvent(sink: (event: ServiceEvent) => void): void {
    this.#serviceEventSinks.push(sink);
  }

  /** Carries one call out: the only way to reach an operation. Throws what the operation throws. */
  async dispatch<Output extends object>(
    prefix: string,
    operationName: string,
    input: object,
    from: { caller: Caller; door: Door; requestBytes?: number },
  ): Promise<Output> {
    const finished = await this.carryOut(prefix, operationName, input, from);
    if (finished.error !== undefined) throw finished.error;
    return finished.output as Output;
  }

  /** As `dispatch`, with the outcome as a value: what the doors need to write an answer. */
  async carryOut(
    prefix: string,
    operationName: string,
    input: object,
    from: { caller: Caller; door: Door; requestBytes?: number },
  ): Promise<Finished> {
    const call: Call = {
      service: prefix,
      operation: operationName,
      caller: from.caller,
      door: from.door,
      time: this.clock.now(),
      requestId: this.random.uuid(),
    };
    let operation: Operation | undefined;
    let requests: readonly Authorization[] = [];
    let output: object | undefined;
    let error: Error | undefined;
    try {
      const service = this.service(prefix);
      operation = Object.hasOwn(service.operations, operationName)
        ? service.operations[operationName]
        : undefined;
      if (!operation) throw notImplemented(`${prefix}:${operationName}`);
      this.gate.checkInput(service, operationName, input);
      const asked = operation.authorize(input, call);
      requests = Array.isArray(asked) ? asked : [asked as Authorization];
      this.gate.authorize(call, requests);
      await this.gate.fault(call);
      const prepared = this.gate.prepare(service, operationName, input);
      const answer = await operation.handle(prepared, call);
      this.gate.checkOutput(service, operationName, answer);
      output = answer;
    } catch (caught) {
      error =
        caught instanceof Error
          ? caught
          : new Error(`${prefix}:${operationName} threw what is no error: ${String(caught)}`);
    }
    const refusal = error instanceof ServiceError ? error : undefined;
    const sequence = this.ledger.add({
      time: call.time,
      door: call.door,
      caller: call.caller,
      service: prefix,
      operation: operationName,
      resources: requests.map((r) => r.resource),
      outcome: output ? "ok" : (refusal?.code ?? "InternalFailure"),
      requestBytes: from.requestBytes ?? 0,
      responseBytes: 0,
    });
    if (operation)
      for (const observer of this.#observers) observer({ call, operation, input, output, error: refusal });
    return {
      output,
      error,
      requestId: call.requestId,
      record: (responseBytes) => this.ledger.answered(sequence, responseBytes),
    };
  }

  /** One service calling another: an execution role reading a secret, a rule sending to a queue. */
  call<Output extends object>(
    prefix: string,
    operationName: string,
    input: object,
    caller: Caller,
  ): Promise<Output> {
    return this.dispatch<Output>(prefix, operationName, input, { caller, door: "internal" });
  }

  /** The operator's call, as tests and the demo make them without a client. */
  asOperator<Output extends object>(prefix: string, operationName: string, input: object): Promise<Output> {
    return this.dispatch<Output>(prefix, operationName, input, { caller: operator, door: "in-process" });
  }

  /** Stops every service, then the clock. */
  async stop(): Promise<void> {
    for (const service of this.#services.values()) await service.stop?.();
    this.clock.stop();
  }
}
