import {
  isRotatorError,
  rotatorError,
  type FailureCode,
  type FailureKind,
  type RotatorError,
} from "../errors";
import type { Login } from "./types";

/** Milliseconds to open a connection. */
export const connectTimeoutMs = 5_000;

/** Milliseconds that a statement may take, and may wait for locks. */
export const statementTimeoutMs = 15_000;

/**
 * Milliseconds that a statement may wait for the lock of a table. The application's queries wait behind it, so it is
 * short: Secrets Manager tries the step again.
 */
export const tableLockTimeoutMs = 2_000;

/** What an engine's error code means. */
export type Meaning = readonly [kind: FailureKind, code: FailureCode];

/** What to do, where the server's own text does not say it. */
const remedies: Readonly<Partial<Record<FailureCode, string>>> = {
  "read-only":
    ". The server takes no changes: it is a replica, or fails over. Name the writer's host, or rotate later",
};

const network = new Set([
  ...["ECONNREFUSED", "ECONNRESET", "ENOTFOUND", "EAI_AGAIN", "ETIMEDOUT", "EHOSTUNREACH", "ENETUNREACH"],
  ...["EPIPE", "PROTOCOL_CONNECTION_LOST"],
]);

const certificate =
  /SELF_SIGNED|UNABLE_TO_(VERIFY|GET_ISSUER)|ERR_TLS_CERT_ALTNAME|CERT_|self.signed certificate|altnames/;

/** The rotator's error for a driver's. Keeps only the text and code of the driver's error. */
export function databaseFailure(
  error: unknown,
  login: Login,
  meanings: Readonly<Record<string, Meaning>>,
  doing: string,
): RotatorError {
  if (isRotatorError(error)) return error;
  const text = error instanceof Error ? error.message || error.name : String(error);
  const code = codeOf(error);
  const at = `${login.host}:${login.port}`;
  // The driver's own error may carry the statement.
  const cause = Object.assign(new Error(text), { code });
  const meaning = meanings[code];
  if (meaning)
    return rotatorError(
      meaning[0],
      meaning[1],
      `${doing} at ${at}: ${text}${remedies[meaning[1]] ?? ""}`,
      cause,
    );
  if (certificate.test(`${code} ${text}`))
    return rotatorError(
      "final",
      "certificate-refused",
      `${doing} at ${at}: the server's certificate is not trusted (${text}). Name a file with its certificate ` +
        `authority in the setting tlsAuthorities; without it those of Amazon RDS are trusted`,
      cause,
    );
  if (/does not support (SSL|secure)/i.test(text))
    return rotatorError(
      "final",
      "tls-not-offered",
      `${doing} at ${at}: the server offers no TLS. Enable it on the server, or set tls to disable`,
      cause,
    );
  if (network.has(code) || /timeout|terminated unexpectedly|closed state/i.test(text))
    return rotatorError(
      "retryable",
      "database-unreachable",
      `${doing} at ${at}: the database cannot be reached (${text}). Put the function into the ` +
        `database's subnets, and let its security group into the database's`,
      cause,
    );
  return rotatorError("retryable", "database-error", `${doing} at ${at}: ${text}`, cause);
}

function codeOf(error: unknown): string {
  if (typeof error !== "object" || error === null) return "";
  const { code, errors } = error as { code?: unknown; errors?: unknown[] };
  // Node's AggregateError, when a host has several addresses.
  if (code === undefined && errors?.length) return codeOf(errors[0]);
  return typeof code === "string" ? code : "";
}
