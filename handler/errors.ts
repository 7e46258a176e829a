/**
 * The two kinds of failure, decided here and nowhere else. A subclass of Error does not survive Pulumi's
 * serialisation of a callback, so a failure is an Error with a tag.
 */

/**
 * Why a call failed:
 * - `retryable`: throttled, or AWS is at fault; it may succeed later;
 * - `denied`: IAM denied it;
 * - `not-found`: the cluster, service, secret or parameter does not exist;
 * - `busy`: ECS has too many unfinished deployments of the service;
 * - `refused`: AWS rejects the call, now and later.
 */
export type FailureCode = "retryable" | "denied" | "not-found" | "busy" | "refused";

/** An Error with its kind. `throttled`: AWS rejected the call before doing anything, so it can be repeated. */
export interface Fault extends Error {
  readonly kind: "retryable" | "final";
  readonly code: FailureCode;
  readonly throttled: boolean;
}

/** The fields of an SDK client's error. */
interface SdkError {
  readonly name?: unknown;
  readonly message?: unknown;
  readonly code?: unknown;
  readonly $metadata?: { readonly httpStatusCode?: number };
  readonly $fault?: unknown;
}

const throttlingName = /Throttl|TooManyRequests|RequestLimitExceeded|SlowDown/;
const deniedName =
  /^(AccessDenied|AccessDeniedException|UnauthorizedOperation|NotAuthorized|UnrecognizedClientException|InvalidClientTokenId|ExpiredTokenException|ExpiredToken|CredentialsProviderError)$/;
const notFoundName =
  /^(ResourceNotFoundException|ClusterNotFoundException|ServiceNotFoundException|ServiceNotActiveException|ParameterNotFound|QueueDoesNotExist|AWS\.SimpleQueueService\.NonExistentQueue)$/;
const transientName =
  /^(ServerException|InternalServiceError|InternalServerError|InternalFailure|InternalError|ServiceUnavailable|ServiceUnavailableException|RequestTimeout|TimeoutError|AbortError|InvalidNextTokenException)$/;
const networkCode = /^(ECONN|ETIMEDOUT|EPIPE|EAI_AGAIN|ENOTFOUND|EHOSTUNREACH|ENETUNREACH|UND_ERR)/;
const busyMessage = /active deployments exist|deployment (is )?(already )?in progress/i;

/**
 * The failure behind an error that a client threw.
 * @param what names the call in the message
 * @returns undefined for any other error: a bug, which must end the invocation
 */
export function faultOf(error: unknown, what: string): Fault | undefined {
  if (typeof error !== "object" || error === null) return undefined;
  const { name, message, code, $metadata, $fault } = error as SdkError;
  const errorName = typeof name === "string" ? name : "";
  const network = networkCode.test(typeof code === "string" ? code : "");
  const status = $metadata?.httpStatusCode ?? 0;
  const transient = transientName.test(errorName);
  if (
    $metadata === undefined &&
    $fault === undefined &&
    !network &&
    !transient &&
    !deniedName.test(errorName)
  )
    return undefined;
  const text = typeof message === "string" ? message : "";
  const throttled = throttlingName.test(errorName) || status === 429;
  const failure: FailureCode = deniedName.test(errorName)
    ? "denied"
    : notFoundName.test(errorName)
      ? "not-found"
      : busyMessage.test(text)
        ? "busy"
        : throttled || network || transient || (status >= 500 && status !== 501)
          ? "retryable"
          : "refused";
  return Object.assign(new Error(`${what}: ${errorName}: ${text}`, { cause: error }), {
    kind: failure === "retryable" ? ("retryable" as const) : ("final" as const),
    code: failure,
    throttled,
  });
}

/** A failure that no client threw, for instance because the time ran out. */
export function fault(text: string, code: FailureCode): Fault {
  return Object.assign(new Error(text), {
    kind: code === "retryable" ? ("retryable" as const) : ("final" as const),
    code,
    throttled: false,
  });
}

/** Returns a caught `Fault`; rethrows anything else, which is a bug. */
export function caughtFault(error: unknown): Fault {
  if (error instanceof Error && "kind" in error && "code" in error && "throttled" in error)
    return error as Fault;
  throw error;
}
