import { createHash } from "node:crypto";
import { scramVerifier } from "../scram";
import { textOf, type Connection, type Note } from "./types";

/** How the server keeps a password. */
export type PasswordKind = "md5" | "scram";

/** How the server keeps the password of the user that this connection logged in. */
export function passwordKind({ md5 = false }: Connection): PasswordKind {
  return md5 ? "md5" : "scram";
}

/**
 * Sets a role's password without sending the clear text; the server itself formats the statement. The kind of the hash
 * stays: a client that knows only MD5 could not log in by SCRAM.
 */
export async function setHash(
  connection: Connection,
  role: string,
  password: string,
  kind: PasswordKind,
  note: Note,
): Promise<void> {
  if (kind === "md5")
    note(
      `the server keeps this credential's password as an MD5 hash, so ${role} gets one, too; a reader of the ` +
        "server's log can log in with it. Set password_encryption to scram-sha-256 and the current password anew, if " +
        "every client knows SCRAM",
    );
  const hash = kind === "md5" ? md5Hash(role, password) : scramVerifier(password);
  await serverFormatted(connection, "ALTER ROLE %I PASSWORD %L", [role, hash]);
}

/** PostgreSQL documentation, pg_authid: `md5`, and MD5 of the password and the role's name. */
function md5Hash(role: string, password: string): string {
  return `md5${createHash("md5")
    .update(password + role)
    .digest("hex")}`;
}

/** Runs a statement with names and values quoted by the server (`format`). */
export async function serverFormatted(
  connection: Connection,
  format: string,
  values: readonly string[],
): Promise<void> {
  await connection.query(await formatted(connection, format, values));
}

/** A statement with names and values quoted by the server. */
export async function formatted(
  connection: Connection,
  format: string,
  values: readonly string[],
): Promise<string> {
  const [row] = await connection.query("SELECT format($1, VARIADIC $2::text[]) AS statement", [
    format,
    values,
  ]);
  return textOf(row, "statement");
}
