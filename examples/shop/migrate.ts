import { format } from "mysql2/promise";
import { escapeIdentifier, escapeLiteral } from "pg";
import { connectMysql } from "../../rotator/engines/mysql";
import { nativeHash } from "../../rotator/engines/mysql-statements";
import { connectPostgres } from "../../rotator/engines/postgres";
import { scramVerifier } from "../../rotator/scram";

/** A credential as the secrets of this example hold it. */
export interface Credential {
  readonly engine: "postgres" | "mariadb";
  readonly host: string;
  readonly port: number;
  readonly dbname: string;
  readonly username: string;
  readonly password: string;
}

/**
 * The first migration, once after the first deployment: the shop's user and its table. The database never sees
 * the password: it gets a verifier or a hash. Both users of the rotation later work with what the first one owns.
 */
export async function migrate(admin: Credential, user: Credential): Promise<void> {
  const { host, port, dbname: database, username, password } = admin;
  const connect = admin.engine === "mariadb" ? connectMysql : connectPostgres;
  // In the clear: where this example runs, the database listens on a loopback address.
  const connection = await connect({ host, port, database, username, password, tls: "disable" });
  try {
    for (const statement of statements[admin.engine](username, user)) await connection.query(statement);
  } finally {
    await connection.end();
  }
}

const statements = {
  postgres(admin: string, { username, password }: Credential): string[] {
    const name = escapeIdentifier(username);
    return [
      `CREATE ROLE ${name} LOGIN PASSWORD ${escapeLiteral(scramVerifier(password))}`,
      `GRANT ${name} TO ${escapeIdentifier(admin)}`,
      `CREATE SCHEMA shop AUTHORIZATION ${name}`,
      `SET ROLE ${name}`,
      "CREATE TABLE shop.orders (id bigserial PRIMARY KEY, placed_at timestamptz NOT NULL)",
    ];
  },
  mariadb(_admin: string, { username, password }: Credential): string[] {
    return [
      "CREATE TABLE shop.orders (id bigint AUTO_INCREMENT PRIMARY KEY, placed_at timestamp NOT NULL)",
      format("CREATE USER ?@'%' IDENTIFIED VIA mysql_native_password USING ?", [
        username,
        nativeHash(password),
      ]),
      format("GRANT SELECT, INSERT, UPDATE, DELETE ON shop.* TO ?@'%'", [username]),
    ];
  },
};
