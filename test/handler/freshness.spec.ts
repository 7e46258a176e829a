import assert from "node:assert/strict";
import * as fc from "fast-check";
import { freshness, marginMs, type Freshness } from "../../handler/freshness";

const lo = 1_000_000;
const hi = 1_100_000;

describe("freshness", () => {
  const rows: [string, number, number, number, Freshness][] = [
    ["a deployment long before the move is stale", lo - 50_000, lo, hi, "stale"],
    ["a deployment at the earliest time of the move is stale", lo, lo, hi, "stale"],
    ["a deployment within the margin after the earliest time is stale", lo + marginMs, lo, hi, "stale"],
    ["a deployment just beyond that margin is unknown", lo + marginMs + 1, lo, hi, "unknown"],
    ["a deployment within the margin after the latest time is unknown", hi + marginMs, lo, hi, "unknown"],
    ["a deployment beyond the margin after the latest time is fresh", hi + marginMs + 1, lo, hi, "fresh"],
    ["a point leaves no unknown at its margin", lo + marginMs, lo, lo, "stale"],
    ["a point leaves no unknown after its margin", lo + marginMs + 1, lo, lo, "fresh"],
    ["an interval that is upside down is never fresh too early", lo + 3000, hi, lo, "stale"],
    ["a deployment without a time is unknown", NaN, lo, hi, "unknown"],
    ["a move without a time is unknown", lo, NaN, NaN, "unknown"],
  ];
  for (const [sentence, deployment, loMs, hiMs, expected] of rows)
    it(sentence, () => assert.equal(freshness(deployment, { loMs, hiMs }), expected));

  it("never gets less fresh when the deployment is later", () => {
    const order: Freshness[] = ["stale", "unknown", "fresh"];
    const time = fc.integer({ min: 0, max: 20_000 });

    fc.assert(
      fc.property(time, time, time, time, (a, b, c, d) => {
        const move = { loMs: Math.min(a, b), hiMs: Math.max(a, b) };
        const [earlier, later] = [Math.min(c, d), Math.max(c, d)];
        return order.indexOf(freshness(earlier, move)) <= order.indexOf(freshness(later, move));
      }),
    );
  });

  it("is never wrong about a move anywhere in its interval", () => {
    const time = fc.integer({ min: 0, max: 20_000 });

    fc.assert(
      fc.property(time, time, time, fc.double({ min: 0, max: 1, noNaN: true }), (a, b, deployment, where) => {
        const move = { loMs: Math.min(a, b), hiMs: Math.max(a, b) };
        const movedAtMs = move.loMs + where * (move.hiMs - move.loMs);
        const verdict = freshness(deployment, move);
        if (verdict === "fresh") return deployment > movedAtMs + marginMs;
        if (verdict === "stale") return deployment <= movedAtMs + marginMs;
        return true;
      }),
    );
  });

  it("is fresh or stale, never unknown, about a point", () => {
    const time = fc.integer({ min: 0, max: 20_000 });

    fc.assert(
      fc.property(
        time,
        time,
        (at, deployment) => freshness(deployment, { loMs: at, hiMs: at }) !== "unknown",
      ),
    );
  });
});
