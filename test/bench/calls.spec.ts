import assert from "node:assert/strict";
import { measureChange, measureFew, measureSweeps, type Bounded } from "../../bench/calls/measure";

function within(bounded: Bounded, what: string): void {
  assert.ok(bounded.calls <= bounded.bound, `${what}: ${bounded.calls} calls, at most ${bounded.bound}`);
}

describe("the number of calls", () => {
  for (const [services, tasksEach, waves] of [
    [1, 1, 1],
    [10, 2, 1],
    [25, 5, 1],
    [20, 2, 2],
  ] as const)
    it(`for a change that ${services} services read stays within its bounds (waves: ${waves})`, async () => {
      const { toLastUpdate, withProofs, further, operations } = await measureChange(
        services,
        tasksEach,
        waves,
      );

      within(toLastUpdate, "to the last UpdateService");
      within(withProofs, "with the proofs");
      within(further, "a further event of the same change");
      assert.equal(operations.UpdateService, services);
      assert.equal(operations.DescribeSecret, waves);
    });

  it("of a quiet sweep stays within its bound, after a tag edit on each secret too", async () => {
    const { warm, nextAfterEdits, cold, secrets } = await measureSweeps();

    assert.equal(secrets, 1_000);
    within(warm, "a quiet sweep");
    within(nextAfterEdits, "the next sweep but one after the edits");
    assert.equal(cold.ListSecretVersionIds, undefined);
  });

  it("for a few secrets of an account does not grow with the account", async () => {
    const { cold, warm } = await measureFew(5, 500);

    assert.deepEqual([cold.ListSecrets, cold.DescribeSecret], [undefined, 5]);
    assert.deepEqual(warm, { DescribeServices: 1, ListTasks: 1, DescribeSecret: 5 });
  });

  it("is worth nothing where a service was not recycled", async () => {
    await assert.rejects(
      measureChange(1, 0),
      /^Error: service-0: expected one recycle and then fresh or proved/,
    );
  });
});
