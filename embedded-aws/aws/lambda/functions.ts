import type * as sdk from "@aws-sdk/client-lambda";
import type { GetObjectOutput } from "@aws-sdk/client-s3";
import { recordMetrics } from "../cloudwatch/record";
import { ServiceError, notImplemented } from "../errors";
import type { Authorization, Call } from "../service";
import type { World } from "../world";
import { callerOf, type Invocation } from "./containers";
import type { Target } from "./event-source-mapping";
import { checkZip, configurationOf, containersOf, parseFunctionName, type LambdaFunction } from "./function";

/** Invocations at a time, of all functions of an account (AWS Lambda Developer Guide, "Lambda quotas"). */
export const ACCOUNT_CONCURRENCY = 1000;

/** The functions of a world, and what can be done with one. */
export class Functions {
  readonly #functions = new Map<string, LambdaFunction>();

  constructor(readonly world: World) {}

  /** A function by its plain name. */
  named(name: string): LambdaFunction | undefined {
    return this.#functions.get(name);
  }

  all(): IterableIterator<LambdaFunction> {
    return this.#functions.values();
  }

  add(fn: LambdaFunction): void {
    this.#functions.set(fn.name, fn);
  }

  delete(fn: LambdaFunction): void {
    this.#functions.delete(fn.name);
  }

  /** What IAM is asked about a function by name or ARN, whether it exists or not. */
  on(name: string | undefined, action?: string, qualifier?: string): Authorization {
    const suffix = qualifier === undefined ? "" : `:${qualifier}`;
    const resource = this.world.arn(
      "lambda",
      `function:${parseFunctionName(name ?? "")?.name ?? ""}${suffix}`,
    );
    return { resource, action };
  }

  /** The alias that a call names: beside the function, or at the end of its ARN. */
  aliasIn(text: string | undefined, qualifier: string | undefined): string | undefined {
    const asked = qualifier ?? parseFunctionName(text ?? "")?.qualifier;
    return asked === "$LATEST" ? undefined : asked;
  }

  /** A function by name or ARN, which may be that of an alias. */
  qualified(text: string | undefined, qualifier?: string): LambdaFunction {
    const alias = this.aliasIn(text, qualifier);
    const found = this.#functions.get(parseFunctionName(text ?? "")?.name ?? "");
    return alias !== undefined && found?.aliases.has(alias) ? found : this.find(text, qualifier);
  }

  /** A function by name or ARN; throws when there is none. */
  find(text: string | undefined, qualifier?: string): LambdaFunction {
    const parsed = parseFunctionName(text ?? "");
    const found = parsed && this.#functions.get(parsed.name);
    const asked = qualifier ?? parsed?.qualifier;
    if (
      !found ||
      (asked !== undefined && asked !== "$LATEST") ||
      (text?.startsWith("arn:") && !text.startsWith(found.arn))
    )
      throw new ServiceError(
        "ResourceNotFoundException",
        `Function not found: ${this.world.arn("lambda", `function:${parsed?.name ?? text}`)}${asked ? `:${asked}` : ""}`,
        404,
      );
    return found;
  }

  /** The deployment package that a call gives or points to. */
  async code(code: sdk.FunctionCode, call: Call): Promise<Uint8Array> {
    if (code.ImageUri !== undefined) throw notImplemented("lambda with a container image");
    let zip = code.ZipFile;
    if (zip === undefined && code.S3Bucket !== undefined && code.S3Key !== undefined) {
      const object = await this.world.call<GetObjectOutput>(
        "s3",
        "GetObject",
        { Bucket: code.S3Bucket, Key: code.S3Key },
        call.caller,
      );
      zip = object.Body as unknown as Uint8Array;
    }
    if (zip === undefined || zip.length === 0)
      throw new ServiceError("InvalidParameterValueException", "Please provide a source for function code.");
    checkZip(zip);
    return zip;
  }

  /** Invokes with what AWS checks before: the concurrency of the function and of the account. */
  async invoke(
    fn: LambdaFunction,
    payload: string,
    requestId: string,
    invokedArn = fn.arn,
  ): Promise<Invocation> {
    if (this.#functions.get(fn.name) !== fn)
      throw new ServiceError("ResourceNotFoundException", `Function not found: ${fn.arn}`, 404);
    const running = [...this.#functions.values()].reduce((sum, f) => sum + f.containers.running, 0);
    if (
      fn.containers.running >= (fn.reservedConcurrency ?? ACCOUNT_CONCURRENCY) ||
      running >= ACCOUNT_CONCURRENCY
    ) {
      this.#metrics(fn, { Throttles: 1 });
      throw new ServiceError("TooManyRequestsException", "Rate Exceeded.", 429, {
        Reason:
          fn.reservedConcurrency === undefined
            ? "ConcurrentInvocationLimitExceeded"
            : "ReservedFunctionConcurrentInvocationLimitExceeded",
        Type: "User",
      });
    }
    const invocation = await fn.containers.invoke(payload, requestId, invokedArn);
    this.#metrics(fn, {
      Invocations: 1,
      Errors: invocation.result.kind === "answer" ? 0 : 1,
      Duration: invocation.durationMs,
    });
    return invocation;
  }

  #metrics(fn: LambdaFunction, values: Readonly<Record<string, number>>): void {
    recordMetrics(this.world, "AWS/Lambda", { FunctionName: fn.name }, values);
  }

  /** A function as pollers and events see it. */
  target(fn: LambdaFunction): Target {
    return {
      functionArn: fn.arn,
      caller: () => callerOf({ roleArn: fn.configuration.Role ?? "", functionName: fn.name }),
      invoke: (payload) => this.invoke(fn, payload, this.world.random.uuid()),
    };
  }

  /** A configuration as answers show it. */
  shown(fn: LambdaFunction): sdk.FunctionConfiguration {
    const environment =
      Object.keys(fn.environment).length > 0 ? { Variables: { ...fn.environment } } : undefined;
    return { ...fn.configuration, Environment: environment };
  }

  /** Makes the next revision: new containers, while those that run end their invocation. */
  async update(
    fn: LambdaFunction,
    given: sdk.UpdateFunctionConfigurationRequest,
    zip: Uint8Array,
    revision?: string,
  ) {
    if (revision !== undefined && revision !== fn.configuration.RevisionId)
      throw new ServiceError(
        "PreconditionFailedException",
        "The RevisionId provided does not match the latest RevisionId. Call the GetFunction/GetAlias API to retrieve the latest RevisionId",
        412,
      );
    const before = fn.containers;
    fn.configuration = configurationOf(this.world, fn.name, fn.configuration, given, zip);
    fn.environment = given.Environment ? { ...given.Environment.Variables } : fn.environment;
    fn.zip = zip;
    fn.containers = containersOf(this.world, fn.configuration, fn.environment, zip);
    await before.retire();
    return this.shown(fn);
  }
}
