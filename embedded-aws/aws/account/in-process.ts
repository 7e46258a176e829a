import { Readable } from "node:stream";
import type { Caller } from "../caller";
import { Iam } from "../iam";
import { answer } from "../wire/door";
import type { WireRequest } from "../wire/message";
import type { World } from "../world";

/** A request as the SDK's middleware hands it to a request handler. */
interface SdkRequest {
  readonly method: string;
  readonly path: string;
  readonly query?: Record<string, string | string[] | null>;
  readonly headers: Record<string, string>;
  readonly body?: unknown;
}

/** How often a client tries a call, the first time included: the SDK's own default. */
const maxAttempts = 3;
/** The SDK waits up to 100 ms before the second try and doubles it, up to 20 s (`@smithy/core/retry`). */
const backoff = { baseMs: 100, throttlingBaseMs: 500, maximumMs: 20_000 } as const;

/**
 * The configuration of any real SDK client that calls this world without a socket: serialisation, paginators and
 * exceptions are the SDK's own. Waiting between retries runs on the world's clock and seed, so it works on
 * virtual time. `new ECSClient(clientConfig(world, caller))`.
 */
export function clientConfig(world: World, caller: Caller) {
  const { accessKeyId, secretAccessKey } = Iam.of(world).credentials(caller);
  return {
    region: world.region,
    credentials: { accessKeyId, secretAccessKey },
    signerConstructor: signerOf(accessKeyId),
    requestHandler: requestHandler(world, caller),
    retryStrategy: retryStrategy(world),
    forcePathStyle: true,
    useFipsEndpoint: false,
    useDualstackEndpoint: false,
    defaultsMode: "standard" as const,
  };
}

/** Writes the credential scope, by which the world finds the service; nobody verifies signatures here. */
function signerOf(accessKeyId: string) {
  return class ScopeSigner {
    readonly #scope: string;

    constructor({ service, region }: { service?: unknown; region?: unknown }) {
      this.#scope = `19700101/${String(region)}/${String(service)}/aws4_request`;
    }

    sign<T extends { headers: Record<string, string> }>(request: T): Promise<T> {
      request.headers.authorization = `AWS4-HMAC-SHA256 Credential=${accessKeyId}/${this.#scope}, SignedHeaders=host, Signature=0`;
      return Promise.resolve(request);
    }
  };
}

function requestHandler(world: World, caller: Caller) {
  return {
    metadata: { handlerProtocol: "http/1.1" },
    destroy: () => undefined,
    updateHttpClientConfig: () => undefined,
    httpHandlerConfigs: () => ({}),
    async handle(request: SdkRequest) {
      const { status, headers, body, streaming } = await answer(
        world,
        toWire(request),
        "in-process",
        () => caller,
      );
      const stream = streaming ? Readable.from([Buffer.from(body)]) : undefined;
      return { response: { statusCode: status, headers: { ...headers }, body: stream ?? body } };
    },
  };
}

function toWire(request: SdkRequest): WireRequest {
  const headers: Record<string, string> = {};
  for (const [name, value] of Object.entries(request.headers)) headers[name.toLowerCase()] = value;
  const query: Record<string, string | string[]> = {};
  for (const [name, value] of Object.entries(request.query ?? {})) query[name] = value ?? "";
  return { method: request.method, path: request.path, query, headers, body: toBytes(request.body) };
}

function toBytes(body: unknown): Uint8Array {
  if (body === undefined || body === null) return new Uint8Array();
  if (typeof body === "string") return Buffer.from(body, "utf8");
  if (body instanceof Uint8Array) return body;
  if (body instanceof ArrayBuffer) return new Uint8Array(body);
  throw new Error("a streamed body cannot be sent in process: give the client a string or bytes");
}

/** What a retry strategy of the SDK is told about a failed try. */
interface ErrorInfo {
  readonly errorType: "TRANSIENT" | "THROTTLING" | "SERVER_ERROR" | "CLIENT_ERROR";
}

interface RetryToken {
  readonly attempt: number;
  getRetryCount(): number;
  getRetryDelay(): number;
}

/** The SDK's standard strategy (exponential backoff with full jitter) on the world's clock and seed. */
function retryStrategy(world: World) {
  const random = world.random.fork("client-retries");
  const token = (attempt: number, delayMs: number): RetryToken => ({
    attempt,
    getRetryCount: () => attempt,
    getRetryDelay: () => delayMs,
  });
  return {
    mode: "standard",
    acquireInitialRetryToken: () => Promise.resolve(token(0, 0)),
    async refreshRetryTokenForRetry(last: RetryToken, { errorType }: ErrorInfo): Promise<RetryToken> {
      if (errorType !== "TRANSIENT" && errorType !== "THROTTLING")
        throw new Error(`not tried again: ${errorType}`);
      if (last.attempt + 1 >= maxAttempts) throw new Error(`gave up after ${maxAttempts} tries`);
      const base = errorType === "THROTTLING" ? backoff.throttlingBaseMs : backoff.baseMs;
      const delayMs = Math.floor(Math.min(backoff.maximumMs, random.next() * base * 2 ** last.attempt));
      // The SDK would wait `getRetryDelay()` by a timer of its own: the wait is here, and zero is left.
      await world.clock.sleep(delayMs, "retry of an SDK client");
      return token(last.attempt + 1, 0);
    },
    recordSuccess: () => undefined,
  };
}
