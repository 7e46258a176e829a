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

/**
 * What an engine's error code means.
 * @param remedy what to do, where the server's own text does not say it
 * @param cause one clause, where the server's own text is unclear
 */
export type Meaning = readonly [kind: FailureKind, code: FailureCode, remedy?: string, cause?: string];

/** What to do, for all engines. */
const remedies: Readonly<Partial<Record<FailureCode, string>>> = {
  "read-only":
    "The server takes no changes: it is a replica, or fails over. Name the writer's host, or rotate later",
};

const network = new Set([
  ...["ECONNREFUSED", "ECONNRESET", "ENOTFOUND", "EAI_AGAIN", "ETIMEDOUT", "EHOSTUNREACH", "ENETUNREACH"],
  ...["EPIPE", "PROTOCOL_CONNECTION_LOST"],
]);

const certificate = /SELF_SIGNED|UNABLE_TO_(VERIFY|GET_ISSUER)|CERT_|self.signed certificate/;

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
  if (meaning) {
    const [kind, name, remedy = remedies[name], clause] = meaning;
    const found = clause === undefined ? text : `${clause} (${text})`;
    const message = `${doing} at ${at}: ${found}${remedy === undefined ? "" : `. ${remedy}`}`;
    return rotatorError(kind, name, message, cause);
  }
  if (/ALTNAME|altnames/.test(`${code} ${text}`))
    return rotatorError(
      "final",
      "certificate-refused",
      `${doing} at ${at}: the server's certificate is for another name (${text}). Set the host to a name that the ` +
        `certificate has; that of Amazon RDS has the instance's endpoint`,
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
  const { code, errno, errors } = error as { code?: unknown; errno?: unknown; errors?: unknown[] };
  // Node's AggregateError, when a host has several addresses.
  if (code === undefined && errors?.length) return codeOf(errors[0]);
  // The driver of MySQL has no name for a code that only MariaDB has.
  if (code === undefined && typeof errno === "number") return String(errno);
  return typeof code === "string" ? code : "";
}
