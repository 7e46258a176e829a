import { Client, escapeIdentifier, escapeLiteral } from "pg";
import { scramVerifier } from "../../rotator/scram";

/** A credential as the secrets of this example hold it. */
export interface Credential {
  readonly host: string;
  readonly port: number;
  readonly dbname: string;
  readonly username: string;
  readonly password: string;
}

/**
 * The first migration, once after the first deployment: the shop's user and its table. The database never sees
 * the password: it gets a verifier. Both users of the rotation later work with what the first one owns.
 */
export async function migrate(admin: Credential, user: Credential): Promise<void> {
  const client = new Client({
    host: admin.host,
    port: admin.port,
    database: admin.dbname,
    user: admin.username,
    password: admin.password,
  });
  await client.connect();
  try {
    const name = escapeIdentifier(user.username);
    await client.query(`CREATE ROLE ${name} LOGIN PASSWORD ${escapeLiteral(scramVerifier(user.password))}`);
    await client.query(`GRANT ${name} TO ${escapeIdentifier(admin.username)}`);
    await client.query(`CREATE SCHEMA shop AUTHORIZATION ${name}`);
    await client.query(`SET ROLE ${name}`);
    await client.query("CREATE TABLE shop.orders (id bigserial PRIMARY KEY, placed_at timestamptz NOT NULL)");
  } finally {
    await client.end();
  }
}
