import { scramVerifier } from "../scram";
import { textOf, type Connection } from "./types";

/** Sets a role's password without sending the clear text; the server itself formats the statement. */
export async function setVerifier(connection: Connection, role: string, password: string): Promise<void> {
  await serverFormatted(connection, "ALTER ROLE %I PASSWORD %L", [role, scramVerifier(password)]);
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
