import assert from "node:assert/strict";
import { policies } from "../../policy-pack/pack";
import { allPages, brokenLinks, page } from "../support/pages";

/** No line of prose is longer; tables and fenced blocks may be. */
const longestLine = 120;

describe("every page", () => {
  const pages = allPages();

  it("was found", () => {
    const paths = pages.map(({ path }) => path);

    for (const path of ["README.md", "docs/account.md", "embedded-aws/README.md"])
      assert.ok(paths.includes(path), path);
  });

  for (const one of pages) {
    it(`${one.path} has no line over ${longestLine} characters outside tables and code`, () => {
      const long = one.prose.filter(({ text }) => text.length > longestLine && !text.startsWith("|"));

      assert.deepEqual(long, []);
    });

    it(`${one.path} links to files and headings that exist`, () => {
      assert.deepEqual(brokenLinks(one), []);
    });
  }
});

describe("README.md", () => {
  const { lines } = page("README.md");

  it("fits on three screens", () => {
    assert.ok(lines.length <= 200, `${lines.length} lines`);
  });

  it("names the command by line 15", () => {
    assert.ok(lines.slice(0, 15).includes("npm ci && npm run demo"));
  });

  it("shows a diagram or a picture by line 40", () => {
    assert.ok(lines.slice(0, 40).some((line) => line === "```mermaid" || line.startsWith("![")));
  });
});

describe("docs/ci.md", () => {
  it("lists every policy with its level, and no other", () => {
    const listed = page("docs/ci.md").prose.flatMap(({ text }) => {
      const [, name, level] = /^\| `([a-z0-9-]+)` +\| (mandatory|advisory) +\|/.exec(text) ?? [];
      return name === undefined ? [] : [`${name} ${level}`];
    });

    assert.deepEqual(listed.sort(), policies.map(({ name, level }) => `${name} ${level}`).sort());
  });
});

describe("docs/how-it-works.md", () => {
  it("has a glossary of at most twenty words", () => {
    const { prose } = page("docs/how-it-works.md");
    const glossary = prose.slice(prose.findIndex(({ text }) => text === "## Glossary"));
    const words = glossary.filter(({ text }) => text.startsWith("| ")).slice(2);

    assert.ok(words.length > 0 && words.length <= 20, `${words.length} words`);
  });
});
