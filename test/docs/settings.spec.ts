import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { parse } from "yaml";
import { parseSettings } from "../../stack/settings";
import { blocksOf, page } from "../support/pages";
import { settingFacts, type SettingFact } from "../support/settings-paths";

const { prose } = page("docs/settings.md");

/** The text of each section, by its heading. */
const sections = new Map(
  prose
    .map(({ text }) => text)
    .join("\n")
    .split(/^## /m)
    .slice(1)
    .map((section) => [section.split("\n", 1)[0]!, section.replaceAll(/\n(?! *- |\n)\s*/g, " ")]),
);

/** The section of a setting, and its item there: `services[].wave` is `wave` in the section `services`. */
function placeOf(path: string): { section: string; item?: string } {
  const [, section = path, item] = /^(.*?)(?:\[\])?\.(\w+)$/.exec(path) ?? [];
  return { section, item };
}

function itemOf(name: string): RegExp {
  return new RegExp(`^- \`${name}\`: (.*)$`, "m");
}

/** What the page says of a setting. */
function said(path: string): string {
  const { section, item } = placeOf(path);
  const text = sections.get(section) ?? "";
  const [, found = ""] = item === undefined ? [text, text.split("\n- ")[0]] : (itemOf(item).exec(text) ?? []);
  return found;
}

/** What a description lacks of what the schema knows; `quote` is how it writes a word. */
function missing(
  { words, fallback, minimum, maximum }: SettingFact,
  text: string,
  quote: (word: string) => string,
): string[] {
  const facts = [
    ...words.map((word) => (typeof word === "number" ? String(word) : quote(word))),
    ...(fallback === undefined ? [] : [`default ${quote(fallback)}`]),
    ...(minimum === undefined
      ? []
      : [maximum === undefined ? `at least ${minimum}` : `from ${minimum} to ${maximum}`]),
  ];
  return facts.filter((fact) => !text.includes(fact));
}

describe("docs/settings.md", () => {
  it("has a section for each setting, and an item for each setting inside it, and no other", () => {
    const documented = [...sections].flatMap(([section, text]) => [
      section,
      ...[...text.matchAll(/^- `(\w+)`: /gm)].map(([, item]) => `${section} ${item}`),
    ]);

    const known = settingFacts.map(({ path }) => {
      const { section, item } = placeOf(path);
      return item === undefined ? section : `${section} ${item}`;
    });
    assert.deepEqual(
      documented.sort(),
      [...known, "rotations[].rotator", "rotations[].rotator.password"].sort(),
    );
  });

  for (const fact of settingFacts)
    it(`names the default, the range and the words of ${fact.path}`, () => {
      const text = said(fact.path);

      assert.notEqual(text, "");
      assert.deepEqual(
        missing(fact, text, (word) => `\`${word}\``),
        [],
        text,
      );
      assert.equal(/\bRequired[.:]/.test(text), fact.isRequired, text);
    });

  it("shows the error that its example of four mistakes has", () => {
    const act = () =>
      parseSettings(
        {
          services: [{ service: "api" }, { cluster: "shop", wavee: 1 }],
          timing: { delaySeconds: 1 },
          rotations: [{ secret: "a", schedule: "rate(1 hour)", rotator: { kind: "managed" } }],
        },
        { partition: "aws", region: "us-west-2", account: "123456789012" },
      );

    assert.throws(act, { message: blocksOf(page("docs/settings.md"), "text")[0]!.trim() });
  });
});

describe("the descriptions in Pulumi.yaml", () => {
  const { config } = parse(readFileSync(join(__dirname, "../../Pulumi.yaml"), "utf8")) as {
    config: Record<string, { description: string; default?: unknown }>;
  };

  for (const fact of settingFacts)
    it(`name ${fact.path}, its default, range and words`, () => {
      const [setting, ...inside] = fact.path.replaceAll("[]", "").split(".");
      const { description, default: declared } = config[setting!]!;
      const name = inside.at(-1);

      assert.ok(name === undefined || new RegExp(`\\b${name}\\b`).test(description), description);
      const { words, ...rest } = fact;
      const few = words.length > 10 ? [] : words;
      const defaultIsDeclared = name === undefined && declared !== undefined;
      assert.deepEqual(
        missing(
          { ...rest, words: few, fallback: defaultIsDeclared ? undefined : rest.fallback },
          description,
          (word) => word,
        ),
        [],
        description,
      );
    });
});
