import { CloudWatchLogs } from "@aws-sdk/client-cloudwatch-logs";
import { EventBridge } from "@aws-sdk/client-eventbridge";
import { IAM } from "@aws-sdk/client-iam";
import { KMS } from "@aws-sdk/client-kms";
import { Lambda } from "@aws-sdk/client-lambda";
import { SecretsManager } from "@aws-sdk/client-secrets-manager";
import { SNS } from "@aws-sdk/client-sns";
import { SQS } from "@aws-sdk/client-sqs";
import { SSM } from "@aws-sdk/client-ssm";
import { STS } from "@aws-sdk/client-sts";
import { AwsQueryProtocol } from "@aws-sdk/core/protocols";
import { createWorld } from "../../embedded-aws/aws/account";
import { clientConfig } from "../../embedded-aws/aws/account/in-process";
import { operator, type Caller } from "../../embedded-aws/aws/caller";
import { VirtualClock } from "../../embedded-aws/aws/clock";
import { Random } from "../../embedded-aws/aws/random";
import { ServiceModel } from "../../embedded-aws/aws/wire/model";
import type { World } from "../../embedded-aws/aws/world";
import {
  InProcessFunctionRuntime,
  type InProcessFactory,
} from "../../embedded-aws/runtime/function-in-process";
import { match, type Bindings, type Difference } from "./match";

/** One recorded test: what AWS answered, by the test's own label of a step. */
export interface Recording {
  /** `TestSecretsManager::test_put_secret_value_with_version_stages`; `[...]` behind it holds a test's parameters. */
  readonly test: string;
  readonly answers: Readonly<Record<string, unknown>>;
}

/** How one recorded answer compares with ours. */
export interface Compared {
  readonly test: string;
  readonly label: string;
  /** `not ours`: an operation that the embedded AWS has not, or no answer of an operation at all. */
  readonly outcome: "matched" | "differs" | "not ours";
  readonly differences: readonly Difference[];
}

/** The calls of one recorded test. `parameters` is what stands in brackets behind the test's name. */
export type Requests = (session: Session, parameters: string) => Promise<void>;

/**
 * The requests of one file of recordings, by the test's name without class and parameters; for a test of operations
 * that the embedded AWS has not, one of these (`kms:Sign`).
 */
export interface RequestFile {
  readonly requests: Readonly<Record<string, Requests | string>>;
  /** Members whose lists were sorted before they were recorded. */
  readonly unordered?: readonly string[];
  /** Functions that the tests deploy, by name. */
  readonly functions?: Readonly<Record<string, InProcessFactory>>;
}

/** What a call came to: its operation, and the answer as boto3 shows it. */
interface Seen {
  readonly operation: string;
  readonly answer: Record<string, unknown>;
}

/** Where the recordings were made: placeholders stand for the partition and the Region, and for accounts this. */
export const place = { partition: "aws", region: "us-east-1", account: "111111111111" } as const;

/** When virtual time begins. */
const startMs = Date.UTC(2026, 1, 10, 12);
/** Time that passes at AWS between two calls of one program. */
const betweenCallsMs = 50;

/** An account on virtual time in which the requests of one recorded test are made, and compared as they are answered. */
export class Session {
  readonly clock = new VirtualClock(startMs);
  readonly world: World;
  readonly compared: Compared[] = [];
  readonly #recording: Recording;
  readonly #unordered: readonly string[];
  readonly #seen = new WeakMap<object, Seen>();
  #bindings: Bindings = new Map([
    ["<partition>", place.partition],
    ["<region>", place.region],
  ]);

  constructor(recording: Recording, { unordered = [], functions = {} }: RequestFile) {
    this.#recording = recording;
    this.#unordered = unordered;
    this.world = createWorld({
      ...place,
      clock: this.clock,
      random: new Random(recording.test),
      runtime: {
        functions: new InProcessFunctionRuntime(this.clock, functions),
        tasks: { start: nothing },
        databases: { start: nothing },
      },
    });
    this.aws = this.clients();
  }

  /** Real clients of the account's operator. */
  readonly aws: ReturnType<Session["clients"]>;

  /** Real clients, of the operator or of another caller; `sqsQuery` speaks the query protocol. */
  readonly clients = ({
    caller = operator,
    ...more
  }: { readonly caller?: Caller; readonly endpoint?: string } = {}) => {
    const config = { ...clientConfig(this.world, caller), ...more };
    const clients = {
      events: new EventBridge(config),
      iam: new IAM(config),
      kms: new KMS(config),
      lambda: new Lambda(config),
      logs: new CloudWatchLogs(config),
      secretsmanager: new SecretsManager(config),
      sns: new SNS(config),
      sqs: new SQS(config),
      sqsQuery: new SQS({
        ...config,
        protocol: AwsQueryProtocol,
        protocolSettings: {
          defaultNamespace: "com.amazonaws.sqs",
          xmlNamespace: "http://queue.amazonaws.com/doc/2012-11-05/",
          version: "2012-11-05",
        },
      }),
      ssm: new SSM(config),
      sts: new STS(config),
    };
    for (const [name, client] of Object.entries(clients)) this.#watch(name.replace("Query", ""), client);
    return clients;
  };

  /** Waits for a call that the recording does not show. */
  readonly call = async <T>(call: Promise<T>): Promise<T> => {
    try {
      return await this.clock.drive(call);
    } finally {
      await this.pass(betweenCallsMs / 1000);
    }
  };

  /** Compares a call's answer with the recorded one, or the part of it that was recorded. Gives what was answered. */
  readonly see = async <T extends object>(
    label: string,
    call: Promise<T>,
    part: (answer: Record<string, unknown>) => unknown = (answer) => answer,
  ): Promise<Partial<T>> => {
    const outcome: T | Error = await this.call(call).catch((error: unknown) => {
      if (error instanceof Error && this.#seen.has(error)) return error;
      throw error;
    });
    const { operation, answer } = this.#seen.get(outcome)!;
    this.#compare(label, part(answer), this.has(operation));
    return outcome instanceof Error ? {} : outcome;
  };

  /** Compares what the test itself chose or gathered from several answers; it counts where `of` names an operation. */
  readonly given = (label: string, value: unknown, of?: string): void =>
    this.#compare(label, value, of !== undefined && this.has(of));

  /** Lets time pass. */
  readonly pass = (seconds: number): Promise<void> => this.clock.runUntil(this.clock.now() + seconds * 1000);

  /** The labels of the recorded answers. */
  get labels(): string[] {
    return Object.keys(this.#recording.answers);
  }

  /** Answers that were recorded, and for which no request was made. */
  get missing(): string[] {
    const labels = new Set(this.compared.map(({ label }) => label));
    return Object.keys(this.#recording.answers).filter((label) => !labels.has(label));
  }

  /** Whether the embedded AWS has an operation, `sqs:SendMessage`. */
  has(operation: string): boolean {
    const [prefix, name] = operation.split(":") as [string, string];
    return [...this.world.services].some(
      (service) => service.prefix === prefix && Object.hasOwn(service.operations, name),
    );
  }

  #compare(label: string, ours: unknown, counts: boolean): void {
    const { test, answers } = this.#recording;
    // Some tests of the same name were recorded with fewer steps.
    if (!Object.hasOwn(answers, label)) return;
    const recorded = answers[label];
    const { differences, bindings } = match(
      simplified(recorded),
      asToldThen(ours, recorded),
      this.#bindings,
      this.#unordered,
    );
    if (differences.length === 0) this.#bindings = bindings;
    const outcome = !counts ? "not ours" : differences.length === 0 ? "matched" : "differs";
    this.compared.push({ test, label, outcome, differences: counts ? differences : [] });
  }

  /** Keeps each answer of a client as boto3 would show it. */
  #watch(
    prefix: string,
    client: { readonly middlewareStack: { add(middleware: unknown, options: unknown): void } },
  ): void {
    let last: { readonly headers: Record<string, string>; readonly text: string } | undefined;
    const raw =
      (next: (args: unknown) => Promise<{ response: Raw }>) =>
      async (args: unknown): Promise<{ response: Raw }> => {
        const result = await next(args);
        const { headers, body } = result.response;
        last = { headers, text: body instanceof Uint8Array ? Buffer.from(body).toString() : "" };
        return result;
      };
    const whole =
      (next: (args: unknown) => Promise<{ output: object }>, { commandName }: { commandName: string }) =>
      async (args: unknown): Promise<{ output: object }> => {
        const operation = `${prefix}:${commandName.replace(/Command$/, "")}`;
        try {
          const result = await next(args);
          this.#seen.set(result.output, { operation, answer: success(result.output) });
          return result;
        } catch (error) {
          if (error instanceof Error && last)
            this.#seen.set(error, { operation, answer: this.#failure(prefix, error, last) });
          throw error;
        }
      };
    client.middlewareStack.add(raw, { step: "deserialize", priority: "low" });
    client.middlewareStack.add(whole, { step: "initialize", priority: "high" });
  }

  /** An error as botocore shows it: code and message, and the members that its shape has. */
  #failure(
    prefix: string,
    error: Error & { readonly $metadata?: { readonly httpStatusCode?: number } },
    { headers, text }: { readonly headers: Record<string, string>; readonly text: string },
  ): Record<string, unknown> {
    const ResponseMetadata = { HTTPStatusCode: error.$metadata?.httpStatusCode };
    const xml = (name: string): string | undefined =>
      new RegExp(`<${name}>([^<]*)</${name}>`).exec(text)?.[1];
    if (text.startsWith("<"))
      return {
        Error: {
          Code: xml("Code"),
          Message: error.message,
          Type: xml("Type"),
          // botocore reads an empty element as None.
          ...(text.includes("<Detail></Detail>") && { Detail: null }),
        },
        ResponseMetadata,
      };
    const body = JSON.parse(text || "{}") as Record<string, unknown> & { readonly __type?: string };
    const code = (body.__type ?? headers["x-amzn-errortype"] ?? "").replace(/^.*#/, "");
    const model = ServiceModel.of([...this.world.services].find((one) => one.prefix === prefix)!.sdk);
    const own = [...(model.error(code)?.shape.members.keys() ?? [])];
    const [queryCode, Type] = (headers["x-amzn-query-error"] ?? "").split(";");
    return {
      ...Object.fromEntries(own.map((member) => [member, body[member]])),
      Error: {
        Code: queryCode === "" ? code : queryCode,
        Message: error.message,
        ...(Type === undefined ? {} : { QueryErrorCode: code, Type }),
      },
      ResponseMetadata,
    };
  }
}

function nothing(): never {
  throw new Error("no task and no database runs here");
}

interface Raw {
  readonly headers: Record<string, string>;
  readonly body: unknown;
}

/** An output of the SDK as boto3 shows it. */
function success(output: object): Record<string, unknown> {
  const { $metadata, ...members } = output as {
    readonly $metadata?: { readonly httpStatusCode?: number };
  } & Record<string, unknown>;
  return { ...members, ResponseMetadata: { HTTPStatusCode: $metadata?.httpStatusCode } };
}

/** Recordings hold the headers of an answer as an empty object. */
function simplified(recorded: unknown): unknown {
  if (!hasMetadata(recorded)) return recorded;
  const { HTTPStatusCode } = recorded.ResponseMetadata;
  return { ...recorded, ResponseMetadata: { HTTPStatusCode } };
}

/**
 * The oldest recordings hold no status. The model of the client that recorded decides whether the message of an error
 * is told a second time, beside the code.
 */
function asToldThen(ours: unknown, recorded: unknown): unknown {
  if (!isObject(ours) || !isObject(recorded)) return ours;
  const left = { ...ours };
  for (const name of ["ResponseMetadata", ...("Error" in ours ? ["message", "Message"] : [])])
    if (!(name in recorded)) delete left[name];
  return left;
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

function hasMetadata(value: unknown): value is {
  readonly ResponseMetadata: { readonly HTTPStatusCode?: unknown };
} {
  return typeof value === "object" && value !== null && "ResponseMetadata" in value;
}
