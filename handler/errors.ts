/**
 * The two kinds of failure, decided here and nowhere else. A subclass of Error does not survive Pulumi's
 * serialisation of a callback, so a failure is an Error with a tag.
 */

/**
 * What became of a call that failed:
 * - `retryable`: throttled, or AWS is at fault: it may well succeed later;
 * - `denied`: IAM says no;
 * - `not-found`: the cluster, service, secret or parameter is not there;
 * - `busy`: ECS has too many unfinished deployments of the service;
 * - `refused`: ECS will not do this, now or later.
 */
export type FailureCode = "retryable" | "denied" | "not-found" | "busy" | "refused";

/** An Error with its kind. `throttled`: AWS turned the call away before it did anything, so that it can be repeated. */
export interface Fault extends Error {
  readonly kind: "retryable" | "final";
  readonly code: FailureCode;
  readonly throttled: boolean;
}

/** What is known of an error of an SDK client. */
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
 * @param what the call, as a reader of the log would name it
 * @returns undefined for an error that no client throws: a mistake of ours, which must end the invocation
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

/** A failure of our own making, with its tag: time that ran out, a setting that names nothing. */
export function fault(text: string, code: FailureCode): Fault {
  return Object.assign(new Error(text), {
    kind: code === "retryable" ? ("retryable" as const) : ("final" as const),
    code,
    throttled: false,
  });
}

/** The failure that was thrown; anything else goes on as it is, for it is a mistake of ours. */
export function caughtFault(error: unknown): Fault {
  if (error instanceof Error && "kind" in error && "code" in error && "throttled" in error)
    return error as Fault;
  throw error;
}
