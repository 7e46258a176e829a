/** `retryable`: the same run may succeed later. `final`: it fails until a person changes something. */
export type FailureKind = "retryable" | "final";

/** All failures of the rotator, by name. */
export type FailureCode =
  | "invalid-settings"
  | "invalid-event"
  | "rotation-disabled"
  | "unknown-version"
  | "not-pending"
  | "too-young"
  | "invalid-secret"
  | "stale-pending"
  | "secret-not-found"
  | "aws-unreachable"
  | "aws-denied"
  | "aws-error"
  | "database-unreachable"
  | "certificate-refused"
  | "tls-not-offered"
  | "login-refused"
  | "not-admitted"
  | "account-unusable"
  | "missing-right"
  | "password-refused"
  | "user-not-found"
  | "not-a-pair"
  | "busy"
  | "read-only"
  | "database-error";

/** A failure of the rotator, with its data as fields. */
export interface RotatorError extends Error {
  readonly kind: FailureKind;
  readonly code: FailureCode;
}

/** Makes an error. The message says what was found, what was expected and what to do, and quotes no secret. */
export function rotatorError(
  kind: FailureKind,
  code: FailureCode,
  message: string,
  cause?: unknown,
): RotatorError {
  return Object.assign(new Error(message, cause === undefined ? undefined : { cause }), { kind, code });
}

/** Whether an error was made by `rotatorError`. */
export function isRotatorError(error: unknown): error is RotatorError {
  return error instanceof Error && "kind" in error && (error.kind === "retryable" || error.kind === "final");
}
