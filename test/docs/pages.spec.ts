import assert from "node:assert/strict";
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { parse } from "yaml";
import { policies } from "../../policy-pack/pack";
import { parseSettings } from "../../stack/settings";
import { problemsOf, programs } from "../support/commands";
import {
  allPages,
  blocksOf,
  brokenLinks,
  codeSpans,
  commandLines,
  missingFiles,
  page,
} from "../support/pages";
import { isSettingPath, settingNames } from "../support/settings-paths";

const root = join(__dirname, "..", "..");

/** No line of prose is longer; tables and fenced blocks may be. */
const longestLine = 120;

describe("every page", () => {
  const pages = allPages();

  it("was found", () => {
    const paths = pages.map(({ path }) => path);

    for (const path of ["README.md", "docs/account.md", "embedded-aws/README.md"])
      assert.ok(paths.includes(path), path);
  });

  /** Followed line by line by the tests on the real engine. */
  const followed = ["docs/account.md", "docs/ci.md"].flatMap((path) =>
    blocksOf(page(path), "sh").join("").split("\n"),
  );

  for (const one of pages) {
    it(`${one.path} has no line over ${longestLine} characters outside tables and code`, () => {
      const long = one.prose.filter(({ text }) => text.length > longestLine && !text.startsWith("|"));

      assert.deepEqual(long, []);
    });

    it(`${one.path} links to files and headings that exist`, () => {
      assert.deepEqual(brokenLinks(one), []);
    });

    it(`${one.path} names files that exist`, () => {
      assert.deepEqual(missingFiles(one), []);
    });

    it(`${one.path} names commands that exist, with their flags`, () => {
      const problems = commandLines(one, programs).flatMap((line) => problemsOf(line, followed));

      assert.deepEqual(problems, []);
    });

    it(`${one.path} names settings that exist`, () => {
      const text = one.lines.join("\n");
      const set = [...text.matchAll(/ecs-secret-recycler:([A-Za-z][\w.[\]]*)(?!\S*=)/g)].map(
        ([, path]) => path!,
      );
      const dotted = codeSpans(one).filter((span) => /^[a-z]\w*(\[\])?(\.\w+(\[\])?)+$/.test(span));
      const named = dotted.filter((span) => settingNames.includes(span.split(/[.[]/)[0]!));

      assert.deepEqual(
        [...set, ...named].filter((path) => !isSettingPath(path)),
        [],
      );
    });
  }

  it("shows settings that the stack accepts", () => {
    const place = { partition: "aws", region: "us-west-2", account: "123456789012" };
    const shown = pages
      .flatMap((one) => blocksOf(one, "yaml"))
      .map((block) => parse(block) as { config?: Record<string, unknown> })
      .flatMap(({ config }) => (config ? [config] : []));

    for (const config of shown) {
      const settings = Object.entries(config).flatMap(([key, value]) =>
        key.startsWith("ecs-secret-recycler:")
          ? [[key.slice("ecs-secret-recycler:".length), value] as const]
          : [],
      );
      assert.doesNotThrow(() => parseSettings(Object.fromEntries(settings), place));
    }
  });
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
  const { prose } = page("docs/how-it-works.md");
  const glossary = prose.slice(prose.findIndex(({ text }) => text === "## Glossary"));
  const [, , ...words] = glossary.flatMap(({ text }) =>
    text.startsWith("| ") ? [text.split("|")[1]!.trim()] : [],
  );

  it("has a glossary of at most twenty words", () => {
    assert.ok(words.length > 0 && words.length <= 20, `${words.length} words`);
  });

  it("explains only words that the code uses", () => {
    const folders = ["aws-semantics", "events", "handler", "rotator", "stack", "policy-pack"];
    const code = folders
      .flatMap((folder) =>
        readdirSync(join(root, folder), { recursive: true, encoding: "utf8" })
          .filter((file) => file.endsWith(".ts"))
          .map((file) => readFileSync(join(root, folder, file), "utf8")),
      )
      .join("\n");

    assert.deepEqual(
      words.filter((word) => !new RegExp(`\\b${word}\\b`).test(code)),
      [],
    );
  });
});

describe("docs/deployer.md", () => {
  const deployer = page("docs/deployer.md");

  it("explains every statement of the policy, and no other", () => {
    const policy = JSON.parse(readFileSync(join(root, "docs", "deployer-policy.json"), "utf8")) as {
      Statement: { Sid: string }[];
    };
    const rows = deployer.prose
      .filter(({ text }) => text.startsWith("| `"))
      .map(({ text }) => text.split("|")[1]!);
    const explained = rows.flatMap((names) => [...names.matchAll(/`(\w+)`/g)].map(([, sid]) => sid!));

    assert.deepEqual(explained.sort(), policy.Statement.map(({ Sid }) => Sid).sort());
  });
});

describe("docs/rotation.md", () => {
  it("lists every code of the rotator's errors, and no other", () => {
    const source = readFileSync(join(root, "rotator", "errors.ts"), "utf8");
    const codes = [.../type FailureCode =([^;]*);/.exec(source)![1]!.matchAll(/"([a-z-]+)"/g)].map(
      ([, code]) => code!,
    );
    const text = page("docs/rotation.md").lines.join(" ");
    const sentence = /Its `code` is one of these: (.*?)\. Neither/.exec(text)![1]!;

    const listed = [...sentence.matchAll(/`([a-z-]+)`/g)].map(([, code]) => code!);

    assert.deepEqual(listed.sort(), codes.sort());
  });
});
