import assert from "node:assert/strict";
import type { Fault } from "../../handler/errors";
import { callsAtOnce, callsPerSecond, createPacing, maximumTries } from "../../handler/pace";
import { awsError } from "./fake-aws";

/** Pacing on a clock that only sleeping moves; `failures` are thrown before the call succeeds. */
function paced(...failures: Error[]) {
  const state = { nowMs: 0, calls: 0 };
  const pacing = createPacing({
    now: () => state.nowMs,
    sleep: (delayMs) => {
      state.nowMs += delayMs;
      return Promise.resolve();
    },
    random: () => 1,
  });
  const make = (): Promise<string> => {
    const failure = failures[state.calls++];
    return failure ? Promise.reject(failure) : Promise.resolve("done");
  };
  return { state, pacing, make };
}

describe("createPacing", () => {
  it("lets a burst through at once and then so many calls a second", async () => {
    const { state, pacing, make } = paced();
    const pace = pacing.at(1_000_000);

    const burst = callsAtOnce.UpdateService!;
    const perSecond = callsPerSecond.UpdateService!;
    for (let call = 0; call < burst; call++) await pace.call("UpdateService of a/b", make);
    const afterBurstMs = state.nowMs;
    assert.equal(pace.free("UpdateService"), 0);
    for (let call = 0; call < 10 * perSecond; call++) await pace.call("UpdateService of a/b", make);

    assert.equal(afterBurstMs, 0);
    assert.ok(Math.abs(state.nowMs - 10_000) < 1, `${state.nowMs}`);
  });

  it("has a bucket for each rate that AWS documents, shared as AWS shares it", async () => {
    const { state, pacing, make } = paced();
    const pace = pacing.at(1_000_000);

    for (let call = 0; call < callsAtOnce.services!; call++) await pace.call("ListServices of a", make);

    assert.equal(pace.free("DescribeServices"), 0);
    assert.equal(pace.free("ListTasks"), callsAtOnce.tasks);
    assert.equal(pace.free("UpdateService"), callsAtOnce.UpdateService);
    assert.equal(pace.free("GetQueueUrl"), callsAtOnce.others);
    state.nowMs += 100;
    assert.equal(pace.free("DescribeServices"), 2);
  });

  it("tries a throttled call again, with longer and longer pauses", async () => {
    const { state, pacing, make } = paced(awsError("ThrottlingException"), awsError("ThrottlingException"));

    const answer = await pacing.at(60_000).call("call", make);

    assert.equal(answer, "done");
    assert.equal(state.nowMs, 400 + 800);
  });

  it("gives up after six tries, and says that the call may succeed later", async () => {
    const { state, pacing, make } = paced(...Array<Error>(20).fill(awsError("ThrottlingException", "slow")));

    await assert.rejects(pacing.at(60_000).call("UpdateService", make), (error: Fault) => {
      assert.deepEqual([error.kind, error.code], ["retryable", "retryable"]);
      assert.match(error.message, /UpdateService: ThrottlingException: slow/);
      return error.cause instanceof Error;
    });

    assert.equal(state.calls, maximumTries);
  });

  it("does not repeat a call that AWS may have carried out, when it must not be made twice", async () => {
    const { state, pacing, make } = paced(awsError("ServerException", "oops", 500));

    await assert.rejects(pacing.at(60_000).call("UpdateService", make, false));

    assert.equal(state.calls, 1);
  });

  it("does not repeat a call that will never succeed", async () => {
    const { state, pacing, make } = paced(awsError("AccessDeniedException"));

    await assert.rejects(pacing.at(60_000).call("call", make), (error: Fault) => error.code === "denied");

    assert.equal(state.calls, 1);
  });

  it("begins no call when the time of the run is over", async () => {
    const { state, pacing, make } = paced();

    await assert.rejects(pacing.at(0).call("call", make), /no time is left in this run/);

    assert.equal(state.calls, 0);
  });

  it("passes a mistake of ours on as it is", async () => {
    const mistake = new TypeError("undefined is not a function");
    const { pacing, make } = paced(mistake);

    await assert.rejects(pacing.at(60_000).call("call", make), (error) => error === mistake);
  });
});
