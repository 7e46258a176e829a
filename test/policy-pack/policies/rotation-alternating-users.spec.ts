import assert from "node:assert/strict";
import { messages } from "../../support/policies";
import { databaseService } from "../../support/policy-programs";
import { rotationAlternatingUsers } from "../../../policy-pack/policies/rotation-alternating-users";

const { name } = rotationAlternatingUsers;

describe(name, () => {
  it("finds nothing where two users take turns, and where nothing rotates", async () => {
    assert.deepEqual(await messages(name, () => databaseService("alternating-users")), []);
    assert.deepEqual(await messages(name, () => databaseService()), []);
  });

  it("says what a single user costs, for whom, and the settings that change it", async () => {
    assert.deepEqual(await messages(name, () => databaseService("single-user")), [
      'advisory: the database secret "shop/database", read by shop/checkout, is rotated with a single user: ' +
        "connections opened between the change in the database and the start of the new tasks fail. " +
        'Set rotator: { kind: built-in, strategy: alternating-users } with an "adminSecret".',
    ]);
  });
});
