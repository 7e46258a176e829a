import assert from "node:assert/strict";
import { mkdirSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { temporaryFolder } from "./support/folder";
import { circles, forbidden, importsOf, isIn, sourcesBelow, type Import } from "./support/imports";

const root = join(__dirname, "..");

/** What a folder may import beside its own files. */
const layers: Readonly<Record<string, readonly string[]>> = {
  "aws-semantics": [],
  events: ["aws-semantics"],
  handler: ["aws-semantics", "events"],
  rotator: ["aws-semantics", "events"],
  stack: ["aws-semantics", "events", "handler", "rotator", "package.json"],
  "policy-pack": ["aws-semantics", "events", "handler", "stack"],
  "index.ts": ["stack"],
  "embedded-aws/aws": ["aws-semantics"],
  "embedded-aws/pulumi": ["aws-semantics", "embedded-aws"],
  "embedded-aws/runtime": ["aws-semantics", "embedded-aws"],
};

/** Who may import the embedded AWS: what runs on it, and tests. */
const onEmbeddedAws = ["embedded-aws", "demo", "simulation", "bench", "cli", "test"];

/** What judges or shows the program is imported by no part of it. */
const around = ["demo", "simulation", "bench", "examples", "test", "embedded-aws/test"];

describe("the imports of the repository", () => {
  let sources: string[];
  let imports: Import[];

  before(() => {
    sources = sourcesBelow(root);
    imports = importsOf(root, sources);
  });

  for (const [folder, allowed] of Object.entries(layers))
    it(`of ${folder} go to ${["itself", ...allowed].join(", ")}`, () => {
      assert.ok(
        sources.some((file) => isIn(file, folder)),
        `${folder} has no sources`,
      );

      assert.deepEqual(forbidden(imports, folder, allowed), []);
    });

  it("of the embedded AWS come from what runs on it and from tests", () => {
    const others = imports.filter(
      ({ from, to }) => isIn(to, "embedded-aws") && !onEmbeddedAws.some((folder) => isIn(from, folder)),
    );

    assert.deepEqual(others, []);
  });

  it("of tests come from tests", () => {
    const isTest = (file: string): boolean => isIn(file, "test") || isIn(file, "embedded-aws/test");

    assert.deepEqual(
      imports.filter(({ from, to }) => isTest(to) && !isTest(from)),
      [],
    );
  });

  it("of what stands around the program come from there", () => {
    const isAround = (file: string): boolean => around.some((folder) => isIn(file, folder));

    assert.deepEqual(
      imports.filter(({ from, to }) => isAround(to) && !isAround(from)),
      [],
    );
  });

  it("make no circle between folders", () => {
    assert.deepEqual(circles(imports), []);
  });
});

describe("the reading of imports", () => {
  const sources = {
    "a/one.ts": 'import type { B } from "../b/two";\nexport { c } from "./c/three.js";',
    "a/c/three.ts": 'import { one } from "../one"; const b = import("../../b");',
    "b/index.ts": 'import x = require("../d/four.cjs"); import "node:path"; // import "../a/one"',
    "b/two.ts": "",
    "d/four.cjs": 'require("../b/two.ts")',
  };

  function written(files: Readonly<Record<string, string>>): Import[] {
    const folder = temporaryFolder();
    try {
      for (const [path, text] of Object.entries(files)) {
        mkdirSync(dirname(join(folder.path, path)), { recursive: true });
        writeFileSync(join(folder.path, path), text);
      }
      return importsOf(folder.path, sourcesBelow(folder.path));
    } finally {
      folder.remove();
    }
  }

  it("finds every kind of import between files, and no other", () => {
    assert.deepEqual(
      written({ ...sources, "a/one.ts": 'import type { B } from "../b/two";' }).map(
        ({ from, to }) => `${from} -> ${to}`,
      ),
      [
        "a/c/three.ts -> a/one.ts",
        "a/c/three.ts -> b/index.ts",
        "a/one.ts -> b/two.ts",
        "b/index.ts -> d/four.cjs",
        "d/four.cjs -> b/two.ts",
      ],
    );
  });

  it("refuses an import of a file that does not exist", () => {
    assert.throws(() => written({ "a.ts": 'import "./b";' }), /a\.ts: imports \.\/b, which does not exist/);
  });

  it("finds what a folder must not import", () => {
    const imports = [
      { from: "a/one.ts", to: "b/two.ts" },
      { from: "a/one.ts", to: "a/three.ts" },
      { from: "ab/one.ts", to: "d/four.ts" },
    ];

    assert.deepEqual(forbidden(imports, "a", []), ["a/one.ts -> b/two.ts"]);
    assert.deepEqual(forbidden(imports, "a", ["b"]), []);
  });

  it("finds a circle between folders once, at any depth, and none between a folder and the one above it", () => {
    const between = (...pairs: [string, string][]): Import[] => pairs.map(([from, to]) => ({ from, to }));

    assert.deepEqual(circles(between(["a/x.ts", "b/y.ts"], ["b/c/z.ts", "a/d/w.ts"])), ["a -> b -> a"]);
    assert.deepEqual(
      circles(between(["e/c/x.ts", "e/a/x.ts"], ["e/a/x.ts", "e/b/x.ts"], ["e/b/x.ts", "e/c/x.ts"])),
      ["e/a -> e/b -> e/c -> e/a"],
    );
    assert.deepEqual(circles(between(["a/x.ts", "a/b/y.ts"], ["a/b/y.ts", "a/x.ts"])), []);
    assert.deepEqual(circles(between(["x.ts", "a/y.ts"], ["a/y.ts", "x.ts"])), []);
  });
});
