import { cutOffs } from "../../simulation/rotations/kill-points";
import { rotatesOnPostgres } from "../support/postgres-suite";

describe("the rotator on a real PostgreSQL 18", () => {
  // The rest of them, PostgreSQL 15 and MariaDB: npm run test:databases.
  rotatesOnPostgres(
    "postgres",
    cutOffs().filter(({ store, history }) => store === "secret" && !history),
  );
});
