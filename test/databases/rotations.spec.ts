import assert from "node:assert/strict";
import { rotateUnderLoad } from "../../bench/rotations/run";
import { servers } from "../../simulation/rotations/databases";

// Real databases, real tasks, the deployed archives: new connections all the time, counted outside of the tasks.
for (const engine of servers)
  describe(`rotations of a ${engine} with a history, under load`, () => {
    it("fail no query with alternating users, each rotation when the one before is rolled out", async () => {
      const { rotations, busy, queries, failures } = await rotateUnderLoad({
        engine,
        strategy: "alternating-users",
        recycler: true,
        seed: "test",
        rotations: 5,
        history: true,
      });

      assert.deepEqual(failures, []);
      assert.equal(queries.failed, 0);
      // A transaction holds a table that the clone owns; objects belong to nobody on MariaDB.
      assert.equal(busy, engine === "mariadb" ? 0 : 1);
      assert.ok(rotations === 5 && queries.total > 100, `${queries.total} queries in ${rotations} rotations`);
    });

    it("fail queries in the control, where nobody replaces a task", async () => {
      const { queries, failures } = await rotateUnderLoad({
        engine,
        strategy: "alternating-users",
        recycler: false,
        seed: "test",
        rotations: 2,
        history: true,
      });

      assert.ok(queries.failed > 0);
      assert.match(failures[0]!, engine === "mariadb" ? /ER_ACCESS_DENIED_ERROR/ : /28P01/);
    });
  });
