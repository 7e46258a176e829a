import { isRotatorError, rotatorError, type RotatorError } from "../errors";
import { failures, type Failure, type FailureName } from "./failure-table";
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

/** What happened: on which engine, at login or in a statement, and what the rotator was doing. */
export interface Occasion {
  readonly engine: Exclude<Failure["engine"], "all">;
  readonly when: "login" | "statement";
  /** Completes "... at HOST:PORT". */
  readonly doing: string;
}

/** Causes for which the drivers and Node.js have many codes, or none: what they say, and the code in the table. */
const saidOtherwise: readonly (readonly [RegExp, string])[] = [
  [/ALTNAME|altnames/, "ERR_TLS_CERT_ALTNAME_INVALID"],
  [/SELF_SIGNED|UNABLE_TO_GET_ISSUER|CERT_|self.signed certificate/, "UNABLE_TO_VERIFY_LEAF_SIGNATURE"],
  [/does not support (SSL|secure)/i, "HANDSHAKE_NO_SSL_SUPPORT"],
  [/timeout|terminated unexpectedly|closed state/i, "ETIMEDOUT"],
];

/** The rotator's error for a driver's. Keeps only the text and code of the driver's error. */
export function databaseFailure(error: unknown, login: Login, occasion: Occasion): RotatorError {
  if (isRotatorError(error)) return error;
  const text = error instanceof Error ? error.message || error.name : String(error);
  const code = codeOf(error);
  // The driver's own error may carry the statement.
  const cause = Object.assign(new Error(text), { code });
  const otherwise = saidOtherwise.find(([said]) => said.test(`${code} ${text}`))?.[1];
  const row = rowOf(code, text, occasion) ?? (otherwise && rowOf(otherwise, text, occasion));
  const at = `${occasion.doing} at ${login.host}:${login.port}`;
  return row
    ? rotatorError(row.kind, row.code, `${at}: ${row.cause} (${text}). ${row.remedy}`, cause)
    : rotatorError("retryable", "database-error", `${at}: ${text}`, cause);
}

/** The error of a row, for what is found out otherwise than by a code. */
export function namedFailure(name: FailureName, found: string): RotatorError {
  const { kind, code, cause, remedy } = failures[name];
  return rotatorError(kind, code, `${found}: ${cause}. ${remedy}`);
}

function rowOf(code: string, text: string, { engine, when }: Occasion): Failure | undefined {
  return Object.values<Failure>(failures).find(
    (row) =>
      (row.engine === engine || row.engine === "all") &&
      row.codes.includes(code) &&
      (row.when ?? when) === when &&
      (row.text?.test(text) ?? true),
  );
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
