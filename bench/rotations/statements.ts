import { format } from "mysql2/promise";
import { escapeIdentifier, escapeLiteral } from "pg";
import { nativeHash } from "../../rotator/engines/mysql-statements";
import { scramVerifier } from "../../rotator/scram";

/** The first migration: the application's user and its table. The server is told a verifier, not the password. */
export function databaseUserStatements(
  engine: "postgres" | "mariadb",
  admin: string,
  user: string,
  password: string,
): string[] {
  if (engine === "mariadb")
    return [
      "CREATE TABLE orders.orders (id bigint AUTO_INCREMENT PRIMARY KEY, placed_by text)",
      format("CREATE USER ?@'%' IDENTIFIED VIA mysql_native_password USING ?", [user, nativeHash(password)]),
      format("GRANT SELECT, INSERT, UPDATE, DELETE ON orders.* TO ?@'%'", [user]),
    ];
  const name = escapeIdentifier(user);
  return [
    `CREATE ROLE ${name} LOGIN PASSWORD ${escapeLiteral(scramVerifier(password))}`,
    `GRANT ${name} TO ${escapeIdentifier(admin)}`,
    `CREATE SCHEMA orders AUTHORIZATION ${name}`,
    `SET ROLE ${name}`,
    "CREATE TABLE orders.orders (id bigserial PRIMARY KEY, placed_by text)",
  ];
}
