import { createHash, createHmac, pbkdf2Sync, randomBytes } from "node:crypto";
import { Client, escapeIdentifier, escapeLiteral } from "pg";
import type { DatabaseHandle, DatabaseSpec } from "../runtime";

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

/** What PostgreSQL keeps of a password: `SCRAM-SHA-256$iterations:salt$StoredKey:ServerKey` (RFC 5802, RFC 7677). */
export function scramVerifier(password: string): string {
  const salt = randomBytes(16);
  const iterations = 4096;
  const salted = pbkdf2Sync(password, salt, iterations, 32, "sha256");
  const key = (name: string) => createHmac("sha256", salted).update(name).digest();
  const storedKey = createHash("sha256").update(key("Client Key")).digest("base64");
  return `SCRAM-SHA-256$${iterations}:${salt.toString("base64")}$${storedKey}:${key("Server Key").toString("base64")}`;
}

/** What MariaDB's `mysql_native_password` keeps of a password: `*` and SHA-1 of its SHA-1, in hexadecimal. */
export function nativeHash(password: string): string {
  const once = createHash("sha1").update(password).digest();
  return `*${createHash("sha1").update(once).digest("hex").toUpperCase()}`;
}
