import { startPostgres, type TestDatabase } from "../support/databases";
import { cutOffs } from "../support/kill-points";
import { survivesCutOffs } from "../support/rotation-suite";

describe("the rotator on a real PostgreSQL, with a credential in a parameter", () => {
  let database: TestDatabase;

  before(async () => {
    database = await startPostgres();
  });
  after(() => database.stop());

  survivesCutOffs(
    () => database,
    [...cutOffs("alternating-users"), ...cutOffs("single-user")].filter(({ store }) => store === "parameter"),
  );
});
