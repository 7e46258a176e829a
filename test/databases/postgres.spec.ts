import { startPostgres, type TestDatabase } from "../../simulation/rotations/databases";
import { cutOffs } from "../../simulation/rotations/kill-points";
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
