import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { figuresOf, figuresSchema, type Figures } from "../../bench/failed-queries/figures";
import { picture } from "../../bench/failed-queries/picture";

const folder = join(__dirname, "..", "..", "docs", "images");
const published = JSON.parse(readFileSync(join(folder, "failed-queries.json"), "utf8")) as Figures;

/** A run of some seconds, in which queries fail from one second on, and whose first rotation begins after 0.3 s. */
function run(seconds: number, failingFrom = Infinity, laterSeconds = 0) {
  return {
    overTime: Array.from({ length: seconds }, (_, second) => ({
      second,
      total: 40,
      failed: second >= failingFrom ? 40 : 0,
    })),
    changes: [0.3, 11.5, 22].map((second) => ({
      what: "rotate",
      startedSecond: second + laterSeconds,
      movedSecond: second + laterSeconds + 1,
    })),
  };
}

describe("the figures of failed queries", () => {
  it("are those of the seconds that both runs have in full, with the rotations and no other change", () => {
    const { withRecycler, withoutRecycler } = figuresOf("2026-11-30", run(40), run(24, 12));

    assert.equal(withRecycler.overTime.length, 23);
    assert.equal(withoutRecycler.overTime.length, 23);
    assert.deepEqual(withRecycler.queries, { total: 23 * 40, failed: 0 });
    assert.deepEqual(withoutRecycler.queries, { total: 23 * 40, failed: 11 * 40 });
    assert.deepEqual(withoutRecycler.rotations, [0.3, 11.5]);
  });

  it("begin with the second of the first rotation", () => {
    const { withoutRecycler } = figuresOf("2026-11-30", run(40), run(27, 15, 3));

    assert.deepEqual(withoutRecycler, figuresOf("2026-11-30", run(40), run(24, 12)).withoutRecycler);
  });

  it("are refused where a rotation is missing", () => {
    assert.throws(() => figuresOf("2026-11-30", run(40), { ...run(24), changes: [] }));
  });

  it("stand beside the picture in the shape that the command writes", () => {
    assert.deepEqual(figuresSchema.parse(published), published);
  });

  it("show what they are for: no failure with the recycler, failures from the second rotation on without it", () => {
    const { withRecycler, withoutRecycler } = published;
    const failing = withoutRecycler.overTime.filter(({ failed }) => failed > 0).map(({ second }) => second);

    assert.equal(withRecycler.queries.failed, 0);
    assert.ok(withRecycler.queries.total > 100 && failing.length >= 3);
    assert.ok(failing.every((second) => second >= Math.floor(withoutRecycler.rotations[1]!)));
    for (const [index, second] of withRecycler.rotations.entries())
      assert.ok(
        Math.abs(withoutRecycler.rotations[index]! - second) < 1,
        `rotation ${index + 1} of both runs`,
      );
  });
});

describe("the picture of failed queries", () => {
  const drawn = picture(figuresOf("2026-11-30", run(40), run(24, 12)));

  it("is made from the figures beside it", () => {
    const file = readFileSync(join(folder, "failed-queries.svg"), "utf8");

    assert.equal(file, picture(published), "run npm run bench:failed-queries");
  });

  it("says in words what it shows", () => {
    assert.match(drawn, /role="img" aria-labelledby="title description"/);
    assert.match(
      drawn,
      /<title id="title">Failed queries per second, with and without the recycler<\/title>/,
    );
    assert.match(
      drawn,
      /<desc id="description">.*Without the recycler 440 of 920 queries failed.*With the recycler 0 of 920/,
    );
    assert.match(drawn, />seconds since the first rotation</);
    assert.match(drawn, />failed queries per second</);
  });

  it("draws each run as a line from its first second to its last: failures above, none along the axis", () => {
    const [without] = /(?<=class="line without" d=")[^"]+/.exec(drawn)!;
    const [recycled] = /(?<=class="line with" d=")[^"]+/.exec(drawn)!;
    const heights = (path: string): number[] =>
      [...path.matchAll(/[ V]([\d.]+)H/g)].map(([, y]) => Number(y));

    assert.equal(heights(without).length, 23);
    assert.equal(new Set(heights(recycled)).size, 1);
    assert.deepEqual(heights(without).slice(0, 12), heights(recycled).slice(0, 12));
    assert.ok(
      heights(without)
        .slice(12)
        .every((y) => y < heights(recycled)[0]!),
    );
  });

  it("has its own background and colours for light and dark pages", () => {
    assert.match(drawn, /<rect class="page"/);
    const [light, dark] = drawn.split("@media (prefers-color-scheme: dark)");
    for (const name of ["text", ".note", ".page", ".grid", ".rotation", ".without", ".with", ".area"])
      for (const rules of [light!, dark!]) assert.ok(rules.includes(`${name} {`), name);
  });

  it("is well-formed: no name or number is missing", () => {
    assert.doesNotMatch(drawn, /NaN|undefined|Infinity/);
  });
});
