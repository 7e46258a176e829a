import { format } from "mysql2/promise";
import { escapeIdentifier, escapeLiteral } from "pg";
import { nativeHash } from "../../rotator/engines/mysql-statements";
import { scramVerifier } from "../../rotator/scram";

/** The application's user, or its two users, in the database. */
export interface Users {
  readonly engine: "postgres" | "mariadb";
  readonly admin: string;
  readonly user: string;
  readonly password: string;
  /** A clone that is in use already, as AWS's own function makes one: it owns a table. */
  readonly clone?: { readonly username: string; readonly password: string };
}

/** The first migrations: users and tables. The server is told verifiers, not passwords. */
export function databaseUserStatements({ engine, admin, user, password, clone }: Users): string[] {
  const all = [{ username: user, password }, ...(clone ? [clone] : [])];
  if (engine === "mariadb")
    return [
      "CREATE TABLE orders.orders (id bigint AUTO_INCREMENT PRIMARY KEY, placed_by text)",
      "CREATE TABLE orders.ledger (id bigint AUTO_INCREMENT PRIMARY KEY, placed_by text)",
      ...all.flatMap((one) => [
        format("CREATE USER ?@'%' IDENTIFIED VIA mysql_native_password USING ?", [
          one.username,
          nativeHash(one.password),
        ]),
        format("GRANT SELECT, INSERT, UPDATE, DELETE, CREATE, ALTER, DROP ON orders.* TO ?@'%'", [
          one.username,
        ]),
      ]),
      ...(clone ? [format("GRANT EXECUTE ON orders.* TO ?@'%'", [clone.username])] : []),
    ];
  const name = escapeIdentifier(user);
  return [
    ...all.flatMap((one) => [
      `CREATE ROLE ${escapeIdentifier(one.username)} LOGIN PASSWORD ${escapeLiteral(scramVerifier(one.password))}`,
      `GRANT ${escapeIdentifier(one.username)} TO ${escapeIdentifier(admin)}`,
    ]),
    ...(clone ? [`GRANT ${name} TO ${escapeIdentifier(clone.username)}`] : []),
    `CREATE SCHEMA orders AUTHORIZATION ${name}`,
    `SET ROLE ${name}`,
    "CREATE TABLE orders.ledger (id bigserial PRIMARY KEY, placed_by text)",
    `SET ROLE ${escapeIdentifier(clone?.username ?? user)}`,
    "CREATE TABLE orders.orders (id bigserial PRIMARY KEY, placed_by text)",
  ];
}
