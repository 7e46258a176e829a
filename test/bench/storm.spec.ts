import assert from "node:assert/strict";
import { measureStorm } from "../../bench/storm/measure";

describe("a storm of changes", () => {
  it("is over within the time that UpdateService's rate needs, and holds up no other cluster", async () => {
    const storm = await measureStorm({ services: 200, changes: 800, seconds: 1 });
    const said = JSON.stringify(storm);

    assert.equal(storm.lost, 0, said);
    assert.equal(storm.forcedDeployments, 200, said);
    assert.equal(storm.fuse, 0, said);
    assert.ok(storm.lastFreshSeconds <= storm.boundSeconds, said);
    // The queue's delay and its messages; without turns for each cluster it would be twice as long.
    assert.ok(storm.unrelatedFreshSeconds <= 30, said);
    // A few calls for each service, not for each change.
    assert.ok(storm.apiCalls <= 8 * storm.services, said);
  });

  it("that goes on forces a service when it is over, at most twice", async () => {
    const storm = await measureStorm({ services: 30, changes: 240, seconds: 80 });

    assert.equal(storm.lost, 0, JSON.stringify(storm));
    assert.ok(storm.forcedDeployments <= 60, JSON.stringify(storm));
  });
});
