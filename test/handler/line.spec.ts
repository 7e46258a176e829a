import assert from "node:assert/strict";
import { takeTurns, wait } from "../../handler/line";
import { createMemory } from "../../handler/observe/memory";

function memoryWith(...waiting: readonly (readonly [cluster: string, service: string, wave?: number])[]) {
  const memory = createMemory(0);
  for (const [cluster, service, wave = 0] of waiting)
    wait(memory, { cluster, service, wave, cause: "event" });
  return memory;
}

describe("the line", () => {
  it("serves who waits longest, and each once", () => {
    const memory = memoryWith(["shop", "web"], ["shop", "api"], ["shop", "web"]);

    assert.deepEqual(
      takeTurns(memory, 10).map(({ service }) => service),
      ["web", "api"],
    );
    assert.equal(memory.line.size, 0);
  });

  it("serves clusters in turn, across runs too", () => {
    const memory = memoryWith(["storm", "a"], ["storm", "b"], ["storm", "c"], ["storm", "d"], ["calm", "x"]);

    assert.deepEqual(
      takeTurns(memory, 1).map(({ service }) => service),
      ["a"],
    );
    assert.deepEqual(
      takeTurns(memory, 2).map(({ service }) => service),
      ["x", "b"],
    );
    wait(memory, { cluster: "calm", service: "y", wave: 0, cause: "event" });
    assert.deepEqual(
      takeTurns(memory, 10).map(({ service }) => service),
      ["y", "c", "d"],
    );
  });

  it("serves a lower wave of a cluster first", () => {
    const memory = memoryWith(["shop", "late", 2], ["shop", "first", 0], ["shop", "second", 0]);

    assert.deepEqual(
      takeTurns(memory, 2).map(({ service }) => service),
      ["first", "second"],
    );
    assert.deepEqual([...memory.line.keys()], ["shop/late"]);
  });

  it("keeps a service's first place when it is named again", () => {
    const memory = memoryWith(["shop", "web"], ["shop", "api"]);
    wait(memory, { cluster: "shop", service: "web", wave: 0, cause: "another event" });

    assert.deepEqual(
      takeTurns(memory, 10).map(({ service, cause }) => `${service}: ${cause}`),
      ["web: event", "api: event"],
    );
  });
});
