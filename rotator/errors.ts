/** `retryable`: the same run may succeed later. `final`: somebody has to change something first. */
export type FailureKind = "retryable" | "final";

/** Every way in which the rotator fails, by name. */
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
  | "missing-right"
  | "password-refused"
  | "user-not-found"
  | "busy"
  | "database-error";

/** A failure of the rotator, with its data as fields. */
export interface RotatorError extends Error {
  readonly kind: FailureKind;
  readonly code: FailureCode;
}

/** Makes an error that says what was found, what was wanted and what to do; never a value of a secret. */
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
