import { startServer, type TestDatabase } from "../../simulation/rotations/databases";
import { cutOffs } from "../../simulation/rotations/kill-points";
import { rotatesOnPostgres } from "../support/postgres-suite";
import { survivesCutOffs } from "../support/rotation-suite";

describe("the rotator on a real PostgreSQL 15", () => {
  rotatesOnPostgres("postgres-15", cutOffs());
});

describe("the rotator on a real PostgreSQL 18, with a credential in a parameter or with a history", () => {
  let database: TestDatabase;

  before(async () => {
    database = await startServer("postgres");
  });
  after(() => database.stop());

  survivesCutOffs(
    () => database,
    cutOffs().filter(({ store, history }) => store === "parameter" || history),
  );
});
