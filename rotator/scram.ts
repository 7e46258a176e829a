import { createHash, createHmac, pbkdf2Sync, randomBytes } from "node:crypto";

/** Iterations that PostgreSQL itself uses by default (`scram_iterations`). */
export const scramIterations = 4096;

/**
 * What PostgreSQL stores for a password (RFC 5802, RFC 7677): `SCRAM-SHA-256$iterations:salt$StoredKey:ServerKey`.
 * Given to `ALTER ROLE ... PASSWORD` in place of the password, it lets the role log in, and the clear text is in no
 * statement, so in no log of the server.
 *
 * @param password printable ASCII, for which SASLprep (RFC 4013) changes nothing; anything else is refused, because
 * client and server could then normalise it differently
 */
export function scramVerifier(
  password: string,
  salt: Uint8Array = randomBytes(16),
  iterations: number = scramIterations,
): string {
  if (!/^[\x20-\x7e]+$/.test(password))
    throw new Error("a SCRAM verifier is computed for a password of printable ASCII characters only");
  const salted = pbkdf2Sync(password, salt, iterations, 32, "sha256");
  const clientKey = hmac(salted, "Client Key");
  const storedKey = createHash("sha256").update(clientKey).digest("base64");
  const serverKey = hmac(salted, "Server Key").toString("base64");
  return `SCRAM-SHA-256$${iterations}:${Buffer.from(salt).toString("base64")}$${storedKey}:${serverKey}`;
}

function hmac(key: Uint8Array, text: string): Buffer {
  return createHmac("sha256", key).update(text).digest();
}
