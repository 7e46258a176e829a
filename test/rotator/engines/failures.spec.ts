import assert from "node:assert/strict";
import { databaseFailure } from "../../../rotator/engines/failures";

/** What PostgreSQL 15 and 18 say where no connection is left, and what it must be taken for. */
const said: [text: string, cause: RegExp][] = [
  ['too many connections for role "app"', /the role has as many connections as its CONNECTION LIMIT allows/],
  [
    'too many connections for database "shop"',
    /the database has as many connections as its CONNECTION LIMIT/,
  ],
  ["sorry, too many clients already", /the server has no connection left/],
  [
    "remaining connection slots are reserved for roles with the SUPERUSER attribute",
    /the server has no connection left/,
  ],
  [
    'remaining connection slots are reserved for roles with privileges of the "pg_use_reserved_connections" role',
    /the server has no connection left/,
  ],
  [
    "remaining connection slots are reserved for non-replication superuser connections",
    /the server has no connection left/,
  ],
];

describe("a PostgreSQL that has no connection left", () => {
  for (const [text, cause] of said)
    it(`is taken for the right limit when it says "${text}"`, () => {
      const error = Object.assign(new Error(text), { code: "53300" });
      const login = {
        host: "db",
        port: 5432,
        username: "app",
        password: "x",
        database: "shop",
        tls: "disable",
      } as const;

      const { message } = databaseFailure(error, login, {
        engine: "PostgreSQL",
        when: "login",
        doing: "login of app",
      });

      assert.match(message, cause);
    });
});
