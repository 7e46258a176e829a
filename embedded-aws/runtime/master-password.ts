import { Client, escapeIdentifier, escapeLiteral } from "pg";
import { nativeHash } from "../../rotator/engines/mysql";
import { scramVerifier } from "../../rotator/scram";
import type { DatabaseHandle, DatabaseSpec } from "./types";

/**
 * Changes the master user's password as RDS does it on its own: the server receives a verifier (PostgreSQL) or
 * a hash (MariaDB), never the clear text where its log could show it; MySQL keeps that out of its log by itself.
 * @param spec the instance with the password that is valid now
 */
export async function setMasterPassword(
  spec: DatabaseSpec,
  handle: DatabaseHandle,
  password: string,
): Promise<void> {
  if (spec.engine === "postgres") return setPostgresPassword(spec, handle, password);
  const { createConnection } = await import("mysql2/promise");
  const connection = await createConnection({
    host: handle.host,
    port: handle.port,
    user: spec.masterUsername,
    password: spec.masterPassword,
  });
  try {
    if (spec.engine === "mariadb") await connection.query("SET PASSWORD = ?", [nativeHash(password)]);
    else await connection.query("ALTER USER CURRENT_USER() IDENTIFIED BY ?", [password]);
  } finally {
    await connection.end();
  }
}

async function setPostgresPassword(
  spec: DatabaseSpec,
  handle: DatabaseHandle,
  password: string,
): Promise<void> {
  const client = new Client({
    host: handle.host,
    port: handle.port,
    user: spec.masterUsername,
    password: spec.masterPassword,
    database: spec.databaseName ?? "postgres",
  });
  await client.connect();
  try {
    await client.query(
      `ALTER ROLE ${escapeIdentifier(spec.masterUsername)} PASSWORD ${escapeLiteral(scramVerifier(password))}`,
    );
  } finally {
    await client.end();
  }
}
